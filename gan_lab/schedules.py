"""Schedules as pure functions of the progress made, so that a resumed run has nothing to restore."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from gan_lab import ranges
from gan_lab.errors import require

# StyleGAN's released train.py: images a step over all GPUs, by the number of GPUs and the resolution
_OFFICIAL_BATCHES: dict[int, dict[int, int]] = {
    1: {4: 128, 8: 128, 16: 128, 32: 64, 64: 32, 128: 16, 256: 8, 512: 4, 1024: 4},
    2: {4: 256, 8: 256, 16: 128, 32: 64, 64: 32, 128: 16, 256: 8, 512: 8, 1024: 8},
    4: {4: 512, 8: 256, 16: 128, 32: 64, 64: 32, 128: 16, 256: 16, 512: 16, 1024: 16},
    8: {4: 512, 8: 256, 16: 128, 32: 64, 64: 32, 128: 32, 256: 32, 512: 32, 1024: 32},
}


def linear_decay(epoch: int, constant_epochs: int, decay_epochs: int) -> float:
    """Learning-rate factor: 1, then a straight line to 0 (Pix2Pix and CycleGAN reference implementations).

    The first decaying epoch already has the factor ``decay_epochs / (decay_epochs + 1)`` and the last one
    ``1 / (decay_epochs + 1)``: no epoch is trained with a rate of zero.

    Args:
        epoch: Completed epochs, from 0.
        constant_epochs: Epochs at the full rate.
        decay_epochs: Epochs of decay after them; 0 keeps the rate constant for ever.

    Returns:
        The factor in [0, 1].
    """
    if decay_epochs == 0:
        return 1.0
    return max(0.0, 1.0 - max(0, epoch + 1 - constant_epochs) / (decay_epochs + 1))


class GrowthStage(NamedTuple):
    """Where growing networks are.

    Attributes:
        resolution: Side in pixels of what is generated and judged.
        alpha: How far the last doubling is faded in; 1 between fades.
        phase: Counts fades and the times between them, from 0.
    """

    resolution: int
    alpha: float
    phase: int


@dataclass(frozen=True)
class GrowingSchedule:
    """How networks grow with the images they have seen (ProGAN, section 3; StyleGAN, appendix C).

    At each resolution but the last they train ``stable_kimg`` thousand images, then double and fade the new layers in
    over ``fade_kimg`` thousand. The new resolution, with its batch size and learning rate, is that of the whole fade.

    Args:
        resolution: Side of the final images in pixels, a power of two.
        start_resolution: Where training begins; the same as ``resolution`` for networks that do not grow.
        stable_kimg: Thousands of images at one resolution before the next one is faded in.
        fade_kimg: Thousands of images of a fade; 0 for none.
        total_kimg: Thousands of images after which training ends; 0 leaves the end to the trainer.
        batch_sizes: Images a step over all processes at each resolution; None or {} for the released code's, which
            are for 1, 2, 4 or 8 processes.

    Raises:
        ConfigurationError: If these do not fit together.
    """

    resolution: ranges.Pixels = 1024
    start_resolution: ranges.Pixels = 8
    stable_kimg: ranges.NonNegativeFloat = 600.0
    fade_kimg: ranges.NonNegativeFloat = 600.0
    total_kimg: ranges.NonNegativeFloat = 25_000.0
    batch_sizes: dict[int, ranges.PositiveInt] | None = None

    def __post_init__(self) -> None:
        ranges.require(GrowingSchedule, vars(self), "schedule")
        require(
            is_power_of_two(self.start_resolution) and is_power_of_two(self.resolution),
            f"schedule: resolutions must be powers of two, got {self.start_resolution} and {self.resolution}",
        )
        require(
            4 <= self.start_resolution <= self.resolution,
            f"schedule: start_resolution must be from 4 to the resolution {self.resolution}, "
            f"got {self.start_resolution}",
        )
        moves = self.fixed or self.stable_kimg + self.fade_kimg > 0
        require(moves, "schedule: networks that grow need a stable_kimg or a fade_kimg above 0")
        for side in self.resolutions:
            known = not self.batch_sizes or side in self.batch_sizes
            require(known, f"schedule: batch_sizes lacks the resolution {side}")

    @property
    def fixed(self) -> bool:
        """Whether the networks keep their size."""
        return self.start_resolution == self.resolution

    @property
    def resolutions(self) -> list[int]:
        """Every resolution from the first to the last."""
        count = (self.resolution // self.start_resolution).bit_length()
        return [self.start_resolution * 2**doublings for doublings in range(count)]

    @property
    def last_resolution(self) -> int:
        """The resolution at which ``total_kimg`` ends training: the final one unless it comes too early."""
        return self.stage(round(1000 * self.total_kimg)).resolution if self.total_kimg else self.resolution

    def stage(self, images: int) -> GrowthStage:
        """Where the networks are once they have seen so many images."""
        stable, fade = round(1000 * self.stable_kimg), round(1000 * self.fade_kimg)
        last = len(self.resolutions) - 1
        doublings, within = (0, 0) if self.fixed else divmod(images, stable + fade)
        if doublings >= last:
            return GrowthStage(self.resolution, 1.0, 2 * last)
        if within <= stable:
            return GrowthStage(self.resolutions[doublings], 1.0, 2 * doublings)
        return GrowthStage(self.resolutions[doublings + 1], (within - stable) / fade, 2 * doublings + 1)

    def batch_size(self, images: int, processes: int = 1) -> int:
        """Images in the next step, over all processes, once so many have been seen.

        Raises:
            ConfigurationError: As of :meth:`batch_size_at`.
        """
        return self.batch_size_at(self.stage(images).resolution, processes)

    def batch_size_at(self, resolution: int, processes: int = 1) -> int:
        """Images in a step at a resolution, over all processes.

        Raises:
            ConfigurationError: If there is no table for so many processes, or they cannot share the images evenly.
        """
        sizes: Mapping[int, int] = self.batch_sizes or _OFFICIAL_BATCHES.get(processes, {})
        require(
            len(sizes) > 0,
            f"schedule: the released batch sizes are for 1, 2, 4 or 8 processes, not {processes}: give batch_sizes",
        )
        require(resolution in sizes, f"schedule: there is no released batch size for {resolution}: give batch_sizes")
        size = sizes[resolution]
        require(
            size >= 1 and size % processes == 0,
            f"schedule: {size} images a step at {resolution} cannot be shared by {processes} processes",
        )
        return size

    def done(self, images: int) -> bool:
        """Whether training is over."""
        return 0 < 1000 * self.total_kimg <= images


def as_schedule(schedule: GrowingSchedule | Mapping[str, Any]) -> GrowingSchedule:
    """A schedule from the plain values that a checkpoint keeps of it, or as it is."""
    return schedule if isinstance(schedule, GrowingSchedule) else GrowingSchedule(**schedule)


def is_power_of_two(number: int) -> bool:
    """Whether it is 1, 2, 4, 8 ..."""
    return number > 0 and number & (number - 1) == 0


def style_layer_count(resolution: int) -> int:
    """A style-based generator's layers at a resolution: two at 4 pixels and two for each doubling, 18 at 1024."""
    return 2 * (resolution.bit_length() - 1) - 2


def step_decay(epoch: int, milestones: Sequence[int], factor: float) -> float:
    """Learning-rate factor: 1, times ``factor`` at each milestone that has been reached.

    Args:
        epoch: Completed epochs, from 0.
        milestones: Epochs after which the rate drops.
        factor: What it is multiplied by each time.

    Returns:
        The factor.
    """
    return factor ** sum(epoch >= milestone for milestone in milestones)
