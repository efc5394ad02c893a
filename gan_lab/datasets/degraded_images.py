"""Photographs paired with what is left of them."""

import random
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Self

from torch.utils.data import Dataset

from gan_lab.datasets.images import ImageFile, images_below, shape_oddities, to_tensor, with_white_level
from gan_lab.datasets.prediction_data import translate_beside_target
from gan_lab.images.dabs import Dabs
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
        dabs: What then paints dabs of the photograph's colors on the source; None for no dabs.
    """

    def __init__(
        self,
        images: Sequence[ImageFile],
        degradation: Degradation,
        load_size: int,
        jitter: Jitter | None = None,
        dabs: Dabs | None = None,
    ) -> None:
        self.images = images
        self.degradation = degradation
        self.load_size = load_size
        self.jitter = jitter
        self.dabs = dabs

    @classmethod
    def below(cls, folder: Path, *settings: Any, white_level: int | None = None) -> Self:
        """The photographs below a folder.

        Args:
            folder: Where they lie.
            *settings: As of the class, from ``degradation`` on.
            white_level: See :func:`~gan_lab.datasets.images.read_image`.

        Raises:
            DatasetNotFoundError: If there is none.
        """
        images = images_below("photographs", folder, "Photographs belong there: correct data.root.")
        return cls(with_white_level(images, white_level), *settings)

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
        numbers = random.Random(seed)
        source = self.degradation(target, numbers)
        if self.dabs is not None:
            source = self.dabs(source, target, numbers, training=self.jitter is not None)
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
