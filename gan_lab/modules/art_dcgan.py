"""ArtDCGAN: paintings from noise with deep convolutional GANs (Radford et al., ICLR 2016)."""

from typing import Literal

import torch
from torch import Tensor

from gan_lab import ranges
from gan_lab.errors import require
from gan_lab.inference.building import art_dcgan_generator, art_dcgan_sampler
from gan_lab.inference.latent_sampler import LatentSampler
from gan_lab.inference.predictions import MadeImages, cannot_make
from gan_lab.losses import discriminator_loss, generator_loss
from gan_lab.networks import DCGANDiscriminator
from gan_lab.networks.dcgan import ImageSize
from gan_lab.networks.layers import frozen, inference_behavior
from gan_lab.networks.upsampling import Upsampling
from gan_lab.precision import normal, normal_by_seeds
from gan_lab.samples import ImageSample, PredictionRequest, SeedRequest
from gan_lab.training.gan_module import GANModule
from gan_lab.training.held_batches import Generated, HeldBatches
from gan_lab.training.optimizers import AdamSettings, OptimizersByRole
from gan_lab.training.sample_check import Channels


class ArtDCGANModule(GANModule):
    """Makes pictures of random codes after seeing pictures of a kind.

    The defaults are the paper's (section 4), but for the latent code, which is normal and of 128 numbers (100 from a
    uniform distribution there).

    Args:
        image_size: Side of the images in pixels: 28, 32, 64, 128 or 256. None for the data's.
        latent_size: Numbers in a latent code.
        channels: Channels of the images.
        generator_channels: Features of the generator's layer before the image at 64 pixels (ngf; 128 in the paper).
        discriminator_channels: Features of the discriminator's first layer (ndf).
        upsampling: How the generator doubles the size: ``transposed`` convolutions are the paper's; ``resize`` repeats
            pixels and convolves 3 x 3, which leaves no grid, from 32 pixels.
        objective: The adversarial game; ``vanilla`` is cross-entropy, the paper's. Nothing is halved.
        lr: Adam's learning rate.
        betas: Adam's decay rates of the two moments.
        ema_half_life: After how many images a step's weights count half in the averaged generator, which then makes
            all images but the training's; 0 for none, as in the paper.

    Raises:
        ConfigurationError: If a number is out of range.
    """

    learns_from = ImageSample
    sampler: LatentSampler

    def __init__(
        self,
        image_size: ImageSize | None = None,
        latent_size: ranges.Features = 128,
        channels: ranges.Channels = 3,
        generator_channels: ranges.Features = 64,
        discriminator_channels: ranges.Features = 64,
        upsampling: Upsampling = "transposed",
        objective: Literal["vanilla", "lsgan", "hinge"] = "vanilla",
        lr: ranges.NonNegativeFloat = 2e-4,
        betas: ranges.Betas = (0.5, 0.999),
        ema_half_life: ranges.NonNegativeFloat = 0.0,
    ) -> None:
        super().__init__()
        image_size = image_size or 64
        self.save_hyperparameters()
        ranges.require(ArtDCGANModule, self.hparams, "model")
        self.hparams["image_size"] = image_size
        self.image_sides = image_size, image_size
        self.latent_size = latent_size
        self.objective: Literal["vanilla", "lsgan", "hinge"] = objective
        self.adam = AdamSettings(lr, betas)
        self.generator = art_dcgan_generator(self.hparams)
        self.discriminator = DCGANDiscriminator(
            image_size=image_size, channels=channels, base_channels=discriminator_channels
        )
        for network in (self.generator, self.discriminator):
            network.to(memory_format=torch.channels_last)  # strided convolutions and batch norm are faster so
        self.generator_ema = self.averages.of(self.generator, ema_half_life)
        self.sampler = art_dcgan_sampler(self.generator_ema or self.generator, self.hparams)

    def image_channels(self) -> dict[str, Channels]:
        """The networks'."""
        return {"image": Channels(self.hparams["channels"], "channels")}

    def build_optimizers(self) -> OptimizersByRole:
        """One Adam for each network."""
        return OptimizersByRole.of_adam(self.adam, self.generator, self.discriminator)

    def play(self, held: HeldBatches[ImageSample]) -> None:
        """D first, then G, on the same generated images: D's step does not change G."""
        real = [self._fitting(batch["image"]) for batch in held.batches]
        generated = Generated(held, self.generator, lambda place: self.generator(self._codes(real[place])))

        def loss_d(place: int) -> Tensor:
            images = generated.shown(place)
            real_logits, fake_logits = self.discriminator(real[place]), self.discriminator(images)
            loss = discriminator_loss(real_logits, fake_logits, self.objective)
            held.note({"loss/discriminator": loss})
            return loss

        def loss_g(place: int) -> Tensor:
            loss = generator_loss(self.discriminator(generated.learning(place)), self.objective)
            held.note({"loss/generator": loss})
            return loss

        self.minimize(held.each(loss_d), self.optimizer_d)
        with frozen(self.discriminator):
            self.minimize(held.each(loss_g), self.optimizer_g)
        self.log_losses(held.losses())

    def _codes(self, real: Tensor) -> Tensor:
        return normal(len(real), self.latent_size, 1, 1, like=real)

    def _fitting(self, images: Tensor) -> Tensor:
        """Images as they are; refuses those of another size, some of which the discriminator would take."""
        theirs, ours = images.shape[2:], self.image_sides
        require(
            theirs == ours,
            f"the data gives images of {theirs[1]} x {theirs[0]} pixels where the model has {ours[1]} x {ours[0]}: "
            "set model.image_size to the data's",
        )
        return images

    def render(self, batch: ImageSample, first: int = 0) -> dict[str, Tensor]:
        """``generated``: images of as many seeds, from ``first``."""
        seeds = range(first, first + len(batch["image"]))
        return {"generated": self.sampler.images(SeedRequest.of(seeds))}

    def predict_step(self, request: PredictionRequest, batch_idx: int = 0) -> MadeImages:
        """``generated`` of the seeds."""
        if type(request) is not SeedRequest:
            raise cannot_make(self, request)
        return MadeImages({"generated": self.sampler.images(request)})

    def validation_step(self, batch: ImageSample, batch_idx: int) -> None:
        """The discriminator's loss in the game as it is trained, on held-out images, as ``val/discriminator``.

        By how much it exceeds ``loss/discriminator`` tells how far the training images are being memorized. Batch norm
        takes each image's own statistics: so the loss is the same whatever ``data.eval_batch_size`` is.
        """
        self._measure(batch, "val")

    def validation_names(self) -> set[str]:
        """The loss."""
        return {"val/discriminator"}

    def test_step(self, batch: ImageSample, batch_idx: int) -> None:
        """As validation, under ``test/``."""
        self._measure(batch, "test")

    def _measure(self, batch: ImageSample, split: str) -> None:
        real = self._fitting(batch["image"])
        seeds = self.evaluated.seeds(len(real))
        with inference_behavior(self.generator, dropout=False, batch_statistics=True):
            generated = self.generator(normal_by_seeds(seeds, self.latent_size, 1, 1, like=real))
        with inference_behavior(self.discriminator, dropout=False, batch_statistics=True):
            loss = discriminator_loss(self.discriminator(real), self.discriminator(generated), self.objective)
        self.log(f"{split}/discriminator", loss, batch_size=len(real), sync_dist=True, prog_bar=True)
