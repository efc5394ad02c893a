import numpy as np
import pytest
import torch
from scipy.io import savemat

from gan_lab.datamodules import LSPDataModule
from gan_lab.datasets import LSP
from gan_lab.datasets.lsp import read_joints, torso, window_about
from gan_lab.errors import ConfigurationError, DatasetError, DatasetNotFoundError
from gan_lab.pose.person_crop import PoseJitter
from gan_lab.pose.skeletons import LSP as SKELETON
from tests.fakes_pose import draw_sticks, stance, write_lsp
from tests.skips import REAL_DATA, needs_real_data

SAMPLES = REAL_DATA / "lsp"
needs_samples = needs_real_data("lsp")

JOINTS = stance(SKELETON.joints)


def people(data: LSP) -> dict:
    return {person.name: person for person in data.people}


def test_occluded_joints_of_lsp_are_labeled_and_unlabeled_ones_of_lspet_are_not(tmp_path):
    data = LSP(write_lsp(tmp_path), "train", val_fraction=0.001)
    found = people(data)
    assert found["lsp_dataset/im0003.jpg"].labeled.all()  # a wrist of everyone's is occluded
    assert np.allclose(found["lsp_dataset/im0003.jpg"].joints, JOINTS + 0.5)
    lspet = found["lspet_dataset/im00006.jpg"]
    assert np.flatnonzero(~lspet.labeled).tolist() == [5]
    assert lspet.joints[5].tolist() == [0, 0]
    assert np.allclose(np.delete(lspet.joints, 5, 0), np.delete(JOINTS + 5, 5, 0))


def test_a_sample_holds_the_labels_in_both_coordinates(tmp_path):
    data = LSP(write_lsp(tmp_path), "train", val_fraction=0.001, image_size=128)
    sample = data[list(people(data)).index("lspet_dataset/im00006.jpg")]
    assert sample["name"] == "lspet_dataset/im00006.jpg"
    assert sample["labeled"].dtype == torch.bool
    assert sample["keypoints"][5].tolist() == sample["truth"][5].tolist() == [0, 0]
    # joints but the left ankle span 35 x 54 pixels, from y = 9 to 63: 128 pixels show 1.25 x 54 about their middle
    zoom = 128 / (1.25 * 54)
    assert sample["keypoints"][13].tolist() == pytest.approx([(25 - 25.5) * zoom + 63.5, (9 - 36) * zoom + 63.5])
    assert sample["reference_length"].item() == pytest.approx(np.hypot(27 - 15, 34 - 15))


def test_the_window_of_lsp_is_the_whole_image(tmp_path):
    data = LSP(write_lsp(tmp_path), "train", extended=False, image_size=64)
    assert data[0]["image"].shape == (3, 64, 64)
    # images are 48 x 64: 8 columns are black on either side
    assert torch.allclose(data[0]["keypoints"], torch.from_numpy(JOINTS).float() + torch.tensor([8.0, 0.0]))
    assert data[0]["image"][:, :, 6].max() == 0 < data[0]["image"][:, :, 9].min()


def test_missing_test_images_are_replaced_by_a_share_of_lspet(tmp_path):
    root = write_lsp(tmp_path)
    train, test = (LSP(root, split, val_fraction=0.3) for split in ("train", "test"))
    assert len(train) + len(test) == 6 + 2 + 10
    assert {"lsp_dataset/im1001.jpg", "lsp_dataset/im1002.jpg"} < people(test).keys()
    assert not people(train).keys() & people(test).keys()
    assert "1,992 of both splits whose image is missing" in train.summary()
    assert "a share of LSPET is held out: figures are not comparable" in test.summary()
    official = LSP(root, "test", extended=False)
    assert people(official).keys() == {"lsp_dataset/im1001.jpg", "lsp_dataset/im1002.jpg"}
    assert "comparable" not in official.summary()


def test_with_all_test_images_nobody_else_is_tested_on(tmp_path):
    root = write_lsp(tmp_path, test_images=1)
    one = (root / "lsp_dataset" / "images" / "im1001.jpg").read_bytes()
    for number in range(1002, 2001):
        (root / "lsp_dataset" / "images" / f"im{number}.jpg").write_bytes(one)
    test = LSP(root, "test")
    assert people(test).keys() == {f"lsp_dataset/im{number}.jpg" for number in range(1001, 2001)}
    assert len(LSP(root, "train")) == 6 + 10
    assert "comparable" not in test.summary()


def test_observer_centric_labels_are_read_from_a_file_of_their_own(tmp_path):
    root = write_lsp(tmp_path)
    found = LSP(root, "train", extended=False, viewpoint="observer").people[0].joints
    assert np.allclose(found[:6], JOINTS[5::-1])
    with pytest.raises(ConfigurationError, match=r"LSPET has person-centric labels alone: set data.extended to false"):
        LSP(root, "train", viewpoint="observer")
    (root / "lsp_dataset" / "joints-OC.mat").unlink()
    with pytest.raises(DatasetNotFoundError, match=r"joints-OC.mat does not exist.*set data.viewpoint to person"):
        LSP(root, "train", extended=False, viewpoint="observer")


