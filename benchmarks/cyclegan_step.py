"""The training step of the paper's CycleGAN (256 pixels, batch 1, 9 blocks), against the reference's recipe.

    python -m benchmarks.cyclegan_step [STEPS]

``gan-lab`` is what ``gan-lab fit`` runs. ``reference's recipe`` makes the same two updates with the same networks as
the authors' PyTorch code does: torch's instance norm, one generator loss whose six graphs are all held until its
backward pass, Adam's plain loop over tensors, and freed pages handed back to the system.
"""

from collections import Counter
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from benchmarks.steps import Figures, StepClock, compare, train_bare, train_with_lightning
from gan_lab.datamodules import UnpairedFolderDataModule
from gan_lab.losses import discriminator_loss, generator_loss
from gan_lab.modules import CycleGANModule
from gan_lab.networks.layers import frozen
from gan_lab.training.image_pool import ImagePool

WARM_UP = 1
VARIANTS = ("gan-lab", "reference's recipe")


def main() -> None:
    """Measures both variants, or one when it is named."""
    title = "cyclegan, ResNet-9 at 256, batch 1"
    results = compare("benchmarks.cyclegan_step", title, VARIANTS, measure, steps=2)
    for variant, (first, *_) in results.items():
        passes = ", ".join(f"{count:g} of {kind}" for kind, count in first["passes"].items())
        print(f"  {variant}: forward passes a step: {passes}")


def measure(variant: str, steps: int) -> Figures:
    """Runs one variant and counts its forward passes."""
    data = UnpairedFolderDataModule(Path("data/emoji_unpaired"), num_workers=0)
    module = CycleGANModule()
    passes: Counter[str] = Counter()
    for kind in ("generators", "discriminators"):
        for network in getattr(module, kind).values():
            network.register_forward_hook(lambda *_, kind=kind: passes.update([kind]))
    if variant == "gan-lab":
        clock = StepClock(WARM_UP)
        train_with_lightning(module, data, clock, steps)
        figures = clock.figures()
    else:
        figures = train_bare(reference_step(module), data, WARM_UP, steps)
    return figures | {"passes": {kind: count / (WARM_UP + steps) for kind, count in passes.items()}}


def reference_step(module: CycleGANModule) -> Any:
    """The reference's order of work."""
    use_torchs_instance_norm(module)
    to_b, to_a = module.generators["AtoB"], module.generators["BtoA"]
    judge_a, judge_b = module.discriminators["A"], module.discriminators["B"]
    adam_g, adam_d = (
        torch.optim.Adam(networks.parameters(), lr=2e-4, betas=(0.5, 0.999), foreach=False)
        for networks in (module.generators, module.discriminators)
    )
    pool_a, pool_b = ImagePool(50), ImagePool(50)

    def step(images: Any) -> None:
        a, b = images["a"], images["b"]
        fake_b, fake_a = to_b(a), to_a(b)
        again_a, again_b = to_a(fake_b), to_b(fake_a)
        with frozen(module.discriminators):
            adam_g.zero_grad()
            identity = F.l1_loss(to_a(a), a) + F.l1_loss(to_b(b), b)
            adversarial = generator_loss(judge_b(fake_b), "lsgan") + generator_loss(judge_a(fake_a), "lsgan")
            cycle = F.l1_loss(again_a, a) + F.l1_loss(again_b, b)
            (adversarial + 10 * cycle + 5 * identity).backward()
            adam_g.step()
        adam_d.zero_grad()
        for judge, real, fake in (
            (judge_a, a, pool_a.query(fake_a.detach())),
            (judge_b, b, pool_b.query(fake_b.detach())),
        ):
            loss: Tensor = 0.5 * discriminator_loss(judge(real), judge(fake), "lsgan")
            loss.backward()
        adam_d.step()

    return step


def use_torchs_instance_norm(network: nn.Module) -> None:
    """Puts torch's own instance norm in place of group norm with one channel a group."""
    for name, layer in network.named_children():
        if isinstance(layer, nn.GroupNorm):
            setattr(network, name, nn.InstanceNorm2d(layer.num_channels))
        else:
            use_torchs_instance_norm(layer)


if __name__ == "__main__":
    main()
