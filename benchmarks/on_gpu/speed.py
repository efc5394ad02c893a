"""How fast a paper trains, in how much memory, and how many images a step fit."""

import gc
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import cycle
from typing import Any
from unittest.mock import patch

import torch
from torch.nn import functional as F

from benchmarks.on_gpu.papers import PAPERS, over_tensors
from benchmarks.on_gpu.plain_loops import PLAIN_LOOPS
from benchmarks.on_gpu.stopwatch import Plan, Stopwatch
from benchmarks.on_gpu.training import train
from gan_lab.networks import resampling

_NO_ROOM = (
    "out of memory",
    "ALLOC_FAILED",
    "unable to find an engine",
    "32-bit index",
    "canUse32BitIndexMath",
)  # what CUDA's libraries say then


@dataclass(frozen=True)
class Setting:
    """How our steps are computed.

    Attributes:
        trainer: Options of Lightning's Trainer.
        tf32: Whether matrix products may be rounded to TF32, as convolutions are by torch's default.
        channels_last: Whether networks and images are laid out so.
        compiled: The mode in which networks without second derivatives are compiled in place, if they are.
    """

    trainer: dict[str, Any] = field(default_factory=dict)
    tf32: bool = False
    channels_last: bool = False
    compiled: str | None = None


_FAST = {"benchmark": True}
_HALF = _FAST | {"precision": "bf16-mixed"}
SETTINGS: dict[str, Setting] = {
    "eager": Setting(),
    "tf32": Setting(_FAST, tf32=True),
    "bf16": Setting(_HALF, tf32=True, channels_last=True),
    "compiled": Setting(_HALF, tf32=True, channels_last=True, compiled="default"),
    "graphs": Setting(_FAST, tf32=True, compiled="reduce-overhead"),
    "bf16_graphs": Setting(_HALF, tf32=True, channels_last=True, compiled="reduce-overhead"),
}


def plan(tiny: bool) -> Plan:
    """How long to measure."""
    return Plan(warm_up=3, seconds=0.0, least=3, most=3, watched=2) if tiny else Plan()


def plain_speed(name: str, tiny: bool, device: torch.device) -> dict[str, Any]:
    """The reference's plain loop on our networks, with autograd's own second derivatives."""
    torch.backends.cudnn.benchmark = True
    paper, loop = PAPERS[name], PLAIN_LOOPS[name]
    batches = [over_tensors(batch, lambda x: x.to(device)) for batch in paper.batches(4, tiny)]
    step = loop.of(paper.build(tiny).to(device).train())
    with patch.object(resampling, "convolve", F.conv2d), Stopwatch(device, plan(tiny)) as watch:
        for index, batch in enumerate(cycle(batches)):
            watch.tick()
            if watch.done:
                break
            losses = step(batch)
            if index % loop.reads_every == 0:
                for loss in losses:
                    loss.item()
    return _with_images_a_second(watch.figures(), paper.size(tiny).batch)


def our_speed(name: str, tiny: bool, device: torch.device, setting: str) -> dict[str, Any]:
    """Our steps in a setting."""
    paper, chosen = PAPERS[name], SETTINGS[setting]
    module, batches = paper.build(tiny), paper.batches(4, tiny)
    torch.set_float32_matmul_precision("high" if chosen.tf32 else "highest")
    if chosen.channels_last:
        module.to(memory_format=torch.channels_last)
        batches = [over_tensors(batch, _in_channels_last) for batch in batches]
    if chosen.compiled is not None:
        with_inductor = device.type == "cuda"  # elsewhere only what comes before it is tried
        how: dict[str, Any] = {"mode": chosen.compiled} if with_inductor else {"backend": "aot_eager"}
        for network in paper.networks_to_compile(module):
            network.compile(**how)
    graphs = chosen.compiled == "reduce-overhead" and device.type == "cuda"
    with Stopwatch(device, plan(tiny)) as watch:
        train(module, batches, device, watch, graphs=graphs, **chosen.trainer)
    return _with_images_a_second(watch.figures(), paper.size(tiny).batch)


def largest_batch(name: str, tiny: bool, device: torch.device, seconds: float) -> dict[str, Any]:
    """The most images a step that fit in the device's memory, in float32, as far as ``seconds`` allow to try."""
    deadline = time.monotonic() + seconds
    start = PAPERS[name].size(tiny).batch
    most = 4 * start if device.type != "cuda" else 2**16  # the CPU's memory is not to be filled
    largest, too_large = search(lambda batch: _fits(name, tiny, device, batch), start, most, deadline)
    return {"largest_batch": largest, "too_large": too_large}


def search(fits: Callable[[int], bool], start: int, most: int, deadline: float) -> tuple[int, int | None]:
    """Finds the largest number that fits to an eighth: by doubling, then by halving what is left between.

    Args:
        fits: Whether a number does.
        start: Where to begin.
        most: Where to end.
        deadline: When, by ``time.monotonic``, no further number is tried.

    Returns:
        The largest that fitted, 0 for none, and the smallest that did not, None if all did.
    """
    largest, too_large = 0, None
    candidate: int | None = start
    while candidate is not None and time.monotonic() < deadline:
        if fits(candidate):
            largest = candidate
        else:
            too_large = candidate
        if too_large is None:
            candidate = 2 * largest if 2 * largest <= most else None
        elif too_large - largest > max(1, largest // 8):
            candidate = (largest + too_large) // 2
        else:
            candidate = None
    return largest, too_large


def _fits(name: str, tiny: bool, device: torch.device, batch: int) -> bool:
    """Whether two steps of so many images go through; whatever they held is given back."""
    paper = PAPERS[name]
    fits = True
    try:
        train(paper.build(tiny, batch), 2 * paper.batches(1, tiny, batch), device)
    except RuntimeError as error:  # of which torch.OutOfMemoryError is one
        if not any(word in str(error) for word in _NO_ROOM):
            raise
        fits = False
    gc.collect()
    if device.type == "cuda":  # when the error, and with it the frames that hold tensors, is gone
        torch.cuda.empty_cache()
    return fits


def _in_channels_last(x: torch.Tensor) -> torch.Tensor:
    return x.to(memory_format=torch.channels_last) if x.dim() == 4 else x


def _with_images_a_second(figures: dict[str, Any], batch: int) -> dict[str, Any]:
    return figures | {"batch": batch, "images_per_s": 1000 * batch / figures["ms"]}
