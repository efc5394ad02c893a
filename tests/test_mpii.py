import json
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
import torch
from scipy.io import savemat

from gan_lab.datamodules import MPIIDataModule
from gan_lab.datasets import MPII
from gan_lab.datasets.mpii import posed, window
from gan_lab.datasets.mpii_annotations import JOINTS, read_json, read_release, with_head_sizes
from gan_lab.errors import DatasetError, DatasetNotFoundError
from gan_lab.pose.person_crop import PoseJitter
from gan_lab.pose.skeletons import MPII as SKELETON
from tests.fakes_pose import MPII_JOINTS, stance, structs, write_mpii
from tests.skips import REAL_DATA, needs_real_data

SAMPLES = REAL_DATA / "mpii"
needs_samples = needs_real_data("mpii")
LISTED = {"validation_images": "valid_images.txt"}


def test_the_skeleton_is_in_the_order_of_the_files():
    assert list(SKELETON.joints) == MPII_JOINTS


def test_the_official_file_is_read_with_all_its_quirks(tmp_path):
    train = MPII(write_mpii(tmp_path), "train", **LISTED)
    assert [person.name for person in train.people[:3]] == ["train0_0.jpg", "train0_1.jpg", "train1_0.jpg"]
    assert Counter(person.image.name for person in train.people) == {"train0.jpg": 2} | {
        f"train{index}.jpg": 1 for index in range(1, 6)
    }
    first, second = train.people[:2]
    assert first.labeled.all()
    assert np.allclose(first.joints, stance(MPII_JOINTS))
    assert np.flatnonzero(~second.labeled).tolist() == [0, 5]
    assert (second.joints[[0, 5]] == 0).all()
    assert np.allclose(second.joints[10], np.add(stance(["right_wrist"])[0], (20, 1)))
    assert first.reference_length == pytest.approx(0.6 * 10)
    assert "left out: 2 without center or scale, 1 without joints" in train.summary()


def test_both_forms_of_the_annotations_agree(tmp_path):
    root = write_mpii(tmp_path)
    official, json_form = MPII(root, "val", **LISTED), MPII(root, "val", "annot")
    for one, two in zip(official.people, json_form.people, strict=True):
        assert np.allclose(one.joints, two.joints)
        assert (one.labeled == two.labeled).all()
        assert one.window == two.window
        assert (one.name, one.reference_length, one.image) == (two.name, two.reference_length, two.image)


def test_the_window_is_a_quarter_larger_than_the_person_and_shifted_down():
    """Newell's crop, in pixels from 0."""
    found = window(center=(967.0, 341.0), scale=4.0)
    assert (found.x, found.y, found.side) == (966, 340 + 60, 1000)


def test_a_sample_has_its_joints_where_the_window_says(tmp_path):
    sample = MPII(write_mpii(tmp_path), "val", **LISTED, image_size=75)[1]  # 75 pixels of 0.3 x 250
    assert sample["name"] == "valid1_0.jpg"
    assert sample["image"].shape == (3, 75, 75)
    # the middle of the window, (21 - 1 + 1, 32 - 1 + 1 + 4.5), is that of the crop
    expected = stance(MPII_JOINTS, (1, 1)) - (21, 36.5) + 37
    assert np.allclose(sample["keypoints"], expected, atol=1e-4)
    assert np.allclose(sample["truth"], stance(MPII_JOINTS, (1, 1)), atol=1e-4)


def test_images_are_held_out_by_a_list_or_at_random(tmp_path):
    root = write_mpii(tmp_path)
    names = {
        split: {person.image.name for person in MPII(root, split, **LISTED).people}
        for split in ("train", "val", "test")
    }
    assert names == {
        split: {f"{file}{index}.jpg" for index in range(count)}
        for split, file, count in (("train", "train", 6), ("val", "valid", 3), ("test", "test", 2))
    }
    train, val = (MPII(root, split, val_fraction=0.4) for split in ("train", "val"))
    one, two = ({person.image.name for person in data.people} for data in (train, val))
    assert one | two == names["train"] | names["val"]
    assert not one & two
    assert "not as Tompson et al. did" in val.summary()
    with pytest.raises(DatasetNotFoundError, match=r"nowhere.txt does not exist.*that comes with Newell's hourglass"):
        MPII(root, "val", validation_images="nowhere.txt")


