"""The names of Lightning that are not public and have no public way around them.

``pyproject.toml`` bounds Lightning's version by this file, and ``tests/test_lightning_private.py`` fails where a
release moves one.
"""

import threading
import traceback
from typing import Any, Union

from lightning.fabric.plugins.precision.amp import _optimizer_handles_unscaling
from lightning.fabric.strategies.launchers.subprocess_script import _ChildProcessObserver
from lightning.pytorch import LightningModule, Trainer
from lightning.pytorch.callbacks import DeviceStatsMonitor
from lightning.pytorch.cli import LightningArgumentParser
from lightning.pytorch.loggers import CSVLogger, TensorBoardLogger
from lightning.pytorch.loggers.csv_logs import ExperimentWriter
from lightning.pytorch.plugins.precision import MixedPrecision
from lightning.pytorch.strategies import DDPStrategy, Strategy
from lightning.pytorch.trainer.connectors import checkpoint_connector
from lightning.pytorch.trainer.states import RunningStage
from torch.optim import Optimizer

from gan_lab.terminal import say
from gan_lab.training.batch_groups import in_groups
from gan_lab.training.step_log import StepLog

_NUMBERS = Union[int, float, None]  # noqa: UP007 - is equal to Lightning's, as `|` is not in older Pythons


def count_step(trainer: Trainer) -> None:
    """Counts one global step.

    ``trainer.global_step`` reads this progress, which Lightning moves at every step of any optimizer: a GAN's batch
    would be two. Optimizers are stepped through the strategy, which does not count, and the batch is counted here.
    """
    progress = trainer.fit_loop.epoch_loop.manual_optimization.optim_step_progress
    progress.increment_ready()
    progress.increment_completed()


def keep_whole_numbers(parser: LightningArgumentParser) -> None:
    """Has options that take whole numbers and fractions read 1 as a whole number: one batch, where 1.0 is all.

    The first type that fits is taken, and ``Optional[Union[int, float]]`` has them in the order in which any module of
    the process named them first.
    """
    for action in parser._actions:
        if getattr(action, "_typehint", None) == _NUMBERS:  # in any order
            action._typehint = _NUMBERS  # type: ignore[attr-defined]  # of those with a type


def version_asked_for(logger: CSVLogger | TensorBoardLogger) -> int | str | None:
    """The version that a logger was made with; None if it is to find one, which ``logger.version`` would do."""
    return logger._version


def set_version(logger: CSVLogger | TensorBoardLogger, version: int | str) -> None:
    """Gives a logger, which has written nothing yet, its version."""
    logger._version = version


def set_writer(logger: CSVLogger, writer: ExperimentWriter) -> None:
    """Gives a logger, which has written nothing yet, what it writes by."""
    logger._experiment = writer


def raised_while_restoring(error: BaseException) -> bool:
    """Whether an error came up while a trainer took over the parts of a checkpoint."""
    frames = [frame.f_code for frame, _ in traceback.walk_tb(error.__traceback__)]
    home = checkpoint_connector.__file__
    return any(
        code.co_filename == home and code.co_name.lstrip("_").startswith(("restore", "resume")) for code in frames
    )


def stop_killing_for_children() -> None:
    """Keeps Lightning from killing the process of rank 0 (SIGKILL, without a word) when one that it started fails."""
    for thread in threading.enumerate():
        if isinstance(thread, _ChildProcessObserver):
            thread._child_processes = []


def reads_processor(callback: DeviceStatsMonitor, trainer: Trainer) -> bool:
    """Whether a monitor of devices is to read the CPU's figures."""
    on_processor = trainer.strategy.root_device.type == "cpu"
    return on_processor if callback._cpu_stats is None else bool(callback._cpu_stats)


def shares_out_samples(trainer: Trainer) -> bool:
    """Whether Lightning replaces samplers by ones that give every process a share."""
    return bool(trainer._accelerator_connector.use_distributed_sampler)


def synchronizes_batch_norm(trainer: Trainer) -> bool:
    """Whether batch norm is to take its statistics over all processes."""
    return getattr(trainer.strategy, "_layer_sync", None) is not None


