"""The annotations of MPII in the two forms in which they are in use."""

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gan_lab.datasets.matlab import read_variable, text
from gan_lab.errors import DatasetError, DatasetNotFoundError
from gan_lab.pose.person_crop import Points
from gan_lab.pose.skeletons import MPII as SKELETON

JOINTS = len(SKELETON.joints)

_MAT_REMEDY = (
    "Unpack mpii_human_pose_v1_u12_2.zip into data.root, or give its .mat, or a folder of JSON files, as "
    "data.annotations."
)
_JSON_REMEDY = "data.annotations should be the official .mat, or a folder with train.json and valid.json."
_FILES = {"train": "train.json", "val": "valid.json", "test": "test.json"}


@dataclass(frozen=True, slots=True, kw_only=True)
class MPIIPerson:
    """A person as annotated, in MATLAB's pixels.

    Attributes:
        image: The name of its image.
        number: Which one of the annotated people of that image it is, from 0.
        for_training: Whether its image is of the training part, whose labels are public.
        center: Its rough middle, without any shift; None where there is none.
        scale: Its height in 200 pixels, without any factor; 0 where there is none.
        joints: (16, 2), of any value where there is no label.
        labeled: Whether a joint has a label, (16,); an occluded one may have.
        head_diagonal: Of the head's rectangle; 0 where there is none.
    """

    image: str
    number: int
    for_training: bool
    center: tuple[float, float] | None
    scale: float
    joints: Points
    labeled: NDArray[np.bool_]
    head_diagonal: float


def read_release(path: Path) -> list[MPIIPerson]:
    """Everyone in the official ``.mat``: training and test images, complete annotations or not.

    Raises:
        DatasetNotFoundError: If there is no such file.
        DatasetError: If it has no ``RELEASE``, or that is of another nesting.
    """
    variable = read_variable("MPII", path, "RELEASE", _MAT_REMEDY)
    release = None if variable is None else _struct(variable)
    annotations, for_training = (_entries(release, field) for field in ("annolist", "img_train"))
    if not len(annotations) or len(annotations) != len(for_training):
        raise DatasetError(f"MPII: {path} is not the official file: RELEASE has no annolist with an img_train for each")
    people: list[MPIIPerson] = []
    for entry, training in zip(annotations, for_training, strict=True):
        name = text(_entries(_struct(_entries(entry, "image")), "name"))
        for number, person in enumerate(_entries(entry, "annorect")):
            people.append(_read_person(name, number, bool(np.ravel(training).any()), person))
    return people


def read_json(folder: Path, split: str) -> list[MPIIPerson]:
    """Everyone of a split in the form of HRNet's files: a list of image, center, scale, joints and joints_vis.

    There, ``joints_vis`` says that a joint has a label, not that it can be seen.

    Args:
        folder: With ``train.json``, ``valid.json`` and ``test.json``. The sizes of heads are taken from
            ``gt_valid.mat`` if it is there; they are known of the validation split only.
        split: ``train``, ``val`` or ``test``.

    Raises:
        DatasetNotFoundError: If there is no such file.
        DatasetError: If it is of another form, its centers and scales are adjusted already, or ``gt_valid.mat`` is of
            other people.
    """
    path = folder / _FILES[split]
    if not path.is_file():
        raise DatasetNotFoundError("MPII", path, _JSON_REMEDY)
    try:
        rows = json.loads(path.read_text())
        heights = np.array([row["center"][1] for row in rows], dtype=np.float64)
        scales = np.array([row["scale"] for row in rows], dtype=np.float64)
        people = list(_people(rows, split))
    except (ArithmeticError, LookupError, RecursionError, TypeError, ValueError) as error:
        raise DatasetError(
            f"MPII: {path} is not of HRNet's form, a list of image, center, scale, joints and joints_vis: {error!r}"
        ) from None
    before = heights - 15 * scales / 1.25  # the annotators' own are whole numbers
    if (_whole(before) & ~_whole(heights)).mean() > 0.5:
        raise DatasetError(
            f"MPII: the centers in {path} are shifted down by 15 x scale, and the scales multiplied by 1.25, as in "
            "Newell's files. Give the annotators' own, which HRNet's files have"
        )
    heads = folder / "gt_valid.mat"
    return with_head_sizes(people, heads) if split == "val" and heads.is_file() else people


