"""Pix2Pix: image-to-image translation with conditional adversarial networks (Isola et al., CVPR 2017)."""

from pathlib import Path
from typing import Any, Literal, cast

import torch
from lightning.pytorch.core.optimizer import LightningOptimizer
from torch import Tensor
from torch.nn import functional as F
from torch.optim import Optimizer
from torchmetrics import MeanMetric, Metric, MetricCollection
from torchmetrics.image import PeakSignalNoiseRatio, StructuralSimilarityIndexMeasure

from gan_lab.errors import CheckpointError, ConfigurationError
from gan_lab.images.color import chroma, lightness, to_rgb
from gan_lab.images.palettes import PALETTES, Palette, PaletteName
from gan_lab.losses import Objective, discriminator_loss, generator_loss, gradient_penalty
from gan_lab.metrics.segmentation import SCORES, SegmentationScore, predicted_classes, target_classes
from gan_lab.networks import PatchDiscriminator, UNetGenerator
from gan_lab.networks.layers import Norm, frozen, inference_behaviour, pad_to_multiple
from gan_lab.networks.patchgan import ReceptiveField
from gan_lab.networks.unet import rename_reference_weights
from gan_lab.samples import ImageSample, PairedSample
from gan_lab.schedules import linear_decay
from gan_lab.training.gan_module import GANModule, fused_adam


