"""Self-attention on feature maps, and the residual modules that carry it.

Of N positions, query j takes the weighted mean of the values at all positions i, with weights softmax_i(k_i . q_j):
the softmax runs over the *sources* i, so that the weights of every output sum to one.
"""

from typing import Literal, get_args

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from gan_lab.errors import require, require_numbers

Variant = Literal["A", "B"]
AttentionForm = Literal["fused", "explicit", "sigmoid", "none"]
Weights = Literal["softmax", "sigmoid"]

PAPER_WEIGHTS: dict[AttentionForm, Weights] = {"explicit": "softmax", "sigmoid": "sigmoid"}  # with the paper's shapes


def attend(queries: Tensor, keys: Tensor, values: Tensor) -> Tensor:
    """Softmax attention without the usual 1/sqrt(d), as in SAGAN (Zhang et al. 2019, equation 1).

    Args:
        queries: Maps (B, D, H, W): one output position each.
        keys: Maps (B, D, h, w): the sources.
        values: Maps (B, D, h, w), of as many channels as the queries: only then is there a fused kernel, which never
            holds the (HW, hw) matrix of weights.

    Returns:
        (B, D, H, W).
    """
    q, k, v = (
        maps.flatten(2).transpose(1, 2).contiguous()[:, None] for maps in (queries, keys, values)
    )  # (B, 1, N, D)
    mixed = F.scaled_dot_product_attention(q, k, v, scale=1.0)
    return mixed[:, 0].transpose(1, 2).reshape(queries.shape)


def attend_explicitly(queries: Tensor, keys: Tensor, values: Tensor, weights: Weights) -> Tensor:
    """Attention through the whole matrix of weights, for any number of channels.

    Args:
        queries: Maps (B, D, H, W).
        keys: Maps (B, D, h, w).
        values: Maps (B, C, h, w).
        weights: ``softmax`` over the sources; ``sigmoid`` of each product, whose sum is about half the number of
            sources, as the authors' release has it.

    Returns:
        (B, C, H, W).
    """
    products = torch.einsum("bdi,bdj->bij", keys.flatten(2), queries.flatten(2))  # row: source, column: output
    shares = products.softmax(dim=1) if weights == "softmax" else products.sigmoid()
    mixed: Tensor = torch.einsum("bci,bij->bcj", values.flatten(2), shares)
    return mixed.reshape(*mixed.shape[:2], *queries.shape[2:])


class SelfAttention(nn.Module):
    """What attention adds to a feature map: 1x1 projections to one narrow width, attention, a 1x1 back.

    SAGAN's block (section 3), but with values as narrow as queries and keys, which is what lets the kernel fuse.

    Args:
        channels: Channels in and out, a multiple of ``reduction``.
        reduction: How many times narrower queries, keys and values are; 8 in SAGAN for queries and keys.
        key_pool: Side of the max-pooling of keys and values (SAGAN's released code has 2); 1 for none.

    Raises:
        ConfigurationError: If ``channels`` is no multiple of ``reduction``, or ``key_pool`` is below 1.
    """

    def __init__(self, channels: int, reduction: int = 8, key_pool: int = 2) -> None:
        super().__init__()
        require(channels % reduction == 0, f"channels must be a multiple of {reduction} for attention, got {channels}")
        require_numbers({"key_pool": key_pool}, at_least=1)
        width = channels // reduction
        self.query = nn.Conv2d(channels, width, 1)
        self.key = nn.Conv2d(channels, width, 1)
        self.value = nn.Conv2d(channels, width, 1)
        self.out = nn.Conv2d(width, channels, 1)
        self.key_pool = key_pool

    def forward(self, x: Tensor, content: Tensor) -> Tensor:
        """Weights from ``x``, values from ``content``, both (B, C, H, W); returns (B, C, H, W)."""
        keys, values = self.key(x), self.value(content)
        pool = min(self.key_pool, *keys.shape[-2:])  # of a map that is smaller, one key is left
        if pool > 1:
            keys, values = F.max_pool2d(keys, pool), F.max_pool2d(values, pool)
        mixed: Tensor = self.out(attend(self.query(x), keys, values))
        return mixed


