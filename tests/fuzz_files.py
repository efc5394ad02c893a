"""Damaged pictures and annotation files, given to the project's own readers: ``python -m tests.fuzz_files 200 400``.

Every end is allowed but an error that is none of the project's, a process that dies, and one that takes long.
"""

import io
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from PIL import Image

from gan_lab.datasets import CACD, IMDBWIKI, LSP, MPII
from gan_lab.datasets.best_artworks import find_paintings
from gan_lab.datasets.dark_pictures import brightest
from gan_lab.datasets.images import read_image, read_labels
from gan_lab.datasets.persons import read_boxes
from gan_lab.errors import GanLabError
from tests.fakes import write_cacd, write_imdb_wiki
from tests.fakes_art import write_best_artworks
from tests.fakes_pictures import drawing
from tests.fakes_pose import write_lsp, write_mpii

LONGEST = 20.0  # seconds that a damaged file may take
FORMATS = ["JPEG", "JPEG progressive", "PNG", "PNG 16", "PNG palette", "GIF", "BMP", "TIFF", "TIFF 16", "WEBP", "PPM"]
BOXES = {
    "images": [{"id": 1, "file_name": "a.png", "width": 9, "height": 9}],
    "categories": [{"id": 1, "name": "person"}],
    "annotations": [{"id": 1, "image_id": 1, "category_id": 1, "bbox": [1, 2, 5, 6.5]}],
}


def picture(kind: str) -> bytes:
    """A whole file of a kind."""
    pixels, (name, _, more) = drawing(1, 24), kind.partition(" ")
    image = Image.fromarray(pixels[..., 0].astype(np.uint16) * 257 if more == "16" else pixels)
    file = io.BytesIO()
    image = image.convert("P") if more == "palette" or name == "GIF" else image
    image.save(file, name, **({"progressive": True} if more == "progressive" else {}))
    return file.getvalue()


def cut(data: bytes, random: np.random.Generator) -> bytes:
    return data[: random.integers(len(data))]


def flipped(data: bytes, random: np.random.Generator) -> bytes:
    changed = bytearray(data)
    for place in random.integers(len(data), size=random.integers(1, 6)):
        changed[place] ^= 1 << random.integers(8)
    return bytes(changed)


def zeroed(data: bytes, random: np.random.Generator) -> bytes:
    start, length = int(random.integers(len(data))), int(random.integers(1, 64))
    return data[:start] + bytes(min(length, len(data) - start)) + data[start + length :]


def header(data: bytes, random: np.random.Generator) -> bytes:
    """A number among the first bytes is a large one."""
    place, large = (
        int(random.integers(min(len(data), 64))),
        random.choice([b"\xff\xff", b"\xff\xff\xff\x7f", b"\x7f\xff\xff\xff"]),
    )
    return data[:place] + bytes(large) + data[place + len(large) :]


def grown(data: bytes, random: np.random.Generator) -> bytes:
    """Garbage in the midst."""
    place = int(random.integers(len(data)))
    return data[:place] + random.bytes(int(random.integers(1, 200))) + data[place:]


def renamed(data: bytes, random: np.random.Generator) -> bytes:
    """The first bytes are those of another kind."""
    magic = random.choice(
        [
            b"\x89PNG\r\n\x1a\n",
            b"\xff\xd8\xff\xe0",
            b"GIF89a",
            b"BM",
            b"II*\0",
            b"RIFF",
            b"P6 9 9 255\n",
            b"P5 99999 99999 65535\n",
        ]
    )
    return bytes(magic) + data[len(magic) :]


MUTATIONS: list[Callable[[bytes, np.random.Generator], bytes]] = [cut, flipped, zeroed, header, grown, renamed]
TEXT = [b"null", b"-1", b"1e999", b'"x"', b"[]", b"{}", b"NaN", b"99999999999999999999", b"\xff", b"true", b'""']


def replaced(data: bytes, random: np.random.Generator) -> bytes:
    """A word of a text is another one."""
    words = data.split(b" ") if b" " in data else data.split(b",")
    words[int(random.integers(len(words)))] = bytes(TEXT[int(random.integers(len(TEXT)))])
    return (b" " if b" " in data else b",").join(words)


