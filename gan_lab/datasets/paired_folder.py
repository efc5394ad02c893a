"""Anyone's own pairs."""

from contextlib import suppress
from pathlib import Path
from typing import Any

from PIL import Image as PILImage

from gan_lab.datasets.folders import is_image
from gan_lab.datasets.metadata import UNREADABLE
from gan_lab.datasets.pair_layouts import Pair, matching_names, narrow_halves, side_by_side, two_sides
from gan_lab.datasets.paired_images import PairedDataset
from gan_lab.errors import require
from gan_lab.terminal import say_once

_REMEDY = "It should hold A|B images side by side, or folders A and B with matching names: correct data.root."
_APART = (
    "name the folders of A and B in data.folders (A and B, input and target, source and target need no naming), or set "
    "data.side_by_side to true if each file has A and B beside each other"
)


class PairedFolder(PairedDataset):
    """Your own pairs in either layout, which is seen from the folders.

    ``<root>/<split>/*`` holds A and B side by side in each file, which is wider than high; or ``<root>/<split>/A/*``
    and ``<root>/<split>/B/*`` hold them apart under the same names. ``input`` or ``source`` does for A, and ``target``,
    ``output`` or ``gt`` for B. Other folders that hold the same names are refused unless ``folders`` names them.

    Args:
        root: The folder with the splits.
        split: One of them.
        folders: The subfolders of A and of B in every split; None to go by their names.
        side_by_side: Whether each file holds A and B, whatever sizes and names look like.
        **kwargs: As of :class:`PairedDataset`.
    """

    def __init__(
        self,
        root: Path,
        split: str,
        *args: Any,
        folders: tuple[str, str] | None = None,
        side_by_side: bool = False,
        **kwargs: Any,
    ) -> None:
        require(
            folders is None or (not side_by_side and folders[0] != folders[1]),
            "data.folders are two, of which each file is in one: give either them or data.side_by_side",
        )
        self.folders, self.side_by_side = folders, side_by_side
        self.halves = "any" if side_by_side else "wide"
        super().__init__(root, split, *args, **kwargs)

    def find_pairs(self, root: Path, split: str) -> list[Pair]:
        """The pairs below one folder; raises DatasetNotFoundError or DatasetError if there is none or half of one."""
        folder = root / split
        if self.side_by_side:
            return side_by_side("PairedFolder", folder, _REMEDY, apart=None)
        sides = two_sides(folder) if self.folders is None else (folder / self.folders[0], folder / self.folders[1])
        if sides is not None:
            _say_if_beside(folder, *sides)
            return matching_names("PairedFolder", *sides, _REMEDY)
        pairs = side_by_side("PairedFolder", folder, _REMEDY, _APART)
        _say_if_narrow(pairs[0].a)
        return pairs


def _say_if_beside(folder: Path, a: Path, b: Path) -> None:
    """Says that pictures beside the folders of A and B are left out; they may be pairs side by side."""
    beside = [path for path in folder.iterdir() if is_image(path.name)] if folder.is_dir() else []
    if beside:
        say_once(
            f"{len(beside)} pictures in {folder}, such as {min(beside).name}, are left out: "
            f"A is read from {a.name} and B from {b.name}"
        )


def _say_if_narrow(path: Path) -> None:
    """Says what becomes of a file that may be a single picture; one that cannot be opened is named when it is read."""
    with suppress(*UNREADABLE), PILImage.open(path) as image:
        width, height = image.size
        if narrow_halves(width, height) and width > height:
            say_once(
                f"{path} of {width}x{height} is cut into A and B of {width // 2}x{height} each: "
                "single pictures belong into folders A and B"
            )
