"""StyleGAN's generator (Karras et al., CVPR 2019) as officially released, and those of its ablation."""

import itertools
import math
from collections.abc import Sequence
from functools import partial

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from gan_lab.errors import require, require_numbers
from gan_lab.networks.resampling import (
    Blur,
    EqualizedConv2d,
    EqualizedLinear,
    Resampling,
    pixel_norm,
    upsample,
)
from gan_lab.precision import at_least_float32, normal
from gan_lab.schedules import is_power_of_two, style_layer_count


class StyleGANGenerator(nn.Module):
    """Makes images of any size from 4 pixels to ``resolution``: as large as the growing networks have become.

    The defaults are configuration F of Table 1, with 26,219,627 parameters. The others: E is the same network; D has
    ``noise`` off; C has ``constant_input`` off too; B is the traditional generator, with ``styles`` and
    ``instance_norm`` off too, ``pixel_norm`` on and no ``mapping_layers``; A, ProGAN's, is B with ``blurred`` off.

    Args:
        resolution: Side of the final images in pixels, a power of two from 8.
        latent_size: Numbers in a latent code z, and in an intermediate code w.
        mapping_layers: Depth of the mapping network (Table 4); 0 only normalizes z.
        base_channels: There are this over 2^(r-1) channels at 2^r pixels (fmap_base) ...
        max_channels: ... but no more than this (fmap_max).
        styles: Whether an affine function of w scales and shifts each layer's features.
        constant_input: Whether synthesis starts from a learned constant rather than from w.
        noise: Whether each layer adds noise.
        pixel_norm: Whether features are normalized over the channels.
        instance_norm: Whether features are normalized over the places.
        blurred: Whether enlarged features are smoothed: bilinear enlarging, which B has over A.

    Raises:
        ConfigurationError: If ``resolution`` is no such power, or a number of channels is too small.
    """

    w_avg: Tensor

    def __init__(
        self,
        *,
        resolution: int = 1024,
        latent_size: int = 512,
        mapping_layers: int = 8,
        base_channels: int = 8192,
        max_channels: int = 512,
        styles: bool = True,
        constant_input: bool = True,
        noise: bool = True,
        pixel_norm: bool = False,
        instance_norm: bool = True,
        blurred: bool = True,
    ) -> None:
        super().__init__()
        widths = channels_per_side(resolution, base_channels, max_channels)
        self.resolution = resolution
        self.latent_size = latent_size
        self.styles = styles
        self.noise = noise
        self.mapping = MappingNetwork(latent_size, mapping_layers)
        self.register_buffer("w_avg", torch.zeros(latent_size))
        style_size = latent_size if styles else 0
        epilogue = partial(
            Epilogue, latent_size=style_size, noise=noise, pixel_norm=pixel_norm, instance_norm=instance_norm
        )
        self.constant = nn.Parameter(torch.ones(1, widths[0], 4, 4)) if constant_input else None
        self.dense = (  # the gain is ProGAN's released code's, the bias is the epilogue's
            None if constant_input else EqualizedLinear(latent_size, 16 * widths[0], gain=math.sqrt(2) / 4, bias=False)
        )
        self.first = epilogue(widths[0])
        self.layers = nn.ModuleList([StyledConv(widths[0], epilogue(widths[0]))])
        for wide, narrow in itertools.pairwise(widths):
            self.layers.append(StyledConv(wide, epilogue(narrow), resampling="up", blurred=blurred))
            self.layers.append(StyledConv(narrow, epilogue(narrow)))
        self.to_rgb = nn.ModuleList(EqualizedConv2d(width, 3, 1, gain=1.0) for width in widths)

    def forward(
        self, ws: Tensor, resolution: int | None = None, alpha: float = 1.0, noise: Sequence[Tensor] | None = None
    ) -> Tensor:
        """Makes images from a code for each layer.

        Args:
            ws: Intermediate codes (B, L, latent_size), L at least ``style_layer_count(resolution)``. Without
                ``styles``, the first of them is all that counts.
            resolution: Side of the images; None for the final one.
            alpha: How far the last doubling is faded in, 0 to 1 (ProGAN, section 3 and Figure 2).
            noise: For each layer N(0, 1) noise (B or 1, 1, side, side); None draws it from the global generator.

        Returns:
            Images (B, 3, resolution, resolution), about [-1, 1] and not clamped.
        """
        layers = style_layer_count(resolution or self.resolution)
        ws = ws.to(self.w_avg.dtype)
        maps: Sequence[Tensor | None] = [None] * layers
        if self.noise:
            maps = _draw_noise(ws, layers) if noise is None else noise
        x = previous = self.first(self._start(ws[:, 0]), ws[:, 0], maps[0])
        for layer in range(1, layers):
            if layer % 2 == 0:
                previous = x
            x = self.layers[layer - 1](x, ws[:, layer], maps[layer])
        level = layers // 2 - 1
        image: Tensor = self.to_rgb[level](x)
        if alpha < 1 and level:
            image = torch.lerp(upsample(self.to_rgb[level - 1](previous)), image, alpha)
        return image

    def _start(self, w: Tensor) -> Tensor:
        """The features (B, C, 4, 4) that synthesis starts from."""
        if self.constant is not None:
            return self.constant.expand(len(w), -1, -1, -1)
        features: Tensor = self.dense(w)  # type: ignore[misc]  # there is one or the other
        return features.view(len(w), -1, 4, 4)