def test_people_whose_image_is_missing_are_left_out(tmp_path):
    root = write_mpii(tmp_path)
    (root / "images" / "train0.jpg").unlink()
    assert "5 people in 5 images; left out: 1 whose image is missing" in MPII(root, "train", "annot").summary()


def test_the_images_may_lie_as_they_unpack(tmp_path):
    root = write_mpii(tmp_path)
    (root / "mpii_human_pose_v1").mkdir()
    (root / "images").rename(root / "mpii_human_pose_v1" / "images")
    assert len(MPII(root, "val", **LISTED)[0]["image"]) == 3


def test_people_of_the_test_split_are_to_be_found(tmp_path):
    module = MPIIDataModule(write_mpii(tmp_path), image_size=75, num_workers=0, predict_split="test")
    (batch,) = module.predict_dataloader()
    assert batch["name"] == ["test0.jpg", "test1.jpg"]
    assert batch["path"] == [str(tmp_path / "images" / name) for name in batch["name"]]
    assert batch["person"].tolist() == [0, 0]
    assert batch["box"][0].tolist() == pytest.approx([20.5 - 37.5, 36 - 37.5, 20.5 + 37.5, 36 + 37.5])
    assert "keypoints" not in batch


def test_without_sizes_of_heads_there_is_nothing_to_validate(tmp_path):
    root = write_mpii(tmp_path)
    (root / "annot" / "gt_valid.mat").unlink()
    module = MPIIDataModule(root, annotations="annot")
    assert len(module.training_data()) == 6
    with pytest.raises(DatasetError, match=r"PCKh cannot be measured: put gt_valid\.mat beside valid\.json"):
        module.validation_data()


def test_adjusted_centers_are_refused(tmp_path):
    """Newell's: shifted and enlarged, which would be done twice."""
    root = write_mpii(tmp_path)
    path = root / "annot" / "valid.json"
    rows = json.loads(path.read_text())
    for row in rows:
        row["center"][1] += 15 * row["scale"]
        row["scale"] *= 1.25
    path.write_text(json.dumps(rows))
    with pytest.raises(DatasetError, match="are shifted down by 15 x scale"):
        MPII(root, "val", "annot")


def test_centers_may_lie_between_pixels(tmp_path):
    root = write_mpii(tmp_path)
    path = root / "annot" / "valid.json"
    rows = json.loads(path.read_text())
    for row in rows:
        row["center"] = [row["center"][0] + 0.5, row["center"][1] + 0.5]  # the middle of a box
    path.write_text(json.dumps(rows))
    assert len(MPII(root, "val", "annot"))


def test_annotations_of_another_form_are_refused(tmp_path):
    root = write_mpii(tmp_path)
    (root / "annot" / "train.json").write_text('[{"img_paths": "a.jpg", "objpos": [1, 2]}]')
    with pytest.raises(DatasetError, match=r"train.json is not of HRNet's form, a list of image, center.*'center'"):
        MPII(root, "train", "annot")
    (root / "annot" / "train.json").write_text('[{"image": "a.jpg", "center": [1], "scale": 1}]')
    with pytest.raises(DatasetError, match=r"train.json is not of HRNet's form"):
        MPII(root, "train", "annot")
    for text in ("[" * 100_000, f'[{{"image": "a.jpg", "center": [1, {"9" * 400}], "scale": 1}}]'):
        (root / "annot" / "train.json").write_text(text)
        with pytest.raises(DatasetError, match=r"train.json is not of HRNet's form"):
            MPII(root, "train", "annot")
    (root / "annot" / "train.json").unlink()
    with pytest.raises(DatasetNotFoundError, match=r"train.json does not exist.*the official .mat, or a folder"):
        MPII(root, "train", "annot")
    for number, content in enumerate([{"other": 1}, {"RELEASE": 3}, {"RELEASE": structs({"annolist": 2})}]):
        savemat(root / f"other{number}.mat", content)
        with pytest.raises(DatasetError, match="is not the official file: RELEASE has no annolist"):
            MPII(root, "train", f"other{number}.mat")
    with pytest.raises(DatasetNotFoundError, match=r"nowhere.mat does not exist\. Unpack mpii_human_pose_v1_u12_2.zip"):
        MPII(root, "train", "nowhere.mat")
    with pytest.raises(DatasetNotFoundError, match=r"images does not exist\. Unpack mpii_human_pose_v1.tar.gz"):
        MPII(root / "nowhere", "train")


