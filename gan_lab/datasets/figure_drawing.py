"""Drawing a posed body: skin and clothes before a background, and now and then something before the body."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import cv2
import numpy as np
from numpy.typing import NDArray

from gan_lab.datasets.figure_body import Body, Vector
from gan_lab.images.transforms import Image
from gan_lab.pose.skeletons import SKELETONS

Color = tuple[float, ...]  # RGB

_INDEX = {name: index for index, name in enumerate(SKELETONS["figures"].joints)}
_BITS = 4  # behind the point of OpenCV's coordinates: sixteenths of a pixel
_SKINS = np.array([(255, 219, 190), (229, 184, 143), (193, 134, 88), (141, 85, 51), (92, 58, 38)])
_HAIRS = np.array([(35, 25, 20), (80, 50, 30), (140, 90, 45), (215, 180, 110), (150, 145, 140)])

# Half the thickness at either end, relative to the body's height.
_THIGH, _SHANK, _UPPER_ARM, _FOREARM = (0.046, 0.034), (0.033, 0.02), (0.031, 0.024), (0.023, 0.016)
_FOOT, _HAND, _NECK, _TRUNK = (0.02, 0.016), (0.016, 0.018), (0.026, 0.026), (0.045, 0.05)
_EDGE = 0.75  # brightness of a part's outline, which sets a sleeve off from the shirt behind it


@dataclass(frozen=True, slots=True)
class _Looks:
    """The colors of a person."""

    skin: Color
    hair: Color
    sleeve: Color
    forearm: Color
    shirt: Color
    trousers: Color
    shank: Color
    shoe: Color


def draw_figure(rng: np.random.Generator, body: Body, side: int) -> Image:
    """An image of ``side`` x ``side`` pixels, uint8 RGB (H, W, 3), with the body's joints where they are.

    Args:
        rng: Where all that is random is drawn from.
        body: The body.
        side: Of the image in pixels.
    """
    image = _background(rng, side)
    looks = _draw_looks(rng)
    depths = body.depth[[_INDEX[name] for name in ("right_shoulder", "left_shoulder", "right_hip", "left_hip")]]
    parts: list[tuple[float, Callable[[Image], None]]] = [
        (float(depths.mean()), partial(_draw_trunk, body, looks)),
        (float(body.depth[_INDEX["head_top"]]), partial(_draw_head, body, looks)),
    ]
    for hand in ("right", "left"):
        parts += [_leg(body, looks, hand), _arm(body, looks, hand)]
    for _, draw in sorted(parts, key=lambda part: part[0]):  # from back to front
        draw(image)
    if rng.random() < 0.5:
        joint = body.joints[rng.integers(len(body.joints))]
        _draw_block(rng, image, joint + rng.normal(0, 0.05, 2) * body.height, body.height * rng.uniform(0.06, 0.16, 2))
    lit = image * np.float32(rng.uniform(0.7, 1.2)) + rng.integers(-8, 9, size=image.shape, dtype=np.int8)
    return np.asarray(lit.clip(0, 255), dtype=np.uint8)


def _draw_looks(rng: np.random.Generator) -> _Looks:
    shirt, trousers, shoe = (tuple(color) for color in rng.uniform(20, 245, (3, 3)))
    skin, hair = (tuple(colors[rng.integers(len(colors))].astype(float)) for colors in (_SKINS, _HAIRS))
    return _Looks(
        skin=skin,
        hair=hair,
        sleeve=shirt,
        forearm=shirt if rng.random() < 0.5 else skin,
        shirt=shirt,
        trousers=trousers,
        shank=trousers if rng.random() < 0.6 else skin,
        shoe=shoe,
    )


def _background(rng: np.random.Generator, side: int) -> Image:
    """Soft patches of color, and poles and blocks on them that could be taken for limbs."""
    patches = rng.integers(30, 226, (*rng.integers(2, 7, 2), 3), dtype=np.uint8)
    image = np.asarray(cv2.resize(patches, (side, side), interpolation=cv2.INTER_LINEAR), dtype=np.uint8)
    for _ in range(rng.integers(2, 9)):
        _draw_block(rng, image, rng.uniform(0, side, 2), side * rng.uniform((0.01, 0.05), (0.08, 0.3)))
    return image


def _draw_block(rng: np.random.Generator, image: Image, middle: Vector, half_sides: Vector) -> None:
    """A striped rectangle or an ellipse, turned at random."""
    angle = rng.uniform(0, 180)
    colors = rng.uniform(20, 235, (2, 3))
    for share, color in zip((1.0, 0.5), colors, strict=True):
        sides = half_sides * (1, share)
        if rng.random() < 0.3:
            cv2.ellipse(image, (tuple(middle), tuple(2 * sides), angle), tuple(color), -1, cv2.LINE_AA)
        else:
            corners = cv2.boxPoints((tuple(middle), tuple(2 * sides), angle))
            _fill(image, corners.astype(np.float64), tuple(color))


def _leg(body: Body, looks: _Looks, hand: str) -> tuple[float, Callable[[Image], None]]:
    """How near one leg is, and what draws it."""
    hip, knee, ankle = (_INDEX[f"{hand}_{joint}"] for joint in ("hip", "knee", "ankle"))

    def draw(image: Image) -> None:
        joints, height = body.joints, body.height
        toes = joints[ankle] + height * (0.07 * body.looking * np.array([1.0, 0.0]) + 0.025 * body.down)
        _draw_bone(image, joints[ankle], toes, height, _FOOT, looks.shoe)
        _draw_bone(image, joints[knee], joints[ankle], height, _SHANK, looks.shank)
        _draw_bone(image, joints[hip], joints[knee], height, _THIGH, looks.trousers)

    return float(body.depth[[hip, knee, ankle]].mean()), draw


def _arm(body: Body, looks: _Looks, hand: str) -> tuple[float, Callable[[Image], None]]:
    """How near one arm is, and what draws it."""
    shoulder, elbow, wrist = (_INDEX[f"{hand}_{joint}"] for joint in ("shoulder", "elbow", "wrist"))

    def draw(image: Image) -> None:
        joints, height = body.joints, body.height
        fingers = joints[wrist] + 0.3 * (joints[wrist] - joints[elbow])
        _draw_bone(image, joints[wrist], fingers, height, _HAND, looks.skin)
        _draw_bone(image, joints[elbow], joints[wrist], height, _FOREARM, looks.forearm)
        _draw_bone(image, joints[shoulder], joints[elbow], height, _UPPER_ARM, looks.sleeve)

    return float(body.depth[[shoulder, elbow, wrist]].mean()), draw


def _draw_trunk(body: Body, looks: _Looks, image: Image) -> None:
    right_shoulder, left_shoulder, right_hip, left_hip, neck, top = (
        body.joints[_INDEX[name]]
        for name in ("right_shoulder", "left_shoulder", "right_hip", "left_hip", "neck", "head_top")
    )
    _draw_bone(image, right_hip, left_hip, body.height, (_THIGH[0], _THIGH[0]), looks.trousers)
    _draw_bone(image, neck, neck + 0.35 * (top - neck), body.height, _NECK, looks.skin)
    flanks = ((right_shoulder, right_hip), (left_shoulder, left_hip))
    for brightness, growth in ((_EDGE, 0.006), (1.0, 0.0)):
        color = tuple(brightness * channel for channel in looks.shirt)
        thickness = tuple(width + growth for width in _TRUNK)
        for shoulder, hip in flanks:
            waist = shoulder + 0.9 * (hip - shoulder)  # the belt, above the hips
            _fill_bone(image, shoulder, waist, body.height, thickness, color)
        corners = [right_shoulder, left_shoulder, left_hip, right_hip]
        _fill(image, np.array(cv2.convexHull(np.array(corners, np.float32))[:, 0], np.float64), color)


def _draw_head(body: Body, looks: _Looks, image: Image) -> None:
    """Hair all around, and a face on it where it can be seen, with eyes."""
    neck, top = body.joints[_INDEX["neck"]], body.joints[_INDEX["head_top"]]
    up = top - neck
    angle = float(np.degrees(np.arctan2(up[1], up[0])))
    half = max(float(np.linalg.norm(up)) * 0.36, 0.045 * body.height)
    breadth = 0.05 * body.height
    middle = neck + 0.64 * up
    _fill_ellipse(image, middle, (half, breadth), angle, looks.hair)
    if body.facing < -0.35:  # seen from behind
        return
    sideways = np.array([1.0, 0.0]) * breadth
    chin = middle - 0.14 * up + 0.4 * body.looking * sideways
    _fill_ellipse(image, chin, (0.72 * half, (0.78 - 0.25 * abs(body.looking)) * breadth), angle, looks.skin)
    for eye in (-0.35, 0.35):
        if abs(offset := eye * body.facing + 0.75 * body.looking) < 0.95:
            _fill_ellipse(image, middle + offset * sideways, (0.13 * breadth, 0.13 * breadth), 0, (20, 20, 30))


def _draw_bone(
    image: Image, start: Vector, end: Vector, height: float, thickness: tuple[float, ...], color: Color
) -> None:
    """A tapered, rounded part with a darker edge; its thickness relative to the body's height."""
    edge = tuple(_EDGE * channel for channel in color)
    _fill_bone(image, start, end, height, tuple(width + 0.006 for width in thickness), edge)
    _fill_bone(image, start, end, height, thickness, color)


