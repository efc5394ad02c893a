"""What is random in an evaluated sample: the same in every evaluation, whatever the batches and the processes."""

from gan_lab.seeding import Purpose, derive_seed, draw_seeds, run_seed


class EvaluatedSamples:
    """Numbers the samples of an evaluation, from which the seeds of their noise follow."""

    def __init__(self) -> None:
        self._passed = 0
        self._seeds: list[int] = []

    def begin_batch(self, purpose: Purpose, batch_idx: int, count: int, rank: int, processes: int) -> None:
        """Takes note of the samples of the coming batch.

        Args:
            purpose: What they are evaluated for.
            batch_idx: 0 for the first batch of an evaluation.
            count: Samples in the batch.
            rank: This process.
            processes: All processes, of which each has every so many'th sample.
        """
        first = 0 if batch_idx == 0 else self._passed
        self._passed = first + count
        places = range(rank + first * processes, rank + self._passed * processes, processes)
        self._seeds = [derive_seed(purpose, run_seed(), place) for place in places]

    def seeds(self, count: int) -> list[int]:
        """The seeds of the batch's samples; drawn, if so many samples are not of an evaluation."""
        return self._seeds if len(self._seeds) == count else draw_seeds(count)