def settings_of_ddp(strategy: DDPStrategy) -> dict[str, Any]:
    """The options of DDP that were given, of those that are about gradients."""
    of_lightning = {
        "ddp_comm_hook": strategy._ddp_comm_hook,
        "model_averaging_period": strategy._model_averaging_period,
    }
    return {name: value for name, value in (of_lightning | strategy._ddp_kwargs).items() if value}


def start_method_of(strategy: Strategy) -> str:
    """How a strategy starts its processes: ``popen`` for commands of their own."""
    return strategy._start_method if isinstance(strategy, DDPStrategy) else "popen"


def log_step(trainer: Trainer) -> None:
    """Has the loggers write what a step logged, as Lightning does after the last hook of the step."""
    trainer._logger_connector.on_batch_end()
    trainer._logger_connector.update_train_step_metrics()


def is_fitting(module: LightningModule) -> bool:
    """Whether it is being trained, or prepared for that; not where a checkpoint is loaded without a trainer."""
    return module._trainer is not None and module._trainer.state.fn == "fit"


def validation_is_due(trainer: Trainer) -> bool:
    """Whether a validation belongs to the training step just done and has not gone through all its batches."""
    loop = trainer.fit_loop.epoch_loop
    if trainer.validating:
        return not loop.val_loop.batch_progress.is_last_batch
    step: Any = loop.batch_progress.current
    fetcher = trainer.fit_loop._data_fetcher
    return fetcher is not None and step.completed < step.processed and loop._should_check_val_fx(fetcher)


def unscale(trainer: Trainer, optimizer: Optimizer) -> None:
    """Gives gradients their own size back before a step, where float16's scale is still on them.

    Lightning has done so in ``on_before_optimizer_step``, unless the optimizer does it in its step, as a fused one.
    """
    precision = trainer.precision_plugin
    scaler = precision.scaler if isinstance(precision, MixedPrecision) else None
    if scaler is not None and _optimizer_handles_unscaling(optimizer):
        scaler.unscale_(optimizer)


def group_batches(trainer: Trainer, size: int) -> None:
    """Has the training loader hand out lists of batches, each of which is brought to the device by itself."""
    source, strategy = trainer.fit_loop._data_source, trainer.strategy

    def dataloader() -> Any:
        loader = type(source).dataloader(source)
        shared_out = trainer._data_connector._prepare_dataloader(loader, shuffle=True, mode=RunningStage.TRAINING)
        return in_groups(shared_out, size)

    def batch_to_device(batch: Any, *where: Any, **named: Any) -> Any:
        if isinstance(batch, list):
            return [type(strategy).batch_to_device(strategy, one, *where, **named) for one in batch]
        return type(strategy).batch_to_device(strategy, batch, *where, **named)

    for owner, name, ours in ((source, "dataloader", dataloader), (strategy, "batch_to_device", batch_to_device)):
        vars(owner).pop(name, None)  # of an earlier run
        if size > 1:
            setattr(owner, name, ours)


def measure_last_step(trainer: Trainer) -> None:
    """Has the last step of a run be validated, whatever the interval."""
    steps = trainer.fit_loop.epoch_loop

    def should_check_val(data_fetcher: Any) -> bool:
        due = type(steps)._should_check_val_fx(steps, data_fetcher)
        return due or (trainer.enable_validation and _is_last_step(trainer))

    steps._should_check_val_fx = should_check_val  # type: ignore[method-assign]


def show_steps(trainer: Trainer, log: StepLog) -> None:
    """Has the values of steps be read only where they are written, or the progress bar is to change.

    They are written as often as ``log_every_n_steps`` says, and at the end of an epoch and of a run. The bar has the
    values of the last step that was written, and of the first.

    Args:
        trainer: It is about to train.
        log: What steps note their values in.
    """
    connector = trainer._logger_connector

    def update_train_step_metrics() -> None:
        ends = trainer.fit_loop.epoch_loop._num_ready_batches_reached() or _is_last_step(trainer)
        interval = trainer.log_every_n_steps  # type: ignore[attr-defined]  # Lightning sets it; 0 is for no log at all
        written = connector.should_update_logs or trainer.fast_dev_run or (ends and interval)  # type: ignore[attr-defined]
        if written or ends or trainer.global_step == 1:
            values, on_bar = log.read()
            connector._progress_bar_metrics.update(on_bar)
        if written:
            connector.log_metrics(connector.metrics["log"] | values)  # type: ignore[arg-type]  # it takes numbers too

    connector.update_train_step_metrics = update_train_step_metrics  # type: ignore[method-assign]


