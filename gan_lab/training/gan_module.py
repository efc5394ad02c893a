"""The step that all papers share: one batch, one count, the same on every process and after every resume."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Self

import torch
from lightning.pytorch import Callback
from torch import Tensor
from torch.optim import Optimizer

from gan_lab.errors import CheckpointError, require
from gan_lab.seeding import Purpose, derive_seed, run_seed, seed_generators
from gan_lab.training import distributed
from gan_lab.training.checkpoint_files import read_checkpoint
from gan_lab.training.ema import WeightAverages, with_averages
from gan_lab.training.evaluated_samples import EvaluatedSamples
from gan_lab.training.finiteness import FiniteCheck, require_finite_weights
from gan_lab.training.gradients import GradientOptions, take_over
from gan_lab.training.held_batches import HeldBatches
from gan_lab.training.lightning_private import count_step, group_batches, measure_last_step, show_steps
from gan_lab.training.old_checkpoints import in_present_form
from gan_lab.training.optimizers import ConfiguredSettings, require_own_state
from gan_lab.training.paper import Paper
from gan_lab.training.per_process import PerProcessState
from gan_lab.training.precisions import fresh_casts, require_plugin, sum_in_precision_of
from gan_lab.training.process_watch import ProcessWatch
from gan_lab.training.rates import require_learning
from gan_lab.training.renamed import RENAMES
from gan_lab.training.resumed_step import ResumedStep
from gan_lab.training.sample_check import count_samples, images_requested, require_channels, require_samples
from gan_lab.training.step_log import StepLog
from gan_lab.training.strategies import require_strategy


class GANModule(Paper):
    """Base of every paper's module: exact, countable, distributed steps.

    A paper writes ``play`` (its game, from forward to optimizer steps), ``build_optimizers``, ``render``
    (what it shows of a batch, as named images) and ``predict_step``. In return: one round is one global step, whatever
    the number of optimizer steps; everything random in a step is a function of (seed, step, rank), so that a resumed
    run goes on bit by bit; gradients and floating buffers are averaged over the processes of a distributed run; a loss
    or weight that is not finite ends the run before anything is saved.

    Attributes:
        images_seen: Images of all steps so far, over all processes: the one count of them.
        evaluated: The samples of the evaluation under way.
        per_process: What a checkpoint keeps of every process by itself.
        step_log: What a step logs besides its losses.
        averages: What every step moves of averaged weights.
    """

    def __init__(self) -> None:
        super().__init__()
        self.automatic_optimization = False
        self.images_seen = 0
        self.per_process = PerProcessState()
        self.step_log = StepLog()
        self._gradients = GradientOptions()
        self._finite = FiniteCheck()
        self.averages = WeightAverages()
        self._optimizers_kept: int | None = None
        self._resumed_step = ResumedStep()
        self.evaluated = EvaluatedSamples()

    @classmethod
    def load_from_checkpoint(cls, checkpoint_path: Any, *args: Any, **settings: Any) -> Self:
        """Lightning's, for checkpoints of earlier versions too.

        Args:
            checkpoint_path: The file.
            *args: As Lightning's.
            **settings: As Lightning's; options given here win over those that the checkpoint keeps.
        """
        kept = read_checkpoint(Path(checkpoint_path), mmap=True).get("hyper_parameters", {})
        kept = {name: value for name, value in kept.items() if not name.startswith("_")}
        module: Self = super().load_from_checkpoint(checkpoint_path, *args, **(kept | settings))
        return module

    def configure_optimizers(self) -> list[Optimizer]:
        """Those of :meth:`build_optimizers`. Not for overriding."""
        optimizers = self.build_optimizers()
        self._configured = ConfiguredSettings(optimizers)
        made = optimizers.as_list()
        if self._optimizers_kept not in (None, len(made)):
            raise CheckpointError(f"{self.trainer.ckpt_path} is of {self._optimizers_kept} optimizers, not {len(made)}")
        for optimizer in made:
            optimizer.register_load_state_dict_pre_hook(require_own_state)
        return made

    @property
    def optimizer_g(self) -> Optimizer:
        """The generators' optimizer."""
        return self.trainer.optimizers[0]

    @property
    def optimizer_d(self) -> Optimizer:
        """The discriminators' optimizer."""
        return self.trainer.optimizers[1]

    def training_step(self, batch: Mapping[str, Any] | list[Mapping[str, Any]], batch_idx: int) -> None:
        """Runs ``play`` on one batch, or on those of ``trainer.accumulate_grad_batches``, as one global step.

        Not for overriding.
        """
        held = HeldBatches(batch if isinstance(batch, list) else [batch], self._seed_noise)
        self._finite.look_if_due()
        for one in held.batches:
            self._require_samples(one)
        self._seed(Purpose.TRAINING_STEP, self.global_step)
        self.step_log.begin()
        self._configured.restore(self.learning_rate_factor())
        with distributed.without_reduction(self.trainer.model), fresh_casts():
            self.play(held)
        distributed.average([buffer for buffer in self.buffers() if buffer.is_floating_point()])
        self.move_averages(held)
        self.averages.end_step()
        self.images_seen += self.images_in(held)
        self.trainer.callback_metrics.update(self.step_log.tensors())
        count_step(self.trainer)

    def _seed_noise(self, place: int, noise: int) -> None:
        self._seed(Purpose.TRAINING_STEP, self.global_step, *((place, noise) if place or noise else ()))

    def images_in(self, held: HeldBatches[Any]) -> int:
        """The images of a step, over all processes."""
        return held.samples * self.trainer.world_size

    def minimize(self, loss: Tensor | Iterable[Tensor], optimizer: Optimizer) -> None:
        """One optimizer step down the gradient of ``loss``, averaged over the processes of a distributed run.

        Args:
            loss: A scalar; or scalars whose sum is meant. From a generator, each one's graph is freed before the next
                one is made, which is all the difference it makes.
            optimizer: What steps.
        """
        optimizer.zero_grad()
        for part in [loss] if isinstance(loss, Tensor) else loss:
            with torch.autocast(self.device.type, enabled=False):  # in the precision that each part was computed in
                self.manual_backward(part)
        distributed.average_gradients([p for group in optimizer.param_groups for p in group["params"]])
        self.trainer.strategy.optimizer_step(optimizer, lambda: None, self)  # precision's care, and no count

    def log_losses(self, losses: dict[str, Tensor]) -> None:
        """Logs a training step's losses; they are checked to be finite before any checkpoint."""
        detached = {name: loss.detach() for name, loss in losses.items()}
        self._finite.note(self.global_step, detached)
        self.step_log.note(detached, on_bar=True)

    def on_before_optimizer_step(self, optimizer: Optimizer) -> None:
        """Clips the gradients of what is stepped, by ``trainer.gradient_clip_val``. Not for overriding."""
        self._gradients.clip_gradients(optimizer, self.trainer)

    def move_averages(self, held: HeldBatches[Any]) -> None:
        """Moves the averages of weights once a step: at its end, or where a paper calls this in its game."""
        images = self.images_in(held)
        self.averages.move(images, self.images_seen + images)

    def configure_callbacks(self) -> list[Callback]:
        """Refuses what would train wrongly, before any data are read; has processes notice each other's end.

        Not for overriding. It is the first hook of all, in every command and process.
        """
        require_strategy(self.trainer)
        overfitting = self.trainer.state.fn == "fit" and self.trainer.overfit_batches  # type: ignore[attr-defined]
        require(
            not overfitting,
            "trainer.overfit_batches would train on other batches in each epoch, for the data has an order of its own: "
            "name data of a few samples in its place",
        )
        self._gradients = take_over(self.trainer)
        require(
            self._gradients.batches == 1 or self.accumulates(),
            f"{type(self).__name__} learns from one batch a step: set trainer.accumulate_grad_batches to 1",
        )
        distributed.require_acquaintance(self.trainer)
        return [ProcessWatch(self.trainer)] if self.trainer.world_size > 1 else []

    def setup(self, stage: str) -> None:
        """Refuses a precision that the run would not be right in, before any data is read; takes on the others."""
        require_plugin(self.trainer.precision_plugin)
        self.trainer.precision_plugin.convert_module(self)  # Lightning would round a checkpoint's double weights first

    def on_fit_start(self) -> None:
        """Has Lightning leave buffers and logs to steps, measure the last, begin with none left for a validation."""
        distributed.leave_buffers_alone(self.trainer)
        group_batches(self.trainer, self._gradients.batches)
        measure_last_step(self.trainer)
        show_steps(self.trainer, self.step_log)
        self._resumed_step.allow(self.trainer)

    def on_train_epoch_start(self) -> None:
        """Refuses loaders of which one ends before another's, for which that one's process would wait for ever."""
        distributed.require_equal(getattr(self.trainer.train_dataloader, "num_samples", 0), "training samples")
        distributed.require_equal(self.trainer.num_training_batches, "batches in an epoch")

    def on_train_start(self) -> None:
        """Does the validation, and ends the epoch, that a checkpoint was saved before.

        Refuses a run that would go on at a learning rate of zero, unless ``allow_zero_lr`` is among its options.
        """
        self._resumed_step.forbid(self.trainer)
        if not self.hparams.get("allow_zero_lr", False):
            require_learning(self.trainer, self.epoch_rate_factor, self.rate_options)
        self._resumed_step.finish(self.trainer)

    def on_train_epoch_end(self) -> None:
        """Looks whether the epoch's losses were finite."""
        self._finite.look()

    def on_validation_start(self) -> None:
        """Has metrics sum up in double where weights are double, which torchmetrics leaves to be asked for."""
        sum_in_precision_of(self)

    on_test_start = on_validation_start

    def on_validation_batch_start(self, batch: Any, batch_idx: int, dataloader_idx: int = 0) -> None:
        """Makes what is random in an evaluated sample the same at every evaluation."""
        self._require_samples(batch)
        self._begin_evaluated(Purpose.VALIDATION, batch_idx, count_samples(batch))

    def on_test_batch_start(self, batch: Any, batch_idx: int, dataloader_idx: int = 0) -> None:
        """As for validation."""
        self._require_samples(batch)
        self._begin_evaluated(Purpose.TEST, batch_idx, count_samples(batch))

    def on_predict_batch_start(self, batch: Any, batch_idx: int, dataloader_idx: int = 0) -> None:
        """Makes what is random in a prediction the same every time."""
        require_channels(images_requested(batch), self.image_channels())
        self._begin_evaluated(Purpose.PREDICTION, batch_idx, len(batch))

    def _begin_evaluated(self, purpose: Purpose, batch_idx: int, count: int) -> None:
        self._seed(purpose, batch_idx)
        self.evaluated.begin_batch(purpose, batch_idx, count, self.global_rank, self.trainer.world_size)

    def _seed(self, purpose: Purpose, count: int, *parts: int) -> None:
        seed_generators(derive_seed(purpose, run_seed(), count, self.global_rank, *parts), self.device)

    def _require_samples(self, batch: Mapping[str, Any]) -> None:
        require_samples(batch, type(self).__name__, self.learns_from)
        require_channels(batch, self.image_channels())

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Refuses to save what is not finite, so that the last good checkpoint stays the last."""
        self._finite.look()
        require_finite_weights(self, self.global_step)
        checkpoint["images_seen"] = self.images_seen
        checkpoint["per_process"] = self.per_process.state_of_all()
        self._resumed_step.save(self, checkpoint)

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Takes over the count of images and this process's own state."""
        checkpoint.update(in_present_form(checkpoint, RENAMES))  # Lightning may have read the file by itself
        checkpoint["state_dict"] = with_averages(checkpoint["state_dict"], self.state_dict())
        self.images_seen = checkpoint.get("images_seen", 0)
        self.per_process.load(checkpoint.get("per_process", []), self.global_rank)
        self._optimizers_kept = len(checkpoint["optimizer_states"]) if "optimizer_states" in checkpoint else None
        self._resumed_step.load(self, checkpoint)
