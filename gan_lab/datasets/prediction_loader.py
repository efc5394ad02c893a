"""The samples that ``predict`` is asked for; those that cannot be decoded are passed over, and named."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from torch.utils.data import DataLoader, Dataset, default_collate

from gan_lab.datasets.loader import evaluation_loader
from gan_lab.errors import ImageReadError, require


class _Broken(NamedTuple):
    """What takes the place of a sample that cannot be decoded: the error's message."""

    reason: str


class _Sifted(Dataset[Any]):
    """A dataset of files whose broken ones are no errors."""

    def __init__(self, data: Any) -> None:
        self.data = data

    def __len__(self) -> int:
        return len(self.data)

    def __getitem__(self, index: int) -> Any:
        try:
            return self.data[index]
        except ImageReadError as error:
            return _Broken(str(error))

    def files(self, index: int) -> list[Path]:
        """The files of one sample."""
        files: list[Path] = self.data.files(index)
        return files


class SiftingLoader(DataLoader[Any]):
    """Yields batches of what can be decoded; a batch of which nothing can is left out.

    Attributes:
        broken: What the errors say of the samples passed over so far, each of which begins with the file's path.
    """

    broken: Sequence[str] = ()

    def __iter__(self) -> Iterator[Any]:  # type: ignore[override]  # a generator
        self.broken = []
        for batch, broken in super().__iter__():
            self.broken += broken
            if batch is not None:
                yield batch


def prediction_loader(
    data: Dataset[Any], batch_size: int, workers: int, shard: tuple[int, int], passes_over: bool
) -> DataLoader[Any]:
    """Every sample once, in order.

    Args:
        data: What is to be predicted.
        batch_size: Samples a batch.
        workers: Processes that decode.
        shard: This process, and the number of all.
        passes_over: Whether files that cannot be decoded are passed over, by a :class:`SiftingLoader`.

    Raises:
        ConfigurationError: If there are fewer samples than processes.
    """
    samples, processes = len(data), shard[1]  # type: ignore[arg-type]  # map-style
    enough = samples >= processes
    require(
        enough,
        f"there are {processes} processes to predict {samples} samples: lower trainer.devices or trainer.num_nodes",
    )
    settings = (batch_size, workers, shard)
    if passes_over and hasattr(data, "files"):
        return evaluation_loader(_Sifted(data), *settings, SiftingLoader, collate_fn=_sift)
    return evaluation_loader(data, *settings)


def _sift(samples: list[Any]) -> tuple[Any, list[str]]:
    """The whole samples collated, None if there is none, and what is wrong with the others."""
    whole = [sample for sample in samples if not isinstance(sample, _Broken)]
    broken = [sample.reason for sample in samples if isinstance(sample, _Broken)]
    return (default_collate(whole) if whole else None), broken
