"""All that is measured of a paper, by name, in the order of its worth."""

import gc
import os
import platform
import sys
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import lightning
import torch

from benchmarks.on_gpu import checks, speed


@dataclass(frozen=True)
class Measure:
    """One of the measurements.

    Attributes:
        run: Makes it, of a paper, tiny or not, on a device.
        seconds: After how many it is given up.
        title: What it is called in the table.
        deterministic: Whether it asks for deterministic algorithms, for which cuBLAS is set up when a process begins.
        compiles: Whether networks are compiled for it.
    """

    run: Callable[[str, bool, torch.device], dict[str, Any]]
    seconds: float
    title: str
    deterministic: bool = False
    compiles: bool = False


def _check(of: Callable[[str, torch.device], dict[str, Any]]) -> Callable[[str, bool, torch.device], dict[str, Any]]:
    return lambda name, tiny, device: of(name, device)


def _speed(setting: str) -> Callable[[str, bool, torch.device], dict[str, Any]]:
    return partial(speed.our_speed, setting=setting)


MEASURES: dict[str, Measure] = {
    "agreement": Measure(_check(checks.agreement), 60, "off float64", deterministic=True),
    "repeatability": Measure(_check(checks.repeatability), 60, "repeats", deterministic=True),
    "waits": Measure(_check(checks.waits), 60, "waits", deterministic=True),
    "plain": Measure(speed.plain_speed, 60, "plain loop"),
    "eager": Measure(_speed("eager"), 60, "eager float32"),
    "tf32": Measure(_speed("tf32"), 60, "benchmark, TF32"),
    "bf16": Measure(_speed("bf16"), 60, "bf16, channels_last"),
    "graphs": Measure(_speed("graphs"), 120, "TF32, CUDA graphs", compiles=True),
    "compiled": Measure(_speed("compiled"), 120, "bf16, compiled", compiles=True),
    "largest_batch": Measure(partial(speed.largest_batch, seconds=15.0), 60, "largest batch"),
    "bf16_graphs": Measure(_speed("bf16_graphs"), 120, "bf16, CUDA graphs", compiles=True),
}


def described(device: torch.device) -> dict[str, Any]:
    """The machine and its software."""
    about: dict[str, Any] = {"device": platform.processor() or platform.machine()}
    if device.type == "cuda":
        card = torch.cuda.get_device_properties(device)
        about |= {"device": card.name, "memory_gib": card.total_memory / 2**30}
        about |= {"capability": f"{card.major}.{card.minor}", "cudnn": torch.backends.cudnn.version()}
    return about | {
        "torch": torch.__version__,
        "cuda": torch.version.cuda,
        "lightning": lightning.__version__,
        "python": platform.python_version(),
        "cores": os.cpu_count(),
    }


def measured(measure: str, paper: str, tiny: bool, device: torch.device) -> dict[str, Any]:
    """Makes a measurement from a clean slate.

    Returns:
        Its figures; or ``error`` and ``traceback`` of what it failed with, and whether the process is of no more use
        (``broken``).
    """
    _clean_slate(device)
    try:
        return MEASURES[measure].run(paper, tiny, device)
    except Exception as error:  # whatever it is, the other measurements go on
        found: dict[str, Any] = {
            "error": f"{type(error).__name__}: {error}".splitlines()[0][:300],
            "traceback": traceback.format_exc()[-6000:],
        }
    return found | {"broken": not _usable(device)}


def _clean_slate(device: torch.device) -> None:
    """Torch's settings as they are by default, and memory as free as it can be."""
    torch.set_float32_matmul_precision("highest")
    torch.backends.cudnn.benchmark = torch.backends.cudnn.deterministic = False
    torch.use_deterministic_algorithms(False)
    if "torch._dynamo" in sys.modules:
        torch._dynamo.reset()
    gc.collect()
    if device.type == "cuda":
        torch.cuda.set_sync_debug_mode("default")
        torch.cuda.empty_cache()


def _usable(device: torch.device) -> bool:
    """Whether the device still does what it is told: some errors leave none of its memory readable."""
    try:
        if device.type == "cuda":
            torch.cuda.synchronize(device)
    except RuntimeError:
        return False
    return True
