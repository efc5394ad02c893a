"""Random numbers as pure functions of counters.

Nothing random in a run depends on how it got there: the noise of a step is a function of (seed, step, rank), an
augmentation of (seed, epoch, index). So a resumed run needs no saved generator state to go on exactly. What a seed is
for is part of it, so that equal numbers do not give equal noise: step 3 of training and batch 3 of validation, say.
"""

import math
import os
import random
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from enum import IntEnum

import numpy as np
import torch

_WORTH_A_THREAD = 2**14  # numbers that take far longer to draw than a thread to be told


class Purpose(IntEnum):
    """What a seed of a run is for.

    Attributes:
        ORDER: Of the training samples in a pass over them. It is the one without a tag: runs of version 0.1 that are
            stopped in the middle of a pass go on with the samples that are left of it.
        AUGMENTATION: Of a training sample, by epoch and index.
        TRAINING_STEP: Noise, by step and rank.
        VALIDATION: Noise, by batch and rank.
        TEST: Noise, by batch and rank.
        PREDICTION: Noise, by batch and rank.
    """

    ORDER = 0
    AUGMENTATION = 1
    TRAINING_STEP = 2
    VALIDATION = 3
    TEST = 4
    PREDICTION = 5


def run_seed() -> int:
    """The seed of the whole run, as set by ``seed_everything``; 0 where nothing set one."""
    return int(os.environ.get("PL_GLOBAL_SEED", "0"))


def derive_seed(purpose: Purpose, *counters: int) -> int:
    """Mixes non-negative counters into one 32-bit seed.

    Different counters give unrelated seeds, and so do the same ones for another purpose; but zeros at the end do not
    count: (5,) and (5, 0) give the same one.
    """
    tag = () if purpose is Purpose.ORDER else (int(purpose),)
    return _mixed(np.random.SeedSequence(counters, spawn_key=tag))


def seed_of_part(seed: int, part: int) -> int:
    """The seed of one part of what a seed stands for: a layer's noise in an image, one picture of a made-up data set.

    It is the same in every run, and for ever: published seeds name images.
    """
    return _mixed(np.random.SeedSequence((seed, part)))


def _mixed(sequence: np.random.SeedSequence) -> int:
    return int(sequence.generate_state(1)[0])


def seed_generators(seed: int, device: torch.device | None = None) -> None:
    """Seeds the global generators of Python, NumPy and torch: the CPU's, and that of a ``device`` if it has its own.

    Far cheaper than ``torch.manual_seed``, which visits every backend; made to be called for every step and sample.
    """
    random.seed(seed)
    np.random.seed(seed)  # noqa: NPY002 - libraries in a transform draw from the global generator
    torch.default_generator.manual_seed(seed)
    if device is None or device.type == "cpu":
        return
    if device.type == "cuda":
        torch.cuda.default_generators[device.index or 0].manual_seed(seed)
    else:  # mps, xpu: the process's current device
        torch.get_device_module(device).manual_seed(seed)


def draw_seeds(count: int) -> list[int]:
    """Seeds for as many samples, of the CPU's global generator: a sample's is the same in any division into batches."""
    seeds: list[int] = torch.randint(2**32, (count,)).tolist()
    return seeds


def generators_from_seeds(seeds: Iterable[int], device: torch.device) -> list[torch.Generator]:
    """A generator of a device for each seed, which starts as the global one does after :func:`seed_generators`."""
    return [torch.Generator(device).manual_seed(seed) for seed in seeds]


def normal_from_seeds(seeds: Iterable[int], *shape: int) -> torch.Tensor:
    """Draws N(0, 1) for each seed by itself: what a seed gives depends on no other one, and on no device.

    The numbers are those of NumPy's ``RandomState``, which no release may change and from which the authors' StyleGAN
    tools draw their latents too: seed 7 means here what it means there. Large draws are made on all cores.

    Args:
        seeds: Each from 0 to 2**32 - 1.
        shape: Of one seed's draw.

    Returns:
        A float32 tensor (len(seeds), *shape) on the CPU.
    """
    numbers = [int(seed) for seed in seeds]
    drawn = np.empty((len(numbers), *shape), np.float32)

    def draw(place: int) -> None:
        drawn[place] = np.random.RandomState(numbers[place]).standard_normal(shape)

    if math.prod(shape) < _WORTH_A_THREAD:
        for place in range(len(numbers)):
            draw(place)
    else:
        with ThreadPoolExecutor() as pool:
            list(pool.map(draw, range(len(numbers))))  # a list, to hear of what fails
    return torch.from_numpy(drawn)