class Pix2PixModule(GANModule):
    """Translates images after seeing pairs of what is and what should be.

    The defaults are the paper's (section 3 and appendix 6) with the authors' PyTorch implementation's decay of the
    learning rate. A generated image differs from run to run by dropout alone: there is no latent code.

    Args:
        image_size: Training resolution in pixels, a power of two from 32; its logarithm is the U-Net's depth.
        in_channels: Channels of the source.
        out_channels: Channels of the target.
        generator_channels: Features of the generator's first level (ngf).
        discriminator_channels: Features of the discriminator's first layer (ndf).
        norm: Normalisation in both networks.
        dropout: Whether the generator has dropout, its only source of noise.
        skip_connections: False gives the encoder-decoder of the paper's ablation.
        receptive_field: Side in pixels of the patches judged: 1 PixelGAN, 70 PatchGAN, 286 ImageGAN (section 4.4).
        conditional: Whether the discriminator sees the source too; False is the paper's "GAN" ablation (section 4.1).
        objective: The adversarial game.
        l1_weight: Weight of the mean absolute error in the generator's loss (lambda, equation 4).
        gradient_penalty_weight: Weight of the penalty that ``wgan-gp`` adds.
        lr: Adam's learning rate at the start.
        betas: Adam's decay rates of the two moments.
        constant_epochs: Epochs at the full learning rate.
        decay_epochs: Epochs after them over which it goes to zero on a straight line; 0 keeps it constant.
        test_dropout: Whether dropout draws noise in validation and prediction too, as the paper does (section 3.4).
        test_batch_statistics: Whether batch norm uses the statistics of the images at hand in validation and
            prediction too, as the paper does (section 3.4), rather than those gathered in training.
        palette: The colours of the targets' classes, if the targets are label maps: validation and test then report
            the shares of right pixels, over all and averaged over classes, and the classes' IoU (Table 6).
        color_space: ``lab`` for colourisation (section 4.3): of RGB images the network sees the lightness and paints
            the two channels of colour, so ``in_channels`` is 1 and ``out_channels`` 2; L1 and the discriminator judge
            in Lab, and what is rendered and measured is RGB again.
        generator_weights: A file of generator weights to start from: the authors' published ``latest_net_G.pth``.

    Raises:
        ValueError: If sizes or choices do not fit together.
        CheckpointError: If ``generator_weights`` cannot be read or is of another network.
    """

    def __init__(
        self,
        image_size: int = 256,
        in_channels: int = 3,
        out_channels: int = 3,
        generator_channels: int = 64,
        discriminator_channels: int = 64,
        norm: Norm = "batch",
        dropout: bool = True,
        skip_connections: bool = True,
        receptive_field: ReceptiveField = 70,
        conditional: bool = True,
        objective: Objective = "vanilla",
        l1_weight: float = 100.0,
        gradient_penalty_weight: float = 10.0,
        lr: float = 2e-4,
        betas: tuple[float, float] = (0.5, 0.999),
        constant_epochs: int = 100,
        decay_epochs: int = 100,
        test_dropout: bool = True,
        test_batch_statistics: bool = True,
        palette: PaletteName | None = None,
        color_space: Literal["rgb", "lab"] = "rgb",
        generator_weights: str | None = None,
    ) -> None:
        super().__init__()
        if objective == "wgan-gp" and norm == "batch":
            raise ValueError(
                "objective 'wgan-gp' penalises each sample's gradient, which norm 'batch' mixes: set norm to 'instance'"
            )
        if palette is not None and out_channels != 3:
            raise ConfigurationError(
                f"palette '{palette}' is of RGB colours: set out_channels to 3, not {out_channels}"
            )
        if color_space == "lab" and (in_channels, out_channels) != (1, 2):
            raise ConfigurationError(
                f"color_space 'lab' makes two channels of colour from one of lightness: set in_channels to 1 and "
                f"out_channels to 2, not {in_channels} and {out_channels}"
            )
        self.save_hyperparameters()
        self.conditional = conditional
        self.objective: Objective = objective
        self.l1_weight = l1_weight
        self.gradient_penalty_weight = gradient_penalty_weight
        self.lr = lr
        self.betas = betas
        self.constant_epochs = constant_epochs
        self.decay_epochs = decay_epochs
        self.test_dropout = test_dropout
        self.test_batch_statistics = test_batch_statistics
        self.color_space = color_space
        self.palette = None if palette is None else PALETTES[palette]

        self.generator = UNetGenerator(
            in_channels, out_channels, image_size, generator_channels, norm, dropout, skip_connections
        )
        judged_channels = in_channels + out_channels if conditional else out_channels
        self.discriminator = PatchDiscriminator(judged_channels, receptive_field, discriminator_channels, norm)
        if generator_weights is not None:
            load_generator_weights(self.generator, Path(generator_weights))
        self.validation_metrics = translation_metrics("val/", self.palette)
        self.test_metrics = translation_metrics("test/", self.palette)

    def configure_optimizers(self) -> list[Optimizer]:
        """One Adam for each network."""
        return [
            fused_adam(self.generator.parameters(), self.lr, self.betas),
            fused_adam(self.discriminator.parameters(), self.lr, self.betas),
        ]

    def on_train_epoch_start(self) -> None:
        """Holds, then lowers the learning rates."""
        self.scale_learning_rates(linear_decay(self.current_epoch, self.constant_epochs, self.decay_epochs))

    def adversarial_step(self, batch: PairedSample) -> None:
        """D first, then G (section 3.3), on one generated image: D's step does not change G."""
        source, target = batch["source"], batch["target"]
        if self.color_space == "lab":
            source, target = lightness(source), chroma(target)
        generator_optimizer, discriminator_optimizer = cast(list[LightningOptimizer], self.optimizers())
        generated = self.generator(source)

        real_logits = self.judge(source, target)
        fake_logits = self.judge(source, generated.detach())
        loss_d = 0.5 * discriminator_loss(real_logits, fake_logits, self.objective)  # halved: D learns slower than G
        if self.objective == "wgan-gp":
            penalty = gradient_penalty(lambda image: self.judge(source, image), target, generated)
            loss_d = loss_d + self.gradient_penalty_weight * penalty
        self.minimize(loss_d, discriminator_optimizer)

        with frozen(self.discriminator):
            adversarial = generator_loss(self.judge(source, generated), self.objective)
            l1 = F.l1_loss(generated, target)
            self.minimize(adversarial + self.l1_weight * l1, generator_optimizer)  # equation 4
        self.log_losses({"loss/discriminator": loss_d, "loss/generator": adversarial, "loss/l1": l1})

    def judge(self, source: Tensor, image: Tensor) -> Tensor:
        """The discriminator's logits on an image as the translation of ``source``."""
        logits: Tensor = self.discriminator(torch.cat([source, image], dim=1) if self.conditional else image)
        return logits

    def translate(self, source: Tensor) -> Tensor:
        """Translates images (B, C, H, W) in [-1, 1] of any size, padded to what the network takes and cropped back."""
        padded, (rows, columns) = pad_to_multiple(source, self.generator.size_multiple)
        if self.color_space == "lab":
            padded = lightness(padded)
        with inference_behaviour(
            self.generator, dropout=self.test_dropout, batch_statistics=self.test_batch_statistics
        ):
            generated: Tensor = self.generator(padded)
        if self.color_space == "lab":
            generated = to_rgb(padded, generated)
        return generated[..., rows, columns]

    def render(self, batch: PairedSample | ImageSample) -> dict[str, Tensor]:
        """``source``, ``generated`` and, if the batch has it, ``target``."""
        images = {"source": batch["source"], "generated": self.translate(batch["source"])}
        if "target" in batch:
            images["target"] = cast(PairedSample, batch)["target"]
        return images

    def validation_step(self, batch: PairedSample, batch_idx: int) -> None:
        """Mean L1 on [-1, 1], PSNR and SSIM of the translations, as ``val/l1``, ``val/psnr``, ``val/ssim``.

        With a palette also ``val/pixel_accuracy``, ``val/class_accuracy`` and ``val/class_iou``.
        """
        self._measure(batch, self.validation_metrics)

    def test_step(self, batch: PairedSample, batch_idx: int) -> None:
        """As validation, under ``test/``."""
        self._measure(batch, self.test_metrics)

    def _measure(self, batch: PairedSample, metrics: MetricCollection) -> None:
        generated, target = self.translate(batch["source"]).float(), batch["target"]
        errors = (generated - target).abs().flatten(1).mean(1)
        metrics["l1"].update(errors)
        for name in ("psnr", "ssim"):
            metrics[name].update((generated + 1) / 2, (target + 1) / 2)
        if self.palette is not None:
            predicted, truth = predicted_classes(generated, self.palette), target_classes(target, self.palette)
            for score in SCORES:
                metrics[score].update(predicted, truth)
        self.log_dict(cast(dict[str, Any], metrics), prog_bar=True, batch_size=len(target))


def translation_metrics(prefix: str, palette: Palette | None) -> MetricCollection:
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
    return MetricCollection(metrics, prefix=prefix, compute_groups=False)


def load_generator_weights(generator: UNetGenerator, path: Path) -> None:
    """Loads the authors' published generator weights.

    Raises:
        CheckpointError: If the file cannot be read safely or is of another network.
    """
    try:
        weights = torch.load(path, map_location="cpu", weights_only=True)
        generator.load_state_dict(rename_reference_weights(weights, generator))
    except KeyError as error:
        raise CheckpointError(
            f"{path} has no tensor {error}: it is of another network, or of another image_size or norm."
        ) from None
    except Exception as error:
        raise CheckpointError(f"{path}: cannot load generator weights ({str(error).splitlines()[0]})") from None
