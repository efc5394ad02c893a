"""Image to image, at any size."""

from collections.abc import Sequence
from typing import Literal

from torch import Tensor

from gan_lab.images.color import lightness, to_rgb
from gan_lab.networks import ResNetGenerator, UNetGenerator
from gan_lab.networks.layers import inference_behavior, pad_to_multiple


class Translator:
    """Translates images by a network, whose weights may go on changing; each by itself, whatever the batch.

    Args:
        generator: The network.
        color_space: ``lab`` for a network that paints the colors (2 channels of Lab) of a lightness (1 channel).
        dropout: Whether dropout draws noise, as Pix2Pix does (section 3.4).
        batch_statistics: Whether batch norm uses each image's own statistics rather than those of training.
    """

    def __init__(
        self,
        generator: UNetGenerator | ResNetGenerator,
        *,
        color_space: Literal["rgb", "lab"] = "rgb",
        dropout: bool = False,
        batch_statistics: bool = False,
    ) -> None:
        self.generator = generator
        self.color_space = color_space
        self.dropout = dropout
        self.batch_statistics = batch_statistics

    def __call__(self, source: Tensor, seeds: Sequence[int] | None = None) -> Tensor:
        """Translates images of any size, padded to what the network takes and cropped back.

        Args:
            source: (B, C, H, W) in [-1, 1].
            seeds: What each image's noise follows from, from 0 to 2**32 - 1; None to draw them from the CPU's global
                generator, one an image.
        """
        padded, (rows, columns) = pad_to_multiple(source, self.generator.size_multiple, self.generator.smallest_side)
        if self.color_space == "lab":
            padded = lightness(padded)
        behavior = {"dropout": self.dropout, "batch_statistics": self.batch_statistics}
        with inference_behavior(self.generator, **behavior, seeds=seeds):
            generated: Tensor = self.generator(padded)
        if self.color_space == "lab":
            generated = to_rgb(padded, generated)
        return generated[..., rows, columns]
