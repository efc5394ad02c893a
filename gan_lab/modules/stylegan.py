"""StyleGAN: a style-based generator architecture for generative adversarial networks (Karras et al., CVPR 2019)."""

import random
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

import torch
from torch import Tensor

from gan_lab import ranges
from gan_lab.errors import ConfigurationError, require
from gan_lab.inference.building import stylegan_discriminator, stylegan_generator, stylegan_sampler
from gan_lab.inference.predictions import MadeImages, cannot_make
from gan_lab.inference.style_sampler import NoiseMode, StyleSampler
from gan_lab.losses import discriminator_loss, drift_penalty, generator_loss, gradient_penalty, r1_penalty
from gan_lab.networks.layers import frozen
from gan_lab.networks.resampling import fade
from gan_lab.networks.stylegan import mix_styles
from gan_lab.precision import full_precision, normal
from gan_lab.samples import ImageSample, PathRequest, PredictionRequest, SeedRequest
from gan_lab.schedules import GrowingSchedule, GrowthStage, as_schedule, is_power_of_two, style_layer_count
from gan_lab.terminal import say
from gan_lab.training.gan_module import GANModule
from gan_lab.training.held_batches import HeldBatches
from gan_lab.training.optimizers import AdamSettings, LazyRegularization, OptimizersByRole

_W_AVG_DECAY = 0.995  # a generated batch; released code


@dataclass(frozen=True, slots=True)
class Penalties:
    """What is added to the discriminator's loss; the numbers are the options of :class:`StyleGANModule`."""

    r1_gamma: float
    r1: LazyRegularization
    gradient_penalty_weight: float
    drift_weight: float


