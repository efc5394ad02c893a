"""What the datamodules of paired images share."""

from abc import abstractmethod
from collections.abc import Callable
from pathlib import Path
from typing import Any

from gan_lab.datamodules.translation import TranslationDataModule
from gan_lab.datasets import PairedDataset
from gan_lab.datasets.paired_images import Direction
from gan_lab.images.dabs import Dabs
from gan_lab.images.transforms import Jitter


class PairedDataModule(TranslationDataModule):
    """Pairs below one folder with the splits ``train``, ``val`` and, for ``gan-lab test``, ``test`` if there is one.

    Args:
        root: The folder with the splits.
        direction: Which side is the source; None for the usual one of the data set.
        cache: Whether to keep decoded training pairs in memory (6 x load_size x load_size bytes each).
        dabs: Dabs of the target's colors on the source; None for none.
        **kwargs: As of :class:`TranslationDataModule`.
    """

    def __init__(
        self,
        root: Path,
        direction: Direction | None = None,
        cache: bool = False,
        dabs: Dabs | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.root, self.cache, self.direction, self.dabs = Path(root), cache, direction, dabs

    @property
    @abstractmethod
    def data_set(self) -> Callable[..., PairedDataset]:
        """The class of the data set, which knows its layout."""

    def split(self, name: str, load_size: int, jitter: Jitter | None = None) -> PairedDataset:
        """The pairs of one split; those to train on are cached if so configured."""
        cache = self.cache and name == "train"
        return self.data_set(self.root, name, self.direction, load_size, jitter, cache, self.white_level, self.dabs)
