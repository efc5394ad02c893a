"""StyleGAN: a style-based generator architecture for generative adversarial networks (Karras et al., CVPR 2019)."""

import math
import random
from dataclasses import asdict
from typing import Literal, cast

import torch
from lightning.pytorch.core.optimizer import LightningOptimizer
from lightning.pytorch.utilities import rank_zero_info
from torch import Tensor
from torch.optim import Optimizer

from gan_lab.errors import ConfigurationError
from gan_lab.inference.style_sampler import StyleSampler
from gan_lab.losses import (
    discriminator_loss,
    drift_penalty,
    generator_loss,
    gradient_penalty,
    r1_penalty,
)
from gan_lab.networks import StyleGANDiscriminator, StyleGANGenerator
from gan_lab.networks.convolution import penalized_slope
from gan_lab.networks.layers import frozen
from gan_lab.networks.resampling import downsample, upsample
from gan_lab.networks.stylegan import layer_count, mix_styles
from gan_lab.samples import MixingSample, PathSample, RealSample, SeedSample
from gan_lab.schedules import GrowingSchedule, GrowthStage, as_schedule, is_power_of_two
from gan_lab.training.ema import averaged_copy, half_life_decay, update_average
from gan_lab.training.gan_module import GANModule, fused_adam

_MEAN_W_DECAY = 0.995  # a generated batch; released code


