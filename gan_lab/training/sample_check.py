"""Batches that are not what a paper's networks take are refused before a step is made of them."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from torch import Tensor

from gan_lab.errors import require
from gan_lab.samples import PredictionRequest, TranslateRequest


class Channels(NamedTuple):
    """How many channels a sample's images should have, and the model's option that says so, if one does."""

    number: int
    option: str | None = None


def count_samples(batch: Mapping[str, Any]) -> int:
    """How many samples a batch has."""
    return next(len(value) for value in batch.values() if isinstance(value, Tensor))


def require_samples(batch: Mapping[str, Any], model: str, learns_from: type) -> None:
    """Refuses the data of another paper: raises ConfigurationError naming what its samples lack."""
    wanted = learns_from.__annotations__.keys() - {"name"}
    require(
        wanted <= batch.keys(),
        f"{model} learns from {learns_from.__name__}s, which have {', '.join(sorted(wanted))}; "
        f"the data's have {', '.join(batch)}: data.class_path is for another model",
    )


def require_channels(images: Mapping[str, Any], wanted: Mapping[str, Channels]) -> None:
    """Refuses images of other channels: raises ConfigurationError naming the option, or what the networks take.

    Args:
        images: A batch; images (B, C, H, W) by their key in samples.
        wanted: Their channels; of a key that is not among ``images`` nothing is looked at.
    """
    for key, (number, option) in wanted.items():
        found = images[key].shape[1] if key in images else number
        said = f"model.{option} is {number}: set it to {found}" if option else f"the model takes {number}"
        require(found == number, f"the data's images ({key}) have {found} channels, but {said}")


def images_requested(request: PredictionRequest) -> dict[str, Tensor]:
    """What a prediction is made of, by the keys that samples have it under; nothing if it is made of no image."""
    if not isinstance(request, TranslateRequest):
        return {}
    of_either = dict.fromkeys(("source", "a", "b"), request.source)
    return of_either | ({} if request.target is None else {"target": request.target})
