"""The training step of DCGAN (64 pixels, batch 32), and what each of its optimizations is worth.

    python -m benchmarks.dcgan_step [STEPS]

``gan-lab`` is what ``gan-lab fit`` runs. ``bare loop`` makes the same two updates with the same networks, optimizer and
allocator without Lightning: the difference is the framework's price. The others are that loop without one thing each:
the generated images made once for both updates, the discriminator frozen in the generator's, Adam in one pass, freed
pages kept, weights in channels_last layout. ``notebook's recipe`` has none of them, and the gradient of the
discriminator's loss runs on into the generator, as art notebooks have it.
"""

from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from benchmarks.steps import Figures, StepClock, compare, train_bare, train_with_lightning
from gan_lab.datamodules import ImageFolderDataModule
from gan_lab.losses import discriminator_loss, generator_loss
from gan_lab.modules import ArtDCGANModule
from gan_lab.networks.layers import frozen
from gan_lab.training.allocator import keep_freed_pages

WARM_UP = 2
VARIANTS = (
    "gan-lab",
    "bare loop",
    "images made twice",
    "D not frozen",
    "Adam's plain loop",
    "pages handed back",
    "channels first",
    "notebook's recipe",
)


def main() -> None:
    """Measures every variant, or one when it is named."""
    compare("benchmarks.dcgan_step", "dcgan, 64 pixels, batch 32", VARIANTS, measure, steps=9)


def measure(variant: str, steps: int) -> Figures:
    """Runs one variant."""
    data = ImageFolderDataModule(
        Path("data/emoji_pairs"), box=(128, 0, 256, 128), flip=True, cache=True, batch_size=32, num_workers=0
    )
    module = ArtDCGANModule(image_size=64)
    if variant == "gan-lab":
        clock = StepClock(WARM_UP)
        train_with_lightning(module, data, clock, steps)
        return clock.figures()
    return train_bare(bare_step(module, variant), data, WARM_UP, steps)


def bare_step(module: ArtDCGANModule, variant: str) -> Any:
    """The same two updates, without Lightning and without what the variant leaves out."""
    notebook = variant == "notebook's recipe"
    if not (notebook or variant == "pages handed back"):
        keep_freed_pages()
    if notebook or variant == "channels first":
        module.to(memory_format=torch.contiguous_format)
    generator, discriminator = module.generator, module.discriminator
    settings: dict[str, Any] = {"foreach": False} if notebook or variant == "Adam's plain loop" else {"fused": True}
    adam_g, adam_d = (
        torch.optim.Adam(network.parameters(), lr=2e-4, betas=(0.5, 0.999), **settings)
        for network in (generator, discriminator)
    )

    def generate(count: int) -> Tensor:
        images: Tensor = generator(torch.randn(count, module.latent_size, 1, 1))
        return images

    def step(images: Any) -> None:
        real = images["image"]
        generated = generate(len(real))
        adam_d.zero_grad()
        judged = generated if notebook else generated.detach()
        discriminator_loss(discriminator(real), discriminator(judged), "vanilla").backward()
        adam_d.step()
        if notebook or variant == "images made twice":
            generated = generate(len(real))
        adam_g.zero_grad()
        if notebook or variant == "D not frozen":
            generator_loss(discriminator(generated), "vanilla").backward()
        else:
            with frozen(discriminator):
                generator_loss(discriminator(generated), "vanilla").backward()
        adam_g.step()

    return step


if __name__ == "__main__":
    main()