def with_head_sizes(people: Sequence[MPIIPerson], path: Path) -> list[MPIIPerson]:
    """The people of the validation split with the head sizes of ``gt_valid.mat``, whose rows are in the same order.

    Raises:
        DatasetError: If they are not the same people: more or fewer, or their joints are elsewhere.
    """
    boxes, joints = (read_variable("MPII", path, name, _JSON_REMEDY) for name in ("headboxes_src", "pos_gt_src"))
    if boxes is None or joints is None or boxes.shape != (2, 2, len(people)) or joints.shape[2] != len(people):
        raise DatasetError(f"MPII: {path} does not hold the heads of the {len(people):,} people of valid.json")
    for index, person in enumerate(people):
        if not np.allclose(joints[person.labeled, :, index], person.joints[person.labeled], atol=1):  # a pixel
            raise DatasetError(f"MPII: person {index} of {path} is not person {index} of valid.json, in {person.image}")
    diagonals = np.linalg.norm(boxes[1] - boxes[0], axis=0)
    return [replace(person, head_diagonal=float(size)) for person, size in zip(people, diagonals, strict=True)]


def _whole(numbers: NDArray[np.float64]) -> NDArray[np.bool_]:
    return np.abs(numbers - numbers.round()) < 0.01


def _people(rows: Sequence[dict[str, Any]], split: str) -> Iterator[MPIIPerson]:
    seen: Counter[str] = Counter()
    nothing: dict[str, Any] = {"joints": [[-1, -1]] * JOINTS, "joints_vis": [0] * JOINTS}  # the test split's
    for row in rows:
        row = nothing | row
        name, center, scale = str(row["image"]), tuple(map(float, row["center"])), float(row["scale"])
        known = center[0] != -1 and scale > 0
        yield MPIIPerson(
            image=name,
            number=seen[name],
            for_training=split != "test",
            center=(center[0], center[1]) if known else None,
            scale=scale if known else 0.0,
            joints=np.array(row["joints"], dtype=np.float64).reshape(JOINTS, 2),
            labeled=np.array(row["joints_vis"]).reshape(JOINTS) > 0,
            head_diagonal=0.0,
        )
        seen[name] += 1


def _read_person(image: str, number: int, for_training: bool, person: Any) -> MPIIPerson:
    """One ``annorect``, any of whose fields may be missing or empty, as those of people in a crowd are."""
    joints, labeled = np.zeros((JOINTS, 2)), np.zeros(JOINTS, dtype=bool)
    for point in _entries(_struct(_entries(person, "annopoints")), "point"):
        joint, x, y = (_number(point, field) for field in ("id", "x", "y"))
        if joint is not None and x is not None and y is not None and 0 <= joint < JOINTS:
            joints[int(joint)] = x, y
            labeled[int(joint)] = True
    middle = _struct(_entries(person, "objpos"))
    x, y = _number(middle, "x"), _number(middle, "y")
    corners = [_number(person, field) for field in ("x1", "y1", "x2", "y2")]
    left, top, right, bottom = (corner if corner is not None else 0.0 for corner in corners)
    return MPIIPerson(
        image=image,
        number=number,
        for_training=for_training,
        center=None if x is None or y is None else (x, y),
        scale=_number(person, "scale") or 0.0,
        joints=joints,
        labeled=labeled,
        head_diagonal=0.0 if None in corners else float(np.hypot(right - left, bottom - top)),
    )


def _entries(struct: Any, field: str) -> NDArray[Any]:
    """What a struct's field holds, in one dimension; nothing if there is no such struct or field."""
    names = None if struct is None else struct.dtype.names
    return np.ravel(struct[field]) if names is not None and field in names else np.empty(0)


def _struct(entries: NDArray[Any]) -> Any:
    """The first struct of an array; None if it is empty, as MATLAB's [] is, or of something else."""
    return entries.flat[0] if entries.size and entries.dtype.names is not None else None


def _number(struct: Any, field: str) -> float | None:
    """The number in a struct's field, which may be kept as text; None if there is none."""
    try:
        number = float(_entries(struct, field)[0])
    except (IndexError, TypeError, ValueError):
        return None
    return number if np.isfinite(number) else None