class MappingNetwork(nn.Module):
    """Maps latent codes to intermediate ones (section 2 and appendix C): dense layers that learn 100 times slower.

    Args:
        size: Numbers in either code.
        depth: Layers.
    """

    def __init__(self, size: int, depth: int) -> None:
        super().__init__()
        self.layers = nn.ModuleList(EqualizedLinear(size, size, lr_multiplier=0.01) for _ in range(depth))

    def forward(self, z: Tensor) -> Tensor:
        """Maps z (B, size) to w (B, size); z is normalized first."""
        w = pixel_norm(z)
        for layer in self.layers:
            w = F.leaky_relu(layer(w), 0.2)
        return w.to(z.dtype)  # in full precision under autocast too: their mean is taken, and they are mixed


class StyledConv(nn.Module):
    """A convolution, which may double the size first, and its epilogue.

    Args:
        in_channels: Channels in.
        epilogue: What follows; it says how many channels come out.
        resampling: ``up`` to double the size.
        blurred: Whether what was doubled is smoothed after the convolution.
    """

    def __init__(
        self, in_channels: int, epilogue: "Epilogue", *, resampling: Resampling | None = None, blurred: bool = False
    ) -> None:
        super().__init__()
        self.conv = EqualizedConv2d(in_channels, len(epilogue.bias), bias=False, resampling=resampling)
        self.epilogue = epilogue
        self.blur = Blur() if blurred else nn.Identity()

    def forward(self, x: Tensor, style: Tensor, noise: Tensor | None) -> Tensor:
        """Maps features (B, C, H, W) by codes (B, latent_size) and noise (B, 1, H', W')."""
        features: Tensor = self.epilogue(self.blur(self.conv(x)), style, noise)
        return features


