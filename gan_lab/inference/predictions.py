"""What comes of a request."""

from dataclasses import dataclass

from torch import Tensor

from gan_lab.errors import ConfigurationError
from gan_lab.pose.predicted_poses import PredictedPoses
from gan_lab.samples import PredictionRequest


@dataclass(frozen=True, slots=True)
class MadeImages:
    """Images that a model made.

    Attributes:
        images: By name, (B, C, H, W) in about [-1, 1], in the order in which a sheet shows them.
        given: Those of the names that were not made but came with the request, to be shown beside.
    """

    images: dict[str, Tensor]
    given: frozenset[str] = frozenset()

    @property
    def made(self) -> dict[str, Tensor]:
        """The images that were made."""
        return {name: images for name, images in self.images.items() if name not in self.given}


Prediction = MadeImages | PredictedPoses


def cannot_make(model: object, request: PredictionRequest) -> ConfigurationError:
    """The error of a model that is asked for what it does not make."""
    wanted = type(request).__name__.removesuffix("Request")
    return ConfigurationError(f"{type(model).__name__} cannot answer a request of the kind '{wanted}': data.class_path")
