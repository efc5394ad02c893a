"""Drawn people: what makes them a data set that can be learned from."""

import numpy as np
import pytest
import torch

from gan_lab.datamodules import FiguresDataModule
from gan_lab.datasets import Figures
from gan_lab.datasets.figure_body import pose_body
from gan_lab.errors import ConfigurationError
from gan_lab.pose.skeletons import SKELETONS

INDEX = {name: index for index, name in enumerate(SKELETONS["figures"].joints)}


def bodies(count: int) -> list:
    return [pose_body(np.random.default_rng(seed), 200) for seed in range(count)]


def at(body, name: str) -> np.ndarray:
    """A joint in space: to the right, upwards, towards the viewer."""
    return np.array([*body.joints[INDEX[name]] * (1, -1), body.depth[INDEX[name]]])


def test_an_image_is_a_function_of_seed_and_number_alone():
    one, two = Figures(range(10), 3), Figures(range(5, 20), 3)
    for (image, person), (other_image, other) in ((one.read(7), two.read(2)), (one.read(7), one.read(7))):
        assert np.array_equal(image, other_image)
        assert np.array_equal(person.joints, other.joints)
        assert person.name == other.name == "figure_000007.png"
    for data, index in ((one, 8), (Figures(range(10), 4), 7)):
        assert not np.array_equal(data.read(index)[1].joints, one.read(7)[1].joints)


def test_bones_keep_their_lengths_in_space_whatever_the_pose():
    """As in Winter's figure 4.1: relative to the height, thigh 0.245, shank 0.246, upper arm 0.186, forearm 0.146."""
    for body in bodies(50):
        for side in ("right", "left"):
            for start, end, length in (
                ("hip", "knee", 0.245),
                ("knee", "ankle", 0.246),
                ("shoulder", "elbow", 0.186),
                ("elbow", "wrist", 0.146),
            ):
                bone = at(body, f"{side}_{start}") - at(body, f"{side}_{end}")
                assert np.linalg.norm(bone) == pytest.approx(length * body.height)


def test_the_right_is_on_the_left_of_whoever_looks_at_the_viewer():
    facing = [body for body in bodies(300) if abs(body.facing) > 0.5]
    right_first = [body.joints[INDEX["right_hip"], 0] < body.joints[INDEX["left_hip"], 0] for body in facing]
    assert np.mean([first == (body.facing > 0) for first, body in zip(right_first, facing, strict=True)]) > 0.95
    assert 0.3 < np.mean(right_first) < 0.7


def test_knees_bend_back_and_elbows_forwards():
    """The axis about which a leg bends points to the body's left, within the 40 degrees of a spread leg."""
    knees, elbows = [], []
    for body in bodies(100):
        left = at(body, "left_hip") - at(body, "right_hip")
        for side in ("right", "left"):
            for found, upper, middle, lower in (
                (knees, "hip", "knee", "ankle"),
                (elbows, "shoulder", "elbow", "wrist"),
            ):
                start, bend, end = (at(body, f"{side}_{joint}") for joint in (upper, middle, lower))
                found.append(np.cross(bend - start, end - bend) @ left / body.height**3)
    assert min(knees) > -1e-9
    assert np.mean(np.array(elbows) < 0) > 0.8  # an arm that is raised sideways has turned its axis


def test_joints_lie_in_the_image_at_many_scales_and_places():
    found = bodies(300)
    joints = np.stack([body.joints for body in found])
    assert joints.min() > 0.05 * 200
    assert joints.max() < 0.95 * 200
    extents = np.ptp(joints, axis=1).max(1)
    assert np.quantile(extents, 0.9) > 1.5 * np.quantile(extents, 0.1)
    assert joints.std(0).min() > 0.1 * np.median(extents)


def test_the_body_is_where_its_joints_are():
    """Between hip and knee there is the color of the trousers, unless something is before it."""
    agreeing = []
    for index in range(100):
        image, person = Figures(range(100), 0, image_size=128).read(index)
        hip, knee = (person.joints[INDEX[f"right_{name}"]] for name in ("hip", "knee"))
        columns, rows = np.rint([hip + share * (knee - hip) for share in (0.45, 0.55, 0.65, 0.75)]).astype(int).T
        colors = image[rows, columns].astype(int)
        agreeing.append(np.abs(colors - colors[0]).max() < 25)  # noise is up to 8
    assert np.mean(agreeing) > 0.7


def test_images_differ_in_background_and_clothes():
    images = np.stack([Figures(range(50), 0, image_size=32).read(index)[0] for index in range(50)]).astype(float)
    assert images.shape == (50, 48, 48, 3)
    assert images[:, 2, 2].std(0).min() > 30  # a corner
    assert images.std((1, 2)).min() > 10  # none is flat


def test_training_and_validation_figures_are_different_ones():
    module = FiguresDataModule(train_count=8, val_count=4, image_size=32, batch_size=4, num_workers=0)
    (validation,) = module.val_dataloader()
    assert validation["name"] == [f"figure_{number:06}.png" for number in range(8, 12)]
    trained = {name for batch in module.train_dataloader() for name in batch["name"]}
    assert trained == {f"figure_{number:06}.png" for number in range(8)}
    (found,) = module.predict_dataloader()
    assert found["name"] == validation["name"]
    assert found["path"] == [""] * 4
    assert torch.equal(found["image"], validation["image"])
    assert torch.equal(found["to_source"], validation["to_source"])


def test_impossible_settings_are_refused():
    with pytest.raises(ConfigurationError, match=r"data\.train_count must be at least 1 and at most 100000000, got 0"):
        FiguresDataModule(train_count=0)
    with pytest.raises(ConfigurationError, match=r"data\.figures_seed must be at least 0, got -1"):
        FiguresDataModule(figures_seed=-1)


@pytest.mark.parametrize("workers", [0, 2])
def test_distortions_are_functions_of_seed_epoch_and_figure(workers):
    """A loader that goes on after its first batch, in whatever process, yields what one that began anew does."""
    settings = {"train_count": 6, "val_count": 1, "image_size": 32, "batch_size": 2}
    whole = list(FiguresDataModule(**settings, num_workers=0).train_dataloader())
    resumed = FiguresDataModule(**settings, num_workers=workers).train_dataloader()
    resumed.load_state_dict({"batch": 1})
    for found, expected in zip(resumed, whole[1:], strict=True):
        assert found["name"] == expected["name"]
        assert torch.equal(found["image"], expected["image"])
        assert torch.equal(found["keypoints"], expected["keypoints"])
