"""MPII Human Pose (Andriluka et al., CVPR 2014)."""

from collections import Counter
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Literal

from gan_lab.datasets.folders import image_names
from gan_lab.datasets.held_out import is_held_out
from gan_lab.datasets.images import ImageFile
from gan_lab.datasets.mpii_annotations import MPIIPerson, read_json, read_release
from gan_lab.datasets.posed_people import PhotographedPeople, PosedPerson
from gan_lab.errors import DatasetError, DatasetNotFoundError
from gan_lab.pose.person_crop import PoseJitter, Window
from gan_lab.pose.skeletons import MPII as SKELETON

Split = Literal["train", "val", "test"]

OFFICIAL_MAT = Path("mpii_human_pose_v1_u12_2/mpii_human_pose_v1_u12_1.mat")

# People of a split, and images they are in: Tompson et al. (CVPR 2015) held out the validation images.
PUBLISHED = {"train": (22_246, 14_679), "val": (2_958, 2_729), "test": (11_731, 6_619)}

_SCALE_UNIT = 200  # pixels: `scale` is a person's height in them (README of the data set)
_MARGIN = 1.25  # of the window about that height (Newell et al., ECCV 2016, in their code), and
_SHIFT = 15  # pixels, times the scale, by which it is moved downwards (the same)
_FIRST_PIXEL = 1  # MATLAB's
_IMAGES = (Path("images"), Path("mpii_human_pose_v1/images"))


class MPII(PhotographedPeople):
    """25,000 people at 410 activities; 16 joints.

    ``images/*.jpg``, or ``mpii_human_pose_v1/images/*.jpg`` as it unpacks, with the annotations in either form:

    - the official ``.mat``, with all there is to know;
    - a folder with ``train.json``, ``valid.json`` and ``test.json`` as HRNet has them, and ``gt_valid.mat``, without
      which the sizes of heads, and so PCKh, are not known.

    Both hold MATLAB's pixels, the first one 1, and a person's rough ``center`` and ``scale``, its height in 200 pixels.
    The window is 1.25 x 200 x scale wide about (x, y + 15 x scale): what all hourglasses are trained on. The files that
    come with Newell's hourglass have that shift and factor in them already, and are refused: they would count twice.

    Distances are divided by 0.6 times the diagonal of the head's rectangle. People whose image is missing, who have no
    center or scale, or, but for the test split, no joint, are left out.

    Args:
        root: The folder with the images.
        split: ``train``, ``val``, or ``test``, whose labels are withheld: its people have no labeled joint.
        annotations: The ``.mat``, or the folder with the JSON files, relative to ``root``.
        validation_images: A file with the names of the images to hold out, relative to ``root``: the
            ``valid_images.txt`` of Tompson's split comes with Newell's hourglass. None holds out ``val_fraction``.
            Of the ``.mat`` only; the JSON files are split.
        val_fraction: About how many of the images are held out, between 0 and 1, if no file names them.
        image_size: Side of the crops in pixels.
        jitter: Random scale, rotation, mirroring and color; None for none.

    Raises:
        DatasetNotFoundError: If there are no images or no annotations.
        DatasetError: If the annotations are of another form, or nobody is in the split.
    """

    def __init__(
        self,
        root: Path,
        split: Split,
        annotations: Path = OFFICIAL_MAT,
        validation_images: Path | None = None,
        val_fraction: float = 0.1,
        image_size: int = 256,
        jitter: PoseJitter | None = None,
    ) -> None:
        root = Path(root)
        path = root / annotations
        folder = next((root / images for images in _IMAGES if (root / images).is_dir()), root / _IMAGES[0])
        present = image_names(folder)
        if not present:
            remedy = "Unpack mpii_human_pose_v1.tar.gz into data.root, or correct data.root."
            raise DatasetNotFoundError("MPII", folder, remedy)
        self.split = split
        self._from_list = validation_images is not None or path.suffix != ".mat"
        if path.suffix == ".mat":
            everyone = _cached_release(path)
            listed = None if validation_images is None else _read_list(root / validation_images)
            chosen = [person for person in everyone if _split_of(person, listed, val_fraction) == split]
        else:
            chosen = read_json(path, split)
        left_out: Counter[str] = Counter()
        people: list[PosedPerson] = []
        for person in chosen:
            reason = _reason_to_leave_out(person, split, present)
            if reason is None:
                people.append(posed(person, folder))
            else:
                left_out[reason] += 1
        super().__init__(f"MPII, {split} split", SKELETON, people, image_size, jitter, left_out)

    def summary(self) -> str:
        """As :class:`PhotographedPeople`, and how many there are elsewhere or why that cannot be compared."""
        text = super().summary()
        if self.split != "test" and not self._from_list:
            return f"{text}; split at random, not as Tompson et al. did: figures are not comparable"
        images = len({person.image for person in self.people})
        if (len(self.people), images) != PUBLISHED[self.split]:
            published, published_images = PUBLISHED[self.split]
            text += f"; the published split has {published:,} people in {published_images:,} images"
        return text

    def require_head_sizes(self) -> None:
        """Refuses people whose head's size is not known, and who could not be scored.

        Raises:
            DatasetError: If nobody's is.
        """
        if not any(person.reference_length > 0 for person in self.people):
            raise DatasetError(
                f"{self.data_set}: the annotations hold no size of a head, so that PCKh cannot be measured: put "
                "gt_valid.mat beside valid.json, or give the official .mat as data.annotations"
            )


def window(center: tuple[float, float], scale: float) -> Window:
    """What the network sees of a person.

    Args:
        center: As the annotations have it, in MATLAB's pixels.
        scale: The person's height in 200 pixels.
    """
    x, y = center
    return Window(x - _FIRST_PIXEL, y - _FIRST_PIXEL + _SHIFT * scale, _MARGIN * _SCALE_UNIT * scale)


def posed(person: MPIIPerson, folder: Path) -> PosedPerson:
    """A person as a data set yields it.

    Args:
        person: As annotated, with a center and a scale.
        folder: Where the images lie.
    """
    stem, dot, extension = person.image.rpartition(".")
    return PosedPerson(
        name=f"{stem}_{person.number}{dot}{extension}",
        joints=(person.joints - _FIRST_PIXEL) * person.labeled[:, None],
        labeled=person.labeled,
        window=window(person.center or (0, 0), person.scale),
        reference_length=0.6 * person.head_diagonal,
        image=ImageFile(folder / person.image, person.image),
        number=person.number,
    )


@lru_cache(maxsize=1)
def _cached_release(path: Path) -> Sequence[MPIIPerson]:
    """The official annotations, which take seconds to read and are wanted for every split."""
    return read_release(path)


def _split_of(person: MPIIPerson, listed: frozenset[str] | None, val_fraction: float) -> Split:
    if not person.for_training:
        return "test"
    held_out = is_held_out(person.image, val_fraction, 0) if listed is None else person.image in listed
    return "val" if held_out else "train"


def _reason_to_leave_out(person: MPIIPerson, split: Split, present: set[str]) -> str | None:
    if person.center is None or person.scale <= 0:
        return "without center or scale"
    if split != "test" and not person.labeled.any():
        return "without joints"
    return None if person.image in present else "whose image is missing"


def _read_list(path: Path) -> frozenset[str]:
    """The names in a text file, one a line."""
    if not path.is_file():
        remedy = (
            "Give the valid_images.txt that comes with Newell's hourglass as data.validation_images, or set that to "
            "null to hold out data.val_fraction."
        )
        raise DatasetNotFoundError("MPII", path, remedy)
    return frozenset(path.read_text().split())
