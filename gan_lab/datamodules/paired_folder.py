"""Anyone's own pairs."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from gan_lab.datamodules.paired import PairedDataModule
from gan_lab.datasets import PairedFolder


class PairedFolderDataModule(PairedDataModule):
    """Your own pairs, side by side in each file or apart in two folders: see :class:`~gan_lab.datasets.PairedFolder`.

    Args:
        root: The folder with the splits.
        folders: The subfolders of A and of B in every split, such as ``[sketches, photos]``; None to go by their names.
        side_by_side: Whether each file holds A and B, whatever sizes and names look like.
        **kwargs: As of :class:`PairedDataModule`.
    """

    data_set: Callable[..., PairedFolder] = PairedFolder

    def __init__(
        self, root: Path, folders: tuple[str, str] | None = None, side_by_side: bool = False, **kwargs: Any
    ) -> None:
        super().__init__(root, **kwargs)
        self.data_set = partial(PairedFolder, folders=folders, side_by_side=side_by_side)
