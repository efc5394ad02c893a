"""Finding image files below folders."""

import os
import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from PIL import Image as PILImage

from gan_lab.terminal import say_once

# Pillow always reads the first two; the third where it was built to, or where a plugin is registered with it.
_READ = frozenset({".apng", ".bmp", ".dib", ".gif", ".jfif", ".jpe", ".jpeg", ".jpg", ".png", ".tga", ".tif", ".tiff"})
_ALSO_READ = frozenset({".pbm", ".pgm", ".pnm", ".ppm", ".webp"})
_PERHAPS_READ = frozenset({".avif", ".heic", ".heif", ".hif"})
_NOT_READ = frozenset({".dds", ".eps", ".exr", ".fits", ".hdr", ".j2k", ".jp2", ".jxl", ".mpo", ".psd", ".qoi", ".svg"})
_RAW = frozenset({".arw", ".cr2", ".cr3", ".dng", ".nef", ".orf", ".raf", ".raw", ".rw2"})


class _Folder(NamedTuple):
    """Where a folder is found, relative to the one that is searched, and where it lies, without a link in its path."""

    place: str
    real: str


def normal_name(name: str) -> str:
    """A name whose accents are part of their letters (Unicode's form NFC), as which equal ones are equal texts."""
    return unicodedata.normalize("NFC", name)


def is_image(name: str) -> bool:
    """Whether a file is taken for a picture, by its extension."""
    return _extension(name) in _extensions()


def list_images(folder: Path) -> list[Path]:
    """The image files below a folder by extension, hidden ones aside, in the order of their relative paths.

    Links to folders are followed, and each real folder is searched once: under the name without a link, if it has one.
    Says once how many pictures of which kinds cannot be read. A folder that does not exist has no images.
    """
    images: list[str] = []
    others: Counter[str] = Counter()
    unread = (_NOT_READ | _RAW | _PERHAPS_READ) - _extensions()
    for place, names in _walk(folder):
        images += [_join(place, name) for name in _images(names)]
        others.update(extension for extension in map(_extension, names) if extension in unread)
    if others:
        kinds = ", ".join(f"{count:,} {kind}" for kind, count in sorted(others.items()))
        say_once(f"passed over below {folder}: {kinds}, not read here: convert them to PNG or JPEG")
    return [folder / name for name in sorted(images)]


def holds_images(folder: Path) -> bool:
    """Whether :func:`list_images` would find any; looks no further than the first folder with one."""
    return any(_images(names) for _, names in _walk(folder))


def image_names(folder: Path) -> set[str]:
    """The relative paths of what :func:`list_images` finds.

    Asking once for all of them takes seconds where asking for each of half a million takes minutes on a network drive.
    """
    return {_join(place, name) for place, names in _walk(folder) for name in _images(names)}


def _images(names: Sequence[str]) -> list[str]:
    extensions = _extensions()
    return [name for name in names if _extension(name) in extensions]


def _extensions() -> frozenset[str]:
    """Of the files that are taken for pictures."""
    return _READ | _ALSO_READ | (_PERHAPS_READ & PILImage.registered_extensions().keys())


def _extension(name: str) -> str:
    return os.path.splitext(name)[1].lower()


def _walk(folder: Path) -> Iterator[tuple[str, list[str]]]:
    """Each real folder once, the given one included: its relative path, and the names of the files in it.

    What is no link comes before what lies behind links, and those in the order of their paths. A link to a folder that
    the link or the whole search lies in is a loop, and is not followed.
    """
    top = os.path.realpath(folder)
    folders, seen, lost = [_Folder("", top)], set[str](), list[str]()
    while folders:
        links: list[_Folder] = []
        while folders:
            place, real = folders.pop()
            if real in seen:
                continue
            seen.add(real)
            names, subfolders, linked, broken = _look_into(_Folder(place, real))
            folders += subfolders
            links += [link for link in linked if link.real not in {*_and_parents(real), *_and_parents(top)}]
            lost += broken
            yield place, names
        folders = sorted(links, reverse=True)
    if lost:
        say_once(f"{len(lost)} folders or links below {folder} cannot be read and are passed over, such as {min(lost)}")


def _look_into(folder: _Folder) -> tuple[list[str], list[_Folder], list[_Folder], list[str]]:
    """A folder's files, its subfolders, its links to folders, and where something cannot be read; nothing hidden."""
    files: list[str] = []
    subfolders: list[_Folder] = []
    links: list[_Folder] = []
    try:
        with os.scandir(folder.real) as entries:
            visible = [entry for entry in entries if not entry.name.startswith(".")]
    except OSError:
        return files, subfolders, links, [folder.place or folder.real] if os.path.isdir(folder.real) else []
    broken: list[str] = []
    for entry in visible:
        place = _join(folder.place, entry.name)
        if not entry.is_symlink():
            if entry.is_dir(follow_symlinks=False):
                subfolders.append(_Folder(place, entry.path))
            else:
                files.append(entry.name)
        elif os.path.isdir(entry.path):
            links.append(_Folder(place, os.path.realpath(entry.path)))
        elif os.path.exists(entry.path) or is_image(entry.name):  # a picture's broken link is named when it is read
            files.append(entry.name)
        else:
            broken.append(place)
    return files, subfolders, links, broken


def _and_parents(path: str) -> Iterator[str]:
    yield path
    yield from map(str, Path(path).parents)


def _join(place: str, name: str) -> str:
    return f"{place}/{name}" if place else name
