"""The body of a drawn person: bones, and angles that joints can take."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gan_lab.pose.person_crop import Points

Vector = NDArray[np.float64]

# Relative to the body's height (Winter, Biomechanics and Motor Control of Human Movement, figure 4.1).
_TRUNK, _NECK_TO_TOP = 0.288, 0.182
_HALF_HIPS, _HALF_SHOULDERS = 0.08, 0.115  # a little less than the bones' breadth: joints lie inside

_LEAN, _PITCH = 25, 20  # degrees by which the whole body is tilted, at most
_NECK = 20  # degrees by which the head is, against the trunk


@dataclass(frozen=True, slots=True, kw_only=True)
class _Limb:
    """An arm or a leg; angles in degrees from hanging down straight.

    Attributes:
        upper: Length of the part at the trunk, relative to the body's height.
        lower: Length of the other part.
        forward: How far it swings forwards, at least and at most.
        sideways: How far it swings outwards.
        bend: How far elbow or knee bends.
        bends: 1 if it bends forwards, -1 if back.
    """

    upper: float
    lower: float
    forward: tuple[int, int]
    sideways: tuple[int, int]
    bend: tuple[int, int]
    bends: int


# Lengths as above; angles that an untrained adult reaches, chosen for variety and not from measurements.
_LEG = _Limb(upper=0.245, lower=0.246, forward=(-20, 95), sideways=(-5, 40), bend=(0, 120), bends=-1)
_ARM = _Limb(upper=0.186, lower=0.146, forward=(-35, 165), sideways=(0, 130), bend=(0, 135), bends=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Body:
    """A posed body seen in an image.

    Attributes:
        joints: (14, 2) in the image's pixels, in the order of the skeleton ``figures``.
        depth: How near each joint is to the viewer, (14,), in pixels.
        height: Of the whole body when upright, in pixels.
        facing: The viewer's direction from the body: 1 if it looks at the viewer, -1 if away, 0 sideways.
        looking: How far to the right of the image it looks, from -1 to 1.
        down: The body's own downwards in the image, (2,).
    """

    joints: Points
    depth: Vector
    height: float
    facing: float
    looking: float
    down: Vector


def pose_body(rng: np.random.Generator, side: int) -> Body:
    """A body in a random pose, seen from a random direction, all of it inside a square image.

    Args:
        rng: Where all that is random is drawn from.
        side: Of the image in pixels.
    """
    yaw = rng.uniform(-math.pi, math.pi)
    view = _roll(math.radians(rng.uniform(-_LEAN, _LEAN))) @ _pitch(math.radians(rng.uniform(-_PITCH, _PITCH)))
    view = view @ _yaw(yaw)
    points = _stance(rng) @ view.T  # x to the right of the image, y upwards, z towards the viewer
    flat = points[:, :2] * (1, -1)
    low, high = flat.min(axis=0), flat.max(axis=0)
    border = 0.08 * side  # feet, hands and hair reach beyond their joints
    height = rng.uniform(0.45, 0.85) * side
    height = min(height, (side - 2 * border) / (high - low).max())
    room = side - 2 * border - height * (high - low)
    joints = height * (flat - low) + border + rng.random(2) * room
    front = view @ (0, 0, 1)
    return Body(
        joints=joints,
        depth=height * points[:, 2],
        height=height,
        facing=float(front[2]),
        looking=float(front[0]),
        down=view[:2, 1] * (-1, 1),
    )


def _stance(rng: np.random.Generator) -> NDArray[np.float64]:
    """The joints of a body of height 1: x to its left, y upwards, z forwards, the middle of its hips at 0."""
    bend = _roll(math.radians(rng.uniform(-15, 15))) @ _pitch(math.radians(rng.uniform(-10, 30)))
    neck = bend @ (0, _TRUNK, 0)
    nod = _roll(math.radians(rng.uniform(-_NECK, _NECK))) @ _pitch(math.radians(rng.uniform(-_NECK, _NECK)))
    top = neck + bend @ nod @ (0, _NECK_TO_TOP, 0)
    calm = rng.uniform(0.3, 1)  # most people neither stand still nor do gymnastics
    legs, arms = {}, {}
    for name, sign in (("right", -1), ("left", 1)):
        hip, shoulder = np.array([sign * _HALF_HIPS, 0, 0]), bend @ (sign * _HALF_SHOULDERS, 0.93 * _TRUNK, 0)
        legs[name] = [*_pose_limb(rng, _LEG, hip, np.eye(3), sign, calm), hip]
        arms[name] = [*_pose_limb(rng, _ARM, shoulder, bend, sign, calm), shoulder]
    return np.array([*legs["right"], *legs["left"][::-1], *arms["right"], *arms["left"][::-1], neck, top])


def _pose_limb(
    rng: np.random.Generator, limb: _Limb, start: Vector, trunk: NDArray[np.float64], sign: int, calm: float
) -> tuple[Vector, Vector]:
    """The end and the middle of an arm or a leg in a random pose.

    Args:
        rng: Where the angles are drawn from.
        limb: Which one.
        start: Shoulder or hip.
        trunk: How what it hangs from is turned.
        sign: 1 on the body's left, -1 on its right.
        calm: What angles are multiplied by, up to 1.
    """
    swing, spread, bend = (
        calm * math.radians(rng.uniform(*limits)) for limits in (limb.forward, limb.sideways, limb.bend)
    )
    turned = trunk @ _roll(sign * spread) @ _pitch(-swing)
    middle = start + turned @ (0, -limb.upper, 0)
    return middle + turned @ _pitch(-limb.bends * bend) @ (0, -limb.lower, 0), middle


def _pitch(angle: float) -> NDArray[np.float64]:
    """Rotation in radians that takes up to forwards."""
    cos, sin = math.cos(angle), math.sin(angle)
    return np.array([[1, 0, 0], [0, cos, -sin], [0, sin, cos]])


def _yaw(angle: float) -> NDArray[np.float64]:
    """Rotation in radians that takes forwards to the left."""
    cos, sin = math.cos(angle), math.sin(angle)
    return np.array([[cos, 0, sin], [0, 1, 0], [-sin, 0, cos]])


def _roll(angle: float) -> NDArray[np.float64]:
    """Rotation in radians that takes left to up, and down to left."""
    cos, sin = math.cos(angle), math.sin(angle)
    return np.array([[cos, -sin, 0], [sin, cos, 0], [0, 0, 1]])
