"""Images of a style-based generator: of seeds, of grids of mixed styles, and of places on a path between codes."""

from collections.abc import Callable, Sequence
from functools import cache
from typing import Literal

import torch
from torch import Tensor
from torch.nn import functional as F

from gan_lab.errors import require
from gan_lab.networks import StyleGANGenerator
from gan_lab.networks.resampling import pixel_norm
from gan_lab.networks.stylegan import side_of, truncate
from gan_lab.samples import PathRequest, SeedRequest, StyleGridRequest
from gan_lab.schedules import GrowthStage, style_layer_count
from gan_lab.seeding import normal_from_seeds, seed_of_part

NoiseMode = Literal["const", "random"]

_CONST_NOISE_SEED = 0


class StyleSampler:
    """Draws images from a generator, each a function of its seeds alone.

    Args:
        generator: What makes them; its weights may go on changing.
        truncation_cutoff: The layers, from the coarsest, that truncation counts in.
        noise_mode: Whether all images of :meth:`images` share the same noise, or each seed has its own.
        stage: Asked for each batch how far the generator has grown.
    """

    def __init__(
        self,
        generator: StyleGANGenerator,
        *,
        truncation_cutoff: int,
        noise_mode: NoiseMode,
        stage: Callable[[], GrowthStage],
    ) -> None:
        self.generator = generator
        self.truncation_cutoff = truncation_cutoff
        self.noise_mode = noise_mode
        self.stage = stage

    def images(self, request: SeedRequest | PathRequest, truncation_psi: float = 1.0) -> Tensor:
        """An image for each seed, for each place in a grid of style mixing, or for each place on a path.

        Args:
            request: Which ones.
            truncation_psi: How far codes may be from their mean: 1 for all the way, 0 for the mean code alone.

        Returns:
            (B, 3, S, S) of the final resolution S, to which smaller ones are enlarged; about [-1, 1].

        Raises:
            ConfigurationError: If the generator has no styles to mix, or each frame of a path would have its own noise.
        """
        ws = truncate(
            self._ws(request),
            self.generator.w_avg,
            truncation_psi=truncation_psi,
            truncation_cutoff=self.truncation_cutoff,
        )
        own_noise = self.noise_mode == "random" and isinstance(request, SeedRequest)
        return self._enlarged(self.synthesize(ws, self.noise_of(request.seeds) if own_noise else None))

    def samples(self, request: SeedRequest) -> Tensor:
        """As :meth:`images`, whole and each with noise of its own: what the released code's metrics look at."""
        return self._enlarged(self.synthesize(self._ws(request), self.noise_of(request.seeds)))

    def map_seeds(self, seeds: Tensor) -> Tensor:
        """The intermediate codes (B, latent_size) of seeds (B,)."""
        w_avg = self.generator.w_avg
        z = normal_from_seeds(seeds.tolist(), self.generator.latent_size)
        w: Tensor = self.generator.mapping(z.to(w_avg.device, w_avg.dtype))
        return w

    def spread(self, w: Tensor) -> Tensor:
        """Intermediate codes (B, latent_size), the same for every layer, (B, L, latent_size)."""
        return w[:, None].expand(-1, style_layer_count(self.generator.resolution), -1)

    def noise_of(self, seeds: Tensor) -> list[Tensor]:
        """The noise of each seed (B,), a map (B, 1, side, side) for each layer that the generator has reached."""
        w_avg = self.generator.w_avg
        return [_noise(layer, seeds.tolist()).to(w_avg.device, w_avg.dtype) for layer in self._noisy_layers()]

    def synthesize(self, ws: Tensor, noise: Sequence[Tensor] | None = None) -> Tensor:
        """Images of codes, at the size the generator has reached.

        Args:
            ws: A code for each layer (B, L, latent_size).
            noise: As of :meth:`noise_of`; None for the same in all images.

        Returns:
            (B, 3, side, side) in about [-1, 1].
        """
        stage = self.stage()
        if noise is None:
            noise = [_const_noise(layer, ws.device, ws.dtype) for layer in self._noisy_layers()]
        images: Tensor = self.generator(ws, stage.resolution, stage.alpha, noise)
        return images

    def _noisy_layers(self) -> range:
        return range(style_layer_count(self.stage().resolution) if self.generator.noise else 0)

    def _enlarged(self, images: Tensor) -> Tensor:
        return F.interpolate(images, size=self.generator.resolution, mode="nearest")

    def _ws(self, request: SeedRequest | PathRequest) -> Tensor:
        """A code for each layer, (B, L, latent_size)."""
        match request:
            case PathRequest():
                return self.spread(self._path(request))
            case StyleGridRequest():
                return self._mixed(request)
            case SeedRequest():
                return self.spread(self.map_seeds(request.seeds))

    def _mixed(self, request: StyleGridRequest) -> Tensor:
        require(
            self.generator.styles, "this generator has no styles to mix: data.predict 'mixing' is for those that do"
        )
        w, other = self.map_seeds(request.seeds), self.map_seeds(request.style_seeds)
        first, last = request.layers
        layer = torch.arange(style_layer_count(self.generator.resolution), device=w.device)
        mixed = (first <= layer) & (layer <= last)
        return torch.where(mixed[None, :, None], other[:, None], w[:, None])

    def _path(self, request: PathRequest) -> Tensor:
        """The intermediate codes of places on a path, (B, latent_size)."""
        require(
            self.noise_mode == "const",
            "noise that changes from frame to frame flickers: set model.noise_mode to const",
        )
        shares = request.weights.to(self.generator.w_avg)[:, :, None]
        place = (shares * self.map_seeds(request.seeds)).sum(1)  # a matrix product may be rounded: frames would jump
        return place if len(self.generator.mapping.layers) else pixel_norm(place)  # normalized z is all there is


@cache
def _const_noise(layer: int, device: torch.device, dtype: torch.dtype) -> Tensor:
    """Made once: it is the same in every network and takes longer to draw than an image to make."""
    with torch.inference_mode(False):  # or whoever asks first would keep others from gradients
        return _noise(layer, [_CONST_NOISE_SEED]).to(device, dtype)


def _noise(layer: int, seeds: Sequence[int]) -> Tensor:
    return normal_from_seeds([seed_of_part(seed, layer) for seed in seeds], 1, side_of(layer), side_of(layer))
