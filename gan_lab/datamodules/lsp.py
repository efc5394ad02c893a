"""Leeds Sports Pose."""

from functools import partial
from pathlib import Path
from typing import Any, ClassVar

from gan_lab import ranges
from gan_lab.datamodules.pose import PoseDataModule
from gan_lab.datasets import LSP
from gan_lab.datasets.lsp import Viewpoint
from gan_lab.datasets.posed_people import announced


class LSPDataModule(PoseDataModule):
    """People at sports: 11,000 to train on, 1,000 to validate and test on, as the papers do; 14 joints.

    Args:
        root: The folder with ``lsp_dataset`` and ``lspet_dataset``.
        extended: Whether to train on the 10,000 people of ``lspet_dataset`` too.
        viewpoint: Whose left and right are meant: ``person``, as the official labels and nearly all papers have it, or
            ``observer``, of which ``lsp_dataset/joints-OC.mat`` is read and for which there is no extended set.
        val_fraction: The part of the extended set, between 0 and 1, held out if official test images are missing.
        margin: Side of the extended set's crops relative to the labeled joints' box.
        **kwargs: As of :class:`PoseDataModule`.
    """

    skeleton: ClassVar[str] = "lsp"

    def __init__(
        self,
        root: Path,
        extended: bool = True,
        viewpoint: Viewpoint = "person",
        val_fraction: ranges.OpenFraction = 0.1,
        margin: ranges.PositiveFloat = 1.25,
        **kwargs: Any,
    ) -> None:
        ranges.require(LSPDataModule, locals(), "data")
        super().__init__(**kwargs)
        self._people = partial(
            LSP, root, extended=extended, viewpoint=viewpoint, val_fraction=val_fraction, margin=margin
        )

    def training_data(self) -> LSP:
        """People to train on, scaled, rotated, mirrored and recolored at random."""
        return announced(self._people("train", image_size=self.image_size, jitter=self.jitter))

    def validation_data(self) -> LSP:
        """The test people, cropped to their windows."""
        return announced(self._people("test", image_size=self.image_size))
