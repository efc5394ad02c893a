"""Where pairs lie in the two layouts in common use: side by side in one file, or apart in two folders."""

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Literal, NamedTuple

from gan_lab.datasets.folders import list_images, normal_name
from gan_lab.errors import DatasetError, DatasetNotFoundError, ImageReadError
from gan_lab.images.transforms import Image

Halves = Literal["square", "wide", "any"]
"""What a file with two images side by side looks like: each a square, both wider than high together, or anything."""

_SOURCES = frozenset({"input", "inputs", "source", "sources", "src"})
_TARGETS = frozenset({"target", "targets", "output", "outputs", "tgt", "gt", "ground_truth", "groundtruth"})
_SIDE = re.compile(rf"(?<=.)[-_. ]({'|'.join(sorted({'a', 'b'} | _SOURCES | _TARGETS))})$", re.IGNORECASE)

_ELSEWHERE = "the data set should hold files with A and B beside each other; PairedFolderDataModule reads two folders"


class Pair(NamedTuple):
    """Where a pair lies: two files, or twice the same one, whose left half is A and whose right half is B."""

    name: str
    a: Path
    b: Path


def side_by_side(name: str, folder: Path, remedy: str, apart: str | None = _ELSEWHERE) -> list[Pair]:
    """Pairs as pix2pix packs them: A and B beside each other in one file.

    Args:
        name: The data set.
        folder: Where the files lie, also in subfolders.
        remedy: The end of the message if there is nothing.
        apart: The end of the message if the files look like two sides apart: files of one name beside each other, or
            in subfolders beside each other, or all in two subfolders that have as many; files of two or three kinds of
            names with the same numbers, as ``rain-1`` and ``norain-1``. None takes them as they are.

    Raises:
        DatasetNotFoundError: If the folder has no image.
        DatasetError: If the files look like two sides apart.
    """
    paths = list_images(folder)
    if not paths:
        raise DatasetNotFoundError(name, folder, remedy)
    if apart is not None:
        _require_no_namesakes(name, folder, paths, apart)
        _require_no_equal_folders(name, folder, paths, apart)
        _require_no_equal_numbers(name, folder, paths, apart)
    return [Pair(path.relative_to(folder).as_posix(), path, path) for path in paths]


def matching_names(
    name: str,
    folder_a: Path,
    folder_b: Path,
    remedy: str,
    key_a: Callable[[str], str | None] = str,
    key_b: Callable[[str], str | None] = str,
) -> list[Pair]:
    """Pairs in two folders whose files have the same names, or the same keys made of their names.

    Names are the same whether accents are characters of their own or not (Unicode's forms NFD and NFC).

    Args:
        name: The data set.
        folder_a: Where side A lies, also in subfolders.
        folder_b: Where side B lies.
        remedy: The end of the message if there is nothing.
        key_a: What a file of A shares with its partner, given its relative path without extension; None passes it over.
        key_b: The same for B.

    Raises:
        DatasetNotFoundError: If a folder has no such image.
        DatasetError: If a file has no partner, or more than one.
    """
    a, b = _files_by_key(name, folder_a, remedy, key_a), _files_by_key(name, folder_b, remedy, key_b)
    _require_partners(name, a, b, folder_b)
    _require_partners(name, b, a, folder_a)
    return [Pair(a[key].relative_to(folder_a).as_posix(), a[key], b[key]) for key in sorted(a)]


def two_sides(folder: Path) -> tuple[Path, Path] | None:
    """The subfolders of sides A and B, if their names say which is which.

    They do as ``A`` and ``B``, either of which is enough, and as one that gives (``input``, ``source``) beside one that
    is to be reached (``target``, ``output``, ``gt``), in small letters or capitals.
    """
    if (folder / "A").is_dir() or (folder / "B").is_dir():
        return folder / "A", folder / "B"
    named = {path.name.lower(): path for path in folder.iterdir() if path.is_dir()} if folder.is_dir() else {}
    if named.keys() >= {"a", "b"}:
        return named["a"], named["b"]
    sources, targets = named.keys() & _SOURCES, named.keys() & _TARGETS
    return (named[sources.pop()], named[targets.pop()]) if len(sources) == len(targets) == 1 else None


def narrow_halves(width: int, height: int) -> bool:
    """Whether the halves of a file are far higher than wide, as those of a single photograph are."""
    return width < 1.6 * height


