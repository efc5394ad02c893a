"""The training step of the paper's Pix2Pix (256 pixels, batch 1), part by part, and against two bare loops.

    python -m benchmarks.pix2pix_step [STEPS]

``gan-lab`` is what ``gan-lab fit`` runs. ``bare loop`` makes the same two updates with the same networks, optimiser and
allocator without Lightning: the difference is the framework's price. ``reference's recipe`` is that loop as the
authors' PyTorch code has it, with Adam's plain loop over tensors and freed pages handed back to the system. Each runs
in its own process, all in turn, twice.
"""

import json
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import torch
from lightning.pytorch import Callback, Trainer
from torch.nn import functional as F

from benchmarks.data_pipeline import enlarged_emoji
from benchmarks.measure import Clock, peak_memory_gib, spread
from gan_lab.allocator import keep_freed_pages
from gan_lab.datamodules import PairedFolderDataModule
from gan_lab.losses import discriminator_loss, generator_loss
from gan_lab.modules import Pix2PixModule
from gan_lab.networks.layers import frozen

WARM_UP = 3
VARIANTS = ("gan-lab", "bare loop", "reference's recipe")


def main() -> None:
    """Measures every variant, or one when it is named."""
    if len(sys.argv) > 2:
        print(json.dumps(measure(sys.argv[2], int(sys.argv[1]))))
        return
    steps = sys.argv[1] if len(sys.argv) > 1 else "9"
    results: dict[str, list[dict[str, Any]]] = {variant: [] for variant in VARIANTS}
    for _ in range(2):
        for variant in VARIANTS:
            command = [sys.executable, "-m", "benchmarks.pix2pix_step", steps, variant]
            done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
            results[variant].append(json.loads(done.stdout.splitlines()[-1]))
    report(results)


def report(results: dict[str, list[dict[str, Any]]]) -> None:
    """Prints the table."""
    print(f"pix2pix, U-Net 256, batch 1, {torch.get_num_threads()} threads; median (range) over all steps:")
    print(f"  {'':20} {'wall s':24} {'CPU s':24} peak GiB")
    medians: dict[str, tuple[float, float]] = {}
    for variant, runs in results.items():
        wall, cpu = ([value for run in runs for value in run[clock]] for clock in ("wall", "cpu"))
        medians[variant] = statistics.median(wall), statistics.median(cpu)
        peak = max(run["peak"] for run in runs)
        print(f"  {variant:20} {spread(wall):24} {spread(cpu):24} {peak:.2f}")
    ours, bare, reference = (medians[variant] for variant in VARIANTS)
    print(f"  gan-lab / bare loop: wall {ours[0] / bare[0]:.3f}, CPU {ours[1] / bare[1]:.3f}")
    print(f"  gan-lab / reference's recipe: wall {ours[0] / reference[0]:.3f}, CPU {ours[1] / reference[1]:.3f}")
    parts = {
        part: statistics.median(value for run in results["gan-lab"] for value in run[part])
        for part in ("data", "generator", "discriminator")
    }
    parts["the rest"] = ours[0] - sum(parts.values())
    print("  gan-lab's wall seconds: " + ", ".join(f"{part} {seconds:.3f}" for part, seconds in parts.items()))


def measure(variant: str, steps: int) -> dict[str, Any]:
    """Runs one variant; seconds of each step on the wall and of the CPU, and the peak memory."""
    with tempfile.TemporaryDirectory() as scratch:
        for split in ("train", "val"):
            (Path(scratch) / split).mkdir()
        enlarged_emoji(Path(scratch) / "train")
        data = PairedFolderDataModule(Path(scratch), num_workers=0)
        if variant == "gan-lab":
            return train_with_lightning(data, steps)
        return train_bare(data, steps, plain=variant == "reference's recipe")


class Stopwatch(Callback):
    """Times steps from end to end, and within them the waiting for data and each network's share."""

    def __init__(self) -> None:
        self.wall: list[float] = []
        self.cpu: list[float] = []
        self.data: list[float] = []
        self.generator: list[float] = []
        self.discriminator: list[float] = []

    def on_train_start(self, trainer: Trainer, pl_module: Any) -> None:
        """Begins to watch; forward and both updates report to it."""
        self._end = Clock.now()
        minimize = pl_module.minimize

        def timed(loss: Any, optimizer: Any) -> None:
            minimize(loss, optimizer)
            self._updates.append(Clock.now().wall)

        pl_module.minimize = timed
        pl_module.generator.register_forward_hook(lambda *_: self._updates.append(Clock.now().wall))

    def on_train_batch_start(self, trainer: Trainer, pl_module: Any, batch: Any, batch_idx: int) -> None:
        """The batch is there."""
        self._waited = self._end.since().wall
        self._updates = [Clock.now().wall]

    def on_train_batch_end(self, trainer: Trainer, pl_module: Any, outputs: Any, batch: Any, batch_idx: int) -> None:
        """The step is done: forward, the discriminator's update, the generator's update."""
        start, forward, discriminator, generator = self._updates
        if batch_idx >= WARM_UP:
            step = self._end.since()
            self.wall.append(step.wall)
            self.cpu.append(step.cpu)
            self.data.append(self._waited)
            self.generator.append(forward - start + generator - discriminator)
            self.discriminator.append(discriminator - forward)
        self._end = Clock.now()


def train_with_lightning(data: PairedFolderDataModule, steps: int) -> dict[str, Any]:
    """What the command runs."""
    keep_freed_pages()
    watch = Stopwatch()
    trainer = Trainer(
        accelerator="cpu",
        devices=1,
        max_steps=steps + WARM_UP,
        limit_val_batches=0,
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        use_distributed_sampler=False,
        callbacks=[watch],
    )
    trainer.fit(Pix2PixModule(), datamodule=data)
    figures = {name: getattr(watch, name) for name in ("wall", "cpu", "data", "generator", "discriminator")}
    return figures | {"peak": peak_memory_gib()}


def train_bare(data: PairedFolderDataModule, steps: int, plain: bool) -> dict[str, Any]:
    """The same two updates in a loop."""
    if not plain:
        keep_freed_pages()
    module = Pix2PixModule()
    generator, discriminator = module.generator, module.discriminator
    settings: dict[str, Any] = {"foreach": False} if plain else {"fused": True}
    adam_g, adam_d = (
        torch.optim.Adam(network.parameters(), lr=2e-4, betas=(0.5, 0.999), **settings)
        for network in (generator, discriminator)
    )
    wall, cpu = [], []
    start = Clock.now()
    for index, batch in zip(range(steps + WARM_UP), data.train_dataloader(), strict=False):
        images = data.on_after_batch_transfer(batch, 0)
        source, target = images["source"], images["target"]
        generated = generator(source)
        real_logits, fake_logits = module.judge(source, target), module.judge(source, generated.detach())
        adam_d.zero_grad()
        (0.5 * discriminator_loss(real_logits, fake_logits, "vanilla")).backward()
        adam_d.step()
        with frozen(discriminator):
            adam_g.zero_grad()
            adversarial = generator_loss(module.judge(source, generated), "vanilla")
            (adversarial + 100 * F.l1_loss(generated, target)).backward()
        adam_g.step()
        if index >= WARM_UP:
            step = start.since()
            wall.append(step.wall)
            cpu.append(step.cpu)
        start = Clock.now()
    return {"wall": wall, "cpu": cpu, "peak": peak_memory_gib()}


if __name__ == "__main__":
    main()
