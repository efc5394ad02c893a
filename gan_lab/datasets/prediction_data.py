"""What data sets for ``predict`` have in common: a collated batch of them is a request."""

import os
from functools import cache
from pathlib import Path
from typing import Any, Protocol

from gan_lab.datasets.folders import is_image, list_images
from gan_lab.images.sheet import sheet_beside
from gan_lab.images.signature import is_signed
from gan_lab.samples import PredictionRequest, TranslateRequest
from gan_lab.terminal import say


class PredictionData(Protocol):
    """Samples that a model is asked to make something of."""

    def __len__(self) -> int: ...

    def __getitem__(self, index: int) -> Any: ...

    def request(self, batch: dict[str, Any]) -> PredictionRequest:
        """What is asked for by a batch: samples collated, on the device, images in [-1, 1]."""


def folder_of(source: Path) -> Path:
    """The folder that pictures are named by their place in: the source itself, or that of a single file."""
    return source.parent if source.is_file() else source


def pictures_below(folder: Path, output_folder: Path | None = None) -> list[Path]:
    """The image files below a folder, in the order of their relative paths.

    Args:
        folder: Where they lie, also in subfolders; or one image file.
        output_folder: Where predictions are written. If that lies inside, or behind a link inside, predictions in it
            and their sheets beside it are left out: an earlier one made them of the others. Of other predictions among
            the pictures a line says how many there are.
    """
    if folder.is_file():
        return [folder] if is_image(folder.name) else []
    paths = _without_output(list_images(folder), folder, output_folder)
    made = sum(map(is_signed, paths))
    if 0 < made < len(paths):
        say(f"{made} of the {len(paths)} pictures below {folder} are predictions themselves")
    return paths


def _without_output(paths: list[Path], folder: Path, output_folder: Path | None) -> list[Path]:
    output = None if output_folder is None else output_folder.resolve()
    if output is None or output in (folder.resolve(), *folder.resolve().parents):
        return paths
    real, sheet = cache(os.path.realpath), sheet_beside(output).stem

    def is_output(path: Path) -> bool:
        parent = Path(real(path.parent))
        inside = output in (parent, *parent.parents)
        beside = parent == output.parent and path.name.startswith(sheet)
        return (inside or beside) and is_signed(path)

    return [path for path in paths if not is_output(path)]


def translate_alone(batch: dict[str, Any]) -> TranslateRequest:
    """The request of collated source samples."""
    return TranslateRequest(names=batch["name"], source=batch["source"])


def translate_beside_target(batch: dict[str, Any]) -> TranslateRequest:
    """The request of collated paired samples."""
    return TranslateRequest(names=batch["name"], source=batch["source"], target=batch["target"])
