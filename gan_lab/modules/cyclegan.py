"""CycleGAN: unpaired image-to-image translation with cycle-consistent adversarial networks (Zhu et al., ICCV 2017)."""

from collections.abc import Iterator
from typing import Any, Literal, cast

import torch
from lightning.pytorch.core.optimizer import LightningOptimizer
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import Optimizer
from torchmetrics import MeanMetric, Metric, MetricCollection

from gan_lab.losses import discriminator_loss, generator_loss
from gan_lab.networks import PatchDiscriminator, ResNetGenerator, UNetGenerator
from gan_lab.networks.layers import Norm, frozen, inference_behaviour, pad_to_multiple
from gan_lab.networks.patchgan import ReceptiveField
from gan_lab.samples import ImageSample, UnpairedSample
from gan_lab.schedules import linear_decay
from gan_lab.training.gan_module import GANModule, fused_adam
from gan_lab.training.image_pool import ImagePool


class CycleGANModule(GANModule):
    """Translates between two kinds of image, A and B, after seeing examples of each and no pair.

    The defaults are the paper's (section 4 and appendix 7.1) for images of 256 pixels.

    Args:
        generator: The residual network of the paper, or a U-Net.
        image_size: Training resolution in pixels; only the U-Net depends on it.
        blocks: Residual blocks: 9 from 256 pixels, 6 for 128.
        channels: Channels of the images of either kind.
        generator_channels: Features of the generators' first layer (ngf).
        discriminator_channels: Features of the discriminators' first layer (ndf).
        norm: Normalisation in all networks.
        dropout: Whether the generators have dropout.
        receptive_field: Side in pixels of the patches judged.
        objective: The adversarial game; least squares in the paper.
        cycle_weight_a: Weight of the mean absolute error of A -> B -> A (lambda, equation 3).
        cycle_weight_b: Weight of the mean absolute error of B -> A -> B.
        identity_weight: Weight, relative to the cycle's, of what a generator changes in an image that is already of
            its kind (section 5.2, 0.5 there); 0 leaves it and its forward passes out.
        pool_size: Generated images of each kind kept for the discriminators; 0 for none.
        lr: Adam's learning rate at the start.
        betas: Adam's decay rates of the two moments.
        constant_epochs: Epochs at the full learning rate.
        decay_epochs: Epochs after them over which it goes to zero on a straight line; 0 keeps it constant.
        predict_direction: Which way ``predict`` translates; ``both`` takes each picture for either kind in turn.
    """

    def __init__(
        self,
        generator: Literal["resnet", "unet"] = "resnet",
        image_size: int = 256,
        blocks: int = 9,
        channels: int = 3,
        generator_channels: int = 64,
        discriminator_channels: int = 64,
        norm: Norm = "instance",
        dropout: bool = False,
        receptive_field: ReceptiveField = 70,
        objective: Literal["lsgan", "vanilla"] = "lsgan",
        cycle_weight_a: float = 10.0,
        cycle_weight_b: float = 10.0,
        identity_weight: float = 0.5,
        pool_size: int = 50,
        lr: float = 2e-4,
        betas: tuple[float, float] = (0.5, 0.999),
        constant_epochs: int = 100,
        decay_epochs: int = 100,
        predict_direction: Literal["AtoB", "BtoA", "both"] = "AtoB",
    ) -> None:
        super().__init__()
        self.save_hyperparameters()
        self.objective: Literal["lsgan", "vanilla"] = objective
        self.cycle_weight_a = cycle_weight_a
        self.cycle_weight_b = cycle_weight_b
        self.identity_weight = identity_weight
        self.lr = lr
        self.betas = betas
        self.constant_epochs = constant_epochs
        self.decay_epochs = decay_epochs
        self.predict_direction = predict_direction

        def build_generator() -> ResNetGenerator | UNetGenerator:
            if generator == "unet":
                return UNetGenerator(channels, channels, image_size, generator_channels, norm, dropout)
            return ResNetGenerator(channels, channels, generator_channels, blocks, norm, dropout)

        def build_discriminator() -> PatchDiscriminator:
            return PatchDiscriminator(channels, receptive_field, discriminator_channels, norm)

        self.generators = nn.ModuleDict({"AtoB": build_generator(), "BtoA": build_generator()})
        self.discriminators = nn.ModuleDict({"A": build_discriminator(), "B": build_discriminator()})
        self.pool_a, self.pool_b = ImagePool(pool_size), ImagePool(pool_size)
        self.keep_per_process(pool_a=self.pool_a, pool_b=self.pool_b)
        self.validation_metrics = cycle_metrics("val/")
        self.test_metrics = cycle_metrics("test/")

    def configure_optimizers(self) -> list[Optimizer]:
        """One Adam over both generators, one over both discriminators."""
        return [
            fused_adam(self.generators.parameters(), self.lr, self.betas),
            fused_adam(self.discriminators.parameters(), self.lr, self.betas),
        ]

    def on_train_epoch_start(self) -> None:
        """Holds, then lowers the learning rates."""
        self.scale_learning_rates(linear_decay(self.current_epoch, self.constant_epochs, self.decay_epochs))

    def adversarial_step(self, batch: UnpairedSample) -> None:
        """G first, then D on pooled images (section 4); no image is generated twice."""
        a, b = batch["a"], batch["b"]
        generator_optimizer, discriminator_optimizer = cast(list[LightningOptimizer], self.optimizers())
        to_b, to_a = self.generators["AtoB"], self.generators["BtoA"]
        judge_a, judge_b = self.discriminators["A"], self.discriminators["B"]
        losses: dict[str, Tensor] = {}
        made: dict[str, Tensor] = {}

        def generator_losses() -> Iterator[Tensor]:  # each part's graph is freed before the next one is made
            for image, there, back, judge, cycle_weight, kind in (
                (a, to_b, to_a, judge_b, self.cycle_weight_a, "a"),
                (b, to_a, to_b, judge_a, self.cycle_weight_b, "b"),
            ):
                if self.identity_weight:
                    identity = F.l1_loss(back(image), image)  # back makes images of this kind: it should change nothing
                    losses[f"loss/identity_{kind}"] = identity
                    yield self.identity_weight * cycle_weight * identity
                translated = there(image)
                made[kind] = translated.detach()
                losses[f"loss/generator_{kind}"] = generator_loss(judge(translated), self.objective)
                losses[f"loss/cycle_{kind}"] = F.l1_loss(back(translated), image)
                yield losses[f"loss/generator_{kind}"] + cycle_weight * losses[f"loss/cycle_{kind}"]

        with frozen(self.discriminators):
            self.minimize(generator_losses(), generator_optimizer)

        def discriminator_losses() -> Iterator[Tensor]:
            for image, fake, judge, kind in (
                (a, self.pool_a.exchange(made["b"]), judge_a, "a"),
                (b, self.pool_b.exchange(made["a"]), judge_b, "b"),
            ):
                loss = 0.5 * discriminator_loss(judge(image), judge(fake), self.objective)  # halved: D learns slower
                losses[f"loss/discriminator_{kind}"] = loss
                yield loss

        self.minimize(discriminator_losses(), discriminator_optimizer)
        self.log_losses(losses)

    def translate(self, images: Tensor, direction: Literal["AtoB", "BtoA"]) -> Tensor:
        """Translates images (B, C, H, W) in [-1, 1] of any size, padded to what the network takes and cropped back."""
        generator = cast(ResNetGenerator | UNetGenerator, self.generators[direction])
        padded, (rows, columns) = pad_to_multiple(images, generator.size_multiple)
        with inference_behaviour(generator, dropout=False, batch_statistics=False):
            generated: Tensor = generator(padded)
        return generated[..., rows, columns]

    def render(self, batch: UnpairedSample | ImageSample) -> dict[str, Tensor]:
        """A, B'(A) and A''(B'(A)), and the same from B; or single pictures in the chosen direction."""
        if "source" in batch:
            source = cast(ImageSample, batch)["source"]
            directions: list[Literal["AtoB", "BtoA"]] = ["AtoB", "BtoA"]
            wanted = [way for way in directions if self.predict_direction in (way, "both")]
            return {"source": source} | {way: self.translate(source, way) for way in wanted}
        a, b = batch["a"], batch["b"]
        b_of_a, a_of_b = self.translate(a, "AtoB"), self.translate(b, "BtoA")
        return {
            "a": a,
            "b_of_a": b_of_a,
            "a_again": self.translate(b_of_a, "BtoA"),
            "b": b,
            "a_of_b": a_of_b,
            "b_again": self.translate(a_of_b, "AtoB"),
        }

    def validation_step(self, batch: UnpairedSample, batch_idx: int) -> None:
        """Mean absolute errors on [-1, 1]: ``val/cycle_a``, ``val/cycle_b``, ``val/identity_a``, ``val/identity_b``."""
        self._measure(batch, self.validation_metrics)

    def test_step(self, batch: UnpairedSample, batch_idx: int) -> None:
        """As validation, under ``test/``."""
        self._measure(batch, self.test_metrics)

    def _measure(self, batch: UnpairedSample, metrics: MetricCollection) -> None:
        images = self.render(batch)
        for kind, other in (("a", "BtoA"), ("b", "AtoB")):
            image = images[kind]
            unchanged = self.translate(image, cast(Literal["AtoB", "BtoA"], other))
            metrics[f"cycle_{kind}"].update(_mean_errors(images[f"{kind}_again"], image))
            metrics[f"identity_{kind}"].update(_mean_errors(unchanged, image))
        self.log_dict(cast(dict[str, Any], metrics), prog_bar=True, batch_size=len(images["a"]))


def cycle_metrics(prefix: str) -> MetricCollection:
    """Mean absolute errors of the cycles and of the identities, on images in [-1, 1]."""
    names = ("cycle_a", "cycle_b", "identity_a", "identity_b")
    metrics: dict[str, Metric | MetricCollection] = {name: MeanMetric() for name in names}
    return MetricCollection(metrics, prefix=prefix, compute_groups=False)


def _mean_errors(one: Tensor, two: Tensor) -> Tensor:
    return torch.sub(one.float(), two).abs().flatten(1).mean(1)
