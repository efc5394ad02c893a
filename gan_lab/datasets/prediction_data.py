"""What data sets for ``predict`` have in common: a collated batch of them is a request."""

from typing import Any, Protocol

from gan_lab.samples import PredictionRequest, TranslateRequest


class PredictionData(Protocol):
    """Samples that a model is asked to make something of."""

    def __len__(self) -> int: ...

    def __getitem__(self, index: int) -> Any: ...

    def request(self, batch: dict[str, Any]) -> PredictionRequest:
        """What is asked for by a batch: samples collated, on the device, images in [-1, 1]."""


def translate_alone(batch: dict[str, Any]) -> TranslateRequest:
    """The request of collated source samples."""
    return TranslateRequest(names=batch["name"], source=batch["source"])


def translate_beside_target(batch: dict[str, Any]) -> TranslateRequest:
    """The request of collated paired samples."""
    return TranslateRequest(names=batch["name"], source=batch["source"], target=batch["target"])
