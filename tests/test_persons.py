"""People to be found in pictures and videos, for `predict`."""

import json
import pickle
import unicodedata

import cv2
import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader

from gan_lab.cli import main
from gan_lab.datamodules import FiguresDataModule
from gan_lab.datasets import Persons
from gan_lab.datasets.persons import read_boxes
from gan_lab.datasets.video import Video
from gan_lab.errors import ConfigurationError, DatasetError, DatasetNotFoundError
from tests.fakes import save, write_lsp, write_mpii, write_pictures


def moved(points: list, to_source: torch.Tensor) -> list:
    return (torch.cat([torch.tensor(points), torch.ones(len(points), 1)], 1) @ to_source.T).tolist()


def write_video(path, frames: int = 6):
    """Each frame is one gray, 20 brighter than the one before."""
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 10, (48, 32))
    assert writer.isOpened()
    for frame in range(frames):
        writer.write(np.full((32, 48, 3), 20 * frame + 30, np.uint8))
    writer.release()
    return path


def test_without_boxes_the_whole_picture_is_the_person(tmp_path):
    data = Persons(write_pictures(tmp_path), image_size=90)
    assert len(data) == 3
    wide = data[0]  # 45 x 20: twice as large on 90 pixels, 25 black rows above and below
    assert (wide["name"], wide["path"], wide["person"]) == ("picture0.png", str(tmp_path / "picture0.png"), 0)
    assert wide["box"].tolist() == [0, 0, 45, 20]
    corners = moved([[-0.5, 24.5], [89.5, 64.5]], wide["to_source"])
    assert np.allclose(corners, [[-0.5, -0.5], [44.5, 19.5]], atol=1e-5)
    assert wide["image"][:, :24].max() == 0 < wide["image"][:, 27:62].float().mean()


BOXES = {"picture0.png": [(10.0, 2.0, 30.0, 12.0), (0.0, 0.0, 5.0, 20.0)], "picture2.png": [(1.5, 2.0, 9.0, 30.25)]}


def write_coco(path):
    """Annotations in another order than the images, whose numbers do not begin with 0."""
    content = {"images": [{"id": 7, "file_name": "picture2.png"}, {"id": 3, "file_name": "picture0.png"}]}
    rows = [(3, *BOXES["picture0.png"][0]), (7, *BOXES["picture2.png"][0]), (3, *BOXES["picture0.png"][1])]
    content["annotations"] = [
        {"image_id": image, "bbox": [left, top, right - left, bottom - top]} for image, left, top, right, bottom in rows
    ]
    path.write_text(json.dumps(content))
    return path


def write_csv(path):
    lines = ["image, left, top, right, bottom"]
    lines += [", ".join(map(str, (name, *box))) for name, boxes in BOXES.items() for box in boxes]
    path.write_text("\n".join(lines))
    return path


