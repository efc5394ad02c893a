"""The authors' published weights as a start: loaded, or refused by what differs and what that suggests."""

from collections.abc import Iterator, Mapping
from itertools import count, takewhile
from pathlib import Path
from typing import Any

from torch import Tensor

from gan_lab.errors import CheckpointError
from gan_lab.networks import UNetGenerator
from gan_lab.networks.reference_weights import may_lack, under_own_names, without_wrappers
from gan_lab.networks.unet import reference_names
from gan_lab.training.checkpoint_files import first_of, read_weights


def load_generator_weights(generator: UNetGenerator, path: Path) -> None:
    """Loads the weights of Pix2Pix's generator from a ``*_net_G.pth`` of the authors' PyTorch implementation.

    Raises:
        CheckpointError: If the file cannot be read safely or is of another network: naming the first differences and
            the options that would agree with the file.
    """
    weights, names = without_wrappers(read_weights(path)), reference_names(generator)
    ours = {names[name]: tensor for name, tensor in generator.state_dict().items()}
    differences = list(_differences(weights, ours))
    if differences:
        raise CheckpointError(f"{path} is of another network: {first_of(differences)}. {_advice(weights, ours)}")
    generator.load_state_dict(under_own_names(weights, names, generator))


def _differences(theirs: Mapping[str, Tensor], ours: Mapping[str, Tensor]) -> Iterator[str]:
    for name, tensor in ours.items():
        if may_lack(theirs, name):
            continue
        here, there = tuple(tensor.shape), tuple(theirs[name].shape) if name in theirs else "absent"
        if there != here:
            yield f"{name} is {there} there, {here} here"
        elif theirs[name].is_floating_point() != tensor.is_floating_point():
            yield f"{name} is of {theirs[name].dtype} there, of {tensor.dtype} here"


def _advice(theirs: Mapping[str, Tensor], ours: Mapping[str, Tensor]) -> str:
    """What would make the weights fit."""
    seen, own = _options_seen(theirs), _options_seen(ours)
    wanted = ", ".join(f"model.{name} {value}" for name, value in seen.items() if own[name] != value)
    if wanted:
        return f"Its shapes suggest {wanted}"
    return "Its names and shapes are not those of the authors' U-Net"


def _options_seen(weights: Mapping[str, Tensor]) -> dict[str, Any]:
    """A Pix2PixModule's options that a U-Net's published weights show; none if they are of no U-Net."""
    first, last = weights.get("model.model.0.weight"), weights.get("model.model.3.weight")
    if first is None or last is None or first.ndim != 4 or last.ndim != 4:
        return {}
    levels = takewhile(lambda level: f"model.model.1{'.model.3' * level}.model.1.weight" in weights, count())
    return {
        "image_size": 2 ** (1 + len(list(levels))),
        "norm": "instance" if "model.model.1.model.1.bias" in weights else "batch",
        "in_channels": first.shape[1],
        "out_channels": last.shape[1],
        "generator_channels": first.shape[0],
        "skip_connections": last.shape[0] == 2 * first.shape[0],
    }
