"""Anyone's own pairs."""

from gan_lab.datamodules.paired import PairedDataModule
from gan_lab.datasets.paired_images import PairedImages, matching_names, side_by_side
from gan_lab.images.transforms import Jitter


class PairedFolderDataModule(PairedDataModule):
    """Your own pairs in either layout, which is seen from the folders.

    ``<root>/<split>/*`` holds A and B side by side in each file; or ``<root>/<split>/A/*`` and ``<root>/<split>/B/*``
    hold them apart under the same names.
    """

    def split(self, name: str, load_size: int, jitter: Jitter | None = None, cache: bool = False) -> PairedImages:
        """The pairs of one split."""
        folder = self.root / name
        remedy = "It should hold A|B images side by side, or folders A and B with matching names: correct data.root."
        if (folder / "A").is_dir() or (folder / "B").is_dir():
            pairs = matching_names("PairedFolder", folder / "A", folder / "B", remedy)
        else:
            pairs = side_by_side("PairedFolder", folder, remedy)
        return PairedImages(pairs, self.direction, load_size, jitter, cache)