def test_heads_of_other_people_are_refused(tmp_path):
    folder = write_mpii(tmp_path) / "annot"
    people = read_json(folder, "val")
    with pytest.raises(DatasetError, match=r"gt_valid.mat does not hold the heads of the 2 people of valid.json"):
        with_head_sizes(people[:2], folder / "gt_valid.mat")
    moved = replace(people[1], joints=people[1].joints + 5)
    with pytest.raises(DatasetError, match=r"person 1 of .*gt_valid.mat is not person 1 of valid.json, in valid1.jpg"):
        with_head_sizes([people[0], moved, people[2]], folder / "gt_valid.mat")


@needs_samples
def test_the_validation_people_are_the_published_ones(tmp_path):
    (tmp_path / "valid.json").symlink_to(SAMPLES / "annot" / "valid_rebuilt.json")
    (tmp_path / "gt_valid.mat").symlink_to(SAMPLES / "annot" / "gt_valid.mat")
    people = read_json(tmp_path, "val")
    assert (len(people), len({person.image for person in people})) == (2958, 2729)
    assert sum(person.labeled.all() for person in people) == 2017
    assert [person.image for person in people] == (SAMPLES / "annot" / "valid_images.txt").read_text().split()
    # of the first person, as Newell's files have it: 966, 410.78 and 5.898 from MATLAB's first pixel
    first = posed(people[0], SAMPLES / "images")
    assert (first.window.x, first.window.y) == pytest.approx((966 - 1, 410.78 - 1), abs=0.01)
    assert first.window.side == pytest.approx(200 * 5.898, abs=0.1)


@needs_samples
def test_the_official_nesting_holds_the_same_people_as_the_json_form(tmp_path):
    (tmp_path / "valid.json").symlink_to(SAMPLES / "annot" / "valid_rebuilt.json")
    (tmp_path / "gt_valid.mat").symlink_to(SAMPLES / "annot" / "gt_valid.mat")
    by_image = {person.image: person for person in read_json(tmp_path, "val")}
    release = read_release(SAMPLES / "annot" / "mpii_mini_u12_recreated.mat")
    assert len(release) == 5
    for one in release:
        two = by_image[one.image]
        assert one.for_training
        assert one.center == two.center
        assert one.scale == pytest.approx(two.scale, abs=1e-6)
        assert (one.labeled == two.labeled).all()
        assert np.allclose(one.joints[one.labeled], two.joints[two.labeled], atol=1e-4)
        assert one.head_diagonal == pytest.approx(two.head_diagonal, abs=1e-4)


@needs_samples
def test_every_person_there_is_comes_back_from_the_crop(tmp_path):
    (tmp_path / "valid.json").symlink_to(SAMPLES / "annot" / "valid_rebuilt.json")
    (tmp_path / "images").symlink_to(SAMPLES / "images")
    for jitter in (None, *[PoseJitter((0.75, 1.25), 30, True, 0.2)] * 5):
        data = MPII(tmp_path, "val", "", jitter=jitter)
        assert len(data) == 5
        for sample in data:
            back = torch.cat([sample["keypoints"], torch.ones(JOINTS, 1)], 1) @ sample["to_source"].T
            assert (back - sample["truth"])[sample["labeled"]].abs().max() < 1e-3
