"""The five papers as they are measured: their modules, at their papers' sizes or tiny, and batches of noise."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from operator import attrgetter
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from gan_lab.modules import (
    ArtDCGANModule,
    CycleGANModule,
    GANModule,
    Pix2PixModule,
    SAGANPoseModule,
    StyleGANModule,
)
from gan_lab.schedules import GrowingSchedule

Batch = dict[str, Any]
JOINTS = 14  # of LSP, the paper's first data set


class Size(NamedTuple):
    """Images of a step: their side in pixels, and how many."""

    side: int
    batch: int


@dataclass(frozen=True)
class Paper:
    """What is measured of a paper.

    Attributes:
        module: Makes its module for a size; tiny if so asked.
        sample: Makes a batch of a size, on the CPU.
        full: The paper's size.
        tiny: A size at which a step takes the CPU no time.
        compilable: Its networks that need no second derivatives, which compiled ones do not have, by their names.
        compiles_fast: Whether inductor takes well less than a minute for them.
    """

    module: Callable[[Size, bool], GANModule]
    sample: Callable[[Size], Batch]
    full: Size
    tiny: Size
    compilable: tuple[str, ...]
    compiles_fast: bool = True

    def size(self, tiny: bool, batch: int | None = None) -> Size:
        """The paper's or the tiny size, perhaps with another number of images a step."""
        size = self.tiny if tiny else self.full
        return size if batch is None else size._replace(batch=batch)

    def build(self, tiny: bool, batch: int | None = None) -> GANModule:
        """Makes the module on the CPU, with the same weights every time."""
        torch.manual_seed(0)
        return self.module(self.size(tiny, batch), tiny)

    def batches(
        self, count: int, tiny: bool, batch: int | None = None, dtype: torch.dtype = torch.float32
    ) -> list[Batch]:
        """Makes batches of noise on the CPU, the same ones every time; floating tensors in ``dtype``."""
        torch.manual_seed(1)
        made = [self.sample(self.size(tiny, batch)) for _ in range(count)]
        return [over_tensors(one, lambda x: x.to(dtype) if x.is_floating_point() else x) for one in made]

    def networks_to_compile(self, module: GANModule) -> list[nn.Module]:
        """The module's networks that may be compiled."""
        return [attrgetter(name)(module) for name in self.compilable]


def over_tensors(batch: Mapping[str, Any], change: Callable[[Tensor], Tensor]) -> Batch:
    """A batch with its tensors changed and all else as it is."""
    return {key: change(value) if isinstance(value, Tensor) else value for key, value in batch.items()}


def images(size: Size) -> Tensor:
    """Noise (B, 3, S, S) in [-1, 1]."""
    return torch.rand(size.batch, 3, size.side, size.side) * 2 - 1


def _sample_of(*keys: str) -> Callable[[Size], Batch]:
    return lambda size: {key: images(size) for key in keys} | {"name": ["noise"] * size.batch}


def _people(size: Size) -> Batch:
    joints = torch.rand(size.batch, JOINTS, 2) * (size.side - 1)
    return {
        "image": images(size),
        "keypoints": joints,
        "labeled": torch.ones(size.batch, JOINTS, dtype=torch.bool),
        "to_source": torch.eye(2, 3).repeat(size.batch, 1, 1),
        "truth": joints,
        "reference_length": torch.full((size.batch,), size.side / 4),
        "name": ["noise"] * size.batch,
    }


_NARROW: dict[str, Any] = {"generator_channels": 4, "discriminator_channels": 4}


def _pix2pix(size: Size, tiny: bool) -> GANModule:
    return Pix2PixModule(image_size=size.side, **_NARROW | {"receptive_field": 16} if tiny else {})


def _cyclegan(size: Size, tiny: bool) -> GANModule:
    return CycleGANModule(**_NARROW | {"receptive_field": 16, "blocks": 1} if tiny else {})


def _dcgan(size: Size, tiny: bool) -> GANModule:
    return ArtDCGANModule(image_size=size.side, **_NARROW | {"latent_size": 8} if tiny else {})  # type: ignore[arg-type]  # one that there is


def _stylegan(size: Size, tiny: bool) -> GANModule:
    schedule = GrowingSchedule(size.side, size.side, total_kimg=0, batch_sizes={size.side: size.batch})
    narrow: dict[str, Any] = {"latent_size": 8, "base_channels": 64, "max_channels": 8, "mapping_layers": 2}
    return StyleGANModule(schedule, **narrow if tiny else {})


def _pose(size: Size, tiny: bool) -> GANModule:
    narrow: dict[str, Any] = {"stacks": 2, "depth": 2, "channels": 8, "discriminator_channels": 8}
    module = SAGANPoseModule(skeleton="lsp", **narrow if tiny else {})
    module.balance.fill_(0.5)  # at 0, where training starts, generated heatmaps have no part in D's step
    return module


_STYLEGAN_COMPILABLE = ("generator", "generator.mapping")  # R1 differentiates the discriminator twice
PAPERS: dict[str, Paper] = {
    "pix2pix": Paper(
        _pix2pix, _sample_of("source", "target"), Size(256, 1), Size(64, 1), ("generator", "discriminator")
    ),
    "cyclegan": Paper(
        _cyclegan,
        _sample_of("a", "b"),
        Size(256, 1),
        Size(32, 1),
        ("generators.AtoB", "generators.BtoA", "discriminators.A", "discriminators.B"),
    ),
    "dcgan": Paper(_dcgan, _sample_of("image"), Size(64, 128), Size(32, 4), ("generator", "discriminator")),
    "stylegan": Paper(
        _stylegan, _sample_of("image"), Size(256, 16), Size(16, 4), _STYLEGAN_COMPILABLE, compiles_fast=False
    ),
    "sagan_pose": Paper(_pose, _people, Size(256, 6), Size(32, 2), ("generator", "discriminator"), compiles_fast=False),
    "stylegan_1024": Paper(
        _stylegan, _sample_of("image"), Size(1024, 4), Size(32, 4), _STYLEGAN_COMPILABLE, compiles_fast=False
    ),
}
