"""Perceptual path length at every validation."""

from typing import cast

import torch
from lightning.pytorch import LightningModule, Trainer
from torch import Tensor, nn

from gan_lab import ranges
from gan_lab.callbacks.measurement import Measurement
from gan_lab.errors import ConfigurationError, require
from gan_lab.inference.style_sampler import StyleSampler
from gan_lab.metrics.path_length import path_lengths, trimmed_mean
from gan_lab.training.distributed import gather


class PathLength(Measurement):
    """Logs a StyleGAN's perceptual path lengths in W (section 4.1): ``val/ppl_wfull`` and ``val/ppl_wend``.

    Paths run between the codes of seeds 0 and 1, 2 and 3 and so on, without truncation, the same ones at every
    validation, on however many devices. Both images of a path have the same noise, that of its first seed: the released
    code draws other noise for each batch of paths.

    Args:
        distance: The perceptual distance: a module that takes two batches of images in [-1, 1] and gives a distance for
            each. The paper's is LPIPS with VGG16: ``lpips.LPIPS`` with ``net: vgg`` once ``pip install lpips`` is done
            (it downloads its weights, or takes them from its ``model_path``). Figures of other distances only compare
            with their own.
        num_paths: Paths; 100,000 in the paper.
        batch_size: Paths at once.
        epsilon: The step along a path.
        crop_face: Whether only the middle of the image is compared, as the paper does with FFHQ and CelebA-HQ.
    """

    def __init__(
        self,
        distance: nn.Module,
        num_paths: ranges.Items = 10_000,
        batch_size: ranges.Items = 16,
        epsilon: ranges.PositiveFloat = 1e-4,
        crop_face: bool = False,
    ) -> None:
        ranges.require(PathLength, locals(), "PathLength")
        self.distance = distance.requires_grad_(False)
        self.num_paths = num_paths
        self.batch_size = batch_size
        self.epsilon = epsilon
        self.crop_face = crop_face

    def setup(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:
        """Refuses models that have no W."""
        has_w = len(_sampler_of(pl_module).generator.mapping.layers) > 0
        require(has_w, "PathLength measures paths in W, which a generator with mapping_layers 0 has not")

    def description(self) -> str:
        """The paths and the distance along them."""
        distance = type(self.distance).__name__
        return f"{self.num_paths} paths by {distance}, epsilon {self.epsilon}, crop_face {self.crop_face}"

    def validation_names(self) -> set[str]:
        """The two lengths."""
        return {"val/ppl_wfull", "val/ppl_wend"}

    def measure(self, trainer: Trainer, pl_module: LightningModule, prefix: str) -> None:
        """Measures, and logs as ``val/...`` or ``test/...``."""
        self.distance.to(pl_module.device, cast(torch.dtype, pl_module.dtype)).eval()
        along = torch.rand(self.num_paths, generator=torch.Generator().manual_seed(0))
        mine = torch.arange(trainer.global_rank, self.num_paths, trainer.world_size)
        for name, shares in (("ppl_wfull", along), ("ppl_wend", torch.zeros_like(along))):
            lengths: list[float] = []
            for paths in mine.split(self.batch_size) if len(mine) else ():  # fewer paths than processes
                lengths += self._lengths(_sampler_of(pl_module), paths, shares[paths]).tolist()
            everyones = [length for theirs in gather(lengths) for length in theirs]
            pl_module.log(f"{prefix}/{name}", trimmed_mean(everyones), rank_zero_only=False)

    def _lengths(self, sampler: StyleSampler, paths: Tensor, share: Tensor) -> Tensor:
        start, end = sampler.map_seeds(2 * paths), sampler.map_seeds(2 * paths + 1)
        noise = sampler.noise_of(2 * paths)
        return path_lengths(
            lambda w: sampler.synthesize(sampler.spread(w), noise),
            start,
            end,
            share.to(start),
            self.distance,
            self.epsilon,
            self.crop_face,
        )


def _sampler_of(module: LightningModule) -> StyleSampler:
    sampler = getattr(module, "sampler", None)
    if not isinstance(sampler, StyleSampler):
        raise ConfigurationError(f"PathLength measures a StyleGANModule, not {type(module).__name__}")
    return sampler