@pytest.mark.parametrize(("write", "name"), [(write_coco, "boxes.json"), (write_csv, "boxes.CSV")])
def test_boxes_say_where_people_are(tmp_path, write, name):
    boxes = write(tmp_path / name)
    assert read_boxes(boxes) == BOXES
    data = Persons(write_pictures(tmp_path / "pictures"), 50, boxes, margin=1.25)
    assert [(sample["name"], sample["person"]) for sample in data] == [
        ("picture0.png", 0),
        ("picture0.png", 1),
        ("picture2.png", 0),
    ]
    first = data[0]
    assert first["box"].tolist() == [10, 2, 30, 12]
    # 25 pixels about the middle, (20, 7) by edges, so (19.5, 6.5) by middles of pixels
    corners = moved([[24.5, 24.5], [49.5, 24.5]], first["to_source"])
    assert np.allclose(corners, [[19.5, 6.5], [19.5 + 12.5, 6.5]], atol=1e-5)


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("a.csv", "image,left,top,right,bottom\nother.png,1,2,3,4", "no such picture as other.png: there is picture0"),
        (
            "a.csv",
            "image,left,top,right,bottom\npicture0.png,3,2,1,4",
            r"box \[3.0, 2.0, 1.0, 4.0\] of picture0.png is em",
        ),
        (
            "a.csv",
            "image,left,top,right,bottom\npicture0.png,3,x,1,4",
            "does not hold image,left,top,right,bottom: Val",
        ),
        (
            "a.csv",
            "image,left,top,right,bottom\npicture0.png,3",
            "does not hold image,left,top,right,bottom: TypeError",
        ),
        ("a.csv", "image,left,top,right,bottom\npicture0.png,3,nan,9,4", "is empty, or larger than"),
        ("a.csv", "image,left,top,right,bottom\npicture0.png,3,0,inf,4", "is empty, or larger than"),
        ("a.csv", "image,left,top,right,bottom\npicture0.png,0,0,100000,4", "is empty, or larger than 20,000 pixels"),
        ("a.csv", "image,x,y\npicture0.png,3,4", "does not hold image,left,top,right,bottom: KeyError"),
        ("a.csv", "image,left,top,right,bottom", "a.csv holds no box of a person"),
        ("a.json", "[1, 2]", "does not hold images and annotations as COCO has them: TypeError"),
        ("a.json", "{", "does not hold images and annotations as COCO has them: JSONDecodeError"),
        ("a.json", "[" * 100_000, "does not hold images and annotations as COCO has them: RecursionError"),
        ("a.json", '{"images": [], "annotations": [5]}', "does not hold images and annotations as COCO has them: Attr"),
        (
            "a.json",
            f'{{"images": [], "annotations": [{{"bbox": [{"9" * 400}, 0, 9, 9]}}]}}',
            "as COCO has them: Overflow",
        ),
    ],
)
def test_boxes_that_cannot_be_used_are_refused(tmp_path, name, text, message):
    (tmp_path / name).write_text(text)
    with pytest.raises(DatasetError, match=message):
        Persons(write_pictures(tmp_path / "pictures"), 50, tmp_path / name)


def test_boxes_are_of_pictures_whose_names_are_in_another_form_of_unicode(tmp_path):
    save(np.zeros((20, 30, 3), np.uint8), tmp_path / "in" / unicodedata.normalize("NFD", "café.png"))
    boxes = tmp_path / "boxes.csv"
    line = unicodedata.normalize("NFC", "café.png,1,2,11,12")
    boxes.write_text(f"image,left,top,right,bottom\n{line}\n", encoding="utf-8")
    assert [sample["box"].tolist() for sample in Persons(tmp_path / "in", 32, boxes)] == [[1, 2, 11, 12]]


def test_boxes_of_other_things_and_of_crowds_are_left_out(tmp_path):
    image = {"id": 1, "file_name": "picture0.png"}
    annotations = [
        {"image_id": 1, "bbox": [0, 0, 9, 9], "category_id": 1},
        {"image_id": 1, "bbox": [1, 1, 9, 9], "category_id": 2},
        {"image_id": 1, "bbox": [2, 2, 9, 9], "category_id": 1, "iscrowd": 1},
    ]
    path = tmp_path / "boxes.json"
    for names, kept in ((["person", "dog"], [0]), (["cyclist", "dog"], [0, 1])):
        categories = [{"id": number, "name": name} for number, name in enumerate(names, start=1)]
        path.write_text(json.dumps({"images": [image], "annotations": annotations, "categories": categories}))
        assert [box[0] for box in read_boxes(path)["picture0.png"]] == kept


def test_boxes_of_no_known_format_are_refused(tmp_path):
    with pytest.raises(
        ConfigurationError, match=r"must be a \.json file of COCO's format or a \.csv file, got .*a.txt"
    ):
        read_boxes(tmp_path / "a.txt")
    with pytest.raises(DatasetError, match=r"nowhere.csv: No such file or directory"):
        read_boxes(tmp_path / "nowhere.csv")


def test_a_folder_without_pictures_is_refused(tmp_path):
    with pytest.raises(DatasetNotFoundError, match=r"holds no image\. Give a folder with pictures, or a video file"):
        Persons(tmp_path, 50)