def cut_in_half(image: Image, path: Path, halves: Halves) -> tuple[Image, Image]:
    """A and B of a file that has them side by side.

    Args:
        image: Its pixels (H, W, C).
        path: The file, which messages name.
        halves: What is expected of it.

    Raises:
        ImageReadError: If it is another, such as a single picture.
    """
    height, width = image.shape[:2]
    fits = {"square": width == 2 * height, "wide": width > height, "any": True}[halves]
    if not fits or width % 2:
        wider = "twice as wide as high" if halves == "square" else "wider than high, unless data.side_by_side is true"
        wanted = wider if not fits else "of even width"
        raise ImageReadError(f"{path}: {width}x{height} is no two images side by side, which must be {wanted}")
    return image[:, : width // 2], image[:, width // 2 :]


def _require_no_namesakes(name: str, folder: Path, paths: Sequence[Path], apart: str) -> None:
    """Refuses files of one name that lie beside each other, or at the same place in two folders that do.

    ``1_A`` and ``1_B``, or ``1-input`` and ``1-target``, are one name.
    """
    seen: dict[tuple[Path, Path], Path] = {}
    for path in paths:
        for branch in (path, *path.parents):
            if branch == folder:
                break
            below = (Path(path.name) if branch == path else path.relative_to(branch)).with_suffix("")
            other = seen.setdefault((branch.parent, below.with_name(_SIDE.sub("", below.name))), branch)
            if other != branch:
                namesakes = branch == path and other.is_file()
                what = "are namesakes" if namesakes else f"both have a picture {below}"
                raise DatasetError(f"{name}: {other} and {branch} {what}, as if A and B lay apart: {apart}")


def _require_no_equal_folders(name: str, folder: Path, paths: Sequence[Path], apart: str) -> None:
    """Refuses two subfolders that share out all files evenly, under whatever names."""
    counts = Counter(path.relative_to(folder).parts[0] for path in paths)
    if len(counts) == 2 and len(set(counts.values())) == 1 and len(paths) > 2:
        first, second = (folder / subfolder for subfolder in counts)
        raise DatasetError(
            f"{name}: {first} and {second} have {len(paths) // 2} pictures each, as if A and B lay apart, "
            f"whose names must then be equal: {apart}"
        )


def _require_no_equal_numbers(name: str, folder: Path, paths: Sequence[Path], apart: str) -> None:
    """Refuses files of two or three kinds of names, up to their numbers, that share all numbers."""
    numbers: defaultdict[str, set[tuple[str, ...]]] = defaultdict(set)
    for path in paths:
        place = path.relative_to(folder).with_suffix("").as_posix()
        numbers[re.sub(r"\d+", "#", place)].add(tuple(re.findall(r"\d+", place)))
    first, *others = numbers.values()
    if len(others) in (1, 2) and len(first) > 1 and all(other == first for other in others):
        kinds = " and ".join(sorted(numbers))
        raise DatasetError(
            f"{name}: the pictures in {folder} called {kinds} have the same numbers, as if A and B lay apart, which "
            f"belong into two folders under equal names: {apart}"
        )


def _files_by_key(name: str, folder: Path, remedy: str, key: Callable[[str], str | None]) -> dict[str, Path]:
    """The images of one side by what they share with their partners."""
    files: dict[str, Path] = {}
    for path in list_images(folder):
        shared = key(normal_name(path.relative_to(folder).with_suffix("").as_posix()))
        if shared is None:
            continue
        if shared in files:
            raise DatasetError(f"{name}: {path} is a namesake of {files[shared].name}: keep one of the two")
        files[shared] = path
    if not files:
        raise DatasetNotFoundError(name, folder, remedy)
    return files


def _require_partners(name: str, files: Mapping[str, Path], others: Mapping[str, Path], folder: Path) -> None:
    """Refuses images of one side without a partner among the others, which lie in the folder."""
    lonely = sorted(str(files[key]) for key in files.keys() - others.keys())
    if lonely:
        more = f" and {len(lonely) - 3} more" if len(lonely) > 3 else ""
        hint = _by_case(files.keys() - others.keys(), others)
        raise DatasetError(f"{name}: no partner in {folder} for {', '.join(lonely[:3])}{more}{hint}")


def _by_case(lonely: Iterable[str], others: Mapping[str, Path]) -> str:
    """The end of a message, if one of the lonely keys has a partner but for capital and small letters."""
    folded = {key.casefold(): path for key, path in others.items()}
    found = min(((key, folded[key.casefold()].name) for key in lonely if key.casefold() in folded), default=None)
    return f"; {found[0]} and {found[1]} differ in capital letters: give partners one name" if found else ""
