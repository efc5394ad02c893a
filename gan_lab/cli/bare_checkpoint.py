"""The configuration of a checkpoint that lies by itself: the settings of its model, and data for ``predict``."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from gan_lab.cli.plain_options import NotDataError, papers, plain_class
from gan_lab.errors import ConfigurationError, require
from gan_lab.terminal import say
from gan_lab.training.checkpoint_files import read_checkpoint

Settings = Mapping[str, Any]
_HOME = "gan_lab.datamodules."
_OF_SKELETON = {"figures": "FiguresDataModule", "lsp": "LSPDataModule", "mpii": "MPIIDataModule"}
_NEEDED = {  # what data are made of, to measure a model or to predict what is held out
    "Pix2PixModule": "PairedFolderDataModule --data.root PAIRS",
    "CycleGANModule": "UnpairedFolderDataModule --data.root FOLDER",
    "ArtDCGANModule": "ImageFolderDataModule --data.root PICTURES",
    "StyleGANModule": "GrowingFolderDataModule --data.root PICTURES",
    "SAGANPoseModule": "LSPDataModule --data.root FOLDER",
}


def of_checkpoint(checkpoint: Path, command: str, options: Mapping[str, bool]) -> dict[str, Any]:
    """What a checkpoint says of its model, with data that ``predict`` can be given pictures or seeds by.

    Args:
        checkpoint: The file.
        command: ``validate``, ``test`` or ``predict``.
        options: Whether the command line says the class of the data, and which pictures: ``data``, ``predict_folder``.

    Returns:
        A configuration of plain values and gan-lab's classes.

    Raises:
        ConfigurationError: If the checkpoint does not say whose it is, or more is needed. The message says what.
    """
    alone = f"there is no config.yaml beside {checkpoint}"
    hints = "name the run's with --config"
    kept = read_checkpoint(checkpoint, mmap=True).get("hyper_parameters", {})
    named = kept.get("_class_path")
    require(isinstance(named, str), f"{alone}, and it does not say of which class its model is: {hints}")
    settings = {name: _plain(value) for name, value in kept.items() if not str(name).startswith("_")}
    try:
        model = plain_class({"class_path": named, "init_args": settings}, papers(), "model")
    except NotDataError as error:
        raise ConfigurationError(f"{alone}, and of its own settings {error}: {hints}") from None
    paper = model["class_path"].rpartition(".")[2]
    tree: dict[str, Any] = {"model": model}
    if not options["data"]:
        makes = _DATA[paper]
        unsure = command != "predict" or (makes in (_pictures, _people) and not options["predict_folder"])
        instead = ", or give --data.predict_folder PICTURES" if command == "predict" else ""
        require(not unsure, f"{alone}: {hints}, or say on which data, such as --data {_NEEDED[paper]}{instead}")
        tree["data"] = makes(settings)
    crops = (
        ", crops are of the data set's usual size unless --data.image_size says another"
        if _DATA[paper] is _people
        else ""
    )
    say(f"{alone}: the {paper} is built of its own settings{crops}")
    return tree


def _pictures(settings: Settings) -> dict[str, Any]:
    side = settings.get("image_size")
    return _data("PairedFolderDataModule", {} if side is None else {"image_size": side, "load_size": side})


def _seeds(settings: Settings) -> dict[str, Any]:
    side = settings.get("image_size")
    return _data("ImageFolderDataModule", {} if side is None else {"image_size": side})


def _styles(settings: Settings) -> dict[str, Any]:
    return _data("GrowingFolderDataModule", {"schedule": settings.get("schedule")})


def _people(settings: Settings) -> dict[str, Any]:
    name = _OF_SKELETON.get(str(settings.get("skeleton")), "LSPDataModule")
    return {"class_path": _HOME + name} if name == "FiguresDataModule" else _data(name, {})


_DATA: dict[str, Callable[[Settings], dict[str, Any]]] = {
    "Pix2PixModule": _pictures,
    "CycleGANModule": _pictures,
    "ArtDCGANModule": _seeds,
    "StyleGANModule": _styles,
    "SAGANPoseModule": _people,
}


def _data(name: str, options: Settings) -> dict[str, Any]:
    """Data of which no sample is read."""
    return {"class_path": _HOME + name, "init_args": {"root": ".", **options}}


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _plain(part) for name, part in value.items()}
    return [_plain(part) for part in value] if isinstance(value, list | tuple) else value
