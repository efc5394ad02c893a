"""Training steps compared: each variant in a process of its own, all in turn, twice."""

import json
import statistics
import subprocess
import sys
from collections.abc import Callable, Sequence
from typing import Any

import torch
from lightning.pytorch import Callback, Trainer

from benchmarks.measure import Clock, peak_memory_gib, spread
from gan_lab.datamodules import GANDataModule
from gan_lab.modules import GANModule
from gan_lab.training.allocator import keep_freed_pages

Figures = dict[str, Any]  # wall and cpu: seconds of each step; peak: GiB; whatever else a variant tells


def compare(
    benchmark: str, title: str, variants: Sequence[str], measure: Callable[[str, int], Figures], steps: int
) -> dict[str, list[Figures]]:
    """Measures and prints the table; the first variant is ours, and set against each of the others.

    Called with a variant on the command line (``python -m <benchmark> STEPS VARIANT``), measures that one and exits.

    Args:
        benchmark: The module's name, to be run with ``python -m``.
        title: What is measured.
        variants: Names, ours first.
        measure: Runs a variant for some steps after the warm-up.
        steps: How many, if the command line does not say.
    """
    if len(sys.argv) > 2:
        print(json.dumps(measure(sys.argv[2], int(sys.argv[1]))))
        sys.exit()
    steps = int(sys.argv[1]) if len(sys.argv) > 1 else steps
    results: dict[str, list[Figures]] = {variant: [] for variant in variants}
    for _ in range(2):
        for variant in variants:
            command = [sys.executable, "-m", benchmark, str(steps), variant]
            done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
            results[variant].append(json.loads(done.stdout.splitlines()[-1]))
    print(f"{title}, {torch.get_num_threads()} threads; median (range) over all steps:")
    width = max(map(len, variants))
    print(f"  {'':{width}} {'wall s':24} {'CPU s':24} peak GiB")
    for variant, runs in results.items():
        wall, cpu = (pooled(runs, clock) for clock in ("wall", "cpu"))
        print(f"  {variant:{width}} {spread(wall):24} {spread(cpu):24} {max(run['peak'] for run in runs):.2f}")
    ours, *others = variants
    for other in others:
        ratios = (
            statistics.median(pooled(results[ours], clock)) / statistics.median(pooled(results[other], clock))
            for clock in ("wall", "cpu")
        )
        print("  {} / {}: wall {:.3f}, CPU {:.3f}".format(ours, other, *ratios))
    return results


def pooled(runs: Sequence[Figures], name: str) -> list[float]:
    """A figure of all steps of all runs."""
    return [value for run in runs for value in run[name]]


class StepClock(Callback):
    """Times steps from end to end, and the waiting for data in them.

    Args:
        warm_up: Steps at the start that do not count.
    """

    def __init__(self, warm_up: int) -> None:
        self.warm_up = warm_up
        self.wall: list[float] = []
        self.cpu: list[float] = []
        self.data: list[float] = []

    def on_train_start(self, trainer: Trainer, pl_module: Any) -> None:
        """Begins to watch."""
        self._end = Clock.now()

    def on_train_batch_start(self, trainer: Trainer, pl_module: Any, batch: Any, batch_idx: int) -> None:
        """The batch is there."""
        self._waited = self._end.since().wall

    def on_train_batch_end(self, trainer: Trainer, pl_module: Any, outputs: Any, batch: Any, batch_idx: int) -> None:
        """The step is done."""
        if batch_idx >= self.warm_up:
            step = self._end.since()
            self.wall.append(step.wall)
            self.cpu.append(step.cpu)
            self.data.append(self._waited)
        self._end = Clock.now()

    def figures(self) -> Figures:
        """What has been measured so far."""
        return {"wall": self.wall, "cpu": self.cpu, "data": self.data, "peak": peak_memory_gib()}


def train_with_lightning(module: GANModule, data: GANDataModule, clock: StepClock, steps: int) -> None:
    """What the command runs, for some steps after the warm-up."""
    keep_freed_pages()
    trainer = Trainer(
        accelerator="cpu",
        devices=1,
        max_steps=clock.warm_up + steps,
        limit_val_batches=0,
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        use_distributed_sampler=False,
        callbacks=[clock],
    )
    trainer.fit(module, datamodule=data)


def train_bare(step: Callable[[Any], None], data: GANDataModule, warm_up: int, steps: int) -> Figures:
    """A loop around ``step`` without Lightning, over the same batches."""
    wall, cpu = [], []
    start = Clock.now()
    for index, batch in zip(range(warm_up + steps), data.train_dataloader(), strict=False):
        step(data.on_after_batch_transfer(batch, 0))
        if index >= warm_up:
            elapsed = start.since()
            wall.append(elapsed.wall)
            cpu.append(elapsed.cpu)
        start = Clock.now()
    return {"wall": wall, "cpu": cpu, "peak": peak_memory_gib()}
