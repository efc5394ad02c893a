"""What each data set calls a person: its joints, which of them mirror each other, how they are drawn and scored."""

from collections.abc import Mapping
from dataclasses import dataclass

Color = tuple[int, int, int]

# Warm on the person's right, cool on the left: swapped sides are seen at once.
_RIGHT_LEG: Color = (255, 128, 0)
_RIGHT_ARM: Color = (255, 51, 102)
_LEFT_LEG: Color = (0, 153, 255)
_LEFT_ARM: Color = (0, 204, 153)
_MIDDLE: Color = (255, 224, 51)


@dataclass(frozen=True, slots=True, kw_only=True)
class Skeleton:
    """The joints of a data set; all other numbers are indices into them.

    Attributes:
        joints: Their names, in the order of the data set's files. Left and right are the person's own.
        flip_pairs: Joints that change places in a mirrored image.
        limbs: Joints that are drawn connected.
        colors: The color of each limb, RGB in [0, 255].
        groups: The rows of the table of scores, each with its joints.
        scored: The joints that the mean score takes.
    """

    joints: tuple[str, ...]
    flip_pairs: tuple[tuple[int, int], ...]
    limbs: tuple[tuple[int, int], ...]
    colors: tuple[Color, ...]
    groups: Mapping[str, tuple[int, ...]]
    scored: tuple[int, ...]


def _groups(*joints: tuple[int, ...]) -> Mapping[str, tuple[int, ...]]:
    """The rows of the tables of scores in papers."""
    return dict(zip(("head", "shoulder", "elbow", "wrist", "hip", "knee", "ankle"), joints, strict=True))


_LEGS = ("right_ankle", "right_knee", "right_hip", "left_hip", "left_knee", "left_ankle")
_ARMS = ("right_wrist", "right_elbow", "right_shoulder", "left_shoulder", "left_elbow", "left_wrist")

# Leeds Sports Pose (Johnson and Everingham, BMVC 2010), README.txt of the data set.
LSP = Skeleton(
    joints=(*_LEGS, *_ARMS, "neck", "head_top"),
    flip_pairs=((0, 5), (1, 4), (2, 3), (6, 11), (7, 10), (8, 9)),
    limbs=(
        *((0, 1), (1, 2)),
        *((3, 4), (4, 5)),
        *((6, 7), (7, 8)),
        *((9, 10), (10, 11)),
        *((2, 3), (2, 8), (3, 9), (8, 12), (9, 12), (12, 13)),
    ),
    colors=(*(_RIGHT_LEG,) * 2, *(_LEFT_LEG,) * 2, *(_RIGHT_ARM,) * 2, *(_LEFT_ARM,) * 2, *(_MIDDLE,) * 6),
    groups=_groups((12, 13), (8, 9), (7, 10), (6, 11), (2, 3), (1, 4), (0, 5)),
    scored=tuple(range(14)),
)

# MPII Human Pose (Andriluka et al., CVPR 2014), README of the data set. Pelvis and thorax are in no row of the table of
# scores and not in its mean, and the head's row is the top of the head alone, as in the authors' evaluation toolkit.
MPII = Skeleton(
    joints=(*_LEGS, "pelvis", "thorax", "upper_neck", "head_top", *_ARMS),
    flip_pairs=((0, 5), (1, 4), (2, 3), (10, 15), (11, 14), (12, 13)),
    limbs=(
        *((0, 1), (1, 2)),
        *((3, 4), (4, 5)),
        *((10, 11), (11, 12)),
        *((13, 14), (14, 15)),
        *((2, 6), (3, 6), (6, 7), (7, 12), (7, 13), (7, 8), (8, 9)),
    ),
    colors=(*(_RIGHT_LEG,) * 2, *(_LEFT_LEG,) * 2, *(_RIGHT_ARM,) * 2, *(_LEFT_ARM,) * 2, *(_MIDDLE,) * 7),
    groups=_groups((9,), (12, 13), (11, 14), (10, 15), (2, 3), (1, 4), (0, 5)),
    scored=(0, 1, 2, 3, 4, 5, 8, 9, 10, 11, 12, 13, 14, 15),
)

# By name: a model and its data are given the same one. The procedural figures have the joints of LSP.
SKELETONS: Mapping[str, Skeleton] = {"lsp": LSP, "mpii": MPII, "figures": LSP}
