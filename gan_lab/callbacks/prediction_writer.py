"""Predictions as image files, none kept in memory."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import zip_longest
from pathlib import Path
from typing import Any, Literal, TypeVar

from lightning.pytorch import LightningModule, Trainer
from lightning.pytorch.callbacks import BasePredictionWriter
from PIL import Image

from gan_lab import ranges
from gan_lab.callbacks.output_files import OutputFiles
from gan_lab.callbacks.pose_writer import POSES_FILE, PoseWriter
from gan_lab.datasets.prediction_data import folder_of
from gan_lab.errors import GanLabError
from gan_lab.images.film import film_paths, write_film
from gan_lab.images.sheet import batch_rows, draw_grid, draw_sheet, save_image, sheet_beside, written_name
from gan_lab.images.signature import is_signed
from gan_lab.inference.predictions import Prediction
from gan_lab.pose.predicted_poses import PredictedPoses
from gan_lab.samples import PathRequest, StyleGridRequest
from gan_lab.terminal import say
from gan_lab.training.distributed import gather

Item = TypeVar("Item")
_NAMED = 5  # files, in a sentence about those that are broken


class PredictionWriter(BasePredictionWriter):
    """Writes each prediction under its input's or its seed's name, and a sheet of the first ones beside their folder.

    A module that predicts several images for one input gets a subfolder for each. What has a place in a grid is laid
    out there on the sheet, all of it; what has one on a path also becomes a film, ``<folder>.gif`` and ``.mp4``. Of
    poses it writes ``keypoints.json``, in COCO's format, and each picture or video with the skeletons drawn on it.

    It replaces what gan-lab itself has made, and no other file: it is an error where a prediction would take the place
    of one, and a sheet gets another name. What it wrote into a folder inside ``data.predict_folder`` is not taken for
    pictures to work on.

    Args:
        folder: Where to write; None for ``predictions`` in ``trainer.default_root_dir``.
        sheet_rows: Rows of the sheet, ``<folder>_sheet.png``, or images in its grid if each stands alone; 0 for
            none.
        score_threshold: Of poses: joints with lower scores are not drawn, and not visible in the JSON, which has them
            nonetheless.
        frames_per_second: Pace of a film.
        broken: What becomes of files that cannot be decoded: ``skip`` does without them, names them at the end and
            fails then; ``stop`` fails at the first.
    """

    def __init__(
        self,
        folder: Path | None = None,
        sheet_rows: ranges.NonNegativeRepeats = 16,
        score_threshold: ranges.FiniteFloat = 0.2,
        frames_per_second: ranges.FrameRate = 30,
        broken: Literal["skip", "stop"] = "skip",
    ) -> None:
        ranges.require(PredictionWriter, locals(), "predictions")
        super().__init__(write_interval="batch")
        self.folder = folder
        self.sheet_rows = sheet_rows
        self.score_threshold = score_threshold
        self.frames_per_second = frames_per_second
        self.broken = broken
        self._frames: list[tuple[int, str]] = []
        self._cells: list[tuple[tuple[int, int], str]] = []
        self._rows: list[dict[str, Image.Image]] = []

    def setup(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:
        """Settles the folder, and tells the data of it; refuses one whose pictures are the ones to work on."""
        if stage != "predict":
            return
        folder = Path(self.folder or Path(trainer.default_root_dir) / "predictions")
        self._folder = folder if folder.name not in ("", "..") else folder.resolve()  # sheets are called after it
        data = trainer.datamodule  # type: ignore[attr-defined]  # set by Lightning
        if data is not None:
            data.output_folder, data.passes_over_broken = self._folder, self.broken == "skip"
        inputs = getattr(data, "predict_folder", None)
        if inputs is None:
            return
        taken = folder_of(Path(inputs))
        if taken.exists() and self._folder.exists() and taken.samefile(self._folder):
            raise GanLabError(
                f"predictions.folder is {taken}, where data.predict_folder takes pictures: the pictures would be lost"
            )

    def on_predict_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Begins anew; refuses held-out pictures that are predictions: they lie where predictions are written."""
        self._files = OutputFiles(lambda: _inputs(trainer))
        white_level = getattr(trainer.datamodule, "white_level", None)  # type: ignore[attr-defined]  # set by Lightning
        self._poses = PoseWriter(self._folder, self.score_threshold, self._files, white_level)
        self._frames, self._cells, self._rows = [], [], []
        if getattr(trainer.datamodule, "predict_folder", None) is None:  # type: ignore[attr-defined]
            _refuse_predictions(_inputs(trainer), self._folder)

    def write_on_batch_end(
        self,
        trainer: Trainer,
        pl_module: LightningModule,
        prediction: Prediction,
        batch_indices: Sequence[int] | None,
        batch: Any,
        batch_idx: int,
        dataloader_idx: int,
    ) -> None:
        """Writes a batch's predictions; poses wait until all people of a picture are found."""
        if isinstance(prediction, PredictedPoses):
            self._poses.add(prediction, batch)
            return
        made = prediction.made
        for row, file_name in zip(batch_rows(prediction.images), batch.names, strict=True):
            for name in made:
                folder = self._folder if len(made) == 1 else self._folder / name
                save_image(row[name], self._files.require(folder / written_name(file_name)))
            if len(self._rows) < self.sheet_rows:
                self._rows.append(row)
        match batch:
            case PathRequest():
                if not self._frames:
                    for film in film_paths(self._folder):
                        self._files.require(film)
                self._frames += zip(batch.frames, batch.names, strict=True)
            case StyleGridRequest():
                self._cells += zip(batch.places, batch.names, strict=True)

    def on_predict_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Writes the sheet, the film or the poses, of what all processes have made.

        Raises:
            GanLabError: In all processes, once the rest is written, if files were passed over.
        """
        frames, cells, people = (_of_all(mine) for mine in (self._frames, self._cells, self._poses.people))
        rows = _of_all(self._rows)[: self.sheet_rows]
        skeleton = next(filter(None, gather(self._poses.skeleton)), None)  # a process may have found nobody
        loader: Any = trainer.predict_dataloaders
        samples = _of_all(list(getattr(loader, "broken", ())))
        broken = list(dict.fromkeys(samples))
        if trainer.is_global_zero and len(broken) > _NAMED:
            for reason in broken:
                say(f"passed over: {reason}")
        if trainer.is_global_zero and len(samples) < len(loader.dataset):
            message = f"predictions are in {self._folder}"
            if skeleton is not None:
                self._poses.write(people, skeleton)
                message += f", the joints of {len(people)} people in {POSES_FILE}"
            say(message + self._summed_up(frames, cells, rows))
        if broken:
            trainer.strategy.barrier()  # the others would end the process that writes
            raise _passed_over(broken)

    def _summed_up(
        self,
        frames: list[tuple[int, str]],
        cells: list[tuple[tuple[int, int], str]],
        rows: list[dict[str, Image.Image]],
    ) -> str:
        """Writes the sheet and the film, and says where they are."""
        message = ""
        sheet = sheet_beside(self._folder)
        if cells or rows:
            sheet = self._files.free(sheet)
        if cells and self.sheet_rows:
            save_image(draw_grid({place: self._folder / name for place, name in cells}), sheet)
            message += f", their grid is {sheet}"
        elif rows:
            save_image(draw_sheet(rows), sheet)
            message += f", a sheet of the first {len(rows)} is {sheet}"
        if frames:
            paths = [self._folder / name for _, name in sorted(frames)]
            films = write_film(paths, self._folder, self.frames_per_second)
            message += f", the film is {' and '.join(map(str, films))}"
        return message


def _passed_over(broken: Sequence[str]) -> GanLabError:
    """The error that names files passed over."""
    named, more = broken[:_NAMED], len(broken) - _NAMED
    files = (
        "1 file that cannot be decoded was" if len(broken) == 1 else f"{len(broken)} files that cannot be decoded were"
    )
    rest = f"; and {more} more, named above" if more > 0 else ""
    return GanLabError(f"{files} passed over: {'; '.join(named)}{rest}")


def _refuse_predictions(held_out: Iterable[Path], folder: Path) -> None:
    """Refuses pictures of a data set that an earlier prediction wrote into the folder, which lies in the data set."""
    within = folder.resolve()
    for path in held_out:
        if within in path.resolve().parents and is_signed(path):
            raise GanLabError(
                f"{path} is a prediction among the pictures held out: set predictions.folder outside of the data set, "
                "and remove it there"
            )


def _inputs(trainer: Trainer) -> Iterator[Path]:
    """The files that a prediction reads, the one with the boxes included."""
    loader: Any = trainer.predict_dataloaders
    data, boxes = loader.dataset, getattr(trainer.datamodule, "boxes", None)  # type: ignore[attr-defined]
    for index in range(len(data) if hasattr(data, "files") else 0):
        yield from data.files(index)
    if boxes is not None:
        yield Path(boxes)


def _of_all(mine: list[Item]) -> list[Item]:
    """What all processes have, in the order of the data: each has every so-many-th sample."""
    return [item for turn in zip_longest(*gather(mine)) for item in turn if item is not None]
