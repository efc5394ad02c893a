"""What a paper's module says of itself, and what it may leave as it is."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar

from lightning.pytorch import LightningModule
from torch import Tensor

from gan_lab.inference.latent_sampler import SeedSampler
from gan_lab.inference.predictions import Prediction
from gan_lab.samples import ImageSample, PairedSample, PoseSample, PredictionRequest, UnpairedSample
from gan_lab.training.held_batches import HeldBatches
from gan_lab.training.optimizers import OptimizersByRole
from gan_lab.training.sample_check import Channels


class Paper(LightningModule, ABC):
    """A game of networks; how its steps are run is the business of :class:`GANModule`, which every paper derives from.

    Attributes:
        sampler: What makes images of nothing but seeds; None in a model that needs more.
        learns_from: The samples that it learns from and is measured on.
        rate_options: The options that say when learning rates fall, as messages name them.
    """

    sampler: SeedSampler | None = None
    learns_from: ClassVar[type[ImageSample | PairedSample | PoseSample | UnpairedSample]]
    rate_options: ClassVar[str] = "model.lr"

    def play(self, held: HeldBatches[Any]) -> None:
        """Plays one round of the paper's game on the batches of a step, optimizer steps included.

        Each player's losses are taken over all batches before it steps. A paper may write :meth:`adversarial_step`
        in place of this; then it learns from one batch a step.
        """
        self.adversarial_step(held.batches[0])

    def adversarial_step(self, batch: Any) -> None:
        """The round of a paper that knows of one batch at a time."""
        raise NotImplementedError(f"{type(self).__name__} has neither play nor adversarial_step")

    @classmethod
    def accumulates(cls) -> bool:
        """Whether it can learn from several batches a step."""
        return cls.play is not Paper.play

    @abstractmethod
    def build_optimizers(self) -> OptimizersByRole:
        """One optimizer over all generators, and one over all discriminators."""

    @abstractmethod
    def render(self, batch: Any, first: int = 0) -> dict[str, Tensor]:
        """Shows what the model makes of a batch of samples.

        Args:
            batch: The samples.
            first: The row of a sheet at which the batch begins, from 0; an unconditional model shows images of as many
                seeds from there.

        Returns:
            Named images (B, C, H, W) in [-1, 1], in the order in which a sheet shows them.
        """

    @abstractmethod
    def predict_step(self, request: PredictionRequest, batch_idx: int = 0) -> Prediction:
        """Makes what is requested."""

    def validation_step(self, batch: Any, batch_idx: int) -> None:
        """Measures held-out samples; here nothing, so that callbacks find a validation in a paper without measures."""

    def validation_names(self) -> set[str]:
        """Names that a validation logs, such as ``val/l1``; overridden together with ``validation_step``."""
        return set()

    def test_step(self, batch: Any, batch_idx: int) -> None:
        """As validation, under ``test/``."""

    @classmethod
    def agree_with_data(cls, settings: Mapping[str, Any], option: str, of_the_data: Any) -> Any:
        """What an option becomes for which model and data were given different values.

        Args:
            settings: The model's options.
            option: The one of them.
            of_the_data: The data's value.

        Returns:
            Either of the two, if the networks can work with it; None if they cannot.
        """
        return None

    def image_channels(self) -> dict[str, Channels]:
        """The channels that the images of a sample should have, by their keys; three of RGB in most papers."""
        return {"image": Channels(3)}

    def learning_rate_factor(self) -> float:
        """What every configured learning rate is multiplied by in the coming step; the epoch's."""
        return self.epoch_rate_factor(self.current_epoch)

    def epoch_rate_factor(self, epoch: int) -> float:
        """What every configured learning rate is multiplied by in an epoch, from 0; 1 unless a paper says otherwise."""
        return 1.0
