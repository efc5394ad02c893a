"""MPII Human Pose."""

from functools import partial
from pathlib import Path
from typing import Any, ClassVar, Literal

from gan_lab import ranges
from gan_lab.datamodules.pose import PoseDataModule
from gan_lab.datasets import MPII
from gan_lab.datasets.mpii import OFFICIAL_MAT
from gan_lab.datasets.posed_people import announced


class MPIIDataModule(PoseDataModule):
    """People at 410 activities: 22,246 to train on, 2,958 to validate and test on (Tompson's split); 16 joints.

    Args:
        root: The folder with ``images`` or ``mpii_human_pose_v1/images``.
        annotations: The official ``.mat``, or a folder with ``train.json`` and ``valid.json`` as HRNet has them and
            ``gt_valid.mat`` for the sizes of heads; relative to ``root``.
        validation_images: A text file with the names of the images to hold out, relative to ``root``: Tompson's split
            is the ``valid_images.txt`` that comes with Newell's hourglass. None holds out ``val_fraction`` of the
            images. Not looked at if ``annotations`` is a folder, whose files are split already.
        val_fraction: About how many of the images are held out, between 0 and 1, if no file names them.
        predict_split: Whom ``predict`` takes where it is given no ``predict_folder``: the people held out, ``val``, or
            those whose labels are withheld, ``test``.
        **kwargs: As of :class:`PoseDataModule`.
    """

    skeleton: ClassVar[str] = "mpii"

    def __init__(
        self,
        root: Path,
        annotations: Path = OFFICIAL_MAT,
        validation_images: Path | None = Path("valid_images.txt"),
        val_fraction: ranges.OpenFraction = 0.1,
        predict_split: Literal["val", "test"] = "val",
        **kwargs: Any,
    ) -> None:
        ranges.require(MPIIDataModule, locals(), "data")
        super().__init__(**kwargs)
        self.predict_split: Literal["val", "test"] = predict_split
        self._people = partial(
            MPII, root, annotations=annotations, validation_images=validation_images, val_fraction=val_fraction
        )

    def training_data(self) -> MPII:
        """People to train on, scaled, rotated, mirrored and recolored at random."""
        return announced(self._people("train", image_size=self.image_size, jitter=self.jitter))

    def validation_data(self) -> MPII:
        """The people held out, cropped to their windows; raises DatasetError if the sizes of heads are not known."""
        data = announced(self._people("val", image_size=self.image_size))
        data.require_head_sizes()
        return data

    def held_out_to_find(self) -> MPII:
        """The people of ``predict_split``."""
        return announced(self._people(self.predict_split, image_size=self.image_size))