class StyleGANModule(GANModule):
    """Makes images of random codes by growing, style-based networks, after seeing images of a kind.

    The defaults are the released code's for FFHQ (configuration F of Table 1), but for ``lrs``. Which of Table 1's
    others a set of options gives is said at :class:`StyleGANGenerator`; each has a configuration of its own.

    Args:
        schedule: How the networks grow; the data's ``schedule``.
        latent_size: Numbers in a latent code z, and in an intermediate code w.
        mapping_layers: Depth of the mapping network from z to w; 0 only normalises z (Table 4).
        base_channels: There are this over 2^(r-1) channels at 2^r pixels ...
        max_channels: ... but no more than this.
        styles: Whether an affine function of w scales and shifts each layer's features (AdaIN).
        constant_input: Whether the generator starts from a learned constant rather than from w.
        noise: Whether each layer of the generator adds noise.
        pixel_norm: Whether the generator's features are normalised over the channels.
        instance_norm: Whether the generator's features are normalised over the places.
        blurred: Whether features are smoothed after doubling and before halving: bilinear resampling.
        mixing: The part of the steps whose images have the styles of two codes (section 3.1).
        objective: The adversarial game; ``vanilla`` is the non-saturating one. ``wgan-gp`` brings its penalties.
        r1_gamma: Weight of the squared gradient on real images, halved (Mescheder et al. 2018); 0 for none.
        r1_interval: Steps from one R1 penalty to the next. Above 1 it is a step of its own, so many times as heavy, and
            the discriminator's learning rate and betas are corrected (StyleGAN2, appendix B).
        gradient_penalty_weight: Weight of the penalty on the critic's slope that ``wgan-gp`` adds.
        drift_weight: Weight of the mean squared logit on real images that ``wgan-gp`` adds (ProGAN, appendix A.1).
        lr: Adam's learning rate.
        lrs: Learning rates for resolutions that have another one; the released code's are {128: 0.0015, 256: 0.002,
            512: 0.003, 1024: 0.003}.
        betas: Adam's decay rates of the two moments.
        average_half_life_kimg: After how many thousand images a step's weights count half in the averaged generator,
            which makes all images but the training's.
        psi: How far codes may be from their mean in the images of ``predict``: 1 for all the way, 0 for the mean alone
            (appendix B, where it is 0.7).
        psi_layers: The layers, from the coarsest, in which ``psi`` counts.
        sample_noise: Whether all images of ``predict`` share the same noise, or each seed has its own.

    Raises:
        ConfigurationError: If these do not fit together.
    """

    images_seen: Tensor
    phase: Tensor

    def __init__(
        self,
        schedule: GrowingSchedule,
        latent_size: int = 512,
        mapping_layers: int = 8,
        base_channels: int = 8192,
        max_channels: int = 512,
        styles: bool = True,
        constant_input: bool = True,
        noise: bool = True,
        pixel_norm: bool = False,
        instance_norm: bool = True,
        blurred: bool = True,
        mixing: float = 0.9,
        objective: Literal["vanilla", "hinge", "wgan-gp"] = "vanilla",
        r1_gamma: float = 10.0,
        r1_interval: int = 1,
        gradient_penalty_weight: float = 10.0,
        drift_weight: float = 0.001,
        lr: float = 0.001,
        lrs: dict[int, float] | None = None,
        betas: tuple[float, float] = (0.0, 0.99),
        average_half_life_kimg: float = 10.0,
        psi: float = 0.7,
        psi_layers: int = 8,
        sample_noise: Literal["fixed", "random"] = "fixed",
    ) -> None:
        super().__init__()
        if mixing and not styles:
            raise ConfigurationError("model.mixing mixes styles, of which there are none: set it to 0")
        if not 0 <= mixing <= 1:
            raise ConfigurationError(f"model.mixing must be from 0 to 1, got {mixing}")
        if objective == "wgan-gp" and r1_gamma:
            raise ConfigurationError("model.objective wgan-gp has a penalty of its own: set model.r1_gamma to 0")
        _require_at_least(1, latent_size=latent_size, r1_interval=r1_interval)
        _require_at_least(0, mapping_layers=mapping_layers, psi_layers=psi_layers, r1_gamma=r1_gamma)
        _require_at_least(0, gradient_penalty_weight=gradient_penalty_weight, drift_weight=drift_weight)
        _require_above_zero(lr=lr, average_half_life_kimg=average_half_life_kimg)
        for side, rate in (lrs or {}).items():
            _require_above_zero(lrs=rate)
            if side < 4 or not is_power_of_two(side):
                raise ConfigurationError(f"model.lrs are at powers of two from 4, got {side}")
        if not math.isfinite(psi):
            raise ConfigurationError(f"model.psi must be a number, got {psi}")
        self.save_hyperparameters(ignore="schedule")
        schedule = as_schedule(schedule)
        self.save_hyperparameters({"schedule": asdict(schedule)})  # checkpoints hold plain values
        self.schedule = schedule
        self.mixing = mixing
        self.objective: Literal["vanilla", "hinge", "wgan-gp"] = objective
        self.r1_gamma = r1_gamma
        self.r1_interval = r1_interval
        self.gradient_penalty_weight = gradient_penalty_weight
        self.drift_weight = drift_weight
        self.lr = lr
        self.lrs = lrs or {}
        self.betas = betas
        self.average_half_life_kimg = average_half_life_kimg
        self.psi = psi
        self.generator = StyleGANGenerator(
            schedule.resolution,
            latent_size,
            mapping_layers,
            base_channels,
            max_channels,
            styles,
            constant_input,
            noise,
            pixel_norm,
            instance_norm,
            blurred,
        )
        self.discriminator = StyleGANDiscriminator(schedule.resolution, base_channels, max_channels, blurred)
        self.averaged_generator = averaged_copy(self.generator)
        self.sampler = StyleSampler(self.averaged_generator, psi_layers, sample_noise, self.stage)
        self.register_buffer("images_seen", torch.zeros((), dtype=torch.long))
        self.register_buffer("phase", torch.zeros((), dtype=torch.long))

    def configure_optimizers(self) -> list[Optimizer]:
        """One Adam for each network."""
        share = self.r1_interval / (self.r1_interval + 1) if self.r1_gamma and self.r1_interval > 1 else 1.0
        return [
            fused_adam(self.generator.parameters(), self.lr, self.betas),
            fused_adam(
                self.discriminator.parameters(), self.lr * share, (self.betas[0] ** share, self.betas[1] ** share)
            ),
        ]

    def on_train_start(self) -> None:
        """Ends a run at once that is resumed after its schedule's end."""
        super().on_train_start()
        self._stop_when_done()

    def stage(self) -> GrowthStage:
        """Where the networks are now."""
        return self.schedule.stage(int(self.images_seen))

    def adversarial_step(self, batch: RealSample) -> None:
        """D, the average, then G (the released training loop), each on images of its own."""
        stage = self.stage()
        self._require_scheduled(batch["image"], stage)
        self._settle_optimizers(stage)
        real = fade(batch["image"], stage.alpha)
        generator_optimizer, discriminator_optimizer = cast(list[LightningOptimizer], self.optimizers())

        with torch.no_grad():
            fake = self.generate(len(real), stage)
        loss_d, losses = self._discriminator_loss(real, fake, stage.alpha)
        self.minimize(loss_d, discriminator_optimizer)
        if self.r1_gamma and self.r1_interval > 1 and self.global_step % self.r1_interval == 0:
            losses["loss/r1"] = self._r1(real, stage.alpha)[1]
            self.minimize(self.r1_interval * self.r1_gamma / 2 * losses["loss/r1"], discriminator_optimizer)
        images = len(real) * self.trainer.world_size
        update_average(
            self.averaged_generator, self.generator, half_life_decay(images, 1000 * self.average_half_life_kimg)
        )

        with frozen(self.discriminator):
            fake_logits = self.discriminator(self.generate(len(real), stage), stage.alpha)
            losses["loss/generator"] = generator_loss(fake_logits, self.objective)
            self.minimize(losses["loss/generator"], generator_optimizer)

        self.images_seen += images
        self.log_losses(losses)
        self.log_dict({"growth/resolution": float(stage.resolution), "growth/alpha": stage.alpha})
        self.log("growth/kimg", float(self.images_seen) / 1000)
        self._stop_when_done()

    def _stop_when_done(self) -> None:
        if self.schedule.done(int(self.images_seen)) and not self.trainer.should_stop:
            rank_zero_info(f"gan-lab: schedule.total_kimg is reached, {int(self.images_seen):,} images have been seen")
            self.trainer.should_stop = True

    def _discriminator_loss(self, real: Tensor, fake: Tensor, alpha: float) -> tuple[Tensor, dict[str, Tensor]]:
        """The game's loss and its penalties, and what is logged of them."""
        losses: dict[str, Tensor] = {}
        if self.r1_gamma and self.r1_interval == 1:
            real_logits, losses["loss/r1"] = self._r1(real, alpha)
        else:
            real_logits = self.discriminator(real, alpha)
        fake_logits = self.discriminator(fake, alpha)  # apart from the real ones: the deviation is of one kind
        loss = losses["loss/discriminator"] = discriminator_loss(real_logits, fake_logits, self.objective)
        if "loss/r1" in losses:
            loss = loss + self.r1_gamma / 2 * losses["loss/r1"]
        if self.objective == "wgan-gp":
            with penalized_slope(real.device.type):
                penalty = gradient_penalty(
                    lambda image: self.discriminator(image, alpha), real, fake, self._enlargement(real)
                )
            losses["loss/gradient_penalty"] = penalty
            loss = loss + self.gradient_penalty_weight * penalty + self.drift_weight * drift_penalty(real_logits)
        return loss, losses

    def _r1(self, real: Tensor, alpha: float) -> tuple[Tensor, Tensor]:
        """Logits of real images and R1, through one graph, in full precision."""
        real = real.detach().requires_grad_(True)
        with penalized_slope(real.device.type):
            real_logits = self.discriminator(real, alpha)
            return real_logits, r1_penalty(real_logits, real, self._enlargement(real))

    def _enlargement(self, real: Tensor) -> float:
        """The released code gives networks that grow images of the final size, where penalties take their gradients."""
        return self.schedule.resolution / real.shape[-1]

    def generate(self, count: int, stage: GrowthStage) -> Tensor:
        """Makes images to train on, of new codes, and has the mean of w follow them."""
        w = self.generator.mapping(self._codes(count))
        self.generator.mean_w.lerp_(w.detach().mean(dim=0), 1 - _MEAN_W_DECAY)
        layers = layer_count(stage.resolution)
        crossover = random.randint(1, layers - 1) if random.random() < self.mixing else layers  # one for all images
        other = self.generator.mapping(self._codes(count)) if crossover < layers else w
        images: Tensor = self.generator(
            mix_styles(w, other, range(crossover, layers), layers), stage.resolution, stage.alpha
        )
        return images

    def _codes(self, count: int) -> Tensor:
        mean = self.generator.mean_w
        return torch.randn(count, self.generator.latent_size, dtype=mean.dtype, device=mean.device)

    def _require_scheduled(self, image: Tensor, stage: GrowthStage) -> None:
        processes = self.trainer.world_size
        wanted = self.schedule.batch_size_at(stage.resolution, processes) // processes
        count, side = image.shape[0], image.shape[-1]
        if (count, side) != (wanted, stage.resolution):
            raise ConfigurationError(
                f"the data gives {count} images of {side} pixels where the model's schedule has {wanted} of "
                f"{stage.resolution} after {int(self.images_seen)} images: "
                "model.schedule and data.schedule must be the same"
            )

    def _settle_optimizers(self, stage: GrowthStage) -> None:
        """Sets the resolution's learning rate; where a fade begins or ends, Adam forgets its moments."""
        if stage.phase != int(self.phase):
            for optimizer in self.trainer.optimizers:
                optimizer.state.clear()
            self.phase.fill_(stage.phase)
        self.scale_learning_rates(self.lrs.get(stage.resolution, self.lr) / self.lr)

    def render(self, batch: RealSample | SeedSample | MixingSample | PathSample) -> dict[str, Tensor]:
        """``generated``: an image for each seed, for each place in a grid of style mixing, or for each on a path.

        They are enlarged to the final resolution, and not truncated: what is measured is the whole distribution. For
        images to learn from, beside each one that of a seed counted from 0.
        """
        if "image" in batch:
            images = cast(RealSample, batch)["image"]
            seeds = cast(SeedSample, {"seed": torch.arange(len(images))})
            return {"image": images, "generated": self.sampler.images(seeds, psi=1.0)}
        return {"generated": self.sampler.images(batch, psi=1.0)}

    def predict_step(self, batch: SeedSample | MixingSample | PathSample, batch_idx: int) -> dict[str, Tensor]:
        """The same, truncated by ``psi``."""
        return {"generated": self.sampler.images(batch, self.psi)}

    def validation_step(self, batch: RealSample, batch_idx: int) -> None:
        """Measures nothing: held-out images tell no more of a generator than callbacks find out by themselves."""

    def test_step(self, batch: RealSample, batch_idx: int) -> None:
        """As validation."""


def _require_at_least(least: int, **options: float) -> None:
    for name, number in options.items():
        if not least <= number < math.inf:
            raise ConfigurationError(f"model.{name} must be at least {least}, got {number}")


def _require_above_zero(**options: float) -> None:
    for name, number in options.items():
        if not 0 < number < math.inf:
            raise ConfigurationError(f"model.{name} must be above 0, got {number}")


def fade(real: Tensor, alpha: float) -> Tensor:
    """Blends real images with themselves at half the resolution, as generated ones are while a doubling is faded in."""
    return real if alpha == 1 else torch.lerp(upsample(downsample(real)), real, alpha)
