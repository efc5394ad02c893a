"""Our steps as ``gan-lab fit`` makes them: by Lightning, with a progress bar."""

from collections.abc import Callable, Iterator, Sequence
from itertools import cycle
from typing import Any

import torch
from lightning.pytorch import Callback, LightningModule, Trainer
from torch.utils.data import DataLoader, IterableDataset

from benchmarks.on_gpu.papers import Batch, over_tensors
from benchmarks.on_gpu.stopwatch import Stopwatch


def train(
    module: LightningModule,
    batches: Sequence[Batch],
    device: torch.device,
    watch: Stopwatch | None = None,
    **settings: Any,
) -> None:
    """Trains on batches that lie on the device already.

    Args:
        module: A paper's.
        batches: One step each; with a watch, over and over until it is done.
        device: Where.
        watch: What times the steps.
        **settings: Of Lightning's Trainer, perhaps with ``graphs``: whether networks replay CUDA graphs.
    """
    graphs = settings.pop("graphs", False)
    there = [over_tensors(batch, lambda x: x.to(device)) for batch in batches]
    data = Endless(there, lambda: watch.done) if watch else there
    trainer = Trainer(
        accelerator="gpu" if device.type == "cuda" else "cpu",
        devices=1,
        max_epochs=1,
        limit_val_batches=0,
        logger=False,
        enable_checkpointing=False,
        enable_model_summary=False,
        enable_progress_bar=True,
        use_distributed_sampler=False,
        callbacks=[StepStarts(watch, graphs)],
        **settings,
    )
    trainer.fit(module, DataLoader(data, batch_size=None))  # type: ignore[arg-type]  # a list does for a dataset


class Endless(IterableDataset[Batch]):
    """Batches over and over.

    Args:
        batches: Some.
        done: Whether there have been enough.
    """

    def __init__(self, batches: Sequence[Batch], done: Callable[[], bool]) -> None:
        self.batches, self.done = batches, done

    def __iter__(self) -> Iterator[Batch]:
        """The next batch, until there have been enough."""
        for batch in cycle(self.batches):
            if self.done():
                return
            yield batch


class StepStarts(Callback):
    """Tells a watch, and CUDA graphs, of the start of each step.

    Args:
        watch: What times the steps, if anything does.
        graphs: Whether networks replay CUDA graphs, whose results of the last step are not needed any more.
    """

    def __init__(self, watch: Stopwatch | None, graphs: bool) -> None:
        self.watch, self.graphs = watch, graphs

    def on_train_batch_start(self, trainer: Trainer, pl_module: Any, batch: Any, batch_idx: int) -> None:
        """A step begins."""
        if self.graphs:
            torch.compiler.cudagraph_mark_step_begin()
        if self.watch is not None:
            self.watch.tick()
