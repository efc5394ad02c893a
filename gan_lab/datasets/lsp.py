"""Leeds Sports Pose (Johnson and Everingham, BMVC 2010) and its extended training set (CVPR 2011)."""

from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from gan_lab.datasets.folders import image_names
from gan_lab.datasets.held_out import is_held_out
from gan_lab.datasets.images import ImageFile
from gan_lab.datasets.matlab import read_variable
from gan_lab.datasets.posed_people import PhotographedPeople, PosedPerson
from gan_lab.errors import DatasetError, DatasetNotFoundError, require
from gan_lab.pose.person_crop import Points, PoseJitter, Window
from gan_lab.pose.skeletons import LSP as SKELETON

Viewpoint = Literal["person", "observer"]

PEOPLE = 2000  # of LSP; the first half is for training (BMVC 2010)
_LEFT_SHOULDER, _RIGHT_HIP = SKELETON.joints.index("left_shoulder"), SKELETON.joints.index("right_hip")
_REMEDY = (
    "data.root should hold lsp_dataset/ and, unless data.extended is false, lspet_dataset/, each with images/ and "
    "joints.mat: unpack lsp_dataset.zip and lspet_dataset.zip there, or correct data.root."
)
_OBSERVER_REMEDY = (
    "Observer-centric labels are a joints.mat of their own, of Pishchulin's evaluation toolkit: put it there, or set "
    "data.viewpoint to person."
)