def annotations(home: Path) -> list[tuple[str, Path, Callable[[], object]]]:
    """Every kind of annotation file: what it is called, where it lies, and what reads it."""
    cacd, faces, lsp, mpii, art = (home / name for name in ("cacd", "faces", "lsp", "mpii", "art"))
    for write, root in (
        (write_cacd, cacd),
        (write_imdb_wiki, faces),
        (write_lsp, lsp),
        (write_mpii, mpii),
        (write_best_artworks, art),
    ):
        write(root)
    boxes = home / "boxes.json", home / "boxes.csv"
    boxes[0].write_text(json.dumps(BOXES))
    boxes[1].write_text("image,left,top,right,bottom\na.png,1,2,5,6.5\n")
    found = [("boxes", path, lambda path=path: read_boxes(path)) for path in boxes]
    readers = {
        cacd: lambda: CACD(cacd),
        faces: lambda: IMDBWIKI(faces),
        lsp: lambda: LSP(lsp, "train"),
        mpii: lambda: MPII(mpii, "train"),
        art: lambda: find_paintings(art),
    }
    for root, read in readers.items():
        files = [path for path in sorted(root.rglob("*")) if path.suffix in (".mat", ".json", ".csv", ".txt")]
        found += [(root.name, path, read) for path in files]
    return found


def attempt(read: Callable[[], object]) -> str | None:
    """What is wrong with how a reader takes a file; None for an end that is allowed."""
    start = time.monotonic()
    try:
        read()
    except GanLabError as error:
        if not str(error) or "\n" in str(error).strip():
            return f"no sentence: {error!r}"
    except Exception as error:
        place = error.__traceback__
        while place is not None and place.tb_next is not None:
            place = place.tb_next
        where = "" if place is None else f" in {place.tb_frame.f_code.co_filename}:{place.tb_lineno}"
        return f"{type(error).__name__}: {error}{where}"
    took = time.monotonic() - start
    return f"it took {took:.0f} seconds" if took > LONGEST else None


def fuzz_pictures(home: Path, count: int) -> list[str]:
    """What is wrong with how damaged pictures are taken."""
    whole = {kind: picture(kind) for kind in FORMATS}
    colors, faults = np.zeros((256, 3), np.uint8), []
    for number in range(count):
        random = np.random.default_rng(number)
        kind, mutate = FORMATS[number % len(FORMATS)], MUTATIONS[int(random.integers(len(MUTATIONS)))]
        path = home / f"{number}.{kind.split()[0].lower()}"
        path.write_bytes(mutate(whole[kind], random))
        readers = {"image": lambda path=path: read_image(path), "small": lambda path=path: read_image(path, 8)}
        readers |= {"labels": lambda path=path: read_labels(path, colors), "depth": lambda path=path: brightest(path)}
        for reader, read in readers.items():
            fault = attempt(read)
            faults += [f"{kind} {mutate.__name__} {number}, {reader}: {fault}"] if fault else []
    return faults


def fuzz_annotations(home: Path, count: int) -> list[str]:
    """What is wrong with how damaged annotation files are taken."""
    found, faults = annotations(home), []
    for number in range(count):
        random = np.random.default_rng(number)
        name, path, read = found[number % len(found)]
        kinds = MUTATIONS if path.suffix == ".mat" else [*MUTATIONS, replaced, replaced, replaced]
        mutate, whole = kinds[int(random.integers(len(kinds)))], path.read_bytes()
        path.write_bytes(mutate(whole, random))
        fault = attempt(read)
        path.write_bytes(whole)
        faults += [f"{name} {path.name} {mutate.__name__} {number}: {fault}"] if fault else []
    return faults


if __name__ == "__main__":
    with TemporaryDirectory() as folder:
        pictures, files = (int(argument) for argument in sys.argv[1:3])
        faults = fuzz_pictures(Path(folder), pictures) + fuzz_annotations(Path(folder), files)
    print("\n".join(faults) or "nothing was wrong")
    sys.exit(1 if faults else 0)
