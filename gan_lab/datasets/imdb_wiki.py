"""IMDB-WIKI (Rothe, Timofte and Van Gool, ICCV workshops 2015; IJCV 2018), both halves."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from gan_lab.datasets.aged_faces import AgedFace, AgedFaces, Flaw, flaw_of
from gan_lab.datasets.folders import image_names
from gan_lab.datasets.matlab import read_columns, text, whole_numbers
from gan_lab.errors import DatasetError, DatasetNotFoundError, require, require_numbers
from gan_lab.images.transforms import Box

Half = Literal["imdb", "wiki"]

_COLUMNS = ("dob", "photo_taken", "full_path", "name", "face_location", "face_score", "second_face_score")
_YEAR_ZERO = 366  # days from MATLAB's day 0, the last of the year -1, to Python's, the last of the year 0


class IMDBWIKI(AgedFaces):
    """Half a million faces of celebrities from IMDb and Wikipedia, their ages told by dates of birth.

    ``wiki_crop/NN/ID_DOB_YEAR.jpg`` with ``wiki_crop/wiki.mat``, and the same of ``imdb``, hold faces that were cropped
    already; ``wiki`` and ``imdb`` the photographs, from which faces are cut as the metadata say.

    A face with a second one beside it is left out: nobody knows which of the two the date belongs to. A person is the
    name, which IMDB keeps in a list of its own, so that nobody counts as two who is in both halves.

    Args:
        root: The folder with the halves' folders.
        halves: ``wiki``, ``imdb`` or both.
        cropped: Whether to take ``wiki_crop`` and ``imdb_crop``, rather than ``wiki`` and ``imdb``.
        face_margin: What is added to each side of a detected face if ``cropped`` is false, relative to its size; the
            authors' cropped faces have 0.4.
        load_size: Side in pixels to which faces are scaled.

    Raises:
        ConfigurationError: If no half is given, or the margin is negative.
        DatasetNotFoundError: If a half's images or metadata are missing.
        DatasetError: If the metadata are not IMDB-WIKI's, or no row can be used.
    """

    def __init__(
        self,
        root: Path,
        halves: Sequence[Half] = ("imdb", "wiki"),
        cropped: bool = True,
        face_margin: float = 0.4,
        load_size: int = 256,
    ) -> None:
        require(len(halves) > 0, "data.halves must name imdb, wiki or both, got none")
        require_numbers({"data.face_margin": face_margin}, at_least=0)
        faces: list[AgedFace] = []
        left_out: Counter[Flaw] = Counter()
        for half in dict.fromkeys(halves):
            for face in _read_half(Path(root), half, cropped, face_margin):
                if isinstance(face, AgedFace):
                    faces.append(face)
                else:
                    left_out[face] += 1
        super().__init__("IMDB-WIKI", faces, load_size, left_out)


def age_in(year: int, birth: int) -> int | None:
    """Whole years that someone has lived on 1 July of a year, when a photograph is taken to have been made.

    Which is the authors' reckoning, since no more than the year is known of a photograph.

    Args:
        year: Of the photograph.
        birth: MATLAB's serial date: days since the beginning of the year 0.

    Returns:
        The age, negative before birth; None if there was no such date.
    """
    ordinal = birth - _YEAR_ZERO
    if not date.min.toordinal() <= ordinal <= date.max.toordinal():
        return None
    born = date.fromordinal(ordinal)
    return year - born.year - ((born.month, born.day) > (7, 1))


def face_box(location: NDArray[Any], margin: float) -> Box:
    """A detected face, widened on each side by ``margin`` of its width and height.

    Args:
        location: Its left, top, right and bottom pixel as MATLAB counts them: the first is 1, the last belongs to it.
        margin: Relative to the face.
    """
    left, top, right, bottom = (float(edge) for edge in location.ravel())
    left, top = left - 1, top - 1
    sideways, upwards = margin * (right - left), margin * (bottom - top)
    return left - sideways, top - upwards, right + sideways, bottom + upwards


def _read_half(root: Path, half: Half, cropped: bool, margin: float) -> Iterator[AgedFace | Flaw]:
    """Every row of a half as a face, or as what is wrong with it."""
    folder = root / (f"{half}_crop" if cropped else half)
    remedy = f"data.root should hold {folder.name}/ of IMDB-WIKI: unpack it there, or correct data.root or data.halves."
    path = folder / f"{half}.mat"
    present = image_names(folder)
    if not present:
        raise DatasetNotFoundError("IMDB-WIKI", folder, remedy)
    columns = (*_COLUMNS, "celeb_id") if half == "imdb" else _COLUMNS
    table = read_columns("IMDB-WIKI", path, half, columns, remedy, ("celeb_names",) if half == "imdb" else ())
    people: Iterable[str] = map(text, table["name"])
    if half == "imdb":
        people = _names_of(whole_numbers(table["celeb_id"]), [text(cell) for cell in table["celeb_names"]], path)
    for cell, person, birth, year, location, score, second_score in zip(
        table["full_path"],
        people,
        whole_numbers(table["dob"]),
        whole_numbers(table["photo_taken"]),
        table["face_location"],
        table["face_score"].tolist(),
        table["second_face_score"].tolist(),
        strict=True,
    ):
        name, age = text(cell), age_in(year, birth)
        found = bool(np.isfinite(score)) and location.size == 4
        flaw = flaw_of(name, age, present, face=found, second_face=bool(np.isfinite(second_score)))
        if flaw is None and age is not None:
            identity = person or name.rpartition("/")[2].partition("_")[0]  # without a name, the page in the file's
            box = None if cropped else face_box(location, margin)
            yield AgedFace(folder / name, f"{folder.name}/{name}", box, age=age, identity=identity)
        elif flaw is not None:
            yield flaw


def _names_of(numbers: Sequence[int], names: Sequence[str], path: Path) -> list[str]:
    """The names that IMDB's numbers of people, from 1, stand for."""
    if not all(1 <= number <= len(names) for number in numbers):
        raise DatasetError(f"IMDB-WIKI: {path} is not the official metadata: celeb_id goes beyond celeb_names")
    return [names[number - 1] for number in numbers]
