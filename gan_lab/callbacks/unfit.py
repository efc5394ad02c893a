"""Lightning's callbacks that these models cannot be trained with are refused before anything is read."""

from importlib.util import find_spec

from lightning.pytorch import Trainer
from lightning.pytorch.callbacks import (
    BackboneFinetuning,
    BatchSizeFinder,
    Callback,
    DeviceStatsMonitor,
    GradientAccumulationScheduler,
    LearningRateFinder,
    ModelPruning,
    OnExceptionCheckpoint,
    SpikeDetection,
    StochasticWeightAveraging,
    WeightAveraging,
)

from gan_lab.errors import require
from gan_lab.training.lightning_private import reads_processor

_OWN_AVERAGE = "averages discriminators too: set model.ema_half_life (StyleGAN: ema_half_life_kimg)"
_UNFIT: dict[type[Callback], str] = {
    GradientAccumulationScheduler: "is for models with one optimizer: set trainer.accumulate_grad_batches",
    LearningRateFinder: "looks for the rate of one optimizer, and two play against each other here: set model.lr",
    BatchSizeFinder: "trains with other batches than the paper's until memory is full: set data.batch_size",
    StochasticWeightAveraging: _OWN_AVERAGE,
    WeightAveraging: _OWN_AVERAGE,
    BackboneFinetuning: "wants a network called backbone, which none of these models has",
    ModelPruning: "sets weights to zero, discriminators' too, and its checkpoints would be of other networks",
    SpikeDetection: "wants the one loss of a step, and a step has several; one that is not finite ends a run anyway",
    OnExceptionCheckpoint: "saves half a step, and the next run would go on from there unasked: LastCheckpoint saves "
    "whole ones, also when a run is stopped",
}


def require_fit(trainer: Trainer) -> None:
    """Refuses those that would fail in the middle of a run, or train something else than the paper's model.

    Args:
        trainer: What has them.

    Raises:
        ConfigurationError: Naming the first one, why, and what there is in its place.
    """
    for callback in trainer.callbacks:  # type: ignore[attr-defined]  # Lightning sets it
        name = type(callback).__name__
        for unfit, reason in _UNFIT.items():
            require(not isinstance(callback, unfit), f"{name} {reason}; leave it out of trainer.callbacks")
        require(
            not getattr(callback, "save_on_exception", False),
            f"{name}.save_on_exception saves half a step, and processes wait for each other: leave it false, "
            "LastCheckpoint saves whole ones, also when a run is stopped",
        )
        require(
            not isinstance(callback, DeviceStatsMonitor)
            or not reads_processor(callback, trainer)
            or find_spec("psutil") is not None,
            "DeviceStatsMonitor reads the CPU's figures with psutil: pip install psutil, or set its cpu_stats to false",
        )
