"""Predicted poses as files: a COCO JSON of all people, and pictures or a video with their skeletons."""

import json
from collections.abc import Sequence
from itertools import groupby
from pathlib import Path
from typing import Any, TypedDict

import numpy as np
from PIL import Image

from gan_lab.callbacks.output_files import OutputFiles
from gan_lab.datasets.images import read_image
from gan_lab.datasets.video import VIDEO_EXTENSIONS, Video
from gan_lab.files import atomic_write, fitting_name
from gan_lab.images.film import save_video
from gan_lab.images.sheet import save_image, to_image, written_name
from gan_lab.images.signature import SIGNATURE
from gan_lab.pose.drawing import Image as Pixels
from gan_lab.pose.drawing import draw_pose
from gan_lab.pose.predicted_poses import PredictedPoses
from gan_lab.pose.skeletons import Skeleton
from gan_lab.samples import PoseRequest

POSES_FILE = "keypoints.json"


class FoundPerson(TypedDict):
    """One person as plain values: what processes hand to each other.

    Attributes:
        path: The picture or video; empty where there is no file.
        name: The picture's name, or the frame's.
        person: Which one of the people in it.
        box: Left, top, right, bottom in pixels.
        keypoints: x and y of each joint in pixels whose centers lie at integers.
        scores: The score of each joint.
    """

    path: str
    name: str
    person: int
    box: list[float]
    keypoints: list[list[float]]
    scores: list[float]


class PoseWriter:
    """Gathers the people of a prediction and files them.

    Args:
        folder: Where to write.
        score_threshold: Joints with lower scores are not drawn, and are not visible in the JSON.
        white_level: See :func:`~gan_lab.datasets.images.read_image`.
        files: What may be written.
    """

    def __init__(
        self, folder: Path, score_threshold: float, files: OutputFiles, white_level: int | None = None
    ) -> None:
        self.folder = folder
        self.files = files
        self.score_threshold = score_threshold
        self.white_level = white_level
        self.people: list[FoundPerson] = []
        self.skeleton: Skeleton | None = None

    def add(self, found: PredictedPoses, batch: PoseRequest) -> None:
        """Takes over a batch's people; those from no file are drawn at once, on the crops that the network saw.

        Raises:
            GanLabError: If a file would be replaced that must not be.
        """
        if self.skeleton is None:
            self.files.require(self.folder / POSES_FILE, source=self)
        self.skeleton = found.skeleton
        for index, (path, name) in enumerate(zip(batch.paths, batch.names, strict=True)):
            self.files.require(self._drawing(path, name), source=path or None)
            scores = found.scores[index].cpu()
            self.people.append(
                {
                    "path": path,
                    "name": name,
                    "person": batch.people[index],
                    "box": batch.boxes[index].tolist(),
                    "keypoints": found.keypoints_in_source[index].tolist(),
                    "scores": scores.tolist(),
                }
            )
            if not path:
                crop = np.asarray(to_image(batch.images[index]))
                drawn = self._draw(crop, found.skeleton, found.keypoints_in_crop[index].tolist(), scores.tolist())
                save_image(Image.fromarray(drawn), self._drawing(path, name))

    def write(self, people: Sequence[FoundPerson], skeleton: Skeleton) -> None:
        """Draws people on their pictures and frames, and writes the JSON of all.

        Args:
            people: Those of all processes, in any order.
            skeleton: What their joints are.
        """
        self.files.require(self.folder / POSES_FILE, source=self)
        people = sorted(people, key=lambda found: (found["path"], found["name"], found["person"]))
        sizes: dict[str, tuple[int, int]] = {}
        try:
            self._draw_files(people, skeleton, sizes)
        finally:  # a picture that cannot be drawn does not lose the joints of all
            self._write_json(coco_keypoints(people, sizes, skeleton, self.score_threshold))

    def _draw_files(self, people: list[FoundPerson], skeleton: Skeleton, sizes: dict[str, tuple[int, int]]) -> None:
        """Draws on every picture and video, and notes their sizes."""
        for path, here in groupby(people, key=lambda found: found["path"]):
            if _is_video(path):
                sizes.update(self._write_video(Path(path), list(here), skeleton))
            elif path:
                persons = list(here)
                picture = read_image(Path(path), white_level=self.white_level)
                drawn = self._draw_all(picture, persons, skeleton)
                sizes[persons[0]["name"]] = (drawn.shape[1], drawn.shape[0])
                save_image(Image.fromarray(drawn), self._drawing(path, persons[0]["name"]))

    def _drawing(self, path: str, name: str) -> Path:
        """Where a picture, or the video that a frame is of, is drawn on."""
        return self.folder / (fitting_name(Path(path).stem, ".mp4") if _is_video(path) else written_name(name))

    def _write_json(self, content: dict[str, Any]) -> None:
        with atomic_write(self.folder / POSES_FILE) as partial:
            partial.write_text(json.dumps(content))

    def _write_video(self, path: Path, people: list[FoundPerson], skeleton: Skeleton) -> dict[str, tuple[int, int]]:
        """Writes all frames of a video, those without people too, and returns the size of each that has some."""
        video = Video(path)
        frames = {name: list(here) for name, here in groupby(people, key=lambda found: found["name"])}
        numbered = {int(Path(name).stem.rpartition("_")[2]): found for name, found in frames.items()}
        pictures = (self._draw_all(video.read(frame), numbered.get(frame, []), skeleton) for frame in range(len(video)))
        save_video(pictures, video.fps, self._drawing(str(path), ""))
        width, height = video.size
        return dict.fromkeys(frames, (width, height))

    def _draw_all(self, image: Pixels, people: Sequence[FoundPerson], skeleton: Skeleton) -> Pixels:
        for found in people:
            image = self._draw(image, skeleton, found["keypoints"], found["scores"])
        return image

    def _draw(self, image: Pixels, skeleton: Skeleton, keypoints: list[list[float]], scores: list[float]) -> Pixels:
        shown = np.asarray(scores) >= self.score_threshold
        return draw_pose(image, np.asarray(keypoints, dtype=np.float32), shown, skeleton)


