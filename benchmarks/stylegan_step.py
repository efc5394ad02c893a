"""StyleGAN's training step at 64 pixels (fmap 2048/128, batch 4, R1 every step), against a plain port's recipe.

    python -m benchmarks.stylegan_step [STEPS]

``gan-lab`` is what ``gan-lab fit`` runs. ``plain port`` makes the same updates with what is usual in public PyTorch
ports, all at once, which no one port does: R1 in a forward pass of its own, with autograd's second derivatives of
convolutions, the discriminator's gradients computed in the generator's step too, resampling as operations of their own,
blur as a depthwise convolution, instance norm written out, Adam's plain loop over tensors, and freed pages handed back
to the system. The others are gan-lab with one of these put back.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager, nullcontext
from pathlib import Path
from typing import Any
from unittest.mock import patch

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from benchmarks.steps import Figures, StepClock, compare, train_with_lightning
from gan_lab.datamodules import GrowingFolderDataModule
from gan_lab.losses import r1_penalty
from gan_lab.modules import StyleGANModule
from gan_lab.networks import resampling
from gan_lab.schedules import GrowingSchedule
from gan_lab.training.optimizers import AdamSettings

WARM_UP = 2
SCHEDULE = GrowingSchedule(64, 64, total_kimg=0, batch_sizes={64: 4})


def r1_of_its_own(module: StyleGANModule, real: Tensor, alpha: float) -> tuple[Tensor, Tensor]:
    """Logits, and R1 of another forward pass."""
    again = real.detach().requires_grad_(True)
    with torch.autocast(real.device.type, enabled=False):
        penalty = r1_penalty(module.discriminator(again, alpha), again)
    return module.discriminator(real, alpha), penalty


def depthwise_blur(x: Tensor) -> Tensor:
    """Blur whose second derivative is autograd's."""
    row = x.new_tensor([0.25, 0.5, 0.25])
    return F.conv2d(x, torch.outer(row, row).expand(x.shape[1], 1, 3, 3), padding=1, groups=x.shape[1])


def written_out_norm(x: Tensor, groups: int, eps: float) -> Tensor:
    """Instance norm as the released code has it."""
    x = x - x.mean(dim=(2, 3), keepdim=True)
    return x * torch.rsqrt(x.square().mean(dim=(2, 3), keepdim=True) + eps)


def looped_adam(settings: AdamSettings, parameters: Iterable[nn.Parameter]) -> torch.optim.Optimizer:
    """Adam tensor by tensor."""
    return torch.optim.Adam(parameters, lr=settings.lr, betas=settings.betas, foreach=False)


@contextmanager
def depthwise_everywhere() -> Iterator[None]:
    """Both networks with :func:`depthwise_blur`."""
    with patch.object(resampling.Blur, "forward", lambda blur, x: depthwise_blur(x)):
        yield


PIECES: dict[str, Callable[[], Any]] = {
    "R1 in its own pass": lambda: patch.object(StyleGANModule, "_r1", r1_of_its_own),
    "autograd's second derivatives": lambda: patch.object(resampling, "convolve", F.conv2d),
    "D's gradients in G's step": lambda: patch("gan_lab.modules.stylegan.frozen", nullcontext),
    "unfused resampling": lambda: patch.object(resampling, "FUSED_FROM", 10**9),
    "depthwise blur": depthwise_everywhere,
    "written-out norm": lambda: patch("gan_lab.networks.stylegan.F.group_norm", written_out_norm),
    "looped Adam": lambda: patch.object(AdamSettings, "over", looped_adam),
    "pages handed back": lambda: patch("benchmarks.steps.keep_freed_pages", lambda: None),
}
VARIANTS = ("gan-lab", *PIECES, "plain port")


def main() -> None:
    """Measures every variant, or one when it is named."""
    compare("benchmarks.stylegan_step", "stylegan, 64 pixels, fmap 2048/128, batch 4", VARIANTS, measure, steps=8)


def measure(variant: str, steps: int) -> Figures:
    """Runs one variant."""
    with ExitStack() as pieces:
        for name, piece in PIECES.items():
            if variant in (name, "plain port"):
                pieces.enter_context(piece())
        return train(steps)


def train(steps: int) -> Figures:
    """Times steps as everything stands."""
    torch.manual_seed(0)
    module = StyleGANModule(SCHEDULE, base_channels=2048, max_channels=128)
    data = GrowingFolderDataModule(
        Path("data/emoji_pairs"), SCHEDULE, box=(128, 0, 256, 128), store_side=0, num_workers=0
    )
    clock = StepClock(WARM_UP)
    train_with_lightning(module, data, clock, steps)
    losses = {name: round(float(value), 3) for name, value in module.trainer.callback_metrics.items() if "/" in name}
    return clock.figures() | {"losses": losses}


if __name__ == "__main__":
    main()
