"""Pix2Pix: image-to-image translation with conditional adversarial networks (Isola et al., CVPR 2017)."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, cast

import torch
from torch import Tensor, nn
from torchmetrics import MeanMetric, Metric, MetricCollection
from torchmetrics.image import PeakSignalNoiseRatio, StructuralSimilarityIndexMeasure

from gan_lab import ranges
from gan_lab.errors import require
from gan_lab.images.color import chroma, lightness
from gan_lab.images.palettes import PALETTES, Palette, PaletteName
from gan_lab.inference.building import patch_discriminator, pix2pix_generator, pix2pix_translator
from gan_lab.inference.predictions import MadeImages, cannot_make
from gan_lab.losses import (
    Objective,
    Reconstruction,
    discriminator_loss,
    generator_loss,
    gradient_penalty,
    reconstruction_loss,
)
from gan_lab.metrics.segmentation import SCORES, SegmentationScore, predicted_classes, target_classes
from gan_lab.networks import PatchDiscriminator, UNetGenerator
from gan_lab.networks.layers import Norm, frozen
from gan_lab.networks.patchgan import ReceptiveField
from gan_lab.networks.upsampling import Upsampling
from gan_lab.precision import at_least_float32, full_precision
from gan_lab.samples import PairedSample, PredictionRequest, TranslateRequest
from gan_lab.schedules import linear_decay
from gan_lab.training.gan_module import GANModule
from gan_lab.training.held_batches import Generated, HeldBatches
from gan_lab.training.optimizers import AdamSettings, OptimizersByRole
from gan_lab.training.published_weights import load_generator_weights
from gan_lab.training.sample_check import Channels


class Pix2PixModule(GANModule):
    """Translates images after seeing pairs of what is and what should be.

    The defaults are the paper's (section 3 and appendix 6) with the authors' PyTorch implementation's decay of the
    learning rate. A generated image differs from run to run by dropout alone: there is no latent code.

    Args:
        image_size: Training resolution in pixels, a power of two from 32; its logarithm is the U-Net's depth. None for
            the data's.
        in_channels: Channels of the source.
        out_channels: Channels of the target.
        generator_channels: Features of the generator's first level (ngf).
        discriminator_channels: Features of the discriminator's first layer (ndf).
        norm: Normalization in both networks.
        dropout: Whether the generator has dropout, its only source of noise.
        skip_connections: False gives the encoder-decoder of the paper's ablation.
        upsampling: How the generator doubles the size: ``transposed`` convolutions are the paper's; ``resize`` repeats
            pixels and convolves 3 x 3, which leaves no grid.
        refinement_channels: Features of full size that the generator's last two convolutions see beside the source, so
            that thin lines are kept; 0 for none, as in the paper.
        receptive_field: Side in pixels of the patches judged: 1 PixelGAN, 70 PatchGAN, 286 ImageGAN (section 4.4).
        conditional: Whether the discriminator sees the source too; False is the paper's "GAN" ablation (section 4.1).
        objective: The adversarial game; ``vanilla`` is cross-entropy, the paper's. What D minimizes is halved in all of
            them (section 3.3).
        reconstruction: What is asked of the generator beside the game: the mean absolute error, ``l1`` (equation 3),
            or the mean squared error, ``l2``, which blurs more.
        l1_weight: Weight of that error in the generator's loss (lambda, equation 4).
        gradient_penalty_weight: Weight of the penalty on the critic's slope that ``wgan-gp`` adds, relative to the
            difference of means (lambda, Gulrajani et al. 2017, equation 3, 10 there). The penalty is halved with it.
        lr: Adam's learning rate at the start.
        betas: Adam's decay rates of the two moments.
        constant_epochs: Epochs at the full learning rate.
        decay_epochs: Epochs after them over which it goes to zero on a straight line; 0 keeps it constant.
        allow_zero_lr: Whether a run may go on after them, at a learning rate of zero, which changes no weight.
        ema_half_life: After how many images a step's weights count half in the averaged generator, which then makes
            all images but the training's; 0 for none, as in the paper.
        test_dropout: Whether dropout draws noise in validation and prediction too, as the paper does (section 3.4).
        test_batch_statistics: Whether batch norm uses each image's own statistics in validation and prediction, as the
            paper does, which tests on batches of one (section 3.4), rather than those gathered in training.
        palette: The colors of the targets' classes, if the targets are label maps: validation and test then report
            the shares of right pixels, over all and averaged over classes, and the classes' IoU (Table 6).
        color_space: ``lab`` for colorization (section 4.3): of RGB images the network sees the lightness and paints
            the two channels of color, so ``in_channels`` is 1 and ``out_channels`` 2; L1 and the discriminator judge
            in Lab, and what is rendered and measured is RGB again.
        generator_weights: A file of generator weights to start from: the authors' published ``latest_net_G.pth``.

    Raises:
        ConfigurationError: If sizes or choices do not fit together.
        CheckpointError: If ``generator_weights`` cannot be read or is of another network.
    """

    learns_from = PairedSample
    rate_options = "model.decay_epochs"

    def __init__(
        self,
        image_size: ranges.Pixels | None = None,
        in_channels: ranges.Channels = 3,
        out_channels: ranges.Channels = 3,
        generator_channels: ranges.Features = 64,
        discriminator_channels: ranges.Features = 64,
        norm: Norm = "batch",
        dropout: bool = True,
        skip_connections: bool = True,
        upsampling: Upsampling = "transposed",
        refinement_channels: ranges.NonNegativeInt = 0,
        receptive_field: ReceptiveField = 70,
        conditional: bool = True,
        objective: Objective = "vanilla",
        reconstruction: Reconstruction = "l1",
        l1_weight: ranges.NonNegativeFloat = 100.0,
        gradient_penalty_weight: ranges.NonNegativeFloat = 10.0,
        lr: ranges.NonNegativeFloat = 2e-4,
        betas: ranges.Betas = (0.5, 0.999),
        constant_epochs: ranges.NonNegativeInt = 100,
        decay_epochs: ranges.NonNegativeInt = 100,
        allow_zero_lr: bool = False,
        ema_half_life: ranges.NonNegativeFloat = 0.0,
        test_dropout: bool = True,
        test_batch_statistics: bool = True,
        palette: PaletteName | None = None,
        color_space: Literal["rgb", "lab"] = "rgb",
        generator_weights: str | None = None,
    ) -> None:
        super().__init__()
        self.save_hyperparameters()
        self.hparams["image_size"] = image_size or 256
        _require_consistent(self.hparams)
        self.conditional, self.objective, self.palette = conditional, objective, palette and PALETTES[palette]
        self.adam, self.epochs = AdamSettings(lr, betas), (constant_epochs, decay_epochs)
        self.generator, self.discriminator = _build_networks(self.hparams)
        self.generator_ema = self.averages.of(self.generator, ema_half_life)
        self.translator = pix2pix_translator(self.generator_ema or self.generator, self.hparams)
        self.metrics = nn.ModuleDict({split: translation_metrics(split, self.palette) for split in ("val", "test")})

    @classmethod
    def agree_with_data(cls, settings: Mapping[str, Any], option: str, of_the_data: Any) -> Any:
        """The U-Net of an image size takes multiples of it."""
        return settings[option] if of_the_data % settings[option] == 0 else None

    def image_channels(self) -> dict[str, Channels]:
        """Those of the networks; of colorization RGB's."""
        if self.hparams["color_space"] == "lab":
            return {"source": Channels(3), "target": Channels(3)}
        options = {"source": "in_channels", "target": "out_channels"}
        return {key: Channels(self.hparams[option], option) for key, option in options.items()}

    def build_optimizers(self) -> OptimizersByRole:
        """One Adam for each network."""
        return OptimizersByRole.of_adam(self.adam, self.generator, self.discriminator)

    def epoch_rate_factor(self, epoch: int) -> float:
        """Held, then lowered from epoch to epoch."""
        return linear_decay(epoch, *self.epochs)

    def play(self, held: HeldBatches[PairedSample]) -> None:
        """D first, then G (section 3.3), on one generated image: D's step does not change G."""
        kind = self.hparams["reconstruction"]
        pairs = [self._judged(batch) for batch in held.batches]
        generated = Generated(held, self.generator, lambda place: self.generator(pairs[place][0]))

        def loss_d(place: int) -> Tensor:
            (source, target), image = pairs[place], generated.shown(place)
            real_logits, fake_logits = self.discriminate(source, target), self.discriminate(source, image)
            loss = discriminator_loss(real_logits, fake_logits, self.objective)
            if self.objective == "wgan-gp":
                penalty = gradient_penalty(lambda between: self.discriminate(source, between), target, image)
                loss = loss + self.hparams["gradient_penalty_weight"] * penalty
            loss = 0.5 * loss  # so that D learns slower than G (section 3.3)
            held.note({"loss/discriminator": loss})
            return loss

        def loss_g(place: int) -> Tensor:
            (source, target), image = pairs[place], generated.learning(place)
            adversarial = generator_loss(self.discriminate(source, image), self.objective)
            error = reconstruction_loss(image, target, kind)
            held.note({"loss/generator": adversarial, f"loss/{kind}": error})
            return adversarial + float(self.hparams["l1_weight"]) * error  # equation 4

        self.minimize(held.each(loss_d), self.optimizer_d)
        with frozen(self.discriminator):
            self.minimize(held.each(loss_g), self.optimizer_g)
        self.log_losses(held.losses())

    def _judged(self, batch: PairedSample) -> tuple[Tensor, Tensor]:
        """Source and target as the discriminator sees them."""
        source, target = batch["source"], batch["target"]
        if self.translator.color_space == "lab":
            return lightness(source), chroma(target)
        return source, target

    def discriminate(self, source: Tensor, image: Tensor) -> Tensor:
        """The discriminator's logits on an image as the translation of ``source``."""
        logits: Tensor = self.discriminator(torch.cat([source, image], dim=1) if self.conditional else image)
        return logits

    def translate(self, source: Tensor) -> Tensor:
        """Translates images (B, C, H, W) in [-1, 1] of any size, padded to what the network takes and cropped back.

        Each by itself: its noise and its statistics are the same whatever the others are.
        """
        return self.translator(source, self.evaluated.seeds(len(source)))

    def render(self, batch: PairedSample, first: int = 0) -> dict[str, Tensor]:
        """``source``, ``generated`` and ``target``."""
        return {
            "source": batch["source"],
            "generated": self.translate(batch["source"]),
            "target": batch["target"],
        }

    def predict_step(self, request: PredictionRequest, batch_idx: int = 0) -> MadeImages:
        """``generated`` of the source, beside the ``target`` if it is known."""
        if not isinstance(request, TranslateRequest):
            raise cannot_make(self, request)
        images = {"source": request.source, "generated": self.translate(request.source)}
        given = {"source"}
        if request.target is not None:
            images["target"] = request.target
            given.add("target")
        return MadeImages(images, frozenset(given))

    def validation_step(self, batch: PairedSample, batch_idx: int) -> None:
        """Mean L1 on [-1, 1], PSNR and SSIM of the translations, as ``val/l1``, ``val/psnr``, ``val/ssim``.

        With a palette also ``val/pixel_accuracy``, ``val/class_accuracy`` and ``val/class_iou``.
        """
        self._measure(batch, "val")

    def validation_names(self) -> set[str]:
        """The metrics'."""
        return {str(name) for name in cast(MetricCollection, self.metrics["val"])}

    def test_step(self, batch: PairedSample, batch_idx: int) -> None:
        """As validation, under ``test/``."""
        self._measure(batch, "test")

    def _measure(self, batch: PairedSample, split: str) -> None:
        metrics = cast(MetricCollection, self.metrics[split])
        generated, target = at_least_float32(self.translate(batch["source"])), batch["target"]
        metrics["l1"].update((generated - target).abs().flatten(1).mean(1))
        with full_precision(generated):  # SSIM's variances are differences of near numbers
            for name in ("psnr", "ssim"):
                metrics[name].update((generated + 1) / 2, (target + 1) / 2)
        if self.palette is not None:
            predicted, truth = predicted_classes(generated, self.palette), target_classes(target, self.palette)
            for score in SCORES:
                metrics[score].update(predicted, truth)
        self.log_dict(cast(dict[str, Any], metrics), prog_bar=True, batch_size=len(target))


