"""Where the images of a data set that comes without a split lie, and which of them are held out."""

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Literal

from gan_lab.datasets.images import ImageFile, with_white_level
from gan_lab.errors import DatasetError

Split = Literal["train", "val"]


class ImageSource:
    """The images of a data set, each of which is either trained on or held out.

    Args:
        data_set: What messages call it.
        find: Finds all of its images; asked once, when they are first wanted.
        is_held_out: Whether an image is held out; None to train on all of them, and to validate on the same.
        white_level: See :func:`~gan_lab.datasets.images.read_image`.
    """

    def __init__(
        self,
        data_set: str,
        find: Callable[[], Sequence[ImageFile]],
        is_held_out: Callable[[ImageFile], bool] | None,
        white_level: int | None = None,
    ) -> None:
        self.data_set = data_set
        self._find = find
        self._is_held_out = is_held_out
        self._white_level = white_level

    @cached_property
    def images(self) -> Sequence[ImageFile]:
        """All images, of either split."""
        return with_white_level(self._find(), self._white_level)

    def split(self, split: Split) -> Sequence[ImageFile]:
        """The images to train on, or those held out.

        Raises:
            DatasetError: If there is none.
        """
        if self._is_held_out is None:
            return self.images
        chosen = [image for image in self.images if self._is_held_out(image) == (split == "val")]
        if not chosen:
            raise DatasetError(
                f"{self.data_set}: of {len(self.images)} images none is "
                f"{'held out' if split == 'val' else 'left to train on'}: change data.val_fraction or data.split_seed"
            )
        return chosen
