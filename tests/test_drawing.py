import numpy as np
import pytest
import torch

from gan_lab.pose.drawing import draw_heatmaps, draw_pose, draw_poses, joint_colors
from gan_lab.pose.skeletons import LSP, MPII, Skeleton

STICK = Skeleton(
    joints=("foot", "head"),
    flip_pairs=(),
    limbs=((0, 1),),
    colors=((250, 10, 20),),
    groups={},
    scored=(0, 1),
)


def changed(picture: np.ndarray, before: np.ndarray) -> np.ndarray:
    """Rows and columns that are not as they were."""
    return np.argwhere((picture != before).any(-1))


def test_a_limb_runs_from_joint_to_joint_in_its_color():
    blank = np.zeros((64, 64, 3), np.uint8)
    picture = draw_pose(blank, np.float32([[20, 50], [20, 10]]), np.array([True, True]), STICK)
    np.testing.assert_allclose(picture[30, 20], [250, 10, 20], atol=25)  # a thin line is all anti-aliasing
    places = changed(picture, blank)
    assert abs(places[:, 1] - 20).max() <= 4
    assert 6 <= places[:, 0].min() <= 10
    assert 50 <= places[:, 0].max() <= 54
    assert not blank.any()


def test_places_between_pixels_are_kept():
    """The drawing of a joint at 20.5 is its own mirror image about 20.5."""
    blank = np.zeros((41, 42, 3), np.uint8)
    picture = draw_pose(blank, np.float32([[20.5, 20], [0, 0]]), np.array([True, False]), STICK)
    assert changed(picture, blank).size
    difference = np.abs(picture.astype(int) - picture[:, ::-1])
    assert difference.max() <= 40  # anti-aliasing


def test_a_joint_that_is_not_shown_takes_its_limb_with_it():
    blank = np.zeros((64, 64, 3), np.uint8)
    picture = draw_pose(blank, np.float32([[20, 50], [20, 10]]), np.array([True, False]), STICK)
    assert changed(picture, blank)[:, 0].min() > 45
    assert not draw_pose(blank, np.float32([[20, 50], [20, 10]]), np.array([False, False]), STICK).any()


def test_joints_far_outside_or_nowhere_do_no_harm():
    blank = np.zeros((64, 64, 3), np.uint8)
    points = np.float32([[1e9, -1e9], [np.nan, 5]])
    assert draw_pose(blank, points, np.array([True, True]), STICK).shape == blank.shape


@pytest.mark.parametrize("skeleton", [LSP, MPII])
def test_a_batch_is_drawn_image_by_image(skeleton):
    images = torch.rand(2, 3, 48, 64) * 2 - 1
    joints = len(skeleton.joints)
    keypoints = torch.rand(2, joints, 2) * 40
    shown = torch.ones(2, joints, dtype=torch.bool)
    shown[1] = False
    drawn = draw_poses(images, keypoints, shown, skeleton)
    torch.testing.assert_close(drawn[1], images[1], rtol=0, atol=1 / 255 + 1e-6)
    bytes_of = ((images[0] + 1) * 127.5).round().byte().permute(1, 2, 0).numpy()
    expected = draw_pose(bytes_of, keypoints[0].numpy(), shown[0].numpy(), skeleton)
    np.testing.assert_array_equal(((drawn[0] + 1) * 127.5).round().byte().permute(1, 2, 0).numpy(), expected)


def test_heatmaps_glow_in_the_colors_of_their_joints():
    images = torch.ones(1, 3, 32, 32)
    heatmaps = torch.zeros(1, 2, 8, 8)
    heatmaps[0, 0, :4] = 1.0
    picture = draw_heatmaps(images, heatmaps, [(255, 0, 0), (0, 0, 255)])
    assert picture[0, :, 0, 0].tolist() == [1, -1, -1]
    torch.testing.assert_close(picture[0, :, 31, 31], torch.full((3,), 2 * 0.4 - 1))


def test_joints_have_the_colors_of_their_limbs():
    assert joint_colors(STICK) == [(250, 10, 20)] * 2
