"""Random numbers as pure functions of counters.

Nothing random in a run depends on how it got there: the noise of a step is a function of (seed, step, rank), an
augmentation of (seed, epoch, index). So a resumed run needs no saved generator state to go on exactly.
"""

import os
import random
from collections.abc import Iterable

import numpy as np
import torch


def run_seed() -> int:
    """The seed of the whole run, as set by ``seed_everything``; 0 where nothing set one."""
    return int(os.environ.get("PL_GLOBAL_SEED", "0"))


def derive_seed(*counters: int) -> int:
    """Mixes non-negative counters into one 32-bit seed.

    Different counters give unrelated seeds, but zeros at the end do not count: (5,) and (5, 0) give the same one.
    """
    return int(np.random.SeedSequence(counters).generate_state(1)[0])


def seed_generators(seed: int, device: torch.device | None = None) -> None:
    """Seeds the global generators of Python, NumPy and torch (the CPU's, and that of a CUDA ``device``).

    Far cheaper than ``torch.manual_seed``, which visits every backend; made to be called for every step and sample.
    """
    random.seed(seed)
    np.random.seed(seed)  # noqa: NPY002 - libraries in a transform draw from the global generator
    torch.default_generator.manual_seed(seed)
    if device is not None and device.type == "cuda":
        torch.cuda.default_generators[device.index or 0].manual_seed(seed)


def normal_from_seeds(seeds: Iterable[int], *shape: int) -> torch.Tensor:
    """Draws N(0, 1) for each seed by itself: what a seed gives depends on no other one, and on no device.

    The numbers are those of NumPy's ``RandomState``, which no release may change and from which the authors' StyleGAN
    tools draw their latents too: seed 7 means here what it means there.

    Args:
        seeds: Each from 0 to 2**32 - 1.
        shape: Of one seed's draw.

    Returns:
        A float32 tensor (len(seeds), *shape) on the CPU.
    """
    draws = [np.random.RandomState(int(seed)).standard_normal(shape) for seed in seeds]
    return torch.from_numpy(np.stack(draws)).float()
