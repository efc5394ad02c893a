"""The one affine map between a source image and the network's input."""

import random
from itertools import pairwise

import cv2
import numpy as np
import pytest

from gan_lab.errors import ConfigurationError
from gan_lab.pose.person_crop import (
    Distortion,
    PoseJitter,
    Window,
    affine_to_crop,
    cut_out,
    invert_affine,
    transform_points,
)

NOISE = np.random.default_rng(0).integers(0, 256, (40, 40, 3), dtype=np.uint8)


def crop(image: np.ndarray, size: int, **distortion) -> np.ndarray:
    """All of a square image."""
    return cut_out(image, affine_to_crop(Window.whole(image), size, Distortion(**distortion)), size)


def test_an_image_of_the_network_s_size_is_itself():
    assert np.array_equal(crop(NOISE, 40), NOISE)


def test_mirroring_and_quarter_turns_move_no_pixel_by_a_fraction():
    assert np.array_equal(crop(NOISE, 40, mirrored=True), NOISE[:, ::-1])
    assert np.array_equal(crop(NOISE, 40, rotation=90), np.rot90(NOISE, -1))  # clockwise
    assert np.array_equal(crop(NOISE, 40, rotation=90, mirrored=True), np.rot90(NOISE, -1)[:, ::-1])


def test_shrinking_averages_and_enlarging_interpolates_about_the_middles_of_pixels():
    means = NOISE.reshape(10, 4, 10, 4, 3).mean((1, 3))
    assert np.abs(crop(NOISE, 10) - means).max() <= 1
    theirs = cv2.resize(NOISE, (80, 80), interpolation=cv2.INTER_LINEAR)
    assert np.abs(crop(NOISE, 80).astype(int) - theirs)[1:-1, 1:-1].max() <= 1


def test_beyond_the_image_it_is_black():
    white = np.full((10, 20, 3), 255, np.uint8)
    found = crop(white, 40)  # the image is stretched over the middle half
    assert (found[:9] == 0).all()
    assert (found[31:] == 0).all()
    assert (found[11:29, 2:-2] == 255).all()


def test_gains_multiply_channels_and_end_at_white():
    gray = np.full((8, 8, 3), 200, np.uint8)
    to_crop = affine_to_crop(Window.whole(gray), 8)
    assert cut_out(gray, to_crop, 8, gains=(0.8, 1.0, 1.5))[4, 4].tolist() == [160, 200, 255]


def test_a_window_about_a_box_counts_edges_and_its_points_count_middles():
    window = Window.around((10, 20, 30, 30), margin=1.5)  # pixels 10 to 29 and 20 to 29
    assert (window.x, window.y, window.side) == (19.5, 24.5, 30)
    assert window.box == (5, 10, 35, 40)
    corners = transform_points(np.float64([[4.5, 9.5], [34.5, 39.5]]), affine_to_crop(window, 60))
    assert np.allclose(corners, [[-0.5, -0.5], [59.5, 59.5]])


def test_scale_and_rotation_are_about_the_middle():
    """A window of 20 about (50, 40), shown at 40 pixels: twice as large, or as large with twice the window."""
    window = Window(50, 40, 20)
    points = np.float64([[50, 40], [53, 40]])
    assert np.allclose(transform_points(points, affine_to_crop(window, 40)), [[19.5, 19.5], [25.5, 19.5]])
    assert np.allclose(
        transform_points(points, affine_to_crop(window, 40, Distortion(scale=2.0))), [[19.5, 19.5], [22.5, 19.5]]
    )
    assert np.allclose(
        transform_points(points, affine_to_crop(window, 40, Distortion(rotation=90))), [[19.5, 19.5], [19.5, 25.5]]
    )


def dot(size: int, x: float, y: float, radius: float) -> np.ndarray:
    """A round soft dot of light about a point between pixels."""
    rows, columns = np.mgrid[:size, :size]
    light = 255 * np.exp(-((columns - x) ** 2 + (rows - y) ** 2) / (2 * radius**2))
    return np.repeat(light.round().astype(np.uint8)[..., None], 3, axis=2)


def centroid(image: np.ndarray) -> np.ndarray:
    light = image[..., 0].astype(float)
    rows, columns = np.indices(light.shape)
    return np.array([(light * columns).sum(), (light * rows).sum()]) / light.sum()


@pytest.mark.parametrize(("side", "size"), [(60, 128), (200, 64), (130, 128)])
def test_a_dot_lands_where_its_keypoint_says_after_any_distortion(side, size):
    rng = np.random.default_rng(side)
    jitter = PoseJitter((0.75, 1.25), 30, True, 0.0)
    for _ in range(25):
        x, y = rng.uniform(95, 105, 2)
        window = Window(*rng.uniform(95, 105, 2), side)
        to_crop = affine_to_crop(window, size, jitter.draw())
        found = centroid(cut_out(dot(201, x, y, 0.02 * side + 1), to_crop, size))
        assert np.abs(found - transform_points(np.float64([[x, y]]), to_crop)[0]).max() < 0.1


def test_the_way_back_is_the_inverse():
    jitter = PoseJitter((0.2, 4), 180, True, 0.0)
    points = np.random.default_rng(0).uniform(-500, 2000, (50, 2))
    for _ in range(50):
        to_crop = affine_to_crop(Window(700.3, 420.8, 900.7), 256, jitter.draw())
        assert np.abs(transform_points(transform_points(points, to_crop), invert_affine(to_crop)) - points).max() < 1e-9


def test_distortions_fill_their_ranges_and_are_the_seed_s():
    jitter = PoseJitter((0.75, 1.25), 30, True, 0.2)
    random.seed(3)
    drawn = [jitter.draw() for _ in range(2000)]
    random.seed(3)
    assert jitter.draw() == drawn[0] != drawn[1]
    for values, low, high in (
        ([one.scale for one in drawn], 0.75, 1.25),
        ([one.rotation for one in drawn], -30, 30),
        ([gain for one in drawn for gain in one.gains], 0.8, 1.2),
    ):
        tenths = np.histogram(values, bins=10, range=(low, high))[0] / len(values)
        assert tenths.sum() == pytest.approx(1)  # none is outside
        assert tenths == pytest.approx(0.1, abs=0.03)  # all are as likely
    assert np.mean([one.mirrored for one in drawn]) == pytest.approx(0.5, abs=0.04)
    assert all(one.gains != two.gains for one, two in pairwise(drawn))
    assert not any(PoseJitter((1, 1), 0, False, 0).draw().mirrored for _ in range(20))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ((1.25, 0.75), 30, True, 0.2),
            r"data.scale must be two positive numbers, the smaller first, got \[1.25, 0.75",
        ),
        (((0.75, 1.25), -1, True, 0.2), "data.rotation must be at least 0 and at most 180, got -1"),
        (((0.75, 1.25), 30, True, 1.0), "data.color_gain must be at least 0 and below 1, got 1.0"),
    ],
)
def test_impossible_distortions_are_refused(arguments, message):
    with pytest.raises(ConfigurationError, match=message):
        PoseJitter(*arguments)
