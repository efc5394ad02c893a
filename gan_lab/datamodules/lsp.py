"""Leeds Sports Pose."""

from pathlib import Path
from typing import ClassVar, Literal

from lightning.pytorch.utilities import rank_zero_info

from gan_lab.datamodules.base import require_positive
from gan_lab.datamodules.pose import PoseDataModule, require_share
from gan_lab.datasets import LSP
from gan_lab.datasets.lsp import Viewpoint
from gan_lab.pose.person_crop import PoseJitter


class LSPDataModule(PoseDataModule):
    """People at sports: 11,000 to train on, 1,000 to validate and test on, as the papers do; 14 joints.

    Args:
        root: The folder with ``lsp_dataset`` and ``lspet_dataset``.
        extended: Whether to train on the 10,000 people of ``lspet_dataset`` too.
        viewpoint: Whose left and right are meant: ``person``, as the official labels and nearly all papers have it, or
            ``observer``, of which ``lsp_dataset/joints-OC.mat`` is read and for which there is no extended set.
        held_out_share: The part of the extended set, between 0 and 1, that is held out if not all of the official test
            images are there; it is then said so.
        margin: Side of the extended set's crops relative to the labelled joints' box.
        image_size: Side of the crops in pixels, a multiple of 4 x 2^depth of the model's.
        scale: Smallest and largest factor of a training crop's window; above 1 the person becomes smaller.
        rotation: Training crops are rotated by up to so many degrees either way.
        flip: Whether half the training crops are mirrored, left and right joints changing places.
        color_gain: Each colour channel of a training crop is multiplied by a number up to so much above or below 1.
        batch_size: Training samples a step and process.
        eval_batch_size: Samples a batch in validation and test.
        num_workers: Processes that decode images; 0 decodes in the training process.
        predict_folder: Pictures of any size, or a video file, for ``predict``; without it ``predict`` takes the people
            held out.
        boxes: Where the people are in those pictures: a ``.json`` file of COCO's format, ``images`` and
            ``annotations`` with ``bbox``, those of the category ``person`` if there is one; or a ``.csv`` file of
            ``image,left,top,right,bottom``. None for one person that fills each picture.
        box_margin: Side of the window about a box, relative to the box's longer side.

    Raises:
        ConfigurationError: As :class:`PoseDataModule`, or if nobody or everybody would be held out.
    """

    skeleton: ClassVar[str] = "lsp"

    def __init__(
        self,
        root: Path,
        extended: bool = True,
        viewpoint: Viewpoint = "person",
        held_out_share: float = 0.1,
        margin: float = 1.25,
        image_size: int = 256,
        scale: tuple[float, float] = (0.75, 1.25),
        rotation: float = 30.0,
        flip: bool = True,
        color_gain: float = 0.2,
        batch_size: int = 6,
        eval_batch_size: int = 8,
        num_workers: int = 2,
        predict_folder: Path | None = None,
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
        require_positive("margin", margin)
        self.root = Path(root)
        self.extended = extended
        self.viewpoint: Viewpoint = viewpoint
        self.held_out_share = held_out_share
        self.margin = margin

    def training_data(self) -> LSP:
        """People to train on, scaled, rotated, mirrored and recoloured at random."""
        return self._split("train", self.jitter)

    def validation_data(self) -> LSP:
        """The test people, cropped to their windows."""
        return self._split("test")

    def _split(self, name: Literal["train", "test"], jitter: PoseJitter | None = None) -> LSP:
        data = LSP(
            self.root,
            name,
            self.extended,
            self.viewpoint,
            self.held_out_share,
            self.margin,
            self.image_size,
            jitter,
        )
        rank_zero_info(data.summary())
        return data
