"""Faces of known age: what the data sets for aging share."""

from collections import Counter
from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from torch.utils.data import Dataset

from gan_lab.datasets.held_out import is_held_out
from gan_lab.datasets.images import ImageFile, shape_oddities, to_tensor
from gan_lab.datasets.prediction_data import translate_alone
from gan_lab.datasets.unpaired_images import UnpairedImages
from gan_lab.errors import DatasetError
from gan_lab.images.transforms import Jitter, resize
from gan_lab.samples import AgedSourceSample, AgedUnpairedSample, TranslateRequest

OLDEST = 100  # years; as the classes of age in DEX (Rothe et al., IJCV 2018, section 3.3); beyond it dates are wrong

Flaw = Literal["with no face", "with a second face", "of an impossible age", "whose file is missing"]
FLAWS: tuple[Flaw, ...] = ("with no face", "with a second face", "of an impossible age", "whose file is missing")


@dataclass(frozen=True, slots=True, kw_only=True)
class AgedFace(ImageFile):
    """A face, and what is known of whose it is.

    Attributes:
        age: Whole years at the time of the photograph.
        identity: The person: equal for two faces exactly if they are taken for the same one.
    """

    age: int
    identity: str


class AgedFaces(Dataset[AgedSourceSample]):
    """Faces at one square size, each with its age.

    Args:
        data_set: What messages call them.
        faces: The faces.
        load_size: Side in pixels to which they are scaled, whatever their aspect.
        left_out: How many rows of the metadata were not taken, by what was wrong with them.

    Raises:
        DatasetError: If there is no face.
    """

    def __init__(
        self, data_set: str, faces: Sequence[AgedFace], load_size: int, left_out: Mapping[Flaw, int] | None = None
    ) -> None:
        self.data_set = data_set
        self.faces = faces
        self.load_size = load_size
        self.left_out = Counter(left_out or {})
        if not faces:
            raise DatasetError(self.summary())

    def __len__(self) -> int:
        return len(self.faces)

    def __getitem__(self, index: int) -> AgedSourceSample:
        """Decodes one face; raises ImageReadError, naming the file, if that fails."""
        face = self.faces[index]
        return {"source": to_tensor(resize(face.read(), self.load_size)), "name": face.name, "age": face.age}

    def request(self, batch: dict[str, Any]) -> TranslateRequest:
        """Asks for translations."""
        return translate_alone(batch)

    def files(self, index: int) -> list[Path]:
        """The file of one face."""
        return [self.faces[index].path]

    def oddities(self, index: int) -> Iterator[str]:
        """Decodes one face and yields what is unusual about it."""
        yield from shape_oddities(self.faces[index], self.load_size)

    def choose(
        self, ages: tuple[int, int], held_out: bool, val_fraction: float, seed: int, options: str
    ) -> list[AgedFace]:
        """The faces of a range of ages among the people held out, or among the others.

        Args:
            ages: Youngest and oldest in whole years, both included.
            held_out: Whether to take those held out.
            val_fraction: See :func:`~gan_lab.datasets.held_out.is_held_out`.
            seed: The same.
            options: What to change if there is none.

        Raises:
            DatasetError: If there is none.
        """
        youngest, oldest = ages
        people = [face for face in self.faces if is_held_out(face.identity, val_fraction, seed) == held_out]
        chosen = [face for face in people if youngest <= face.age <= oldest]
        if not chosen:
            there = sorted(face.age for face in people)
            which = f"their ages are {there[0]} to {there[-1]}" if there else "there is nobody"
            whose = f"{self.data_set}: no face among the people {'held out' if held_out else 'to train on'}"
            raise DatasetError(f"{whose} is aged {youngest} to {oldest}, {which}: change {options}")
        return chosen

    def summary(self) -> str:
        """How many faces there are, and how many were left out for which reason."""
        people = len({face.identity for face in self.faces})
        flawed = ", ".join(f"{self.left_out[flaw]:,} {flaw}" for flaw in FLAWS if self.left_out[flaw])
        return f"{self.data_set}: {len(self.faces):,} faces of {people:,} people; left out: {flawed or 'none'}"


class UnpairedFaces(UnpairedImages):
    """Faces of two ranges of age: :class:`UnpairedImages` whose samples carry the ages.

    Args:
        faces_a: The one range, at least one face.
        faces_b: The other.
        load_size: Side in pixels to which faces are scaled, whatever their aspect.
        jitter: Random crop and flip, drawn for each face by itself; None leaves them as they are, and B in order.
    """

    def __init__(
        self, faces_a: Sequence[AgedFace], faces_b: Sequence[AgedFace], load_size: int, jitter: Jitter | None = None
    ) -> None:
        super().__init__(faces_a, faces_b, load_size, jitter)
        self.faces_a = faces_a
        self.faces_b = faces_b

    def __getitem__(self, index: int) -> AgedUnpairedSample:
        """Decodes one face of each range; raises ImageReadError, naming the file, if that fails."""
        index_a, index_b, images = self.load(*self.pick(index))
        return {**images, "age_a": self.faces_a[index_a].age, "age_b": self.faces_b[index_b].age}


def flaw_of(
    name: str, age: int | None, present: Container[str], face: bool = True, second_face: bool = False
) -> Flaw | None:
    """Why a row of the metadata is not taken: the first reason of all; None if it is.

    Args:
        name: Its file.
        age: Whole years; None where the dates make no sense.
        present: The files that there are.
        face: Whether a face was detected.
        second_face: Whether another one was.
    """
    if not face:
        return "with no face"
    if second_face:
        return "with a second face"
    if age is None or not 0 <= age <= OLDEST:
        return "of an impossible age"
    return None if name in present else "whose file is missing"
