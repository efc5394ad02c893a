"""Anyone's own pairs."""

from pathlib import Path

from gan_lab.datasets.paired_images import Pair, PairedDataset, matching_names, side_by_side


class PairedFolder(PairedDataset):
    """Your own pairs in either layout, which is seen from the folders.

    ``<root>/<split>/*`` holds A and B side by side in each file; or ``<root>/<split>/A/*`` and ``<root>/<split>/B/*``
    hold them apart under the same names.
    """

    @staticmethod
    def find_pairs(root: Path, split: str) -> list[Pair]:
        """The pairs below one folder; raises DatasetNotFoundError or DatasetError if there is none or half of one."""
        folder = root / split
        remedy = "It should hold A|B images side by side, or folders A and B with matching names: correct data.root."
        if (folder / "A").is_dir() or (folder / "B").is_dir():
            return matching_names("PairedFolder", folder / "A", folder / "B", remedy)
        return side_by_side("PairedFolder", folder, remedy)
