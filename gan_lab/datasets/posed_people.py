"""People whose joints are known: what the data sets for human pose share."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch.utils.data import Dataset

from gan_lab.datasets.images import ImageFile, to_tensor
from gan_lab.errors import DatasetError
from gan_lab.images.transforms import Box, Image
from gan_lab.pose.person_crop import (
    Affine,
    Distortion,
    Points,
    PoseJitter,
    Window,
    affine_to_crop,
    cut_out,
    invert_affine,
    transform_points,
)
from gan_lab.pose.skeletons import Skeleton
from gan_lab.samples import PersonSample, PoseRequest, PoseSample
from gan_lab.terminal import say_once


@dataclass(frozen=True, slots=True, kw_only=True)
class PosedPerson:
    """A person in a source image, whose pixels have their centers at integers.

    Attributes:
        name: What tells it from all others: the image's name, with a number if it may hold several people.
        joints: (K, 2), in the image's pixels; zero where there is no label.
        labeled: Whether a joint has a label, (K,).
        window: What the network sees; None for the whole image.
        reference_length: What distances are divided by, in the image's pixels; 0 where it is not known.
        image: The source image; None if it is no file.
        number: Which one of the image's people it is, from 0.
    """

    name: str
    joints: Points
    labeled: NDArray[np.bool_]
    window: Window | None
    reference_length: float
    image: ImageFile | None = None
    number: int = 0


class PosedPeople(Dataset[PoseSample], ABC):
    """People, each cropped to the network's input together with its joints.

    Args:
        skeleton: What their joints are.
        image_size: Side of the crops in pixels.
        jitter: Random scale, rotation, mirroring and color; None for none.
    """

    def __init__(self, skeleton: Skeleton, image_size: int, jitter: PoseJitter | None) -> None:
        self.skeleton = skeleton
        self.image_size = image_size
        self.jitter = jitter
        self._mirrored = np.arange(len(skeleton.joints))
        for one, two in skeleton.flip_pairs:
            self._mirrored[[one, two]] = two, one

    @abstractmethod
    def __len__(self) -> int: ...

    @abstractmethod
    def read(self, index: int) -> tuple[Image, PosedPerson]:
        """A source image, uint8 RGB (H, W, 3), and the person in it; raises ImageReadError, naming the file."""

    def __getitem__(self, index: int) -> PoseSample:
        """Decodes and crops one person; raises ImageReadError, naming the file, if that fails.

        In a mirrored crop left and right have changed places in the labels too, those in source pixels included.
        """
        image, person = self.read(index)
        distortion = Distortion() if self.jitter is None else self.jitter.draw()
        to_crop = affine_to_crop(person.window or Window.whole(image), self.image_size, distortion)
        order = self._mirrored if distortion.mirrored else slice(None)
        truth, labeled = person.joints[order], person.labeled[order]
        keypoints = transform_points(truth, to_crop) * labeled[:, None]
        return {
            "image": to_tensor(cut_out(image, to_crop, self.image_size, distortion.gains)),
            "keypoints": torch.from_numpy(keypoints.astype(np.float32)),
            "labeled": torch.from_numpy(labeled.copy()),
            "to_source": torch.from_numpy(invert_affine(to_crop).astype(np.float32)),
            "truth": torch.from_numpy(truth.astype(np.float32)),
            "reference_length": torch.tensor(person.reference_length, dtype=torch.float32),
            "name": person.name,
        }

    def files(self, index: int) -> list[Path]:
        """The source image of one person; none if it is no file."""
        return []

    def oddities(self, index: int) -> Iterator[str]:
        """Decodes one source image and yields what is unusual about the person in it."""
        image, person = self.read(index)
        what = person.name if person.image is None else f"{person.image.path}, person {person.number}"
        height, width = image.shape[:2]
        joints = person.joints[person.labeled]
        outside = (np.abs(joints - ((width - 1) / 2, (height - 1) / 2)) > (width / 2, height / 2)).any(axis=1).sum()
        if outside:
            yield f"{what}: {outside} of {len(joints)} joints lie outside the image of {width}x{height}"
        if 2 * len(joints) < len(person.labeled):
            yield f"{what}: {len(joints)} of {len(person.labeled)} joints are labeled"
        side = (person.window or Window.whole(image)).side
        if 2 * side < self.image_size:
            yield f"{what}: {side:.0f} pixels are enlarged more than twice to {self.image_size}"


class PhotographedPeople(PosedPeople):
    """People in image files.

    Args:
        data_set: What messages call them.
        skeleton: What their joints are.
        people: The people, each with its image.
        image_size: Side of the crops in pixels.
        jitter: Random scale, rotation, mirroring and color; None for none.
        left_out: How many of the annotated people were not taken, by what is wrong with them.

    Raises:
        DatasetError: If there is nobody.
    """

    def __init__(
        self,
        data_set: str,
        skeleton: Skeleton,
        people: Sequence[PosedPerson],
        image_size: int,
        jitter: PoseJitter | None = None,
        left_out: Mapping[str, int] | None = None,
    ) -> None:
        super().__init__(skeleton, image_size, jitter)
        self.data_set = data_set
        self.people = people
        self.left_out = left_out or {}
        if not people:
            raise DatasetError(self.summary())

    def __len__(self) -> int:
        return len(self.people)

    def read(self, index: int) -> tuple[Image, PosedPerson]:
        """The source image and the person."""
        person = self.people[index]
        return self._file(index).read(), person

    def files(self, index: int) -> list[Path]:
        """The source image of one person."""
        return [self._file(index).path]

    def summary(self) -> str:
        """How many people there are, in how many images, and how many were left out for which reason."""
        images = len({person.image for person in self.people})
        flawed = ", ".join(f"{count:,} {flaw}" for flaw, count in sorted(self.left_out.items()) if count)
        return f"{self.data_set}: {len(self.people):,} people in {images:,} images; left out: {flawed or 'none'}"

    def _file(self, index: int) -> ImageFile:
        image = self.people[index].image
        if image is None:
            raise DatasetError(f"{self.data_set}: {self.people[index].name} has no image file")
        return image


class PeopleToFind(Dataset[PersonSample]):
    """People whose joints are known, without them: what ``predict`` takes where it is given no pictures.

    Args:
        people: The people; nothing is random in what is made of them.
    """

    def __init__(self, people: PosedPeople) -> None:
        self.people = people

    def __len__(self) -> int:
        return len(self.people)

    def __getitem__(self, index: int) -> PersonSample:
        """Decodes and crops one person; raises ImageReadError, naming the file, if that fails."""
        image, person = self.people.read(index)
        file = person.image
        return person_sample(
            image,
            person.window or Window.whole(image),
            self.people.image_size,
            path=None if file is None else file.path,
            name=person.name if file is None else file.name,
            number=person.number,
        )

    def request(self, batch: dict[str, Any]) -> PoseRequest:
        """Asks for their poses."""
        return pose_request(batch)

    def files(self, index: int) -> list[Path]:
        """The source image of one person; none if it is no file."""
        return self.people.files(index)

    def oddities(self, index: int) -> Iterator[str]:
        """As of the people."""
        return self.people.oddities(index)


def person_sample(
    image: Image, window: Window, size: int, path: Path | None, name: str, number: int, box: Box | None = None
) -> PersonSample:
    """Crops a person whose joints are to be found.

    Args:
        image: The source image, uint8 (H, W, 3).
        window: What the network sees of it.
        size: Side of the crop.
        path: The source image's file, if it is one.
        name: What it is called.
        number: Which one of its people this is, from 0.
        box: The person's box; None for the window itself.
    """
    to_crop: Affine = affine_to_crop(window, size)
    return {
        "image": to_tensor(cut_out(image, to_crop, size)),
        "to_source": torch.from_numpy(invert_affine(to_crop).astype(np.float32)),
        "path": "" if path is None else str(path),
        "name": name,
        "person": number,
        "box": torch.tensor(window.box if box is None else box, dtype=torch.float32),
    }


def pose_request(batch: dict[str, Any]) -> PoseRequest:
    """The request of collated person samples."""
    return PoseRequest(
        names=batch["name"],
        images=batch["image"],
        to_source=batch["to_source"],
        paths=batch["path"],
        people=batch["person"].tolist(),
        boxes=batch["box"],
    )


People = TypeVar("People", bound=PhotographedPeople)


def announced(people: People) -> People:
    """The people, once it has been said how many there are."""
    say_once(people.summary())
    return people