def bottleneck(in_channels: int, out_channels: int, width: int) -> nn.Sequential:
    """Three convolutions, each after batch norm and ReLU (He et al. 2016), with biases as in the Torch7 code."""
    layers: list[nn.Module] = []
    for inputs, outputs, kernel in ((in_channels, width, 1), (width, width, 3), (width, out_channels, 1)):
        layers += [
            nn.BatchNorm2d(inputs),
            nn.ReLU(inplace=True),
            nn.Conv2d(inputs, outputs, kernel, padding=kernel // 2),
        ]
    return nn.Sequential(*layers)


class Residual(nn.Module):
    """The hourglass's residual module: a bottleneck added to the input (Newell et al. 2016, figure 4).

    Args:
        in_channels: Channels in.
        out_channels: Channels out; where they differ, a 1x1 convolution makes the input fit.
        width: Channels within; None for half of those out.
    """

    def __init__(self, in_channels: int, out_channels: int, width: int | None = None) -> None:
        super().__init__()
        self.change = bottleneck(in_channels, out_channels, width or out_channels // 2)
        self.skip = nn.Identity() if in_channels == out_channels else nn.Conv2d(in_channels, out_channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        """Maps (B, in_channels, H, W) to (B, out_channels, H, W)."""
        total: Tensor = self.skip(x) + self.change(x)
        return total


class SelfAttentionResidual(nn.Module):
    """Self-attention residual module (SARM) at a price that fits in memory; keeps the shape.

    Variant A lets attention work on the residual module's result, ``r = R(x); r + g attention(x, r)``; variant B on
    the input, ``R(x) + g attention(x, x)``. The gate g starts at 0, as in SAGAN: at first this is a plain residual.
    The paper's product in A has no ``r +``: through an eighth of the channels and pooled keys it would lose the detail
    that skip connections are there for.

    Args:
        channels: Channels in and out, a multiple of 8.
        variant: ``A`` or ``B``.
        key_pool: Side of the max-pooling of keys and values; 1 for none.
    """

    def __init__(self, channels: int, variant: Variant, key_pool: int = 2) -> None:
        super().__init__()
        self.residual = Residual(channels, channels)
        self.attention = SelfAttention(channels, key_pool=key_pool)
        self.gate = nn.Parameter(torch.zeros(()))
        self.variant = variant

    def forward(self, x: Tensor) -> Tensor:
        """Maps (B, C, H, W) to (B, C, H, W)."""
        result = self.residual(x)
        mixed: Tensor = result + self.gate * self.attention(x, result if self.variant == "A" else x)
        return mixed


class PaperAttentionResidual(nn.Module):
    """The SARM with the shapes of the authors' release: full width, the whole matrix of weights, no gate.

    Variant A is the product ``R(x) softmax(f f)`` with f of a second bottleneck, and no skip connection around it;
    variant B the sum ``R(x) + v softmax(k q)``. At 64 x 64 positions a matrix is 4096 x 4096.

    Args:
        in_channels: Channels in.
        out_channels: Channels out, also those of queries, keys and values.
        variant: ``A`` or ``B``.
        weights: ``softmax`` as the paper's text says; ``sigmoid`` as the release has it, whose outputs are hundreds of
            times larger at 64 x 64.
    """

    def __init__(self, in_channels: int, out_channels: int, *, variant: Variant, weights: Weights) -> None:
        super().__init__()
        width = in_channels // 2
        self.residual = Residual(in_channels, out_channels, width)
        if variant == "A":
            self.features = bottleneck(in_channels, out_channels, width)
        else:
            self.query, self.key, self.value = (nn.Conv2d(in_channels, out_channels, 1) for _ in range(3))
        self.variant = variant
        self.weights: Weights = weights

    def forward(self, x: Tensor) -> Tensor:
        """Maps (B, in_channels, H, W) to (B, out_channels, H, W)."""
        result: Tensor = self.residual(x)
        if self.variant == "A":
            features = self.features(x)
            return attend_explicitly(features, features, result, self.weights)
        return result + attend_explicitly(self.query(x), self.key(x), self.value(x), self.weights)


def attention_residual(channels: int, *, variant: Variant, form: AttentionForm, key_pool: int) -> nn.Module:
    """The residual module that keeps its shape, with attention of the given form, or without.

    Raises:
        ConfigurationError: If a choice is none of those there are.
    """
    forms = get_args(AttentionForm)
    require(variant in get_args(Variant), f"the attention's variant must be 'A' or 'B', got {variant!r}")
    require(form in forms, f"attention must be one of {', '.join(forms)}, got {form!r}")
    if form == "none":
        return Residual(channels, channels)
    if form == "fused":
        return SelfAttentionResidual(channels, variant, key_pool)
    return PaperAttentionResidual(channels, channels, variant=variant, weights=PAPER_WEIGHTS[form])
