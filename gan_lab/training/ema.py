"""The exponential moving average of a network's weights, from which images are made better than from the last ones.

Karras et al. (ICLR 2018, appendix A) introduced it for GANs with a decay a step; as a half-life in images, as Karras et
al. 2019 use it, it means the same at every batch size.
"""

import math
from collections.abc import Collection, Mapping
from copy import deepcopy
from dataclasses import dataclass
from typing import TypeVar

import torch
from torch import Tensor, nn

Network = TypeVar("Network", bound=nn.Module)


def averaged_copy(network: Network) -> Network:
    """A copy that starts at the network's weights and that no optimizer trains; see :func:`update_average`."""
    return deepcopy(network).requires_grad_(False)


def with_averages(weights: Mapping[str, Tensor], wanted: Collection[str]) -> dict[str, Tensor]:
    """A checkpoint's weights for a model that averages other networks than the checkpoint's did, or none.

    Args:
        weights: By name; ``x_ema`` is the average of ``x``.
        wanted: The model's names. An average that is not among the weights begins at its network's, as averages do; one
            that the model does not have is left out.
    """
    adapted = {name: weight for name, weight in weights.items() if name in wanted or "_ema." not in name}
    begun = {name: weights.get(name.replace("_ema.", ".", 1)) for name in wanted if "_ema." in name}
    return {name: weight for name, weight in begun.items() if weight is not None} | adapted


@dataclass(frozen=True, slots=True)
class WeightAverage:
    """A network and its average.

    Attributes:
        average: What :func:`averaged_copy` made of the network.
        network: The network.
        half_life: After how many images a step's weights count half, above 0.
        ramp_up: The half-life is at most this part of the images seen so far, so that the first weights are forgotten
            (StyleGAN2-ADA's ``ema_rampup``, 0.05 there); None for no such bound.
    """

    average: nn.Module
    network: nn.Module
    half_life: float
    ramp_up: float | None = None

    def update(self, images: int, images_seen: int) -> None:
        """Moves the average after a step.

        Args:
            images: Images of the step, over all processes.
            images_seen: Images of all steps so far, this one's included.
        """
        half_life = self.half_life if self.ramp_up is None else min(self.half_life, self.ramp_up * images_seen)
        update_average(self.average, self.network, half_life_decay(images, half_life))


class WeightAverages:
    """All averages of a module, each of which moves once a step."""

    def __init__(self) -> None:
        self._all: list[WeightAverage] = []
        self._moved = False

    def of(self, network: Network, half_life: float, ramp_up: float | None = None) -> Network | None:
        """Has every step move an average of a network's weights; the copy is the paper's to keep as a network of its.

        Args:
            network: What is trained.
            half_life: After how many images a step's weights count half; 0 for no average.
            ramp_up: See :class:`WeightAverage`.

        Returns:
            The average, which starts at the network's weights; None without a half-life.
        """
        if half_life == 0:
            return None
        copy = averaged_copy(network)
        self._all.append(WeightAverage(copy, network, half_life, ramp_up))
        return copy

    def move(self, images: int, images_seen: int) -> None:
        """Moves them, the first time that it is asked to in a step.

        Args:
            images: Images of the step, over all processes.
            images_seen: Images of all steps so far, this one's included.
        """
        if not self._moved:
            for average in self._all:
                average.update(images, images_seen)
        self._moved = True

    def end_step(self) -> None:
        """Has them move again in the next step."""
        self._moved = False


def half_life_decay(images: int, half_life: float) -> float:
    """What is left of an average after a step: half of it after ``half_life`` images.

    Args:
        images: Images of the step, over all processes.
        half_life: In images, above 0.
    """
    return math.exp2(-images / half_life)


@torch.no_grad()
def update_average(average: nn.Module, network: nn.Module, decay: float) -> None:
    """Moves the average's weights to the network's by ``1 - decay`` of the way; its buffers become the network's.

    Buffers (statistics of batch norm, StyleGAN's mean w) are averages already.

    Args:
        average: What :func:`averaged_copy` made of the network.
        network: The network, after a step.
        decay: From 0, which copies the weights, to 1, which leaves the average as it is.
    """
    torch._foreach_lerp_(list(average.parameters()), list(network.parameters()), 1 - decay)
    if buffers := list(average.buffers()):
        torch._foreach_copy_(buffers, list(network.buffers()))