class StyleGANModule(GANModule):
    """Makes images of random codes by growing, style-based networks, after seeing images of a kind.

    The defaults are the released code's for FFHQ (configuration F of Table 1), but for ``lr_by_resolution``. Which of
    Table 1's others a set of options gives is said at :class:`StyleGANGenerator`; each has a configuration of its own.

    Args:
        schedule: How the networks grow. None for the data's.
        latent_size: Numbers in a latent code z, and in an intermediate code w.
        mapping_layers: Depth of the mapping network from z to w; 0 only normalizes z (Table 4).
        base_channels: There are this over 2^(r-1) channels at 2^r pixels ...
        max_channels: ... but no more than this.
        styles: Whether an affine function of w scales and shifts each layer's features (AdaIN).
        constant_input: Whether the generator starts from a learned constant rather than from w.
        noise: Whether each layer of the generator adds noise.
        pixel_norm: Whether the generator's features are normalized over the channels.
        instance_norm: Whether the generator's features are normalized over the places.
        blurred: Whether features are smoothed after doubling and before halving: bilinear resampling.
        style_mixing_prob: The part of the steps whose images have the styles of two codes (section 3.1).
        objective: The adversarial game; ``vanilla`` is the non-saturating one. ``wgan-gp`` brings its penalties.
        r1_gamma: Gamma of R1, the mean squared gradient on real images times gamma / 2 (Mescheder et al. 2018, equation
            9); 0 for none.
        r1_interval: Steps from one R1 penalty to the next. Above 1 it is a step of its own, so many times as heavy, and
            the discriminator's learning rate and betas are corrected (StyleGAN2, appendix B).
        gradient_penalty_weight: Weight of the penalty on the critic's slope that ``wgan-gp`` adds (lambda, Gulrajani et
            al. 2017, equation 3).
        drift_weight: Weight of the mean squared logit on real images that ``wgan-gp`` adds (ProGAN, appendix A.1).
        lr: Adam's learning rate.
        lr_by_resolution: Learning rates for resolutions that have another one; the released code's are {128: 0.0015,
            256: 0.002, 512: 0.003, 1024: 0.003}.
        betas: Adam's decay rates of the two moments.
        ema_half_life_kimg: After how many thousand images a step's weights count half in the averaged generator, which
            makes all images but the training's.
        truncation_psi: How far codes may be from their mean in the images of ``predict``: 1 for all the way, 0 for the
            mean alone (appendix B, where it is 0.7).
        truncation_cutoff: The layers, from the coarsest, in which ``truncation_psi`` counts.
        noise_mode: Whether all images of ``predict`` and of sheets share the same noise, ``const``, or each seed has
            its own, ``random``, as it always has where images are measured.

    Raises:
        ConfigurationError: If these do not fit together.
    """

    learns_from = ImageSample
    sampler: StyleSampler

    def __init__(
        self,
        schedule: GrowingSchedule | None = None,
        latent_size: ranges.Features = 512,
        mapping_layers: ranges.NonNegativeRepeats = 8,
        base_channels: ranges.Features = 8192,
        max_channels: ranges.Features = 512,
        styles: bool = True,
        constant_input: bool = True,
        noise: bool = True,
        pixel_norm: bool = False,
        instance_norm: bool = True,
        blurred: bool = True,
        style_mixing_prob: ranges.ClosedFraction = 0.9,
        objective: Literal["vanilla", "hinge", "wgan-gp"] = "vanilla",
        r1_gamma: ranges.NonNegativeFloat = 10.0,
        r1_interval: ranges.PositiveInt = 1,
        gradient_penalty_weight: ranges.NonNegativeFloat = 10.0,
        drift_weight: ranges.NonNegativeFloat = 0.001,
        lr: ranges.PositiveFloat = 0.001,
        lr_by_resolution: dict[int, ranges.PositiveFloat] | None = None,
        betas: ranges.Betas = (0.0, 0.99),
        ema_half_life_kimg: ranges.PositiveFloat = 10.0,
        truncation_psi: ranges.FiniteFloat = 0.7,
        truncation_cutoff: ranges.NonNegativeInt = 8,
        noise_mode: NoiseMode = "const",
    ) -> None:
        super().__init__()
        self.schedule = _given(schedule)
        self.save_hyperparameters(ignore="schedule")
        self.save_hyperparameters({"schedule": asdict(self.schedule)})  # checkpoints hold plain values
        _require_consistent(self.hparams)
        self.style_mixing_prob, self.objective, self.truncation_psi = style_mixing_prob, objective, truncation_psi
        self.penalties = Penalties(r1_gamma, LazyRegularization(r1_interval), gradient_penalty_weight, drift_weight)
        self.adam, self.lr_by_resolution = AdamSettings(lr, betas), lr_by_resolution or {}
        self.generator = stylegan_generator(self.hparams)
        self.discriminator = stylegan_discriminator(self.hparams)
        self.generator_ema = self.averages.of(self.generator, 1000 * ema_half_life_kimg)
        self.sampler = stylegan_sampler(self.generator_ema or self.generator, self.hparams, self.stage)

    @classmethod
    def agree_with_data(cls, settings: Mapping[str, Any], option: str, of_the_data: Any) -> Any:
        """The data's schedule, if it ends at the size that the networks were to have."""
        return of_the_data if settings[option]["resolution"] == of_the_data["resolution"] else None

    def build_optimizers(self) -> OptimizersByRole:
        """One Adam for each network, the discriminator's corrected where R1 is a step of its own."""
        adam_d = self.penalties.r1.correct(self.adam) if self.penalties.r1_gamma else self.adam
        return OptimizersByRole(
            self.adam.over(self.generator.parameters()), adam_d.over(self.discriminator.parameters())
        )

    def learning_rate_factor(self) -> float:
        """That of the resolution reached."""
        return self.lr_by_resolution.get(self.stage().resolution, self.adam.lr) / self.adam.lr

    def stage(self) -> GrowthStage:
        """Where the networks are now."""
        return self.schedule.stage(self.images_seen)

    def on_train_start(self) -> None:
        """Ends a run at once that is resumed after its schedule's end, and says if that comes before the last size."""
        reached, resolution = self.schedule.last_resolution, self.schedule.resolution
        if reached < resolution:
            say(f"schedule.total_kimg ends training at {reached} of {resolution} pixels: raise it")
        self._stop_when_done(self.images_seen)
        super().on_train_start()

    def play(self, held: HeldBatches[ImageSample]) -> None:
        """D, the average, then G (the released training loop), each on images of its own."""
        stage = self.stage()
        real = [fade(self._scheduled(batch["image"], stage), stage.alpha) for batch in held.batches]

        def loss_d(place: int) -> Tensor:
            with torch.no_grad():
                fake = self.generate(len(real[place]), stage, means)
            loss, losses = self._discriminator_loss(real[place], fake, stage.alpha)
            held.note(losses)
            return loss

        def penalty(place: int) -> Tensor:
            r1 = self._r1(real[place], stage.alpha)[1]
            held.note({"loss/r1": r1})
            return self.penalties.r1.weight(self.penalties.r1_gamma / 2) * r1

        def loss_g(place: int) -> Tensor:
            images = self.generate(len(real[place]), stage, means)
            loss = generator_loss(self.discriminator(images, stage.alpha), self.objective)
            held.note({"loss/generator": loss})
            return loss

        means: list[Tensor] = []  # of w, of the images of one player
        self.minimize(held.each(loss_d), self.optimizer_d)
        self.generator.w_avg.lerp_(held.mean(means), 1 - _W_AVG_DECAY)
        if self.penalties.r1_gamma and self.penalties.r1.due(self.global_step):
            self.minimize(held.each(penalty), self.optimizer_d)
        self.move_averages(held)
        means.clear()
        with frozen(self.discriminator):
            self.minimize(held.each(loss_g), self.optimizer_g)
        self.generator.w_avg.lerp_(held.mean(means), 1 - _W_AVG_DECAY)
        self.log_losses(held.losses())
        self._grow(stage, self.images_seen + self.images_in(held))

    def _grow(self, stage: GrowthStage, images: int) -> None:
        """Logs the stage; where a fade begins or ends with so many images seen, Adam forgets its moments."""
        growth = {"growth/resolution": stage.resolution, "growth/alpha": stage.alpha, "growth/kimg": images / 1000}
        self.step_log.note(growth, on_bar=False)
        if self.schedule.stage(images).phase != stage.phase:
            for optimizer in self.trainer.optimizers:
                optimizer.state.clear()
        self._stop_when_done(images)

    def _stop_when_done(self, images: int) -> None:
        if self.schedule.done(images) and not self.trainer.should_stop:
            say(f"schedule.total_kimg is reached, {images:,} images have been seen")
            self.trainer.should_stop = True

    def _discriminator_loss(self, real: Tensor, fake: Tensor, alpha: float) -> tuple[Tensor, dict[str, Tensor]]:
        """The game's loss and its penalties, and what is logged of them."""
        losses: dict[str, Tensor] = {}
        if self.penalties.r1_gamma and self.penalties.r1.interval == 1:
            real_logits, losses["loss/r1"] = self._r1(real, alpha)
        else:
            real_logits = self.discriminator(real, alpha)
        fake_logits = self.discriminator(fake, alpha)  # apart from the real ones: the deviation is of one sort
        loss = losses["loss/discriminator"] = discriminator_loss(real_logits, fake_logits, self.objective)
        if "loss/r1" in losses:
            loss = loss + self.penalties.r1_gamma / 2 * losses["loss/r1"]
        if self.objective == "wgan-gp":
            penalty = gradient_penalty(
                lambda image: self.discriminator(image, alpha), real, fake, self._enlargement(real)
            )
            losses["loss/gradient_penalty"] = penalty
            drift = self.penalties.drift_weight * drift_penalty(real_logits)
            loss = loss + self.penalties.gradient_penalty_weight * penalty + drift
        return loss, losses

    def _r1(self, real: Tensor, alpha: float) -> tuple[Tensor, Tensor]:
        """Logits of real images and R1, through one graph, in full precision."""
        real = real.detach().requires_grad_(True)
        with full_precision(real):
            real_logits = self.discriminator(real, alpha)
            return real_logits, r1_penalty(real_logits, real, self._enlargement(real))

    def _enlargement(self, real: Tensor) -> float:
        """The released code gives networks that grow images of the final size, where penalties take their gradients."""
        return self.schedule.resolution / real.shape[-1]

    def generate(self, count: int, stage: GrowthStage, means: list[Tensor] | None = None) -> Tensor:
        """Makes images to train on, of new codes, whose mean w goes to ``means``, or is followed at once."""
        layers = style_layer_count(stage.resolution)
        mixes = random.random() < self.style_mixing_prob
        crossover = random.randint(1, layers - 1) if mixes else layers  # one for all images
        codes = [self._codes(count) for _ in range(2 if mixes else 1)]
        w, *others = self.generator.mapping(torch.cat(codes)).split(count)
        mean = w.detach().mean(dim=0)
        self.generator.w_avg.lerp_(mean, 1 - _W_AVG_DECAY) if means is None else means.append(mean)
        ws = mix_styles(w, others[0] if others else w, range(crossover, layers), layers)
        images: Tensor = self.generator(ws, stage.resolution, stage.alpha)
        return images

    def _codes(self, count: int) -> Tensor:
        return normal(count, self.generator.latent_size, like=self.generator.w_avg)

    def _scheduled(self, image: Tensor, stage: GrowthStage) -> Tensor:
        processes, (count, side) = self.trainer.world_size, (len(image), image.shape[-1])
        wanted = self.schedule.batch_size_at(stage.resolution, processes) // processes
        require(
            (count, side) == (wanted, stage.resolution),
            f"the data gives {count} images of {side} pixels where the model's schedule has {wanted} of "
            f"{stage.resolution} after {self.images_seen} images: leave model.schedule out, it is the data's",
        )
        return image

    def render(self, batch: ImageSample, first: int = 0) -> dict[str, Tensor]:
        """``generated``: images of as many seeds, from ``first``, not truncated."""
        seeds = range(first, first + len(batch["image"]))
        return {"generated": self.sampler.images(SeedRequest.of(seeds))}

    def predict_step(self, request: PredictionRequest, batch_idx: int = 0) -> MadeImages:
        """``generated``: an image for each seed, each place in a grid of style mixing, or each on a path, truncated."""
        if not isinstance(request, SeedRequest | PathRequest):
            raise cannot_make(self, request)
        return MadeImages({"generated": self.sampler.images(request, self.truncation_psi)})


def _given(schedule: GrowingSchedule | Mapping[str, Any] | None) -> GrowingSchedule:
    if schedule is None:
        raise ConfigurationError("model.schedule says how the networks grow: give data.schedule, which both then have")
    return as_schedule(schedule)


def _require_consistent(settings: Mapping[str, Any]) -> None:
    ranges.require(StyleGANModule, settings, "model")
    require(
        settings["styles"] or not settings["style_mixing_prob"],
        "model.style_mixing_prob mixes styles, of which there are none: set it to 0",
    )
    require(
        settings["objective"] != "wgan-gp" or not settings["r1_gamma"],
        "model.objective wgan-gp has a penalty of its own: set model.r1_gamma to 0",
    )
    for key in settings["lr_by_resolution"] or {}:
        side = int(key)  # Lightning keeps options as JSON has them
        require(side >= 4 and is_power_of_two(side), f"model.lr_by_resolution is at powers of two from 4, got {side}")
