"""People to be found in pictures or in a video."""

import csv
import json
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from torch.utils.data import Dataset

from gan_lab.datasets.folders import normal_name
from gan_lab.datasets.images import read_image
from gan_lab.datasets.posed_people import person_sample, pose_request
from gan_lab.datasets.prediction_data import folder_of, pictures_below
from gan_lab.datasets.video import VIDEO_EXTENSIONS, Video
from gan_lab.errors import ConfigurationError, DatasetError, DatasetNotFoundError
from gan_lab.images.transforms import Box, Image
from gan_lab.pose.person_crop import Window
from gan_lab.samples import PersonSample, PoseRequest

_LARGEST = 20_000  # pixels; memory goes by the area


class _Entry(NamedTuple):
    """A picture by its index, and which one of its people, who has a box or fills it."""

    picture: int
    number: int
    box: Box | None


class Persons(Dataset[PersonSample]):
    """People in pictures of any size, or in a video's frames: those in given boxes, or one that fills each picture.

    Without boxes the window is the smallest square that holds the whole picture; with them it is the square about the
    middle of a box whose side is ``margin`` times the box's longer one. A picture of which no box is given holds
    nobody.

    Args:
        source: A folder of pictures, also in subfolders, one picture, or a video file.
        image_size: Side of the crops in pixels.
        boxes: A file with boxes: see :func:`read_boxes`. Frames of ``clip.mp4`` are called
            ``clip_000000.png`` and so on.
        margin: Side of the windows relative to the boxes.
        white_level: See :func:`~gan_lab.datasets.images.read_image`.
        output_folder: Where predictions are written: see :func:`pictures_below`.

    Raises:
        DatasetNotFoundError: If there is no such folder or file, or no picture in it.
        DatasetError: If the video has no frame, the boxes cannot be read, or are of a picture that is not there.
    """

    def __init__(
        self,
        source: Path,
        image_size: int,
        boxes: Path | None = None,
        margin: float = 1.25,
        white_level: int | None = None,
        output_folder: Path | None = None,
    ) -> None:
        self.white_level = white_level
        self.source = Path(source)
        self.image_size = image_size
        self.margin = margin
        self.video = Video(self.source) if self.source.suffix.lower() in VIDEO_EXTENSIONS else None
        if self.video is None:
            self._paths = pictures_below(self.source, output_folder)
            self.names = [path.relative_to(folder_of(self.source)).as_posix() for path in self._paths]
        else:
            self.names = [f"{self.source.stem}_{frame:06}.png" for frame in range(len(self.video))]
        if not self.names:
            remedy = "Give a folder with pictures, or a video file or one picture, as data.predict_folder."
            raise DatasetNotFoundError("people", self.source, remedy)
        if boxes is None:
            self._entries = [_Entry(index, 0, None) for index in range(len(self.names))]
        else:
            self._entries = list(_with_boxes(self.names, read_boxes(boxes), boxes))

    def __len__(self) -> int:
        return len(self._entries)

    def __getitem__(self, index: int) -> PersonSample:
        """Decodes and crops one person; raises ImageReadError, naming the file, if that fails."""
        entry = self._entries[index]
        image = self._read(entry.picture)
        window = Window.whole(image) if entry.box is None else Window.around(entry.box, self.margin)
        return person_sample(
            image,
            window,
            self.image_size,
            path=self.source if self.video is not None else self._paths[entry.picture],
            name=self.names[entry.picture],
            number=entry.number,
            box=entry.box or (0, 0, image.shape[1], image.shape[0]),
        )

    def request(self, batch: dict[str, Any]) -> PoseRequest:
        """Asks for their poses."""
        return pose_request(batch)

    def files(self, index: int) -> list[Path]:
        """The file that a person is in; a video is named once."""
        if self.video is not None:
            return [] if index else [self.source]
        return [self._paths[self._entries[index].picture]]

    def oddities(self, index: int) -> Iterator[str]:
        """Decodes one picture and yields what is unusual about the person's box."""
        entry = self._entries[index]
        if self.video is not None:  # decoded when its frames were counted
            width, height = self.video.size
        else:
            height, width = self._read(entry.picture).shape[:2]
        left, top, right, bottom = entry.box or (0, 0, width, height)
        if right <= 0 or bottom <= 0 or left >= width or top >= height:
            yield f"{self.names[entry.picture]}: the box of person {entry.number} is outside the picture"

    def _read(self, picture: int) -> Image:
        if self.video is not None:
            return self.video.read(picture)
        return read_image(self._paths[picture], white_level=self.white_level)