def _is_video(path: str) -> bool:
    return Path(path).suffix.lower() in VIDEO_EXTENSIONS


def coco_keypoints(
    people: Sequence[FoundPerson],
    sizes: dict[str, tuple[int, int]],
    skeleton: Skeleton,
    score_threshold: float,
) -> dict[str, Any]:
    """People in COCO's format for keypoints, with the scores of its format for results.

    Each annotation has ``keypoints`` x, y, v for each joint, in the image's pixels whose centers lie at integers, where
    v is 2 for a score from the threshold up and else 0; ``keypoint_scores``; ``score``, their mean; ``bbox``, the box
    that the person was looked for in. Ids count from 1; pictures are told by their ``file_name``.

    Args:
        people: The people, those of an image one after the other.
        sizes: Width and height of each image by its name, where they are known.
        skeleton: What their joints are.
        score_threshold: The lowest score of a joint that counts as found.
    """
    ids = {name: number for number, name in enumerate(dict.fromkeys(found["name"] for found in people), start=1)}
    images = [
        {"id": number, "file_name": name} | dict(zip(("width", "height"), sizes.get(name, ()), strict=False))
        for name, number in ids.items()
    ]
    category = {
        "id": 1,
        "name": "person",
        "supercategory": "person",
        "keypoints": list(skeleton.joints),
        "skeleton": [[one + 1, two + 1] for one, two in skeleton.limbs],  # COCO counts joints from 1
    }
    annotations = [_annotation(found, number, ids, score_threshold) for number, found in enumerate(people, start=1)]
    info = {"description": SIGNATURE}
    return {"info": info, "images": images, "annotations": annotations, "categories": [category]}


def _annotation(found: FoundPerson, number: int, ids: dict[str, int], score_threshold: float) -> dict[str, Any]:
    left, top, right, bottom = found["box"]
    seen = [score >= score_threshold for score in found["scores"]]
    triplets = [(x, y, 2 if visible else 0) for (x, y), visible in zip(found["keypoints"], seen, strict=True)]
    return {
        "id": number,
        "image_id": ids[found["name"]],
        "category_id": 1,
        "keypoints": [round(value, 3) for triplet in triplets for value in triplet],
        "num_keypoints": sum(seen),
        "keypoint_scores": [round(score, 4) for score in found["scores"]],
        "score": round(sum(found["scores"]) / len(found["scores"]), 4),
        "bbox": [round(value, 3) for value in (left, top, right - left, bottom - top)],
        "area": round((right - left) * (bottom - top), 3),
        "iscrowd": 0,
    }
