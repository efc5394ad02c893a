"""The precisions of ``trainer.precision``: which ones runs compute in, and why others are refused."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from lightning.pytorch import LightningModule
from lightning.pytorch.plugins.precision import DoublePrecision, MixedPrecision, Precision
from torchmetrics import Metric

from gan_lab.errors import ConfigurationError, require

ALIASES = {"32": "32-true", "64": "64-true", "16": "16-mixed", "bf16": "bf16-mixed"}  # Lightning's
ALLOWED: dict[str, type[Precision]] = {
    "32-true": Precision,
    "64-true": DoublePrecision,
    "bf16-mixed": MixedPrecision,
    "16-mixed": MixedPrecision,
}
_ADVICE = "set bf16-mixed, which computes in bfloat16 and keeps float32 weights"
_SIGNIFICANT_BITS = {"bf16-true": 8, "16-true": 11}


def require_precision(precision: str | int | None, accelerator: object = "auto") -> None:
    """Refuses a choice of ``trainer.precision`` that would train or measure wrongly, or other than it says.

    ``16-true`` and ``bf16-true`` round the weights: Adam's steps, its second moment (which shrinks by 0.1 % a step) and
    averaged weights would stay where they are, and pixel coordinates be rounded to several pixels. Lightning quietly
    takes ``bf16-mixed`` for ``16-mixed`` on the CPU.

    Args:
        precision: As ``trainer.precision`` has it, a number or an older name too; None for ``32-true``.
        accelerator: As ``trainer.accelerator`` has it.

    Raises:
        ConfigurationError: If it is not allowed, naming one that is.
    """
    name = "32-true" if precision is None else ALIASES.get(str(precision), str(precision))
    if name in _SIGNIFICANT_BITS:
        raise ConfigurationError(
            f"trainer.precision {name} keeps weights and coordinates in {_SIGNIFICANT_BITS[name]} significant bits, in "
            f"which steps of training and averages of weights are lost: {_ADVICE}"
        )
    require(name in ALLOWED, f"trainer.precision {name} is for transformers, of which there is none here: {_ADVICE}")
    on_cpu = accelerator == "cpu" or (accelerator == "auto" and not torch.accelerator.is_available())
    require(name != "16-mixed" or not on_cpu, "trainer.precision 16-mixed is for GPUs, not for the CPU: set bf16-mixed")


def require_plugin(plugin: Precision) -> None:
    """Refuses a precision that came to a Trainer by whatever way.

    Raises:
        ConfigurationError: If it is none of the precisions allowed.
    """
    require_precision(plugin.precision, accelerator=None)
    name, allowed = type(plugin).__name__, ", ".join(ALLOWED)
    require(
        type(plugin) in ALLOWED.values(), f"precision by {name} is not known here: set trainer.precision to {allowed}"
    )


@contextmanager
def fresh_casts() -> Iterator[None]:
    """Within, autocast rounds a weight anew each time it is used.

    Rounded weights that it kept would be of before an optimizer's step, or without gradients if none were wanted when
    they were first used, and would sum up their gradients in half precision.
    """
    kept = torch.is_autocast_cache_enabled()
    torch.set_autocast_cache_enabled(False)
    try:
        yield
    finally:
        torch.set_autocast_cache_enabled(kept)


def sum_in_precision_of(module: LightningModule) -> None:
    """Has metrics sum up in double where the weights are double, which torchmetrics leaves to be asked for."""
    if module.dtype == torch.float64:
        for metric in module.modules():
            if isinstance(metric, Metric):
                metric.to(torch.float64)
