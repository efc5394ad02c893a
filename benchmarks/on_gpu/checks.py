"""Whether a device computes what the papers say: against the CPU in double precision, and the same every time."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F
from torch.overrides import TorchFunctionMode

from benchmarks.on_gpu.papers import PAPERS
from benchmarks.on_gpu.stopwatch import Plan, Stopwatch
from benchmarks.on_gpu.training import train
from gan_lab.modules import GANModule

TOLERANCE = 1e-3  # relative, of each loss of a step in float32


def agreement(name: str, device: torch.device) -> dict[str, Any]:
    """A step's losses in float32 on the device, without TF32, against the CPU's in float64, by the same noise."""
    allowed = torch.backends.cudnn.allow_tf32
    torch.backends.cudnn.allow_tf32 = False
    try:
        with SameDraws():
            ours, _ = _steps(name, device, 1, torch.float32)
            exact, _ = _steps(name, torch.device("cpu"), 1, torch.float64)
    finally:
        torch.backends.cudnn.allow_tf32 = allowed
    errors = {loss: abs(ours[0][loss] - value) / max(abs(value), 1e-30) for loss, value in exact[0].items()}
    return {
        "passed": all(error < TOLERANCE for error in errors.values()),
        "worst": max(errors.values()),
        "errors": errors,
        "losses": ours[0],
    }


def repeatability(name: str, device: torch.device) -> dict[str, Any]:
    """Whether three steps end with the same weights and losses, bit by bit, when they are made again."""
    first, second = (_steps(name, device, 3, torch.float32, deterministic=True) for _ in range(2))
    torch.use_deterministic_algorithms(False)
    differing = [key for key, value in first[1].items() if not torch.equal(value, second[1][key])]
    return {"passed": first[0] == second[0] and not differing, "differing": differing, "losses": [first[0], second[0]]}


def waits(name: str, device: torch.device) -> dict[str, Any]:
    """Where steady steps have the host wait for the device, if anywhere; then torch is asked to raise there."""
    figures: dict[str, Any] = {}
    for on_wait in ("warn", "error"):
        plan = Plan(warm_up=4, seconds=0.0, least=1, most=1, watched=5, on_wait=on_wait)
        paper = PAPERS[name]
        with Stopwatch(device, plan) as watch:
            train(paper.build(tiny=True), paper.batches(4, tiny=True), device, watch)
        figures = watch.figures()
        if figures["waits"] or device.type != "cuda":
            break
    return {"waits": figures["waits"], "waits_at": figures["waits_at"]}


def _steps(
    name: str, device: torch.device, count: int, dtype: torch.dtype, **settings: Any
) -> tuple[list[dict[str, float]], dict[str, Tensor]]:
    """The losses of some steps of a tiny module, and its weights after them."""
    paper = PAPERS[name]
    module = paper.build(tiny=True).to(dtype)
    precision = "64-true" if dtype == torch.float64 else "32-true"
    with noted_losses(module) as noted:
        train(module, paper.batches(count, tiny=True, dtype=dtype), device, precision=precision, **settings)
    losses = [{loss: value.item() for loss, value in of_step.items()} for of_step in noted]
    return losses, {key: value.cpu() for key, value in module.state_dict().items()}


@contextmanager
def noted_losses(module: GANModule) -> Iterator[list[dict[str, Tensor]]]:
    """Within, notes what a module logs of its steps' losses."""
    noted: list[dict[str, Tensor]] = []
    log = module.log_losses

    def note(losses: dict[str, Tensor]) -> None:
        noted.append({name: loss.detach().clone() for name, loss in losses.items()})
        log(losses)

    module.log_losses = note  # type: ignore[method-assign]
    yield noted


class SameDraws(TorchFunctionMode):
    """While it is active, random numbers and dropout's masks are drawn on the CPU, the same ones for every device."""

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: dict[str, Any] | None = None) -> Any:
        """Draws on the CPU; does all else as it is asked to."""
        given = dict(kwargs or {})
        if func in (torch.randn, torch.rand):
            device = given.pop("device", None)
            return func(*args, **given, device="cpu").to(device or "cpu")
        if func is F.dropout:
            return _dropout(*args, **given)
        return func(*args, **given)


def _dropout(x: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    if not training:
        return x
    kept = torch.rand(x.shape, dtype=torch.float32, device="cpu") >= p
    return x * kept.to(x.device) / (1 - p)