def _fill_bone(
    image: Image, start: Vector, end: Vector, height: float, thickness: tuple[float, ...], color: Color
) -> None:
    along = end - start
    across = np.array([-along[1], along[0]]) / max(float(np.linalg.norm(along)), 1e-6) * height
    near, far = across * thickness[0], across * thickness[1]
    _fill(image, np.array([start + near, end + far, end - far, start - near]), color)
    for point, width in ((start, thickness[0]), (end, thickness[1])):
        radius = round(width * height * 2**_BITS)
        cv2.circle(image, _fixed(point), radius, color, -1, cv2.LINE_AA, _BITS)


def _fill(image: Image, corners: NDArray[np.float64], color: Color) -> None:
    cv2.fillConvexPoly(image, np.rint(corners * 2**_BITS).astype(np.int32), color, cv2.LINE_AA, _BITS)


def _fill_ellipse(image: Image, middle: Vector, half_axes: tuple[float, float], angle: float, color: Color) -> None:
    axes = _fixed(np.array(half_axes))
    cv2.ellipse(image, _fixed(middle), axes, angle, 0, 360, color, -1, cv2.LINE_AA, _BITS)


def _fixed(point: Vector) -> tuple[int, int]:
    x, y = np.rint(point * 2**_BITS).astype(int).tolist()
    return x, y
