"""Damage inside JPEGs, of which decoders say nothing: they paint gray, or go on somewhere else, and call it a picture.

Found is what libjpeg would warn of: compressed data that end too early or too late for the picture. Bytes that changed
into other valid ones cannot be told from a picture.
"""

import mmap
import re
from collections.abc import Iterator
from io import BytesIO
from typing import NamedTuple

import numpy as np
from PIL import Image as PILImage

_MARKER = re.compile(rb"\xff+([\x01-\xcf\xd8-\xfe])")  # but those that restart the decoder
_RESTART = re.compile(rb"\xff([\xd0-\xd7])")
_FRAMES, _NO_FRAMES = range(0xC0, 0xD0), (0xC4, 0xC8, 0xCC)
_SCAN, _END = 0xDA, 0xD9
_FILL = b"\xfe" * 8  # no code of a usual table, and as many bytes as a decoder may look ahead
_TAIL = 4  # bytes that may be too many: some cameras write them
_SLOTS = 1 << 20
_seen = mmap.mmap(-1, 8 * _SLOTS)  # shared with worker processes; the system gives memory where it is written


class _Scan(NamedTuple):
    """One scan: which components, coefficients from and to, the lowest bit; where its compressed data lie."""

    components: bytes
    first: int
    last: int
    low: int
    start: int
    end: int


def refuse_damaged(encoded: bytes) -> None:
    """Looks through a JPEG's compressed data, the first time that this process or its workers meet the file.

    Args:
        encoded: The file's bytes.

    Raises:
        ValueError: If they end too early, too late, or lack a part of the picture.
    """
    key = hash(encoded)
    slot, mark = 8 * (key % _SLOTS), key.to_bytes(8, "big", signed=True)
    if _seen[slot : slot + 8] != mark:
        _look_through(encoded)
        _seen[slot : slot + 8] = mark


def _look_through(encoded: bytes) -> None:
    scans = list(_scans(encoded))
    frame = next((body for marker, body in _segments(encoded) if marker in _FRAMES and marker not in _NO_FRAMES), b"")
    if not scans or len(frame) < 6 or not _complete(scans, frame):
        raise ValueError("damaged inside: a part of the compressed picture is missing")
    restarts = [code[0] - 0xD0 for scan in scans for code in _RESTART.findall(encoded, scan.start, scan.end)]
    if len(scans) == 1 and not restarts:
        _follow(encoded, scans[0].end)
    else:
        _compare(encoded, scans)


def _segments(encoded: bytes) -> Iterator[tuple[int, bytes]]:
    """Markers with what belongs to them, up to the end of the picture; after a scan's its compressed data follow."""
    for marker, start, end in _places(encoded):
        yield marker, encoded[start:end]


def _places(encoded: bytes) -> Iterator[tuple[int, int, int]]:
    """Markers, and from where to where their segments reach."""
    position = 2
    while found := _MARKER.search(encoded, position):
        marker, start = found[1][0], found.end() + 2
        if marker == _END:
            return
        position = found.end() + max(2, int.from_bytes(encoded[found.end() : start], "big"))
        yield marker, start, position


def _scans(encoded: bytes) -> Iterator[_Scan]:
    for marker, start, end in _places(encoded):
        header = encoded[start:end]
        if marker == _SCAN and len(header) >= 4 and len(header) == 4 + 2 * header[0]:
            following = _MARKER.search(encoded, end)
            if following is None:
                raise ValueError("image file is truncated")
            first, last, bits = header[-3:]
            yield _Scan(header[1:-3:2], first, min(last, 63), bits & 15, end, following.start())


def _complete(scans: list[_Scan], frame: bytes) -> bool:
    """Whether each coefficient of each component comes to its last bit."""
    lowest = {component: [1] * 64 for component in frame[6::3]}
    for scan in scans:
        for component in scan.components:
            if component not in lowest:
                return False
            lowest[component][scan.first : scan.last + 1] = [scan.low] * (scan.last + 1 - scan.first)
    return not any(bit for bits in lowest.values() for bit in bits)


class _Feed(BytesIO):
    """A file whose last bytes come only if they are asked for once all others are read."""

    def __init__(self, encoded: bytes, tail: bytes) -> None:
        super().__init__(encoded)
        self.tail, self.finished = tail, False

    def read(self, size: int | None = -1, /) -> bytes:
        """The next bytes."""
        data = super().read(size)
        if data or self.finished:
            return data
        self.finished = True
        return self.tail


def _follow(encoded: bytes, end: int) -> None:
    """Has PIL decode a single scan at an eighth, which is quick, and watches how much of it is taken."""
    cut = len(encoded[:end].rstrip(b"\0\xff")) - _TAIL
    feed = _Feed(encoded[:cut], encoded[cut:end] + _FILL)
    with PILImage.open(feed) as image:
        image.draft(None, (max(1, image.width // 8), max(1, image.height // 8)))
        try:
            image.load()
        except OSError:
            raise ValueError("damaged inside: the compressed data end before the picture does") from None
    if not feed.finished:
        raise ValueError("damaged inside: the picture ends before the compressed data do")


def _compare(encoded: bytes, scans: list[_Scan]) -> None:
    """Decodes a file of several parts with and without something after each, which only one cut short takes for its."""
    filled, position = bytearray(), 0
    for scan in scans:
        ends = [found.start() for found in _RESTART.finditer(encoded, scan.start, scan.end)] + [scan.end]
        for end in ends:
            filled += encoded[position:end] + _FILL
            position = end
    filled += encoded[position:]
    one, other = (np.asarray(PILImage.open(BytesIO(data))) for data in (encoded, bytes(filled)))
    if one.shape != other.shape or (one != other).any():
        raise ValueError("damaged inside: a part of the compressed data ends before its part of the picture does")
