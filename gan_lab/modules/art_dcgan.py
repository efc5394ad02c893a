"""ArtDCGAN: paintings from noise with deep convolutional GANs (Radford et al., ICLR 2016)."""

from typing import Literal, cast

import torch
from lightning.pytorch.core.optimizer import LightningOptimizer
from torch import Tensor
from torch.optim import Optimizer

from gan_lab.errors import ConfigurationError
from gan_lab.losses import discriminator_loss, generator_loss
from gan_lab.networks import DCGANDiscriminator, DCGANGenerator
from gan_lab.networks.dcgan import ImageSize
from gan_lab.networks.layers import frozen, inference_behaviour
from gan_lab.samples import RealSample, SeedSample
from gan_lab.seeding import normal_from_seeds
from gan_lab.training.ema import averaged_copy, half_life_decay, update_average
from gan_lab.training.gan_module import GANModule, fused_adam


class ArtDCGANModule(GANModule):
    """Makes pictures of random codes after seeing pictures of a kind.

    The defaults are the paper's (section 4), but for the latent code, which is normal and of 128 numbers (100 from a
    uniform distribution there).

    Args:
        image_size: Side of the images in pixels; the data's ``image_size``.
        latent_size: Numbers in a latent code.
        channels: Channels of the images.
        generator_channels: Features of the generator's layer before the image at 64 pixels (ngf; 128 in the paper).
        discriminator_channels: Features of the discriminator's first layer (ndf).
        objective: The adversarial game; ``vanilla`` is cross-entropy, the paper's.
        lr: Adam's learning rate.
        betas: Adam's decay rates of the two moments.
        average_half_life: After how many images a step's weights count half in the averaged generator, which then makes
            all images but the training's; 0 for none, as in the paper.

    Raises:
        ValueError: If a number is out of range.
    """

    def __init__(
        self,
        image_size: ImageSize = 64,
        latent_size: int = 128,
        channels: int = 3,
        generator_channels: int = 64,
        discriminator_channels: int = 64,
        objective: Literal["vanilla", "lsgan", "hinge"] = "vanilla",
        lr: float = 2e-4,
        betas: tuple[float, float] = (0.5, 0.999),
        average_half_life: float = 0.0,
    ) -> None:
        super().__init__()
        self.save_hyperparameters()
        if average_half_life < 0:
            raise ValueError(f"average_half_life must be 0 or more, got {average_half_life}")
        self.image_shape = channels, image_size, image_size
        self.latent_size = latent_size
        self.objective: Literal["vanilla", "lsgan", "hinge"] = objective
        self.lr = lr
        self.betas = betas
        self.average_half_life = average_half_life
        self.generator = DCGANGenerator(image_size, latent_size, channels, generator_channels)
        self.discriminator = DCGANDiscriminator(image_size, channels, discriminator_channels)
        for network in (self.generator, self.discriminator):
            network.to(memory_format=torch.channels_last)  # strided convolutions and batch norm are faster so
        self.averaged_generator = averaged_copy(self.generator) if average_half_life else None

    def configure_optimizers(self) -> list[Optimizer]:
        """One Adam for each network."""
        return [
            fused_adam(self.generator.parameters(), self.lr, self.betas),
            fused_adam(self.discriminator.parameters(), self.lr, self.betas),
        ]

    def on_train_epoch_start(self) -> None:
        """Holds the configured learning rate."""
        self.scale_learning_rates(1.0)

    def adversarial_step(self, batch: RealSample) -> None:
        """D first, then G, on the same generated images: D's step does not change G."""
        real = self._fitting(batch["image"])
        generator_optimizer, discriminator_optimizer = cast(list[LightningOptimizer], self.optimizers())
        z = torch.randn(len(real), self.latent_size, 1, 1, dtype=real.dtype, device=real.device)
        generated = self.generator(z)

        real_logits, fake_logits = self.discriminator(real), self.discriminator(generated.detach())
        loss_d = discriminator_loss(real_logits, fake_logits, self.objective)
        self.minimize(loss_d, discriminator_optimizer)

        with frozen(self.discriminator):
            loss_g = generator_loss(self.discriminator(generated), self.objective)
            self.minimize(loss_g, generator_optimizer)
        if self.averaged_generator is not None:
            decay = half_life_decay(len(real) * self.trainer.world_size, self.average_half_life)
            update_average(self.averaged_generator, self.generator, decay)
        self.log_losses({"loss/discriminator": loss_d, "loss/generator": loss_g})

    def _fitting(self, images: Tensor) -> Tensor:
        """Images as they are; refuses those of another shape, some of which the discriminator would take."""
        if images.shape[1:] != self.image_shape:
            theirs, ours = (" x ".join(map(str, shape)) for shape in (images.shape[1:], self.image_shape))
            raise ConfigurationError(
                f"the data gives images of {theirs} (channels x height x width) where the model has {ours}: "
                "set model.image_size and model.channels to the data's"
            )
        return images

    def sample(self, seeds: Tensor) -> Tensor:
        """Makes an image in [-1, 1] of each seed (B,), by the averaged generator where there is one.

        Batch norm uses the statistics gathered in training, so an image does not depend on the others.
        """
        generator = self.generator if self.averaged_generator is None else self.averaged_generator
        weight = next(generator.parameters())
        z = normal_from_seeds(seeds.tolist(), self.latent_size, 1, 1).to(weight.device, weight.dtype)
        with inference_behaviour(generator, dropout=False, batch_statistics=False):
            images: Tensor = generator(z)
        return images

    def render(self, batch: RealSample | SeedSample) -> dict[str, Tensor]:
        """``generated`` of the seeds; for images to learn from, beside each one that of a seed counted from 0."""
        if "seed" in batch:
            return {"generated": self.sample(cast(Tensor, cast(SeedSample, batch)["seed"]))}
        images = batch["image"]
        return {"image": images, "generated": self.sample(torch.arange(len(images)))}

    def validation_step(self, batch: RealSample, batch_idx: int) -> None:
        """The discriminator's loss in the game as it is trained, on held-out images, as ``val/discriminator``.

        By how much it exceeds ``loss/discriminator`` tells how far the training images are being memorised.
        """
        self._measure(batch, "val")

    def test_step(self, batch: RealSample, batch_idx: int) -> None:
        """As validation, under ``test/``."""
        self._measure(batch, "test")

    def _measure(self, batch: RealSample, prefix: str) -> None:
        real = self._fitting(batch["image"])
        z = torch.randn(len(real), self.latent_size, 1, 1, dtype=real.dtype, device=real.device)
        as_in_training = {"dropout": False, "batch_statistics": True}
        with inference_behaviour(self.generator, **as_in_training):
            generated = self.generator(z)
        with inference_behaviour(self.discriminator, **as_in_training):
            loss = discriminator_loss(self.discriminator(real), self.discriminator(generated), self.objective)
        self.log(f"{prefix}/discriminator", loss, batch_size=len(real), sync_dist=True, prog_bar=True)
