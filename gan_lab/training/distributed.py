"""What the processes of a run say to each other: the one place that talks to ``torch.distributed``.

Values of the host (flags, lists) travel through a group of the CPU, so that no process waits for its device.
"""

import os
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from functools import lru_cache
from typing import Any, TypeVar

import torch
import torch.distributed as dist
from lightning.pytorch import Trainer
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel

from gan_lab.errors import require

T = TypeVar("T")


def is_distributed() -> bool:
    """Whether there is another process."""
    return dist.is_available() and dist.is_initialized() and dist.get_world_size() > 1


def gather(mine: T) -> list[T]:
    """Every process's value, anything that can be pickled, in the order of ranks; all processes must call it."""
    if not is_distributed():
        return [mine]
    values: list[T | None] = [None] * dist.get_world_size()
    dist.all_gather_object(values, mine, group=_host_group(dist.group.WORLD))
    return values  # type: ignore[return-value]  # filled by now


def any_process(flag: bool) -> bool:
    """Whether any process says so; all processes must call it."""
    if not is_distributed():
        return flag
    count = torch.tensor(int(flag))
    dist.all_reduce(count, group=_host_group(dist.group.WORLD))
    return bool(count)


def average(tensors: Sequence[Tensor]) -> None:
    """Replaces each tensor by its mean over all processes, in one message for each type of number.

    The types come in the order in which the tensors have them, which is the same on all processes.
    """
    if not is_distributed():
        return
    for dtype in dict.fromkeys(tensor.dtype for tensor in tensors):
        alike = [tensor for tensor in tensors if tensor.dtype == dtype]
        flat = torch.cat([tensor.flatten() for tensor in alike])
        dist.all_reduce(flat)
        flat /= dist.get_world_size()
        for tensor, mean in zip(alike, flat.split([tensor.numel() for tensor in alike]), strict=True):
            tensor.copy_(mean.view_as(tensor))


def average_gradients(parameters: Sequence[nn.Parameter]) -> None:
    """Replaces each gradient by its mean over all processes, in which one that a process lacks counts as zero.

    What has a gradient nowhere keeps none, so that an optimizer passes it over.

    Args:
        parameters: The same ones on all processes, whether they have gradients or not.
    """
    if not is_distributed():
        return
    there = torch.tensor([parameter.grad is not None for parameter in parameters], dtype=torch.uint8)
    dist.all_reduce(there, dist.ReduceOp.MAX, group=_host_group(dist.group.WORLD))
    gradients = []
    for parameter, somewhere in zip(parameters, there.tolist(), strict=True):
        if somewhere:
            parameter.grad = torch.zeros_like(parameter) if parameter.grad is None else parameter.grad
            gradients.append(parameter.grad)
    average(gradients)


def without_reduction(model: object) -> AbstractContextManager[None]:
    """Keeps DDP from reducing gradients itself: it would want every network in every backward pass."""
    return model.no_sync() if isinstance(model, DistributedDataParallel) else nullcontext()


def require_acquaintance(trainer: Trainer) -> None:
    """Refuses a run whose processes do not know of each other.

    Raises:
        ConfigurationError: If other processes were started than ``trainer.num_nodes`` and ``trainer.devices`` say.
    """
    wanted = trainer.num_nodes * trainer.num_devices
    started = int(os.environ.get("WORLD_SIZE", trainer.world_size))  # torchrun's word for it
    require(
        started == trainer.world_size == wanted,
        f"{started} processes were started and {trainer.world_size} know of each other, but "
        f"trainer.num_nodes x trainer.devices is {wanted}: start one process a device, or correct those two",
    )


def require_equal(number: float, what: str) -> None:
    """Refuses a run in which a number differs from process to process; all processes must call it.

    Raises:
        ConfigurationError: On every process, with all numbers, if it does.
    """
    numbers = gather(number)
    listed = ", ".join(f"{number:g}" for number in numbers)
    require(len(set(numbers)) == 1, f"processes have {listed} {what}: give all of them as many, or the same data")


def leave_buffers_alone(trainer: Trainer) -> None:
    """Has DDP leave buffers to :func:`average`."""
    if isinstance(trainer.model, DistributedDataParallel):
        trainer.model.require_forward_param_sync = False


@lru_cache(maxsize=1)
def _host_group(world: Any) -> Any:
    """A group over the CPU of all processes; made by the first message, which all of them send."""
    return world if dist.get_backend(world) == "gloo" else dist.new_group(backend="gloo")
