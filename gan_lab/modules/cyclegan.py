"""CycleGAN: unpaired image-to-image translation with cycle-consistent adversarial networks (Zhu et al., ICCV 2017)."""

from collections.abc import Iterator, Mapping
from typing import Any, Literal, cast

from torch import Tensor, nn
from torchmetrics import MeanMetric, Metric, MetricCollection

from gan_lab import ranges
from gan_lab.inference.building import cyclegan_generator, patch_discriminator
from gan_lab.inference.predictions import MadeImages, cannot_make
from gan_lab.inference.translator import Translator
from gan_lab.losses import discriminator_loss, generator_loss, l1_loss
from gan_lab.networks import ResNetGenerator, UNetGenerator
from gan_lab.networks.layers import Norm, frozen
from gan_lab.networks.patchgan import ReceptiveField
from gan_lab.networks.upsampling import Upsampling
from gan_lab.precision import at_least_float32
from gan_lab.samples import PredictionRequest, TranslateRequest, UnpairedSample
from gan_lab.schedules import linear_decay
from gan_lab.training.gan_module import GANModule
from gan_lab.training.held_batches import HeldBatches
from gan_lab.training.image_pool import ImagePool
from gan_lab.training.optimizers import AdamSettings, OptimizersByRole
from gan_lab.training.sample_check import Channels