def test_a_video_gives_its_frames(tmp_path):
    data = Persons(write_video(tmp_path / "clip.avi"), image_size=48)
    assert [sample["name"] for sample in data] == [f"clip_{frame:06}.png" for frame in range(6)]
    for frame in (4, 1, 5, 5, 0):  # in any order
        sample = data[frame]
        assert sample["path"] == str(tmp_path / "clip.avi")
        assert sample["box"].tolist() == [0, 0, 48, 32]
        assert sample["image"][:, 12:36].float().mean().item() == pytest.approx(20 * frame + 30, abs=3)
    assert (data.video.fps, data.video.size) == (10, (48, 32))


def test_frames_are_read_by_several_processes(tmp_path):
    data = Persons(write_video(tmp_path / "clip.avi"), image_size=48)
    assert len(pickle.loads(pickle.dumps(data))) == 6  # as they are started where they cannot be forked
    batches = list(DataLoader(data, batch_size=2, num_workers=2))
    found = torch.cat([batch["image"] for batch in batches])[:, 0, 24, 24].tolist()
    assert found == pytest.approx([20 * frame + 30 for frame in range(6)], abs=3)


def test_a_box_in_a_frame(tmp_path):
    (tmp_path / "boxes.csv").write_text("image,left,top,right,bottom\nclip_000003.png,8,4,40,28")
    (sample,) = Persons(write_video(tmp_path / "clip.avi"), 40, tmp_path / "boxes.csv", margin=1.0)
    assert sample["image"].float().mean().item() == pytest.approx(90, abs=3)


def test_what_is_no_video_is_refused(tmp_path):
    (tmp_path / "clip.mp4").write_bytes(b"nothing")
    with pytest.raises(DatasetError, match=r"clip\.mp4: no video that can be decoded"):
        Video(tmp_path / "clip.mp4")
    with pytest.raises(DatasetError, match=r"other\.mp4: no such file"):
        Persons(tmp_path / "other.mp4", 48)


def test_pictures_of_all_sizes_make_one_batch(tmp_path):
    module = FiguresDataModule(image_size=48, num_workers=0, predict_folder=write_pictures(tmp_path))
    (batch,) = module.predict_dataloader()
    assert batch["image"].shape == (3, 3, 48, 48)
    assert batch["box"].tolist() == [[0, 0, 45, 20], [0, 0, 32, 64], [0, 0, 33, 33]]


def check(capsys, *arguments: str) -> tuple[int, str]:
    status = main(["check", *arguments])
    return status, capsys.readouterr().out


def test_check_opens_every_image_of_lsp_and_calls_odd_what_is(tmp_path, capsys):
    root = write_lsp(tmp_path)
    arguments = ("--data=LSPDataModule", f"--data.root={root}", "--data.image_size=64")
    status, report = check(capsys, *arguments)
    assert status == 0
    assert "train: " in report
    (root / "lspet_dataset" / "images" / "im00004.jpg").write_bytes(b"nothing")
    save(np.zeros((40, 30, 3), np.uint8), root / "lsp_dataset" / "images" / "im0002.jpg")
    status, report = check(capsys, *arguments)
    assert status == 1
    assert "im00004.jpg: no image that can be decoded" in report
    assert "im0002.jpg, person 0: 6 of 14 joints lie outside the image of 30x40" in report


def test_check_goes_through_mpii_figures_pictures_and_videos(tmp_path, capsys):
    root = write_mpii(tmp_path / "mpii")
    (tmp_path / "boxes.csv").write_text("image,left,top,right,bottom\nclip_000003.png,-8,4,0,28")
    status, report = check(
        capsys,
        "--data=MPIIDataModule",
        f"--data.root={root}",
        "--data.image_size=256",
        f"--data.predict_folder={write_video(tmp_path / 'clip.avi')}",
        f"--data.boxes={tmp_path / 'boxes.csv'}",
    )
    assert status == 0
    assert "train: 7 samples, 0 broken or mismatched" in report
    assert "train0.jpg, person 1: 75 pixels are enlarged more than twice to 256" in report
    assert "clip_000003.png: the box of person 0 is outside the picture" in report
    status, report = check(capsys, "--data=FiguresDataModule", "--data.train_count=20", "--data.val_count=5")
    assert status == 0
    assert "train: 20 samples, 0 broken or mismatched, 0 odd" in report
