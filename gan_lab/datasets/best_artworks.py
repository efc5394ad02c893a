"""Best Artworks of All Time (Kaggle, ikarus777): paintings of fifty artists."""

import csv
import re
import unicodedata
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from gan_lab.datasets.folders import list_images, normal_name
from gan_lab.datasets.images import ImageFile
from gan_lab.errors import DatasetError, DatasetNotFoundError, require

NAME = "best artworks"
_REMEDY = "data.root should hold artists.csv, images/ and resized/ of Kaggle's best-artworks-of-all-time."
_UNPACKERS = ("cp437", "cp1252")  # what unpacking programs take a file name in UTF-8 for


class Artist(NamedTuple):
    """A row of ``artists.csv``.

    Attributes:
        name: As it is written there.
        genres: Such as ``Impressionism``; some have several.
    """

    name: str
    genres: tuple[str, ...]


def find_paintings(
    root: Path, resized: bool = True, artists: Sequence[str] | None = None, genres: Sequence[str] | None = None
) -> list[ImageFile]:
    """The paintings chosen by artist or genre, each once.

    The archive has Dürer's folder twice, with his name garbled in different ways (``Du╠êrer``, ``DuΓòá├¬rer``). A name
    is compared as it was before that, and files of one artist with one number are one painting.

    Args:
        root: The folder with ``artists.csv``, ``images`` and ``resized``.
        resized: Whether to read the archive's scaled-down copies rather than the originals.
        artists: Whose paintings to take, as ``artists.csv`` has the names, accents or no; None for all.
        genres: The genres of whose painters to take; None for all. With both, who is in either.

    Raises:
        DatasetNotFoundError: If the table or the paintings are missing.
        DatasetError: If the table is another one.
        ConfigurationError: If the table has no such artist or genre.
    """
    wanted = {_key(artist.name) for artist in _chosen(read_artists(root / "artists.csv"), artists, genres)}
    folder = root / ("resized" if resized else "images")
    paintings: dict[tuple[str, str], ImageFile] = {}
    for path in list_images(folder):
        artist, _, number = path.stem.rpartition("_")
        if _key(artist) in wanted:
            paintings.setdefault((_key(artist), number), ImageFile(path, path.name))
    if not paintings:
        raise DatasetNotFoundError(NAME, folder, f"{_REMEDY} data.resized chooses between the two folders.")
    return list(paintings.values())


def read_artists(path: Path) -> list[Artist]:
    """Reads ``artists.csv``.

    Raises:
        DatasetNotFoundError: If there is no such file.
        DatasetError: If it has no names or genres.
    """
    if not path.is_file():
        raise DatasetNotFoundError(NAME, path, _REMEDY)
    with path.open(encoding="utf-8-sig", newline="") as file:
        try:
            return [Artist(row["name"], tuple(row["genre"].split(","))) for row in csv.DictReader(file)]
        except (KeyError, AttributeError, UnicodeDecodeError, csv.Error):
            raise DatasetError(f"{NAME}: {path} is not its table of artists: no columns 'name' and 'genre'") from None


def original_name(name: str) -> str:
    """A file name as it was before unpacking, perhaps repeated, took its UTF-8 for another encoding."""
    name = re.sub(r"#U([0-9a-fA-F]{4})", lambda code: chr(int(code[1], 16)), name)  # Info-ZIP's escapes
    while True:
        for encoding in _UNPACKERS:
            try:
                better = name.encode(encoding).decode("utf-8")
            except UnicodeError:
                continue
            if better != name:
                name = better
                break
        else:
            return normal_name(name)


def _chosen(artists: Sequence[Artist], names: Sequence[str] | None, genres: Sequence[str] | None) -> list[Artist]:
    """The artists who are wanted by name or by genre, or all."""
    if names is None and genres is None:
        return list(artists)
    wanted_names = _wanted("artist", names or (), (artist.name for artist in artists))
    wanted_genres = _wanted("genre", genres or (), (genre for artist in artists for genre in artist.genres))
    return [
        artist
        for artist in artists
        if _key(artist.name) in wanted_names or not wanted_genres.isdisjoint(map(_key, artist.genres))
    ]


def _wanted(kind: str, names: Iterable[str], there: Iterable[str]) -> set[str]:
    """The keys of the names, each of which must be there."""
    known = {_key(name): name for name in there}
    for name in names:
        choice = ", ".join(sorted(known.values()))
        require(_key(name) in known, f"data.{kind}s: artists.csv has no {kind} '{name}': there is {choice}")
    return {_key(name) for name in names}


def _key(name: str) -> str:
    """What two spellings of a name share: letters without accents, words apart by a space, no capitals."""
    letters = unicodedata.normalize("NFKD", original_name(name))
    plain = "".join(letter for letter in letters if not unicodedata.combining(letter))
    return " ".join(plain.replace("_", " ").split()).casefold()
