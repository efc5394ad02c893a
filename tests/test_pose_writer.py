import json

import cv2
import numpy as np
import pytest
import torch
from PIL import Image

from gan_lab.callbacks.output_files import OutputFiles
from gan_lab.callbacks.pose_writer import PoseWriter
from gan_lab.errors import ImageReadError
from gan_lab.images.film import save_video
from gan_lab.pose.predicted_poses import PredictedPoses, transform_keypoints
from gan_lab.pose.skeletons import LSP
from gan_lab.samples import PoseRequest
from tests.fakes import save


def found(count: int, score: float = 0.9) -> PredictedPoses:
    """People whose joints go down a diagonal in their crops; the crops are where they are in the source."""
    joints = torch.stack([torch.arange(14.0) + 3] * 2, 1).repeat(count, 1, 1)
    joints += 10 * torch.arange(count)[:, None, None]
    return PredictedPoses(LSP, joints, joints + 0.25, torch.full((count, 14), score))


def batch(paths: list, names: list, people: list) -> PoseRequest:
    count = len(names)
    return PoseRequest(
        names=names,
        images=torch.zeros(count, 3, 32, 32),
        to_source=torch.eye(2, 3).repeat(count, 1, 1),
        paths=[str(path) for path in paths],
        people=people,
        boxes=torch.tensor([[2.0, 3, 30, 43]] * count),
    )


def read(path) -> np.ndarray:
    return np.asarray(Image.open(path).convert("RGB"))


@pytest.fixture
def picture(tmp_path):
    return save(np.full((50, 60, 3), 90, np.uint8), tmp_path / "in" / "sub" / "a.png")


def test_the_json_is_cocos(tmp_path, picture):
    writer = PoseWriter(tmp_path / "out", score_threshold=0.5, files=OutputFiles(tuple))
    poses = found(2)
    poses.scores[1, :4] = 0.1
    writer.add(poses, batch([picture] * 2, ["sub/a.png"] * 2, [0, 1]))
    writer.write(writer.people[::-1], LSP)
    content = json.loads((tmp_path / "out" / "keypoints.json").read_text())
    assert content["images"] == [{"id": 1, "file_name": "sub/a.png", "width": 60, "height": 50}]
    (category,) = content["categories"]
    assert category["keypoints"][13] == "head_top"
    assert [1, 2] in category["skeleton"]  # ankle to knee, counted from 1
    one, two = content["annotations"]
    assert (one["id"], two["id"]) == (1, 2)
    assert one["image_id"] == two["image_id"] == one["category_id"] == 1
    assert one["bbox"] == [2, 3, 28, 40]
    assert one["keypoints"][:6] == [3.25, 3.25, 2, 4.25, 4.25, 2]
    assert two["keypoints"][:15] == [
        13.25,
        13.25,
        0,
        14.25,
        14.25,
        0,
        15.25,
        15.25,
        0,
        16.25,
        16.25,
        0,
        17.25,
        17.25,
        2,
    ]
    assert (one["num_keypoints"], two["num_keypoints"]) == (14, 10)
    assert two["keypoint_scores"] == [0.1] * 4 + [0.9] * 10
    assert two["score"] == pytest.approx((4 * 0.1 + 10 * 0.9) / 14, abs=1e-4)


def test_all_people_of_a_picture_are_drawn_on_it(tmp_path, picture):
    drawings = []
    for count in (1, 2):
        writer = PoseWriter(tmp_path / str(count), score_threshold=0.5, files=OutputFiles(tuple))
        writer.add(found(count), batch([picture] * count, ["sub/a.png"] * count, list(range(count))))
        writer.write(writer.people, LSP)
        drawings.append(read(tmp_path / str(count) / "sub" / "a.png"))
    assert drawings[0].shape == (50, 60, 3)
    differs = [(drawing != 90).any(-1) for drawing in drawings]
    assert differs[0][10, 10]
    assert not differs[0][25, 25]
    assert differs[1][25, 25]
    np.testing.assert_array_equal(drawings[1][:8, :8], drawings[0][:8, :8])


