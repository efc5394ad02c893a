"""What the datamodules of human pose share."""

from abc import abstractmethod
from pathlib import Path
from typing import Any, ClassVar

from gan_lab import ranges
from gan_lab.datamodules.base import GANDataModule
from gan_lab.datasets import PeopleToFind, Persons, PosedPeople
from gan_lab.errors import require
from gan_lab.pose.person_crop import PoseJitter


class PoseDataModule(GANDataModule):
    """People whose joints are known, each cropped from its image by one affine map.

    Args:
        image_size: Side of the crops in pixels, a multiple of 4 x 2^depth of the model's.
        scale: Smallest and largest factor of a training crop's window; above 1 the person becomes smaller.
        rotation: Training crops are rotated by up to so many degrees either way.
        color_gain: Each color channel of a training crop is multiplied by a number up to so much above or below 1.
        predict_folder: Pictures, or one, of any size, or a video file; without it ``predict`` takes people held out.
        boxes: Where the people are in those pictures: a ``.json`` file of COCO's format, ``images`` and
            ``annotations`` with ``bbox``, those of the category ``person`` if there is one; or a ``.csv`` file of
            ``image,left,top,right,bottom``. None for one person that fills each picture.
        box_margin: Side of the window about a box, relative to the box's longer side.
        **kwargs: As of :class:`GANDataModule`.

    Raises:
        ConfigurationError: If a number is out of its range, or there are boxes without pictures.
    """

    skeleton: ClassVar[str]  # a key of SKELETONS
    shared: ClassVar[tuple[str, ...]] = ("skeleton",)

    def __init__(
        self,
        image_size: ranges.Pixels = 256,
        scale: tuple[ranges.PositiveFloat, ranges.PositiveFloat] = (0.75, 1.25),
        rotation: ranges.Degrees = 30.0,
        color_gain: ranges.Fraction = 0.2,
        batch_size: ranges.Items = 6,
        eval_batch_size: ranges.Items = 8,
        predict_folder: Path | None = None,
        boxes: Path | None = None,
        box_margin: ranges.PositiveFloat = 1.25,
        **kwargs: Any,
    ) -> None:
        ranges.require(PoseDataModule, locals(), "data")
        batches: dict[str, Any] = {"batch_size": batch_size, "eval_batch_size": eval_batch_size}
        super().__init__(image_size=image_size, predict_folder=predict_folder, **batches, **kwargs)
        without_pictures = boxes is not None and predict_folder is None
        require(not without_pictures, "data.boxes says where people are in data.predict_folder: give both")
        self.jitter = PoseJitter(scale, rotation, self.flip, color_gain)
        self.boxes, self.box_margin = boxes, box_margin

    @abstractmethod
    def validation_data(self) -> PosedPeople:
        """People held out, cropped to their windows."""

    def prediction_data(self) -> Persons | PeopleToFind:
        """People in pictures or a video, or the ones held out."""
        if self.predict_folder is not None:
            boxes = (self.boxes, self.box_margin)
            return Persons(self.predict_folder, self.image_size, *boxes, self.white_level, self.output_folder)
        return PeopleToFind(self.held_out_to_find())

    def held_out_to_find(self) -> PosedPeople:
        """Whom ``predict`` takes where it is given no pictures."""
        return self.validation_data()
