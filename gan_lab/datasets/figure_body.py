"""The body of a drawn person: bones, and angles that joints can take."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gan_lab.person_crop import Points

Vector = NDArray[np.float64]

# Lengths relative to the body's height (Winter, Biomechanics and Motor Control of Human Movement, figure 4.1).
_THIGH, _SHANK, _UPPER_ARM, _FOREARM = 0.245, 0.246, 0.186, 0.146
_TRUNK, _NECK_TO_TOP = 0.288, 0.182
_HALF_HIPS, _HALF_SHOULDERS = 0.08, 0.115  # a little less than the bones' breadth: joints lie inside

# Degrees, from the straight stance with hanging arms: about what physiotherapists measure (Norkin and White,
# Measurement of Joint Motion, appendix), short of the extremes.
_HIP_FORWARD, _HIP_SIDEWAYS, _KNEE = (-20, 95), (-5, 40), (0, 120)
_ARM_FORWARD, _ARM_SIDEWAYS, _ELBOW = (-35, 165), (0, 130), (0, 135)
_LEAN, _PITCH, _NECK = 25, 20, 20


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
    joints = {}
    for name, sign in (("right", -1), ("left", 1)):
        hip = np.array([sign * _HALF_HIPS, 0, 0])
        knee, ankle = _limb(rng, hip, sign, _THIGH, _SHANK, _HIP_FORWARD, _HIP_SIDEWAYS, _KNEE, -1, calm)
        shoulder = bend @ (sign * _HALF_SHOULDERS, 0.93 * _TRUNK, 0)
        elbow, wrist = _limb(
            rng, shoulder, sign, _UPPER_ARM, _FOREARM, _ARM_FORWARD, _ARM_SIDEWAYS, _ELBOW, 1, calm, bend
        )
        joints[name] = {"leg": [ankle, knee, hip], "arm": [wrist, elbow, shoulder]}
    return np.array(
        [
            *joints["right"]["leg"],
            *joints["left"]["leg"][::-1],
            *joints["right"]["arm"],
            *joints["left"]["arm"][::-1],
            neck,
            top,
        ]
    )


def _limb(
    rng: np.random.Generator,
    start: Vector,
    sign: int,
    upper: float,
    lower: float,
    forward: tuple[int, int],
    sideways: tuple[int, int],
    bend: tuple[int, int],
    bend_sign: int,
    calm: float,
    base: NDArray[np.float64] | None = None,
) -> tuple[Vector, Vector]:
    """The middle and the end of an arm, whose lower part bends forwards, or of a leg, whose lower part bends back.

    Args:
        rng: Where the angles are drawn from.
        start: Shoulder or hip.
        sign: 1 on the body's left, -1 on its right.
        upper: Length of the upper part.
        lower: Length of the lower part.
        forward: The range of degrees by which the upper part is swung forwards.
        sideways: The same outwards.
        bend: The same of the elbow or knee.
        bend_sign: 1 forwards, -1 back.
        calm: What angles are multiplied by, up to 1.
        base: How the trunk is turned; None for upright.
    """
    swing, spread, angle = (calm * math.radians(rng.uniform(*limits)) for limits in (forward, sideways, bend))
    turned = _roll(sign * spread) @ _pitch(-swing)
    turned = turned if base is None else base @ turned
    middle = start + turned @ (0, -upper, 0)
    return middle, middle + turned @ _pitch(-bend_sign * angle) @ (0, -lower, 0)


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