class CycleGANModule(GANModule):
    """Translates between two domains of images, A and B, after seeing examples of each and no pair.

    The defaults are the paper's (section 4 and appendix 7.1) for images of 256 pixels.

    Args:
        generator: The residual network of the paper, or a U-Net.
        image_size: Training resolution in pixels; only the U-Net depends on it. None for the data's.
        blocks: Residual blocks: 9 from 256 pixels, 6 for 128.
        channels: Channels of the images of either domain.
        generator_channels: Features of the generators' first layer (ngf).
        discriminator_channels: Features of the discriminators' first layer (ndf).
        norm: Normalization in all networks.
        dropout: Whether the generators have dropout.
        upsampling: How the generators double the size: ``transposed`` convolutions are the paper's; ``resize`` repeats
            pixels and convolves 3 x 3, which leaves no grid.
        receptive_field: Side in pixels of the patches judged.
        objective: The adversarial game; least squares in the paper. What each discriminator minimizes is halved
            (appendix 7.1).
        cycle_weight_a: Weight of the mean absolute error of A -> B -> A (lambda, equation 3).
        cycle_weight_b: Weight of the mean absolute error of B -> A -> B.
        identity_weight: Weight, relative to the cycle's, of what a generator changes in an image that is already of
            its domain (section 5.2, 0.5 there); 0 leaves it and its forward passes out.
        pool_size: Generated images of each domain kept for the discriminators; 0 for none.
        lr: Adam's learning rate at the start.
        betas: Adam's decay rates of the two moments.
        constant_epochs: Epochs at the full learning rate.
        decay_epochs: Epochs after them over which it goes to zero on a straight line; 0 keeps it constant.
        allow_zero_lr: Whether a run may go on after them, at a learning rate of zero, which changes no weight.
        ema_half_life: After how many images a step's weights count half in the averaged generators, which then make
            all images but the training's; 0 for none, as in the paper.
        predict_direction: Which way ``predict`` translates; ``both`` takes each picture for either domain in turn.
            None for the data's, or else from A to B.
        domain_names: What sheets call A and B; None for the data's.
    """

    learns_from = UnpairedSample
    rate_options = "model.decay_epochs"

    def __init__(
        self,
        generator: Literal["resnet", "unet"] = "resnet",
        image_size: ranges.Pixels | None = None,
        blocks: ranges.Repeats = 9,
        channels: ranges.Channels = 3,
        generator_channels: ranges.Features = 64,
        discriminator_channels: ranges.Features = 64,
        norm: Norm = "instance",
        dropout: bool = False,
        upsampling: Upsampling = "transposed",
        receptive_field: ReceptiveField = 70,
        objective: Literal["lsgan", "vanilla"] = "lsgan",
        cycle_weight_a: ranges.NonNegativeFloat = 10.0,
        cycle_weight_b: ranges.NonNegativeFloat = 10.0,
        identity_weight: ranges.NonNegativeFloat = 0.5,
        pool_size: ranges.NonNegativeInt = 50,
        lr: ranges.NonNegativeFloat = 2e-4,
        betas: ranges.Betas = (0.5, 0.999),
        constant_epochs: ranges.NonNegativeInt = 100,
        decay_epochs: ranges.NonNegativeInt = 100,
        allow_zero_lr: bool = False,
        ema_half_life: ranges.NonNegativeFloat = 0.0,
        predict_direction: Literal["AtoB", "BtoA", "both"] | None = None,
        domain_names: tuple[str, str] | None = None,
    ) -> None:
        super().__init__()
        self.save_hyperparameters()
        ranges.require(CycleGANModule, self.hparams, "model")
        self.hparams["image_size"] = image_size or 256
        self.cycle_weight_a, self.cycle_weight_b, self.identity_weight = cycle_weight_a, cycle_weight_b, identity_weight
        self.objective, self.adam, self.epochs = objective, AdamSettings(lr, betas), (constant_epochs, decay_epochs)
        self.predict_direction, self.domain_names = predict_direction or "AtoB", domain_names or ("A", "B")
        self.generators = nn.ModuleDict({way: cyclegan_generator(self.hparams) for way in ("AtoB", "BtoA")})
        self.discriminators = nn.ModuleDict({name: patch_discriminator(self.hparams, channels) for name in ("A", "B")})
        self.generators_ema = self.averages.of(self.generators, ema_half_life)
        self.pool_a, self.pool_b = ImagePool(pool_size), ImagePool(pool_size)
        self.per_process.keep(pool_a=self.pool_a, pool_b=self.pool_b)
        self.metrics = nn.ModuleDict({split: cycle_metrics(split) for split in ("val", "test")})

    @classmethod
    def agree_with_data(cls, settings: Mapping[str, Any], option: str, of_the_data: Any) -> Any:
        """Directions and names are free; a U-Net takes multiples of its image size, a residual network all sizes."""
        bound = option == "image_size" and settings["generator"] == "unet"
        return None if bound and of_the_data % settings[option] else settings[option]

    def image_channels(self) -> dict[str, Channels]:
        """The networks', in either domain."""
        return dict.fromkeys(("a", "b"), Channels(self.hparams["channels"], "channels"))

    def build_optimizers(self) -> OptimizersByRole:
        """One Adam over both generators, one over both discriminators."""
        return OptimizersByRole.of_adam(self.adam, self.generators, self.discriminators)

    def epoch_rate_factor(self, epoch: int) -> float:
        """Held, then lowered from epoch to epoch."""
        return linear_decay(epoch, *self.epochs)

    def play(self, held: HeldBatches[UnpairedSample]) -> None:
        """G first, then D on pooled images (section 4); no image is generated twice."""
        fakes: dict[str, list[Tensor]] = {"a": [], "b": []}
        with frozen(self.discriminators):
            self.minimize(held.each(lambda place: self._generator_losses(held, place, fakes)), self.optimizer_g)
        self.minimize(self._discriminator_losses(held, fakes), self.optimizer_d)
        self.log_losses(held.losses())

    def _generator_losses(
        self, held: HeldBatches[UnpairedSample], place: int, fakes: dict[str, list[Tensor]]
    ) -> Iterator[Tensor]:
        """Each part of the generators' loss on a batch, whose graph is freed before the next one is made.

        Args:
            held: The batches.
            place: Which one.
            fakes: Where the images made are noted by their domain.
        """
        batch, (a_to_b, b_to_a) = held.batches[place], (self.generators["AtoB"], self.generators["BtoA"])
        for domain, other, image, translate, reconstruct, cycle_weight in (
            ("a", "b", batch["a"], a_to_b, b_to_a, self.cycle_weight_a),
            ("b", "a", batch["b"], b_to_a, a_to_b, self.cycle_weight_b),
        ):
            if self.identity_weight:  # what makes images of this domain should change none of it
                identity = l1_loss(reconstruct(image), image)
                held.note({f"loss/identity_{domain}": identity})
                yield self.identity_weight * cycle_weight * identity
            fake = translate(image)
            fakes[other].append(fake.detach())
            adversarial = generator_loss(self.discriminators[other.upper()](fake), self.objective)
            cycle = l1_loss(reconstruct(fake), image)
            held.note({f"loss/generator_{domain}": adversarial, f"loss/cycle_{domain}": cycle})
            yield adversarial + cycle_weight * cycle

    def _discriminator_losses(
        self, held: HeldBatches[UnpairedSample], fakes: dict[str, list[Tensor]]
    ) -> Iterator[Tensor]:
        """The discriminators' losses; images go through the pools in the order that one large batch has."""
        held.begin_noise()
        pooled = {"a": map(self.pool_a.query, fakes["a"]), "b": map(self.pool_b.query, fakes["b"])}
        for domain, images in pooled.items():
            discriminate = self.discriminators[domain.upper()]
            for place, (batch, fake) in enumerate(zip(held.batches, images, strict=True)):
                real = batch["a"] if domain == "a" else batch["b"]
                loss = discriminator_loss(discriminate(real), discriminate(fake), self.objective)
                loss = 0.5 * loss  # so that D learns slower than G (appendix 7.1)
                held.note({f"loss/discriminator_{domain}": loss})
                yield held.weighted(place, loss)

    def translate(self, images: Tensor, direction: Literal["AtoB", "BtoA"]) -> Tensor:
        """Translates images (B, C, H, W) in [-1, 1] of any size, padded to what the network takes and cropped back."""
        generators = self.generators if self.generators_ema is None else self.generators_ema
        return Translator(cast(ResNetGenerator | UNetGenerator, generators[direction]))(images)

    def render(self, batch: UnpairedSample, first: int = 0) -> dict[str, Tensor]:
        """From either domain a real image, what is made of it for the other one, and what comes back of that."""
        a, b = batch["a"], batch["b"]
        made_b, made_a = self.translate(a, "AtoB"), self.translate(b, "BtoA")
        name_a, name_b = self.domain_names
        return {
            f"real {name_a}": a,
            f"made {name_b}": made_b,
            f"{name_a} again": self.translate(made_b, "BtoA"),
            f"real {name_b}": b,
            f"made {name_a}": made_a,
            f"{name_b} again": self.translate(made_a, "AtoB"),
        }

    def predict_step(self, request: PredictionRequest, batch_idx: int = 0) -> MadeImages:
        """Single pictures in the chosen direction, named ``AtoB`` and ``BtoA``."""
        if not isinstance(request, TranslateRequest):
            raise cannot_make(self, request)
        directions: list[Literal["AtoB", "BtoA"]] = ["AtoB", "BtoA"]
        wanted = [way for way in directions if self.predict_direction in (way, "both")]
        images = {"source": request.source} | {way: self.translate(request.source, way) for way in wanted}
        return MadeImages(images, frozenset({"source"}))

    def validation_step(self, batch: UnpairedSample, batch_idx: int) -> None:
        """Mean absolute errors on [-1, 1]: ``val/cycle_a``, ``val/cycle_b``, ``val/identity_a``, ``val/identity_b``."""
        self._measure(batch, "val")

    def validation_names(self) -> set[str]:
        """The metrics'."""
        return {str(name) for name in cast(MetricCollection, self.metrics["val"])}

    def test_step(self, batch: UnpairedSample, batch_idx: int) -> None:
        """As validation, under ``test/``."""
        self._measure(batch, "test")

    def _measure(self, batch: UnpairedSample, split: str) -> None:
        metrics = cast(MetricCollection, self.metrics[split])
        a, b = batch["a"], batch["b"]
        metrics["cycle_a"].update(_mean_errors(self.translate(self.translate(a, "AtoB"), "BtoA"), a))
        metrics["cycle_b"].update(_mean_errors(self.translate(self.translate(b, "BtoA"), "AtoB"), b))
        metrics["identity_a"].update(_mean_errors(self.translate(a, "BtoA"), a))
        metrics["identity_b"].update(_mean_errors(self.translate(b, "AtoB"), b))
        self.log_dict(cast(dict[str, Any], metrics), prog_bar=True, batch_size=len(a))


def cycle_metrics(split: str) -> MetricCollection:
    """Mean absolute errors of the cycles and of the identities, on images in [-1, 1]."""
    names = ("cycle_a", "cycle_b", "identity_a", "identity_b")
    metrics: dict[str, Metric | MetricCollection] = {name: MeanMetric() for name in names}
    return MetricCollection(metrics, prefix=f"{split}/", compute_groups=False)


def _mean_errors(one: Tensor, two: Tensor) -> Tensor:
    return (at_least_float32(one) - two).abs().flatten(1).mean(1)
