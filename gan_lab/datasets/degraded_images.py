"""Photographs paired with what is left of them."""

import random
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from torch.utils.data import Dataset

from gan_lab.datasets.images import ImageFile, shape_oddities, to_tensor
from gan_lab.datasets.prediction_data import translate_beside_target
from gan_lab.images.degradations import Degradation
from gan_lab.images.transforms import Jitter, resize
from gan_lab.samples import PairedSample, TranslateRequest


class DegradedImages(Dataset[PairedSample]):
    """Pairs whose target is a photograph and whose source is made from it.

    Args:
        images: The photographs.
        degradation: What makes the source; it sees the photograph as the network will.
        load_size: Side in pixels to which photographs are scaled, whatever their aspect.
        jitter: Random crop and flip before the degradation. None leaves photographs as they are, and has a random
            degradation draw the same for an image every time.
    """

    def __init__(
        self, images: Sequence[ImageFile], degradation: Degradation, load_size: int, jitter: Jitter | None = None
    ) -> None:
        self.images = images
        self.degradation = degradation
        self.load_size = load_size
        self.jitter = jitter

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, index: int) -> PairedSample:
        """Decodes, scales, jitters and degrades one photograph; raises ImageReadError if it cannot."""
        image = self.images[index]
        target = resize(image.read(), self.load_size)
        seed = index
        if self.jitter is not None:
            (target,) = self.jitter(target)
            seed = random.getrandbits(32)
        source = self.degradation(target, random.Random(seed))
        return {"source": to_tensor(source), "target": to_tensor(target), "name": image.name}

    def request(self, batch: dict[str, Any]) -> TranslateRequest:
        """Asks for translations, to be shown beside the photographs."""
        return translate_beside_target(batch)

    def files(self, index: int) -> list[Path]:
        """The file of one photograph."""
        return [self.images[index].path]

    def oddities(self, index: int) -> Iterator[str]:
        """Decodes one photograph and yields what is unusual about it."""
        yield from shape_oddities(self.images[index], self.load_size)