def test_mirrored_people_have_their_sides_changed(tmp_path):
    """The man stands straight: mirrored, his right wrist is where his left one was, at the same distance."""
    root = write_lsp(tmp_path)
    plain = LSP(root, "train", extended=False, image_size=64)[0]
    always = PoseJitter((1, 1), 0, True, 0)
    mirrored = next(
        sample
        for sample in (LSP(root, "train", extended=False, image_size=64, jitter=always)[0] for _ in range(50))
        if not torch.equal(sample["keypoints"], plain["keypoints"])
    )
    assert torch.equal(mirrored["image"], plain["image"].flip(2))
    for joint, other in ((6, 11), (0, 5), (13, 13)):
        x, y = plain["keypoints"][other].tolist()
        assert mirrored["keypoints"][joint].tolist() == pytest.approx([63 - x, y])
        assert mirrored["truth"][joint].tolist() == plain["truth"][other].tolist()


def test_a_torso_without_an_end_has_no_length():
    labeled = np.ones(14, bool)
    assert torso(JOINTS, labeled) == pytest.approx(np.hypot(12, 19))
    labeled[9] = False
    assert torso(JOINTS, labeled) == 0
    assert window_about(JOINTS[:1], 1.25) is None


@pytest.mark.parametrize("broken", [np.zeros((14, 2, 2000)), np.zeros((3, 14))])
def test_other_labels_are_refused(tmp_path, broken):
    root = write_lsp(tmp_path)
    savemat(root / "lsp_dataset" / "joints.mat", {"joints": broken})
    with pytest.raises(DatasetError, match=r"should hold joints of \(3, 14, people\) or \(14, 3, people\): it is "):
        LSP(root, "train")
    savemat(root / "lsp_dataset" / "joints.mat", {"joints": np.zeros((14, 3, 1999))})
    with pytest.raises(DatasetError, match="has labels of 1,999 people, not of 2,000"):
        LSP(root, "train")
    savemat(root / "lsp_dataset" / "joints.mat", {"other": 1})
    with pytest.raises(DatasetError, match="no such variable"):
        LSP(root, "train")


def test_missing_parts_are_refused_with_a_remedy(tmp_path):
    with pytest.raises(DatasetNotFoundError, match=r"lsp_dataset/images does not exist\. .*unpack lsp_dataset.zip"):
        LSP(tmp_path, "train")
    draw_sticks(tmp_path / "lsp_dataset" / "images" / "im0001.jpg")
    with pytest.raises(DatasetNotFoundError, match=r"joints.mat does not exist\. .*data\.root"):
        LSP(tmp_path, "train")
    write_lsp(tmp_path / "whole", test_images=0)
    with pytest.raises(DatasetError, match=r"LSP, test split.*: 0 people in 0 images; left out: 1,994"):
        LSP(tmp_path / "whole", "test", extended=False)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"val_fraction": 1.0}, "data.val_fraction must be above 0 and below 1, got 1.0"),
        ({"margin": 0.0}, "data.margin must be above 0, got 0.0"),
        ({"image_size": 0}, "data.image_size must be at least 1 and at most 16384, got 0"),
        ({"boxes": "boxes.csv"}, "data.boxes says where people are in data.predict_folder: give both"),
    ],
)
def test_impossible_settings_are_refused(tmp_path, settings, message):
    with pytest.raises(ConfigurationError, match=message):
        LSPDataModule(tmp_path, **settings)


@needs_samples
def test_the_official_labels_have_the_published_shapes_and_flags():
    lsp = read_joints(SAMPLES / "lsp_dataset" / "joints.mat")
    assert lsp.shape == (2000, 14, 3)
    assert lsp[..., 2].sum() == 2044  # occluded joints
    lspet = read_joints(SAMPLES / "lspet_dataset" / "joints.mat")
    assert lspet.shape == (10_000, 14, 3)
    assert (lspet[..., 2] == 0).sum() == 16_787
    assert (lspet[lspet[..., 2] == 0][:, :2] <= 0).all()  # rubbish
    observer = read_joints(SAMPLES / "lsp_dataset" / "joints-OC.mat")
    assert (lsp[..., :2] != observer[..., :2]).any((1, 2)).sum() == 756


@needs_samples
def test_every_person_there_is_comes_back_from_the_crop():
    random_crops = PoseJitter((0.75, 1.25), 30, True, 0.2)
    for split in ("train", "test"):
        for jitter in (None, random_crops):
            data = LSP(SAMPLES, split, jitter=jitter)
            for sample in data:
                ones = torch.ones(14, 1)
                back = torch.cat([sample["keypoints"], ones], 1) @ sample["to_source"].T
                labeled = sample["labeled"]
                assert (back - sample["truth"])[labeled].abs().max() < 1e-3
    assert len(LSP(SAMPLES, "train")) + len(LSP(SAMPLES, "test")) == 223