class Epilogue(nn.Module):
    """What follows each convolution: noise, bias, leaky ReLU, normalization, style, in this order (Figure 1b).

    Args:
        channels: Features.
        latent_size: Numbers in the code that makes the style; 0 for no style.
        noise: Whether noise is added, scaled for each channel.
        pixel_norm: Whether features are normalized over the channels.
        instance_norm: Whether features are normalized over the places.
    """

    def __init__(self, channels: int, *, latent_size: int, noise: bool, pixel_norm: bool, instance_norm: bool) -> None:
        super().__init__()
        self.bias = nn.Parameter(torch.zeros(channels))
        self.noise_scale = nn.Parameter(torch.zeros(channels)) if noise else None
        self.style = EqualizedLinear(latent_size, 2 * channels, gain=1.0) if latent_size else None
        self.pixel_norm = pixel_norm
        self.instance_norm = instance_norm

    def forward(self, x: Tensor, style: Tensor, noise: Tensor | None) -> Tensor:
        """Maps features (B, C, H, W) by codes (B, latent_size) and noise (B or 1, 1, H, W)."""
        x = x + self.bias[:, None, None]
        if self.noise_scale is not None and noise is not None:
            x = torch.addcmul(x, self.noise_scale[:, None, None], noise.to(x.dtype))
        x = F.leaky_relu(x, 0.2)
        if self.pixel_norm:
            x = pixel_norm(x)
        if self.instance_norm:  # group norm with one channel a group is the same and faster; 1e-8 wants float32
            x = F.group_norm(at_least_float32(x), x.shape[1], eps=1e-8).to(x.dtype)
        if self.style is not None:
            scale, shift = self.style(style)[..., None, None].chunk(2, dim=1)
            x = torch.addcmul(shift, x, scale + 1)
        return x


def channels_per_side(resolution: int, base_channels: int, max_channels: int) -> list[int]:
    """The channels at 4, 8, ... ``resolution`` pixels: base_channels / 2^(r-1) at 2^r pixels, at most max_channels.

    Raises:
        ConfigurationError: If ``resolution`` is no power of two from 8, or no channel would be left.
    """
    fits = resolution >= 8 and is_power_of_two(resolution)
    require(fits, f"resolution must be a power of two from 8, got {resolution}")
    require_numbers({"max_channels": max_channels}, at_least=1)
    levels = resolution.bit_length() - 1
    widths = [min(base_channels // 2 ** (level - 1), max_channels) for level in range(2, levels + 1)]
    least = 2 ** (levels - 1)
    require(
        base_channels >= least,
        f"base_channels must be at least {least} for a resolution of {resolution}, got {base_channels}",
    )
    return widths


def side_of(layer: int) -> int:
    """The side in pixels at which a layer works."""
    return int(4 * 2 ** (layer // 2))


def mix_styles(w: Tensor, other: Tensor, layers: range, count: int) -> Tensor:
    """Gives each layer a code: ``other`` in ``layers``, ``w`` in all others (style mixing, section 3.1).

    Args:
        w: Intermediate codes (B, latent_size).
        other: Those to mix in, of the same shape.
        layers: Where, without gaps; what is beyond ``count`` is passed over.
        count: All layers.

    Returns:
        (B, count, latent_size).
    """
    inside = range(count)[layers.start : layers.stop]
    parts = (w, inside.start), (other, len(inside)), (w, count - inside.start - len(inside))
    return torch.cat([code[:, None].expand(-1, repeats, -1) for code, repeats in parts], dim=1)


def truncate(ws: Tensor, w_avg: Tensor, *, truncation_psi: float, truncation_cutoff: int) -> Tensor:
    """Draws the codes of the first layers towards their average (appendix B): w' = w_avg + psi (w - w_avg).

    Args:
        ws: A code for each layer (B, L, latent_size).
        w_avg: The average code (latent_size,).
        truncation_psi: 1 leaves the codes as they are, 0 makes them the average.
        truncation_cutoff: How many layers, from the coarsest.
    """
    drawn = torch.lerp(w_avg, ws[:, :truncation_cutoff], truncation_psi)
    return torch.cat([drawn, ws[:, truncation_cutoff:]], dim=1)


def _draw_noise(ws: Tensor, layers: int) -> list[Tensor]:
    """Noise (B, 1, side, side) for each layer, from the global generator."""
    return [normal(len(ws), 1, side_of(layer), side_of(layer), like=ws) for layer in range(layers)]