class LSP(PhotographedPeople):
    """2,000 people at sports, 1,000 of them to test on, and 10,000 more to train on; 14 joints.

    ``lsp_dataset/{images/im0001.jpg,joints.mat}`` and ``lspet_dataset/{images/im00001.jpg,joints.mat}``. The third
    number of a joint is 1 in LSP if it is *occluded*, where all joints have labels, and in LSPET if it *has a label*.
    The files call pixels by their centers, from 0: the margins around LSP's people are then equal on all sides.

    The official labels are person-centric: a right wrist is the person's own. Observer-centric ones, in which the wrist
    on the left of the image is the right one, follow no rule that would make them from the official ones, so that
    ``joints-OC.mat`` is read beside ``joints.mat``; there is none of LSPET.

    Neither set says where a person is. LSP's images are cropped about theirs, so the window is the whole image, as it
    is for a picture that ``predict`` is given without a box. In LSPET it is the square about the middle of the labeled
    joints' box whose side is ``margin`` times the box's longer one.

    People whose image is missing are left out. If an official test image is missing and LSPET is read, a share of
    LSPET is held out in their place, and the test split is that share and the test images that there are.

    Args:
        root: The folder with ``lsp_dataset`` and ``lspet_dataset``.
        split: ``train``, 11,000 people, or ``test``, 1,000.
        extended: Whether to read LSPET.
        viewpoint: Whose left and right the labels mean: ``person`` or ``observer``.
        val_fraction: The part of LSPET that is held out if official test images are missing, between 0 and 1.
        margin: Side of LSPET's windows relative to the labeled joints' box.
        image_size: Side of the crops in pixels.
        jitter: Random scale, rotation, mirroring and color; None for none.

    Raises:
        ConfigurationError: If the observer's viewpoint is asked of LSPET.
        DatasetNotFoundError: If a folder or its ``joints.mat`` is missing.
        DatasetError: If the labels are not the official ones, or nobody is in the split.
    """

    def __init__(
        self,
        root: Path,
        split: Literal["train", "test"],
        extended: bool = True,
        viewpoint: Viewpoint = "person",
        val_fraction: float = 0.1,
        margin: float = 1.25,
        image_size: int = 256,
        jitter: PoseJitter | None = None,
    ) -> None:
        require(
            not extended or viewpoint == "person",
            "data.viewpoint is observer, but LSPET has person-centric labels alone: set data.extended to false",
        )
        labels = "joints.mat" if viewpoint == "person" else "joints-OC.mat"
        official = list(_read(Path(root) / "lsp_dataset", labels, None))
        train, test = _present(official[: PEOPLE // 2]), _present(official[PEOPLE // 2 :])
        rows = len(official)
        self._substituted = extended and len(test) < PEOPLE // 2
        if extended:
            more = list(_read(Path(root) / "lspet_dataset", "joints.mat", margin))
            rows += len(more)
            for person in _present(more):
                held_out = self._substituted and is_held_out(person.name, val_fraction, 0)
                (test if held_out else train).append(person)
        people = {"train": train, "test": test}[split]
        left_out = {"of both splits whose image is missing": rows - len(train) - len(test)}
        name = f"LSP, {split} split, {viewpoint}-centric"
        super().__init__(name, SKELETON, people, image_size, jitter, left_out)

    def summary(self) -> str:
        """As :class:`PhotographedPeople`, and whether the split is the official one."""
        text = super().summary()
        if self._substituted:
            text += "; official test images are missing, so a share of LSPET is held out: figures are not comparable"
        return text


def torso(joints: Points, labeled: NDArray[np.bool_]) -> float:
    """From the left shoulder to the right hip, by which PCK is normalized on LSP; 0 if one of them has no label."""
    if not labeled[_LEFT_SHOULDER] or not labeled[_RIGHT_HIP]:
        return 0.0
    return float(np.linalg.norm(joints[_LEFT_SHOULDER] - joints[_RIGHT_HIP]))


def read_joints(path: Path) -> NDArray[np.float64]:
    """The labels of a ``joints.mat`` of either set, (people, 14, 3): x, y and the flag, as they are in the file.

    LSP keeps them as (3, 14, people), LSPET as (14, 3, people).

    Raises:
        DatasetNotFoundError: If there is no such file.
        DatasetError: If it is not one of those.
    """
    remedy = _REMEDY if path.name == "joints.mat" else _OBSERVER_REMEDY
    joints = read_variable("LSP", path, "joints", remedy)
    if joints is None or joints.ndim != 3 or sorted(joints.shape[:2]) != [3, len(SKELETON.joints)]:
        shape = "no such variable" if joints is None else f"it is {joints.shape}"
        raise DatasetError(f"LSP: {path} should hold joints of (3, 14, people) or (14, 3, people): {shape}")
    joints = joints.transpose(2, 1, 0) if joints.shape[0] == 3 else joints.transpose(2, 0, 1)
    return np.asarray(joints, dtype=np.float64)


def _read(folder: Path, labels: str, margin: float | None) -> Iterator[PosedPerson | None]:
    """Everyone of LSP, or, with a margin, of LSPET; None for one whose image is missing."""
    present = image_names(folder / "images")
    if not present:
        raise DatasetNotFoundError("LSP", folder / "images", _REMEDY)
    joints = read_joints(folder / labels)
    if margin is None and len(joints) != PEOPLE:
        raise DatasetError(f"LSP: {folder / labels} has labels of {len(joints):,} people, not of {PEOPLE:,}")
    digits = 4 if margin is None else 5
    for index, (points, flags) in enumerate(zip(joints[..., :2], joints[..., 2], strict=True)):
        name = f"im{index + 1:0{digits}}.jpg"
        if name not in present:
            yield None
            continue
        labeled = np.isfinite(points).all(axis=1) & (margin is None or flags == 1)
        file = ImageFile(folder / "images" / name, f"{folder.name}/{name}")
        yield PosedPerson(
            name=file.name,
            joints=np.where(labeled[:, None], points, 0.0),
            labeled=labeled,
            window=None if margin is None else window_about(points[labeled], margin),
            reference_length=torso(points, labeled),
            image=file,
        )


def window_about(joints: Points, margin: float) -> Window | None:
    """The square about some joints; None, the whole image, where they are too few to tell.

    Args:
        joints: (N, 2), in pixels.
        margin: Its side relative to the longer one of their box.
    """
    if len(joints) < 2 or not np.ptp(joints, axis=0).any():
        return None
    left, top = joints.min(axis=0)
    right, bottom = joints.max(axis=0)
    return Window((left + right) / 2, (top + bottom) / 2, margin * max(right - left, bottom - top))


def _present(people: list[PosedPerson | None]) -> list[PosedPerson]:
    return [person for person in people if person is not None]
