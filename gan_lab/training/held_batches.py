"""The batches of one step: each player learns from all of them before it moves."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Generic, TypeVar

import torch
from torch import Tensor

from gan_lab.networks.layers import unrecorded
from gan_lab.training.sample_check import count_samples

Batch = TypeVar("Batch", bound=Mapping[str, Any])

_GENERATED = 0  # among the noises of a batch: what it is generated with, for whichever player


class HeldBatches(Generic[Batch]):
    """The batches of a step, in whose order a player's loss is taken: one batch's graph is freed before the next.

    What a loss is the mean of over samples, the sum over batches of their shares times it is too: the gradients are
    those of one large batch, but for what mixes samples (batch norm, minibatch stddev) or is drawn for a whole batch.

    Args:
        batches: One, or ``trainer.accumulate_grad_batches`` of them; fewer at the end of an epoch.
        seed: Seeds the generators for a batch's place, from 0, and one of its noises, from 0. The first batch's first
            noise is what the step begins with.

    Attributes:
        batches: The batches.
        samples: Samples in all of them.
        shares: Each one's part of the samples.
    """

    def __init__(self, batches: Sequence[Batch], seed: Callable[[int, int], None]) -> None:
        self.batches = batches
        counts = [count_samples(batch) for batch in batches]
        self.samples = sum(counts)
        self.shares = [count / self.samples for count in counts]
        self._seed = seed
        self._noises = _GENERATED
        self._noted: dict[str, list[Tensor]] = {}

    def each(self, loss: Callable[[int], Tensor | Iterable[Tensor]]) -> Iterator[Tensor]:
        """A player's loss, for :meth:`GANModule.minimize`, in parts whose sum is meant.

        Of several batches each has noise of its own, and another one for each player.

        Args:
            loss: Of the batch in a place, from 0; a scalar, or scalars whose sum is meant.
        """
        self._noises += 1
        noise = self._noises
        for place in range(len(self.batches)):
            if len(self.batches) > 1:
                self._seed(place, noise)
            parts = loss(place)
            for part in [parts] if isinstance(parts, Tensor) else parts:
                yield self.weighted(place, part)

    def weighted(self, place: int, loss: Tensor) -> Tensor:
        """A batch's loss as a part of the step's."""
        return loss if len(self.batches) == 1 else self.shares[place] * loss

    def begin_noise(self) -> None:
        """Has the random numbers of the step begin again, if there are several batches: as one large batch has them."""
        if len(self.batches) > 1:
            self._seed(0, _GENERATED)

    def begin_generating(self, place: int) -> None:
        """Has the random numbers begin that a batch is generated with, in every player's turn."""
        self._seed(place, _GENERATED)

    def note(self, losses: Mapping[str, Tensor]) -> None:
        """Takes note of a batch's losses, one batch after the other; their graphs are let go."""
        for name, loss in losses.items():
            self._noted.setdefault(name, []).append(loss.detach())

    def mean(self, of_batches: Sequence[Tensor]) -> Tensor:
        """The mean over samples of what is a mean over each batch's."""
        if len(of_batches) == 1:
            return of_batches[0]
        return torch.stack([self.weighted(place, part) for place, part in enumerate(of_batches)]).sum(0)

    def noted(self, name: str) -> Tensor:
        """A loss of the step: the mean over its samples."""
        return self.mean(self._noted[name])

    def losses(self) -> dict[str, Tensor]:
        """All losses that were noted."""
        return {name: self.noted(name) for name in self._noted}


class Generated:
    """What a generator makes of each batch of a step, for two players that are to see the same.

    Of one batch it is made once, and its graph kept for the generator's turn. Of several it is made again then, with
    the same noise, so that never more than one batch's graph is held.

    Args:
        held: The batches.
        generator: The network.
        make: What it makes of the batch in a place.

    Attributes:
        held: The batches.
    """

    def __init__(self, held: HeldBatches[Any], generator: torch.nn.Module, make: Callable[[int], Tensor]) -> None:
        self.held = held
        self._generator = generator
        self._make = make
        self._kept: Tensor | None = None

    def shown(self, place: int) -> Tensor:
        """For the discriminator's turn, without a graph."""
        if len(self.held.batches) == 1:
            return self.learning(place).detach()
        with torch.no_grad(), unrecorded(self._generator):
            return self._anew(place)

    def learning(self, place: int) -> Tensor:
        """For the generator's turn."""
        if len(self.held.batches) > 1:
            return self._anew(place)
        if self._kept is None:
            self._kept = self._make(place)
        return self._kept

    def _anew(self, place: int) -> Tensor:
        self.held.begin_generating(place)
        return self._make(place)
