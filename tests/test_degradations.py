"""Sources that are made from photographs."""

from random import Random

import numpy as np
import pytest
import torch

from gan_lab.datamodules import DegradedFolderDataModule
from gan_lab.datasets import DegradedImages
from gan_lab.datasets.images import ImageFile
from gan_lab.images.degradations import CentralHole, Edges, Gray, RandomHole
from gan_lab.images.transforms import Jitter
from tests.fakes import save, write_photographs

WHITE = np.uint8([255, 255, 255])


@pytest.fixture
def noise() -> np.ndarray:
    """A photograph without white."""
    return np.random.default_rng(0).integers(0, 250, (40, 60, 3)).astype(np.uint8)


def holed(image: np.ndarray) -> tuple[slice, slice]:
    """The rectangle of white in it, which must be full."""
    rows, columns = np.where((image == WHITE).all(2))
    hole = slice(rows.min(), rows.max() + 1), slice(columns.min(), columns.max() + 1)
    assert (image[hole] == WHITE).all()
    return hole


def test_a_central_hole_is_half_as_wide_and_high_and_the_rest_is_untouched(noise):
    degraded = CentralHole()(noise, Random(0))
    assert holed(degraded) == (slice(10, 30), slice(15, 45))
    outside = np.ones((40, 60), bool)
    outside[10:30, 15:45] = False
    assert (degraded[outside] == noise[outside]).all()
    assert not (noise == WHITE).all(2).any()  # the photograph itself is the target


def test_random_holes_keep_to_their_size_and_come_anywhere(noise):
    tops, lefts = set(), set()
    for seed in range(200):
        degraded = RandomHole(0.25, 0.5)(noise, Random(seed))
        rows, columns = holed(degraded)
        assert 10 <= rows.stop - rows.start <= 20
        assert 15 <= columns.stop - columns.start <= 30
        untouched = (degraded == noise).all(2).sum()
        assert untouched == 40 * 60 - (rows.stop - rows.start) * (columns.stop - columns.start)
        tops.add(rows.start)
        lefts.add(columns.start)
    assert min(tops) == min(lefts) == 0
    assert max(tops) >= 28
    assert max(lefts) >= 42


def test_a_hole_takes_the_color_asked_for(noise):
    assert (CentralHole(color=(117, 104, 123))(noise, Random(0))[20, 30] == (117, 104, 123)).all()


def test_grays_are_of_the_colors_lightness():
    """sRGB red has L* 53.24, which is the gray 127 (L* 53.19); pure blue L* 32.30 is 76.6, green L* 87.73 is 219.9."""
    colors = np.uint8([[[255, 0, 0], [0, 0, 255], [0, 255, 0], [0, 0, 0], [255, 255, 255], [90, 90, 90]]])
    gray = Gray()(colors, Random(0))
    assert (gray == gray[..., :1]).all()
    assert np.abs(gray[0, :, 0].astype(int) - [127, 77, 220, 0, 255, 90]).max() <= 1


def test_edges_are_black_lines_along_a_squares_border():
    square = np.full((64, 64, 3), 40, np.uint8)
    square[20:44, 20:44] = 220
    edges = Edges(sigma=1.0)(square, Random(0))
    assert set(np.unique(edges)) == {0, 255}
    rows, columns = np.where(edges[..., 0] == 0)
    border = np.maximum(np.abs(rows - 31.5), np.abs(columns - 31.5))  # 12 pixels from the middle
    assert np.abs(border - 12).max() <= 1.5
    for side in (edges[30, :32], edges[30, 32:], edges[:32, 30], edges[32:, 30]):
        assert (side == 0).any()


def test_edges_are_those_of_canny_with_hysteresis():
    from kornia.filters import canny

    blurred = np.random.default_rng(1).normal(size=(70, 50)).cumsum(0).cumsum(1)
    blurred = (255 * (blurred - blurred.min()) / np.ptp(blurred)).astype(np.uint8)
    image = np.stack([blurred, blurred.T.copy().reshape(70, 50), 255 - blurred], axis=2)
    _, theirs = canny(torch.from_numpy(image).permute(2, 0, 1)[None] / 255, 0.05, 0.15, (5, 5), (1.0, 1.0))
    ours = Edges(0.05, 0.15, 1.0)(image, Random(0))[..., 0] == 0
    assert 50 < ours.sum() < 2000
    assert (ours == (theirs[0, 0].numpy() > 0)).all()


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Edges(0.3, 0.2), "0 < low_threshold <= high_threshold must hold, got 0.3 and 0.2"),
        (lambda: Edges(sigma=0), "Edges.sigma must be above 0 and at most 1000, got 0"),
        (lambda: CentralHole(1.0), "CentralHole.share must be above 0 and below 1, got 1"),
        (lambda: RandomHole(0.5, 0.2), "0 < smallest_share <= largest_share < 1 must hold, got 0.5 and 0.2"),
    ],
)
def test_settings_that_make_no_sense_are_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_held_out_holes_stay_where_they_are_and_training_ones_wander(tmp_path, noise):
    file = ImageFile(save(np.repeat(noise, 2, axis=0), tmp_path / "photo.png"), "photo.png")
    held_out = DegradedImages([file, file], RandomHole(), 40)
    assert torch.equal(held_out[0]["source"], held_out[0]["source"])
    assert not torch.equal(held_out[0]["source"], held_out[1]["source"])
    training = DegradedImages([file], RandomHole(), 40, Jitter(40, flip=False))
    assert not torch.equal(training[0]["source"], training[0]["source"])
    assert torch.equal(training[0]["target"], held_out[0]["target"])


def test_the_photograph_is_degraded_after_scaling_and_cropping(tmp_path):
    data = DegradedFolderDataModule(
        write_photographs(tmp_path), CentralHole(), image_size=16, load_size=20, num_workers=0
    )
    for split in (data.training_data(), data.validation_data()):
        sample = split[0]
        assert sample["target"].shape == sample["source"].shape == (3, 16, 16)
        assert holed(sample["source"].permute(1, 2, 0).numpy()) == (slice(4, 12), slice(4, 12))
    assert (len(data.training_data()), len(data.validation_data()), len(data.test_data())) == (6, 3, 3)
