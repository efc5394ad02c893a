"""The training step of the paper's Pix2Pix (256 pixels, batch 1), part by part, and against two bare loops.

    python -m benchmarks.pix2pix_step [STEPS]

``gan-lab`` is what ``gan-lab fit`` runs. ``bare loop`` makes the same two updates with the same networks, optimizer and
allocator without Lightning: the difference is the framework's price. ``reference's recipe`` is that loop as the
authors' PyTorch code has it, with Adam's plain loop over tensors and freed pages handed back to the system.
"""

import statistics
import tempfile
from pathlib import Path
from typing import Any

import torch
from lightning.pytorch import Trainer
from torch.nn import functional as F

from benchmarks.data_pipeline import enlarged_emoji
from benchmarks.measure import Clock
from benchmarks.steps import Figures, StepClock, compare, pooled, train_bare, train_with_lightning
from gan_lab.datamodules import PairedFolderDataModule
from gan_lab.losses import discriminator_loss, generator_loss
from gan_lab.modules import Pix2PixModule
from gan_lab.networks.layers import frozen
from gan_lab.training.allocator import keep_freed_pages

WARM_UP = 3
VARIANTS = ("gan-lab", "bare loop", "reference's recipe")


def main() -> None:
    """Measures every variant, or one when it is named."""
    title = "pix2pix, U-Net 256, batch 1"
    results = compare("benchmarks.pix2pix_step", title, VARIANTS, measure, steps=9)["gan-lab"]
    parts = {part: statistics.median(pooled(results, part)) for part in ("data", "generator", "discriminator")}
    parts["the rest"] = statistics.median(pooled(results, "wall")) - sum(parts.values())
    print("  gan-lab's wall seconds: " + ", ".join(f"{part} {seconds:.3f}" for part, seconds in parts.items()))


def measure(variant: str, steps: int) -> Figures:
    """Runs one variant."""
    with tempfile.TemporaryDirectory() as scratch:
        for split in ("train", "val"):
            (Path(scratch) / split).mkdir()
        enlarged_emoji(Path(scratch) / "train")
        data = PairedFolderDataModule(Path(scratch), num_workers=0)
        if variant == "gan-lab":
            clock = NetworkClock(WARM_UP)
            train_with_lightning(Pix2PixModule(), data, clock, steps)
            return clock.figures()
        step = bare_step(Pix2PixModule(), plain=variant == "reference's recipe")
        return train_bare(step, data, WARM_UP, steps)


class NetworkClock(StepClock):
    """Times each network's share too."""

    def __init__(self, warm_up: int) -> None:
        super().__init__(warm_up)
        self.generator: list[float] = []
        self.discriminator: list[float] = []

    def on_train_start(self, trainer: Trainer, pl_module: Any) -> None:
        """Begins to watch; forward and both updates report to it."""
        super().on_train_start(trainer, pl_module)
        minimize = pl_module.minimize

        def timed(loss: Any, optimizer: Any) -> None:
            minimize(loss, optimizer)
            self._updates.append(Clock.now().wall)

        pl_module.minimize = timed
        pl_module.generator.register_forward_hook(lambda *_: self._updates.append(Clock.now().wall))

    def on_train_batch_start(self, trainer: Trainer, pl_module: Any, batch: Any, batch_idx: int) -> None:
        """The batch is there."""
        super().on_train_batch_start(trainer, pl_module, batch, batch_idx)
        self._updates = [Clock.now().wall]

    def on_train_batch_end(self, trainer: Trainer, pl_module: Any, outputs: Any, batch: Any, batch_idx: int) -> None:
        """The step is done: forward, the discriminator's update, the generator's update."""
        super().on_train_batch_end(trainer, pl_module, outputs, batch, batch_idx)
        start, forward, discriminator, generator = self._updates
        if batch_idx >= self.warm_up:
            self.generator.append(forward - start + generator - discriminator)
            self.discriminator.append(discriminator - forward)

    def figures(self) -> Figures:
        """What has been measured so far."""
        return super().figures() | {"generator": self.generator, "discriminator": self.discriminator}


def bare_step(module: Pix2PixModule, plain: bool) -> Any:
    """The same two updates, without Lightning."""
    if not plain:
        keep_freed_pages()
    generator, discriminator = module.generator, module.discriminator
    settings: dict[str, Any] = {"foreach": False} if plain else {"fused": True}
    adam_g, adam_d = (
        torch.optim.Adam(network.parameters(), lr=2e-4, betas=(0.5, 0.999), **settings)
        for network in (generator, discriminator)
    )

    def step(images: Any) -> None:
        source, target = images["source"], images["target"]
        generated = generator(source)
        real_logits, fake_logits = module.discriminate(source, target), module.discriminate(source, generated.detach())
        adam_d.zero_grad()
        (0.5 * discriminator_loss(real_logits, fake_logits, "vanilla")).backward()
        adam_d.step()
        with frozen(discriminator):
            adam_g.zero_grad()
            adversarial = generator_loss(module.discriminate(source, generated), "vanilla")
            (adversarial + 100 * F.l1_loss(generated, target)).backward()
        adam_g.step()

    return step


if __name__ == "__main__":
    main()
