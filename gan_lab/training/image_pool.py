"""A history of generated images, so that the discriminator does not forget (Shrivastava et al. 2017)."""

import random
from typing import Any

import torch
from torch import Tensor

from gan_lab.errors import CheckpointError, require_numbers
from gan_lab.training.checkpoint_form import is_plain_tensor


class ImagePool:
    """Gives back each image as it came, or half the time, once full, an older one in whose place it is kept.

    CycleGAN (section 4) trains its discriminators so, on a pool of 50. It draws from Python's global generator.

    Args:
        size: Images kept; 0 gives every image back as it came.
    """

    def __init__(self, size: int) -> None:
        require_numbers({"pool_size": size}, at_least=0)
        self.size = size
        self.images: list[Tensor] = []

    def query(self, images: Tensor) -> Tensor:
        """Puts images (B, C, H, W) in and takes as many out, without gradients."""
        return torch.stack([self._query_one(image) for image in images.detach()])

    def _query_one(self, image: Tensor) -> Tensor:
        if self.images and self.images[0].shape != image.shape:
            self.images = []  # a resumed run may have images of another size
        if len(self.images) < self.size:
            self.images.append(image.clone())
            return image
        if not self.images or random.random() < 0.5:
            return image
        place = random.randrange(self.size)
        old, self.images[place] = self.images[place], image.clone()
        return old.to(image)

    def state_dict(self) -> dict[str, Any]:
        """The images kept, on the CPU."""
        return {"images": [image.cpu() for image in self.images]}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Takes over as many images of :meth:`state_dict` as it has room for.

        They take the device and the type of the images in whose place they are asked for.

        Raises:
            CheckpointError: If they are no images.
        """
        images = state.get("images")
        if not isinstance(images, list) or not all(map(_is_image, images)):
            raise CheckpointError("its pool of generated images holds other things than images")
        self.images = images[: self.size]


def _is_image(value: Any) -> bool:
    return is_plain_tensor(value) and value.dim() == 3 and value.is_floating_point() and bool(value.isfinite().all())
