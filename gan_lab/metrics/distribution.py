"""Distances between two sets of images by what a fixed network sees in them: Fréchet's, the kernel's, the diversity."""

import math
import warnings
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torchmetrics.image.kid import KernelInceptionDistance

from gan_lab.errors import require

KERNEL_SUBSETS = 100  # of 1,000 each: Binkowski et al. (ICLR 2018), and every implementation since
KERNEL_SUBSET_SIZE = 1000
_ROUNDING = 1e-10  # of a squared mean: the square of what float32 rounds


@dataclass(frozen=True)
class FeatureSums:
    """All that the distances need to know of a set's features, and what adds up over processes.

    Attributes:
        count: Images.
        total: Sum of their features, float64 (D,).
        products: Sum of the features' outer products with themselves, float64 (D, D).
        kept: Features of some of the images, float32 (K, D), in the order of the set.
        places: The places of those in the set, int64 (K,).
    """

    count: int
    total: Tensor
    products: Tensor
    kept: Tensor
    places: Tensor

    def is_of(self, count: int) -> bool:
        """Whether it can be the sums over so many images; one that was read from a file may be anything."""
        parts = (self.total, self.products, self.kept)
        if self.count != count or not all(isinstance(part, Tensor) for part in parts) or self.total.dim() != 1:
            return False
        width, kept = len(self.total), len(self.kept) if self.kept.dim() else 0
        shapes = [(width,), (width, width), (kept, width)]
        kinds = [torch.float64, torch.float64, torch.float32]
        fits = [(tuple(part.shape), part.dtype) for part in parts] == list(zip(shapes, kinds, strict=True))
        return fits and 0 < kept <= count and all(bool(part.isfinite().all()) for part in parts)

    @property
    def mean(self) -> Tensor:
        """Of the features, (D,)."""
        return self.total / self.count

    @property
    def covariance(self) -> Tensor:
        """Of the features, unbiased, (D, D); raises ConfigurationError if there are fewer than two images."""
        require(self.count >= 2, f"a covariance takes two images or more, and there are {self.count}")
        return (self.products - self.count * torch.outer(self.mean, self.mean)) / (self.count - 1)

    @property
    def is_varied(self) -> bool:
        """Whether two of the images differ by more than rounding, to the network that sees them."""
        return self.count >= 2 and float(self.covariance.trace()) > _ROUNDING * float(self.mean.square().sum())

    @property
    def is_finite(self) -> bool:
        """Whether the network saw numbers alone."""
        return bool(self.products.isfinite().all() and self.kept.isfinite().all())


def sum_features(batches: Iterable[Tensor], places: Sequence[int], stride: int) -> FeatureSums | None:
    """Sums up features (B, D) over batches.

    Args:
        batches: The features of a set, or of the part of it that a process sees.
        places: The place of each in the set.
        stride: The features at multiples of it are kept: see :func:`stride_to_keep`.

    Returns:
        The sums; None if there is no batch.
    """
    total = products = None
    kept: list[Tensor] = []
    seen = 0
    for batch in batches:
        features = batch.to("cpu", torch.float64)  # not every accelerator has float64
        if total is None or products is None:
            total, products = features.new_zeros(features.shape[1]), features.new_zeros(2 * features.shape[1:])
        total += features.sum(0)
        products += features.T @ features
        here = places[seen : seen + len(features)]
        kept.append(features[[place % stride == 0 for place in here]].float())
        seen += len(features)
    if total is None or products is None:
        return None
    kept_places = torch.tensor([place for place in places[:seen] if place % stride == 0], dtype=torch.int64)
    return FeatureSums(seen, total, products, torch.cat(kept), kept_places)


def stride_to_keep(count: int, most: int) -> int:
    """From one feature kept to the next, so that of ``count`` there are at most ``most``, evenly spaced."""
    return max(1, math.ceil(count / most))


def combine(parts: Sequence[FeatureSums | None]) -> FeatureSums:
    """The sums over the images of all parts; what is kept lies in the order of the set, however it was parted.

    Raises:
        ConfigurationError: If no part has any.
    """
    some = [part for part in parts if part is not None]
    require(len(some) > 0, "there are no features to sum up")
    places = torch.cat([part.places for part in some])
    order = places.argsort()
    return FeatureSums(
        sum(part.count for part in some),
        torch.stack([part.total for part in some]).sum(0),
        torch.stack([part.products for part in some]).sum(0),
        torch.cat([part.kept for part in some])[order],
        places[order],
    )


def frechet_distance(real: FeatureSums, fake: FeatureSums) -> float:
    """Between the normal distributions of the same means and covariances (Heusel et al., NeurIPS 2017, equation 6).

    The trace of the product's root is taken from a symmetric matrix with the same eigenvalues: the values of
    torchmetrics' ``FrechetInceptionDistance`` in a fraction of its time, and for singular covariances too. NaN where a
    feature is not finite; raises ConfigurationError for a set of fewer than two images.
    """
    if not real.is_finite or not fake.is_finite:
        return math.nan
    values, vectors = torch.linalg.eigh(real.covariance)
    root = (vectors * values.clamp(min=0).sqrt()) @ vectors.T
    cross = torch.linalg.eigvalsh(root @ fake.covariance @ root).clamp(min=0).sqrt().sum()
    spread = real.covariance.trace() + fake.covariance.trace() - 2 * cross
    return max(0.0, float((real.mean - fake.mean).square().sum() + spread))


def kernel_distance(real: FeatureSums, fake: FeatureSums) -> float:
    """Squared maximum mean discrepancy under a cubic kernel (Binkowski et al., ICLR 2018), over the features kept.

    Unlike Fréchet's it does not depend on the number of images, but for its noise. By torchmetrics, on the same subsets
    each time and on all processes. NaN where a feature is not finite; raises
    ConfigurationError if fewer than two are kept.
    """
    if not real.is_finite or not fake.is_finite:
        return math.nan
    require(min(len(real.kept), len(fake.kept)) >= 2, "the kernel's distance takes two images or more of either kind")
    size = min(KERNEL_SUBSET_SIZE, len(real.kept), len(fake.kept))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that it keeps the features, which we keep anyway
        metric = KernelInceptionDistance(nn.Identity(), subsets=KERNEL_SUBSETS, subset_size=size, sync_on_compute=False)
    metric.update(real.kept, real=True)
    metric.update(fake.kept, real=False)
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(0)  # torch.manual_seed would set every device's too
        mean, _ = metric.compute()
    return float(mean)


def diversity(real: FeatureSums, fake: FeatureSums) -> float:
    """The mean distance (root of the mean square) between two generated images, relative to that between two real ones.

    1 where the one set is as varied as the other, 0 where all generated images are the same: mode collapse. Over all
    pairs, since the mean squared distance of two draws is twice the trace of their covariance. NaN where a feature is
    not finite.

    Raises:
        ConfigurationError: If the real images, are the same, or there are fewer than two of a kind.
    """
    if not real.is_finite or not fake.is_finite:
        return math.nan
    require(real.is_varied, "all real images look the same, so that there is no diversity to compare with")
    if not fake.is_varied:
        return 0.0
    return float((fake.covariance.trace().clamp(min=0) / real.covariance.trace()).sqrt())