def _require_consistent(settings: Mapping[str, Any]) -> None:
    ranges.require(Pix2PixModule, settings, "model")
    channels = settings["in_channels"], settings["out_channels"]
    require(
        settings["generator_weights"] is None
        or (settings["upsampling"] == "transposed" and settings["refinement_channels"] == 0),
        "model.generator_weights are of the paper's network: set upsampling to 'transposed', refinement_channels to 0",
    )
    require(
        settings["objective"] != "wgan-gp" or settings["norm"] != "batch",
        "objective 'wgan-gp' penalizes each sample's gradient, which norm 'batch' mixes: set norm to 'instance'",
    )
    require(
        settings["palette"] is None or channels[1] == 3,
        f"palette '{settings['palette']}' is of RGB colors: set out_channels to 3, not {channels[1]}",
    )
    require(
        settings["color_space"] != "lab" or channels == (1, 2),
        f"color_space 'lab' makes two channels of color from one of lightness: set in_channels to 1 and out_channels "
        f"to 2, not {channels[0]} and {channels[1]}",
    )


def _build_networks(settings: Mapping[str, Any]) -> tuple[UNetGenerator, PatchDiscriminator]:
    generator = pix2pix_generator(settings)
    judged = settings["out_channels"] + (settings["in_channels"] if settings["conditional"] else 0)
    discriminator = patch_discriminator(settings, judged)
    if settings["generator_weights"] is not None:
        load_generator_weights(generator, Path(settings["generator_weights"]))
    return generator, discriminator


def translation_metrics(split: str, palette: Palette | None) -> MetricCollection:
    """Mean absolute error over images in [-1, 1]; PSNR in dB (mean over images) and SSIM over images in [0, 1].

    With a palette the scores of label maps too.
    """
    metrics: dict[str, Metric | MetricCollection] = {
        "l1": MeanMetric(),
        "psnr": PeakSignalNoiseRatio(data_range=1.0, dim=(1, 2, 3), reduction="elementwise_mean"),
        "ssim": StructuralSimilarityIndexMeasure(data_range=1.0),
    }
    if palette is not None:
        metrics |= {score: SegmentationScore(score, len(palette.colors)) for score in SCORES}
    return MetricCollection(metrics, prefix=f"{split}/", compute_groups=False)
