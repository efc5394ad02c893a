"""IMDB-WIKI."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from gan_lab import ranges
from gan_lab.datamodules.aging import AgingDataModule
from gan_lab.datasets import IMDBWIKI
from gan_lab.datasets.imdb_wiki import Half


class IMDBWIKIAgingDataModule(AgingDataModule):
    """Young and old celebrities of IMDB-WIKI.

    Args:
        root: The folder with ``imdb_crop`` and ``wiki_crop``, or with ``imdb`` and ``wiki``.
        halves: ``imdb``, ``wiki`` or both.
        cropped: Whether to take the cropped faces, rather than cut them from the photographs in ``imdb`` and ``wiki``.
        face_margin: What is added to each side of a detected face if ``cropped`` is false, relative to its size; the
            authors' cropped faces have 0.4.
        **kwargs: As of :class:`AgingDataModule`.
    """

    def __init__(
        self,
        root: Path,
        halves: Sequence[Half] = ("imdb", "wiki"),
        cropped: bool = True,
        face_margin: ranges.NonNegativeFloat = 0.4,
        **kwargs: Any,
    ) -> None:
        super().__init__(root, **kwargs)
        self.halves, self.cropped, self.face_margin = halves, cropped, face_margin

    def read_faces(self) -> IMDBWIKI:
        """All faces of the halves, of whatever age."""
        return IMDBWIKI(self.root, self.halves, self.cropped, self.face_margin, self.image_size)