def test_joints_below_the_threshold_are_not_drawn(tmp_path, picture):
    writer = PoseWriter(tmp_path / "out", score_threshold=0.95, files=OutputFiles(tuple))
    writer.add(found(1), batch([picture], ["sub/a.png"], [0]))
    writer.write(writer.people, LSP)
    assert (read(tmp_path / "out" / "sub" / "a.png") == 90).all()


def test_pictures_of_16_bits_are_drawn_on_as_bright_as_they_are(tmp_path):
    deep = save(np.full((50, 60), 90, np.uint16), tmp_path / "in" / "a.png")
    writer = PoseWriter(tmp_path / "out", score_threshold=0.95, files=OutputFiles(tuple), white_level=255)
    writer.add(found(1), batch([deep], ["a.png"], [0]))
    writer.write(writer.people, LSP)
    assert (read(tmp_path / "out" / "a.png") == 90).all()


def test_people_of_no_file_are_drawn_on_their_crops(tmp_path):
    writer = PoseWriter(tmp_path / "out", score_threshold=0.5, files=OutputFiles(tuple))
    writer.add(found(1), batch([""], ["figure_0.png"], [0]))
    writer.write(writer.people, LSP)
    drawing = read(tmp_path / "out" / "figure_0.png")
    assert drawing.shape == (32, 32, 3)
    assert (drawing[8, 8] != 128).any()
    assert (drawing[30, 2] == 128).all()
    (image,) = json.loads((tmp_path / "out" / "keypoints.json").read_text())["images"]
    assert image == {"id": 1, "file_name": "figure_0.png"}


def test_a_video_comes_back_with_all_its_frames(tmp_path):
    """Gray frames, each lighter than the one before; people in the first and the third."""
    clip = tmp_path / "clip.mp4"
    save_video((np.full((48, 64, 3), 40 + 30 * index, np.uint8) for index in range(4)), 12.0, clip)
    writer = PoseWriter(tmp_path / "out", score_threshold=0.5, files=OutputFiles(tuple))
    writer.add(found(2), batch([clip] * 2, ["clip_000000.png", "clip_000002.png"], [0, 0]))
    writer.write(writer.people, LSP)
    capture = cv2.VideoCapture(str(tmp_path / "out" / "clip.mp4"))
    assert capture.get(cv2.CAP_PROP_FPS) == pytest.approx(12)
    frames = []
    while (got := capture.read())[0]:
        frames.append(got[1].astype(int))
    assert [abs(frame[40, 5] - (40 + 30 * index)).max() < 12 for index, frame in enumerate(frames)] == [True] * 4
    drawn = [abs(frame - frame[40, 5]).max() > 60 for frame in frames]
    assert drawn == [True, False, True, False]
    content = json.loads((tmp_path / "out" / "keypoints.json").read_text())
    assert [image["file_name"] for image in content["images"]] == ["clip_000000.png", "clip_000002.png"]
    assert content["images"][0]["width"] == 64
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["clip.mp4", "keypoints.json"]


def test_nothing_is_left_of_a_video_that_fails(tmp_path):
    def frames():
        yield np.zeros((16, 16, 3), np.uint8)
        raise OSError("the disk is gone")

    with pytest.raises(OSError, match="gone"):
        save_video(frames(), 25.0, tmp_path / "clip.mp4")
    assert list(tmp_path.iterdir()) == []


def test_points_are_mapped_by_each_samples_own_affine():
    affine = torch.tensor([[[0.0, -1, 5], [2, 0, 1]], [[1, 0, 0], [0, 1, 0]]])
    points = torch.tensor([[[3.0, 4.0]], [[3.0, 4.0]]])
    assert transform_keypoints(points, affine).tolist() == [[[1, 7]], [[3, 4]]]


def test_a_picture_that_cannot_be_drawn_does_not_lose_the_joints(tmp_path, picture):
    writer = PoseWriter(tmp_path / "out", score_threshold=0.5, files=OutputFiles(tuple))
    writer.add(found(1), batch([picture], [picture.name], [0]))
    picture.unlink()
    with pytest.raises(ImageReadError):
        writer.write(writer.people, LSP)
    assert len(json.loads((tmp_path / "out" / "keypoints.json").read_text())["annotations"]) == 1
