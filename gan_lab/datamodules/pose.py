"""What the datamodules of human pose share."""

from abc import abstractmethod
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

from gan_lab.datamodules.base import GANDataModule, require_positive
from gan_lab.datasets import PeopleToFind, Persons, PosedPeople
from gan_lab.errors import ConfigurationError
from gan_lab.pose.person_crop import PoseJitter


class PoseDataModule(GANDataModule):
    """People whose joints are known, each cropped from its image by one affine map.

    Args:
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
            ``annotations`` with ``bbox``, or a ``.csv`` file of ``image,left,top,right,bottom``. None for one person
            that fills each picture.
        box_margin: Side of the window about a box, relative to the box's longer side.

    Raises:
        ConfigurationError: If a number is out of its range, or there are boxes without pictures.
    """

    skeleton: ClassVar[str]  # a key of SKELETONS

    def __init__(
        self,
        image_size: int,
        scale: tuple[float, float],
        rotation: float,
        flip: bool,
        color_gain: float,
        batch_size: int,
        eval_batch_size: int,
        num_workers: int,
        predict_folder: Path | None,
        boxes: Path | None,
        box_margin: float,
    ) -> None:
        super().__init__(batch_size, eval_batch_size, num_workers, predict_folder)
        require_positive("image_size", image_size)
        require_positive("box_margin", box_margin)
        if boxes is not None and predict_folder is None:
            raise ConfigurationError("data.boxes says where people are in data.predict_folder: give both")
        self.image_size = image_size
        self.jitter = PoseJitter(scale, rotation, flip, color_gain)
        self.boxes = boxes
        self.box_margin = box_margin

    @classmethod
    def shared_settings(cls, settings: Mapping[str, Any]) -> dict[str, Any]:
        """The joints that its people have."""
        return {"skeleton": cls.skeleton}

    @abstractmethod
    def training_data(self) -> PosedPeople:
        """People to train on, scaled, rotated, mirrored and recoloured at random."""

    @abstractmethod
    def validation_data(self) -> PosedPeople:
        """People held out, cropped to their windows."""

    def test_data(self) -> PosedPeople:
        """The same as :meth:`validation_data`."""
        return self.validation_data()

    def prediction_data(self) -> Persons | PeopleToFind:
        """People in pictures or a video, or the ones held out."""
        if self.predict_folder is not None:
            return Persons(self.predict_folder, self.image_size, self.boxes, self.box_margin)
        return PeopleToFind(self.held_out_to_find())

    def held_out_to_find(self) -> PosedPeople:
        """Whom ``predict`` takes where it is given no pictures."""
        return self.test_data()


def require_share(name: str, share: float) -> None:
    """Refuses a share that holds out nobody or everybody."""
    if not 0 < share < 1:
        raise ConfigurationError(f"data.{name} must be between 0 and 1, got {share}")
