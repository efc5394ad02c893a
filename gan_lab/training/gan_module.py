"""What all papers share and Lightning does not do by itself for manual optimisation."""

import os
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, nullcontext
from typing import Any, Protocol

import torch
import torch.distributed as dist
from lightning.pytorch import LightningModule
from lightning.pytorch.core.optimizer import LightningOptimizer, do_nothing_closure
from torch import Tensor
from torch.nn.parallel import DistributedDataParallel
from torch.optim import Optimizer

from gan_lab.errors import ConfigurationError, NonFiniteLossError
from gan_lab.seeding import derive_seed, run_seed, seed_generators


class Stateful(Protocol):
    """What can be kept in a checkpoint."""

    def state_dict(self) -> dict[str, Any]:
        """All there is to keep, as tensors and plain values."""

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Goes back to what was kept."""


class GANModule(LightningModule, ABC):
    """Base of every paper's module: exact, countable, distributed steps.

    A paper writes ``adversarial_step`` (its game, from forward to optimiser steps) and ``render`` (what it makes, as
    named images). In return: one batch is one global step, whatever the number of optimiser steps; everything random
    in a step is a function of (seed, step, rank), so that a resumed run goes on bit by bit; gradients and floating
    buffers are averaged over the processes of a distributed run; a loss or weight that is not finite ends the run
    before anything is saved.
    """

    def __init__(self) -> None:
        super().__init__()
        self.automatic_optimization = False
        self._unchecked_losses: dict[str, Tensor] = {}
        self._per_process: dict[str, Stateful] = {}

    @abstractmethod
    def adversarial_step(self, batch: Any) -> None:
        """Plays one round of the paper's game on a batch, optimiser steps included."""

    @abstractmethod
    def render(self, batch: Any) -> dict[str, Tensor]:
        """Makes the paper's images from a batch.

        Returns:
            Named images (B, C, H, W) in [-1, 1], in the order in which a sheet shows them. Names that the batch
            itself has are inputs shown for comparison; the others are the predictions.
        """

    def training_step(self, batch: Any, batch_idx: int) -> None:
        """Runs ``adversarial_step`` as one global step. Not for overriding."""
        self._check_losses()
        seed_generators(derive_seed(run_seed(), self.global_step, self.global_rank), self.device)
        with self._uncounted_optimizer_steps(), self._unsynchronised_backward():
            self.adversarial_step(batch)
        self._average_buffers()
        progress = self.trainer.fit_loop.epoch_loop.manual_optimization.optim_step_progress
        progress.increment_ready()
        progress.increment_completed()  # this counter is trainer.global_step

    def predict_step(self, batch: Any, batch_idx: int) -> dict[str, Tensor]:
        """Renders a batch."""
        return self.render(batch)

    def minimize(self, loss: Tensor | Iterable[Tensor], optimizer: LightningOptimizer) -> None:
        """One optimiser step down the gradient of ``loss``, averaged over the processes of a distributed run.

        Args:
            loss: A scalar; or scalars whose sum is meant. From a generator, each one's graph is freed before the next
                one is made, which is all the difference it makes.
            optimizer: What steps.
        """
        optimizer.zero_grad()
        for part in [loss] if isinstance(loss, Tensor) else loss:
            with torch.autocast(self.device.type, enabled=False):  # in the precision that each part was computed in
                self.manual_backward(part)
        if self._distributed:
            groups = optimizer.param_groups
            _average([p.grad for group in groups for p in group["params"] if p.grad is not None])
        optimizer.step()

    def log_losses(self, losses: dict[str, Tensor]) -> None:
        """Logs a training step's losses and has them checked to be finite before the next step or checkpoint."""
        self._unchecked_losses = {name: loss.detach() for name, loss in losses.items()}
        self.log_dict(dict(self._unchecked_losses), prog_bar=True)

    def keep_per_process(self, **states: Stateful) -> None:
        """Has a checkpoint keep what differs from process to process, such as an image pool.

        A run resumed with more processes than it had shares out what there is.
        """
        self._per_process |= states

    def scale_learning_rates(self, factor: float) -> None:
        """Sets every optimiser to its configured settings, its learning rate times ``factor``.

        What a checkpoint says of them gives way: the configuration at hand is what the user asked for.
        """
        for optimizer in self.trainer.optimizers:
            for group in optimizer.param_groups:
                group.update(optimizer.defaults)
                group["lr"] = optimizer.defaults["lr"] * factor

    def on_fit_start(self) -> None:
        """Refuses a distributed run whose processes do not know of each other."""
        trainer = self.trainer
        wanted = trainer.num_nodes * trainer.num_devices
        started = int(os.environ.get("WORLD_SIZE", trainer.world_size))  # torchrun's word for it
        if not started == trainer.world_size == wanted:
            raise ConfigurationError(
                f"{started} processes were started and {trainer.world_size} know of each other, but "
                f"trainer.num_nodes x trainer.devices is {wanted}: start one process a device, or correct those two"
            )
        if isinstance(trainer.model, DistributedDataParallel):
            trainer.model.require_forward_param_sync = False  # buffers are averaged in training_step

    def on_train_start(self) -> None:
        """Sets what every epoch sets at its start: resumed in the middle of one, Lightning does not begin it."""
        self.on_train_epoch_start()

    def on_validation_batch_start(self, batch: Any, batch_idx: int, dataloader_idx: int = 0) -> None:
        """Makes what is random in an evaluated batch the same at every evaluation."""
        seed_generators(derive_seed(run_seed(), batch_idx, self.global_rank), self.device)

    on_test_batch_start = on_validation_batch_start
    on_predict_batch_start = on_validation_batch_start

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Refuses to save what is not finite, so that the last good checkpoint stays the last."""
        self._check_losses()
        if self._per_process:
            mine = {name: state.state_dict() for name, state in self._per_process.items()}
            checkpoint["per_process"] = gather(mine)
        for name, parameter in self.named_parameters():
            if not parameter.isfinite().all():
                raise NonFiniteLossError(f"{name} is not finite after step {self.global_step}. {_REMEDY}")

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Takes over this process's own state."""
        kept = checkpoint.get("per_process", [])
        for name, state in self._per_process.items():
            if kept:
                state.load_state_dict(kept[self.global_rank % len(kept)][name])

    @property
    def _distributed(self) -> bool:
        return dist.is_available() and dist.is_initialized() and dist.get_world_size() > 1

    def _check_losses(self) -> None:
        """Looks at the previous step's losses, on all processes at once: one alone would leave the others waiting."""
        losses, self._unchecked_losses = self._unchecked_losses, {}
        if not losses:
            return
        finite = bool(torch.stack([loss.float() for loss in losses.values()]).isfinite().all())
        if self.trainer.strategy.reduce_boolean_decision(finite, all=True):
            return
        bad = [f"{name} is {loss.item()}" for name, loss in losses.items() if not loss.isfinite()]
        what = " and ".join(bad) or "a loss of another process is not finite"
        raise NonFiniteLossError(f"{what} at step {self.global_step - 1}. {_REMEDY}")

    @contextmanager
    def _uncounted_optimizer_steps(self) -> Iterator[None]:
        """Keeps Lightning from counting every optimiser step as a global step."""
        optimizers = self.optimizers()
        optimizers = optimizers if isinstance(optimizers, list) else [optimizers]
        hooks = [(optimizer._on_before_step, optimizer._on_after_step) for optimizer in optimizers]
        for optimizer in optimizers:
            optimizer._on_before_step = optimizer._on_after_step = do_nothing_closure
        try:
            yield
        finally:
            for optimizer, (before, after) in zip(optimizers, hooks, strict=True):
                optimizer._on_before_step, optimizer._on_after_step = before, after

    def _unsynchronised_backward(self) -> Any:
        """Keeps DDP from reducing gradients itself: it would want every network in every backward pass."""
        model = self.trainer.model
        return model.no_sync() if isinstance(model, DistributedDataParallel) else nullcontext()

    def _average_buffers(self) -> None:
        if self._distributed:
            _average([buffer for buffer in self.buffers() if buffer.is_floating_point()])


_REMEDY = "No checkpoint was overwritten; resume from the last one, with a lower learning rate if it happens again."


def gather(mine: Any) -> list[Any]:
    """Every process's value, in the order of ranks."""
    if not (dist.is_available() and dist.is_initialized()):
        return [mine]
    values: list[Any] = [None] * dist.get_world_size()
    dist.all_gather_object(values, mine)
    return values


def _average(tensors: list[Tensor]) -> None:
    """Replaces each tensor by its mean over all processes, in one message for each type of number."""
    for dtype in {tensor.dtype for tensor in tensors}:
        alike = [tensor for tensor in tensors if tensor.dtype == dtype]
        flat = torch.cat([tensor.flatten() for tensor in alike])
        dist.all_reduce(flat)
        flat /= dist.get_world_size()
        for tensor, mean in zip(alike, flat.split([tensor.numel() for tensor in alike]), strict=True):
            tensor.copy_(mean.view_as(tensor))


def fused_adam(parameters: Any, lr: float, betas: tuple[float, float]) -> Optimizer:
    """Adam in one pass over the weights: the same maths as the plain loop, several times faster on every device."""
    return torch.optim.Adam(parameters, lr=lr, betas=betas, fused=True)
