"""Images of a style-based generator: of seeds, of grids of mixed styles, and of places on a path between codes."""

from collections.abc import Callable
from typing import Literal, cast

import torch
from torch import Tensor
from torch.nn import functional as F

from gan_lab.errors import ConfigurationError
from gan_lab.networks import StyleGANGenerator
from gan_lab.networks.resampling import pixel_norm
from gan_lab.networks.stylegan import layer_count, side_of, truncate
from gan_lab.samples import MixingSample, PathSample, SeedSample
from gan_lab.schedules import GrowthStage
from gan_lab.seeding import derive_seed, normal_from_seeds

_FIXED_NOISE_SEED = 0


class StyleSampler:
    """Draws images from a generator, each a function of its seeds alone.

    Args:
        generator: What makes them; its weights may go on changing.
        psi_layers: The layers, from the coarsest, that truncation counts in.
        noise: Whether all images share the same noise, or each seed has its own.
        stage: Asked for each batch how far the generator has grown.
    """

    def __init__(
        self,
        generator: StyleGANGenerator,
        psi_layers: int,
        noise: Literal["fixed", "random"],
        stage: Callable[[], GrowthStage],
    ) -> None:
        self.generator = generator
        self.stage = stage
        self.psi_layers = psi_layers
        self.noise = noise

    def images(self, batch: SeedSample | MixingSample | PathSample, psi: float) -> Tensor:
        """An image for each seed, for each place in a grid of style mixing, or for each place on a path.

        Args:
            batch: Which ones.
            psi: Truncation: 1 for none, 0 for the mean code alone.

        Returns:
            (B, 3, S, S) of the final resolution S, to which smaller ones are enlarged; about [-1, 1].

        Raises:
            ConfigurationError: If the generator has no styles to mix, or each frame of a path would have its own noise.
        """
        seeds = None if "weights" in batch else cast(Tensor, batch["seed"])
        styles = truncate(self._styles(batch), self.generator.mean_w, psi, self.psi_layers)
        images = self.synthesize(styles, seeds if self.noise == "random" else None)
        return F.interpolate(images, size=self.generator.resolution, mode="nearest")

    def map_seeds(self, seeds: Tensor) -> Tensor:
        """The intermediate codes (B, latent_size) of seeds (B,)."""
        mean = self.generator.mean_w
        z = normal_from_seeds(seeds.tolist(), self.generator.latent_size)
        w: Tensor = self.generator.mapping(z.to(mean.device, mean.dtype))
        return w

    def spread(self, w: Tensor) -> Tensor:
        """Intermediate codes (B, latent_size), the same for every layer, (B, L, latent_size)."""
        return w[:, None].expand(-1, layer_count(self.generator.resolution), -1)

    def synthesize(self, styles: Tensor, noise_seeds: Tensor | None = None) -> Tensor:
        """Images of codes, at the size the generator has reached.

        Args:
            styles: A code for each layer (B, L, latent_size).
            noise_seeds: What each image's noise is drawn from, (B,); None for the same noise in all.

        Returns:
            (B, 3, side, side) in about [-1, 1].
        """
        stage = self.stage()
        noise = []
        for layer in range(layer_count(stage.resolution)):
            seeds = [_FIXED_NOISE_SEED] if noise_seeds is None else noise_seeds.tolist()
            maps = normal_from_seeds([derive_seed(seed, layer) for seed in seeds], 1, side_of(layer), side_of(layer))
            noise.append(maps.to(styles.device, styles.dtype))
        images: Tensor = self.generator(styles, stage.resolution, stage.alpha, noise)
        return images

    def _styles(self, batch: SeedSample | MixingSample | PathSample) -> Tensor:
        """A code for each layer, (B, L, latent_size)."""
        if "weights" in batch:
            return self.spread(self._path(cast(PathSample, batch)))
        w = self.map_seeds(cast(Tensor, batch["seed"]))
        if "style_seed" not in batch:
            return self.spread(w)
        if not self.generator.styles:
            raise ConfigurationError("this generator has no styles to mix: data.predict 'mixing' is for those that do")
        mixing = cast(MixingSample, batch)
        other, first, last = (cast(Tensor, mixing[key]) for key in ("style_seed", "first_layer", "last_layer"))
        layer = torch.arange(layer_count(self.generator.resolution), device=w.device)
        mixed = (first[:, None] <= layer) & (layer <= last[:, None])
        return torch.where(mixed[..., None], self.map_seeds(other)[:, None], w[:, None])

    def _path(self, batch: PathSample) -> Tensor:
        """The intermediate codes of places on a path, (B, latent_size)."""
        if self.noise == "random":
            raise ConfigurationError("noise that changes from frame to frame flickers: set model.sample_noise to fixed")
        seeds, weights = batch["seeds"], batch["weights"]
        w = self.map_seeds(seeds.flatten()).view(*seeds.shape, -1)
        place = (weights[..., None] * w).sum(dim=1)
        return place if len(self.generator.mapping.layers) else pixel_norm(place)  # normalised z is all there is
