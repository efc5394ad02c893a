"""MPII Human Pose."""

from pathlib import Path
from typing import ClassVar, Literal

from lightning.pytorch.utilities import rank_zero_info

from gan_lab.datamodules.pose import PoseDataModule, require_share
from gan_lab.datasets import MPII
from gan_lab.datasets.mpii import OFFICIAL_MAT, Split
from gan_lab.pose.person_crop import PoseJitter


class MPIIDataModule(PoseDataModule):
    """People at 410 activities: 22,246 to train on, 2,958 to validate and test on (Tompson's split); 16 joints.

    Args:
        root: The folder with ``images`` or ``mpii_human_pose_v1/images``.
        annotations: The official ``.mat``, or a folder with ``train.json`` and ``valid.json`` as HRNet has them and
            ``gt_valid.mat`` for the sizes of heads; relative to ``root``.
        validation_images: A text file with the names of the images to hold out, relative to ``root``: Tompson's split
            is the ``valid_images.txt`` that comes with Newell's hourglass. None holds out ``held_out_share`` of the
            images. Not looked at if ``annotations`` is a folder, whose files are split already.
        held_out_share: About how many of the images are held out, between 0 and 1, if no file names them.
        image_size: Side of the crops in pixels, a multiple of 4 x 2^depth of the model's.
        scale: Smallest and largest factor of a training crop's window; above 1 the person becomes smaller.
        rotation: Training crops are rotated by up to so many degrees either way.
        flip: Whether half the training crops are mirrored, left and right joints changing places.
        color_gain: Each colour channel of a training crop is multiplied by a number up to so much above or below 1.
        batch_size: Training samples a step and process.
        eval_batch_size: Samples a batch in validation and test.
        num_workers: Processes that decode images; 0 decodes in the training process.
        predict_folder: Pictures of any size, or a video file, for ``predict``; without it ``predict`` takes
            ``predict_split``.
        predict_split: The people held out, ``val``, or those whose labels are withheld, ``test``.
        boxes: Where the people are in those pictures: a ``.json`` file of COCO's format, ``images`` and
            ``annotations`` with ``bbox``, those of the category ``person`` if there is one; or a ``.csv`` file of
            ``image,left,top,right,bottom``. None for one person that fills each picture.
        box_margin: Side of the window about a box, relative to the box's longer side.

    Raises:
        ConfigurationError: As :class:`PoseDataModule`, or if nobody or everybody would be held out.
    """

    skeleton: ClassVar[str] = "mpii"

    def __init__(
        self,
        root: Path,
        annotations: Path = OFFICIAL_MAT,
        validation_images: Path | None = Path("valid_images.txt"),
        held_out_share: float = 0.1,
        image_size: int = 256,
        scale: tuple[float, float] = (0.75, 1.25),
        rotation: float = 30.0,
        flip: bool = True,
        color_gain: float = 0.2,
        batch_size: int = 6,
        eval_batch_size: int = 8,
        num_workers: int = 2,
        predict_folder: Path | None = None,
        predict_split: Literal["val", "test"] = "val",
        boxes: Path | None = None,
        box_margin: float = 1.25,
    ) -> None:
        super().__init__(
            image_size,
            scale,
            rotation,
            flip,
            color_gain,
            batch_size,
            eval_batch_size,
            num_workers,
            predict_folder,
            boxes,
            box_margin,
        )
        require_share("held_out_share", held_out_share)
        self.root = Path(root)
        self.annotations = annotations
        self.validation_images = validation_images
        self.held_out_share = held_out_share
        self.predict_split: Literal["val", "test"] = predict_split

    def training_data(self) -> MPII:
        """People to train on, scaled, rotated, mirrored and recoloured at random."""
        return self._split("train", self.jitter)

    def validation_data(self) -> MPII:
        """The people held out, cropped to their windows.

        Raises:
            DatasetError: If the sizes of their heads are not known.
        """
        data = self._split("val")
        data.require_head_sizes()
        return data

    def held_out_to_find(self) -> MPII:
        """The people of ``predict_split``."""
        return self._split(self.predict_split)

    def _split(self, name: Split, jitter: PoseJitter | None = None) -> MPII:
        data = MPII(
            self.root,
            name,
            self.annotations,
            self.validation_images,
            self.held_out_share,
            self.image_size,
            jitter,
        )
        rank_zero_info(data.summary())
        return data