def read_boxes(path: Path) -> Mapping[str, list[Box]]:
    """The boxes of each picture by its name, in the order of the file.

    Two formats are read, by the file's extension:

    - ``.json``: COCO's. An object with ``images``, a list of ``{"id", "file_name"}``, and ``annotations``, a list of
      ``{"image_id", "bbox": [left, top, width, height]}``. Where ``categories`` name a ``person``, boxes of other
      categories are left out, and so are those of crowds (``iscrowd``).
    - ``.csv``: lines of ``image,left,top,right,bottom`` under a heading of these names, in any order.

    Both count pixels from the left and upper edge of the picture, which are 0.

    Raises:
        ConfigurationError: If the file is of neither extension.
        DatasetError: If the file does not exist, or is not of its format, or a box is empty or too large to be meant.
    """
    readers = {".json": _coco_boxes, ".csv": _csv_boxes}
    read = readers.get(path.suffix.lower())
    if read is None:
        raise ConfigurationError(f"data.boxes must be a .json file of COCO's format or a .csv file, got {path}")
    boxes: defaultdict[str, list[Box]] = defaultdict(list)
    try:
        for name, box in read(path):
            left, top, right, bottom = box
            if not (0 < right - left <= _LARGEST and 0 < bottom - top <= _LARGEST):
                raise DatasetError(
                    f"{path}: the box {list(box)} of {name} is empty, or larger than {_LARGEST:,} pixels: "
                    "left, top, right, bottom"
                )
            boxes[name].append(box)
    except OSError as error:
        raise DatasetError(f"{path}: {error.strerror}") from None
    except (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError) as error:
        wanted = "images and annotations as COCO has them" if read is _coco_boxes else "image,left,top,right,bottom"
        raise DatasetError(f"{path} does not hold {wanted}: {error!r}") from None
    return boxes


def _coco_boxes(path: Path) -> Iterator[tuple[str, Box]]:
    content = json.loads(path.read_text(encoding="utf-8-sig"))
    names = {image["id"]: str(image["file_name"]) for image in content["images"]}
    people = [category["id"] for category in content.get("categories", []) if category["name"] == "person"]
    for annotation in content["annotations"]:
        if annotation.get("iscrowd") or (people and annotation.get("category_id", people[0]) not in people):
            continue
        left, top, width, height = map(float, annotation["bbox"])
        yield names[annotation["image_id"]], (left, top, left + width, top + height)


def _csv_boxes(path: Path) -> Iterator[tuple[str, Box]]:
    with path.open(newline="", encoding="utf-8-sig") as file:
        for row in csv.DictReader(file, skipinitialspace=True):
            left, top, right, bottom = (float(row[edge]) for edge in ("left", "top", "right", "bottom"))
            yield row["image"], (left, top, right, bottom)


def _with_boxes(names: list[str], boxes: Mapping[str, list[Box]], path: Path) -> Iterator[_Entry]:
    """The boxes of each picture; names are the same in either of Unicode's forms of accents."""
    boxes = {normal_name(name): of_name for name, of_name in boxes.items()}
    normal = [normal_name(name) for name in names]
    unknown = sorted(boxes.keys() - set(normal))
    if unknown:
        more = f" and {len(unknown) - 3} more" if len(unknown) > 3 else ""
        raise DatasetError(f"{path}: no such picture as {', '.join(unknown[:3])}{more}: there is {names[0]}, for one")
    if not boxes:
        raise DatasetError(f"{path} holds no box of a person")
    for picture, name in enumerate(normal):
        for number, box in enumerate(boxes.get(name, [])):
            yield _Entry(picture, number, box)
