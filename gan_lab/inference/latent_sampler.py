"""Images of seeds, each a function of its seed alone."""

from typing import Protocol

from torch import Tensor

from gan_lab.networks import DCGANGenerator
from gan_lab.networks.layers import inference_behavior
from gan_lab.samples import SeedRequest
from gan_lab.seeding import normal_from_seeds


class SeedSampler(Protocol):
    """What an unconditional model makes its images with."""

    def samples(self, request: SeedRequest) -> Tensor:
        """An image (B, C, S, S) of each seed, in about [-1, 1], as a draw from the distribution that is measured.

        Nothing is truncated, and all that is random in an image is its own.
        """


class LatentSampler:
    """Makes images of normal latent codes.

    Batch norm uses the statistics gathered in training, so an image does not depend on the others of its batch.

    Args:
        generator: What makes them; its weights may go on changing.
        latent_size: Numbers in a latent code.
    """

    def __init__(self, generator: DCGANGenerator, latent_size: int) -> None:
        self.generator = generator
        self.latent_size = latent_size

    def images(self, request: SeedRequest) -> Tensor:
        """An image (B, C, S, S) in [-1, 1] of each seed."""
        weight = next(self.generator.parameters())
        z = normal_from_seeds(request.seeds.tolist(), self.latent_size, 1, 1).to(weight.device, weight.dtype)
        with inference_behavior(self.generator, dropout=False, batch_statistics=False):
            images: Tensor = self.generator(z)
        return images

    samples = images  # nothing is random but the code