def _is_last_step(trainer: Trainer) -> bool:
    """Whether a run ends with the step just done."""
    epochs = -1 if trainer.max_epochs is None else trainer.max_epochs
    epoch_ends = trainer.fit_loop.epoch_loop._num_ready_batches_reached()
    return _is_over(trainer) or (epoch_ends and trainer.current_epoch + 1 >= epochs >= 0)


def _is_over(trainer: Trainer) -> bool:
    """Whether a run makes no more steps, even in the middle of an epoch."""
    enough = trainer.global_step >= trainer.max_steps >= 0
    return enough or (trainer.should_stop and trainer.fit_loop._can_stop_early)


def settle_on_step(loops: dict[str, Any]) -> None:
    """Changes the loops' state in a checkpoint so that it is the same wherever after a step it is saved.

    Lightning tells a checkpoint saved at a step's end from one saved around the validation after it, or at the end of
    the epoch, by which counts are completed. Depending on it, and on whether ``max_steps`` is set, it skips the
    validation, the end of the epoch, or the whole next epoch. Here a state is as at a step's end in the middle of an
    epoch, from where Lightning goes on with the next step, or as after a whole one; :func:`finish_step` does the rest.
    """
    fit = loops["fit_loop"]
    epochs, steps = fit["epoch_progress"], fit["epoch_loop.batch_progress"]
    fit.pop("epoch_loop.val_loop.batch_progress", None)  # a validation is done from its beginning
    if steps["is_last_batch"]:
        fit["state_dict"].pop("combined_loader", None)  # the next epoch has all its batches
    between_steps = epochs["current"]["processed"] < epochs["current"]["started"] and not steps["is_last_batch"]
    for counts in (epochs["total"], epochs["current"]):
        counts["completed"] = counts["processed"]
    for counts in (steps["total"], steps["current"]):
        if 0 < counts["processed"] == counts["ready"]:
            counts["completed"] = counts["processed"] - between_steps


def allow_steps(trainer: Trainer, more: int) -> None:
    """Raises ``max_steps``: Lightning does not even begin a run that has reached it."""
    if trainer.max_steps != -1:
        trainer.fit_loop.epoch_loop.max_steps += more


def finish_step(trainer: Trainer, validate: bool, anew: bool) -> bool:
    """Does at the start of a run what belongs to the checkpoint's last step, as Lightning would have after that step.

    Args:
        trainer: It has just begun, from a state that :func:`settle_on_step` settled.
        validate: Whether the validation is still to be done. The end of the epoch is, if the step was the last one.
        anew: Whether an epoch in the middle of which the step was begins again.

    Returns:
        Whether the next step is an epoch's first.
    """
    fit, steps = trainer.fit_loop, trainer.fit_loop.epoch_loop
    if validate:
        steps.val_loop.restarting = False
        trainer.validating = True
        steps.val_loop.run()
        trainer.training = True
    epoch: Any = fit.epoch_progress.current
    within_epoch, step = epoch.processed < epoch.started, steps.batch_progress
    enough = step.current.ready >= trainer.num_training_batches and not anew
    ended = step.is_last_batch or enough or (validate and _is_over(trainer))
    if within_epoch and ended:
        steps._batches_that_stepped += 1
        fit.on_advance_end()
    elif within_epoch and anew:
        say("data, batches or processes are others than the checkpoint's: its epoch begins anew")
        steps._batches_that_stepped += 1
        steps.on_iteration_done()
    if ended or not within_epoch:
        for loop in (fit, steps):
            loop.on_iteration_done()
    return ended or not within_epoch
