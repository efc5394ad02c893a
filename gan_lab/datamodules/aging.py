"""What the datamodules of faces of known age share."""

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar, Literal

from gan_lab import ranges
from gan_lab.datamodules.translation import TranslationDataModule
from gan_lab.datasets import AgedFaces, ImageFolder, UnpairedFaces
from gan_lab.datasets.aged_faces import AgedFace
from gan_lab.datasets.images import with_white_level
from gan_lab.errors import require
from gan_lab.images.transforms import Jitter
from gan_lab.terminal import say_once

Domain = Literal["young", "old"]


class AgingDataModule(TranslationDataModule):
    """Young faces (A) and old faces (B), unpaired: every person is either trained on or held out, at any age.

    Args:
        root: The folder of the data set.
        young: Youngest and oldest age of domain A in whole years, both included.
        old: Youngest and oldest age of domain B, above those of A, or it is a ConfigurationError.
        val_fraction: About how many of the people, between 0 and 1, are kept for validation. Who they are depends
            on nothing but their names and ``split_seed``.
        split_seed: Chooses other people.
        predict_domain: Which held-out faces ``predict`` takes where it is given no ``predict_folder``: ``young`` for
            the model's ``predict_direction`` AtoB, ``old`` for BtoA.
        **kwargs: As of :class:`TranslationDataModule`.
    """

    domain_names: ClassVar[tuple[str, str]] = ("young", "old")
    shared: ClassVar[tuple[str, ...]] = ("image_size", "domain_names")

    def __init__(
        self,
        root: Path,
        young: tuple[ranges.NonNegativeInt, ranges.NonNegativeInt] = (18, 30),
        old: tuple[ranges.NonNegativeInt, ranges.NonNegativeInt] = (50, 100),
        val_fraction: ranges.OpenFraction = 0.1,
        split_seed: int = 0,
        predict_domain: Domain = "young",
        **kwargs: Any,
    ) -> None:
        ranges.require(AgingDataModule, locals(), "data")
        super().__init__(**kwargs)
        require(
            0 <= young[0] <= young[1] < old[0] <= old[1],
            "data.young and data.old must be ranges of age [youngest, oldest], all of the young below the old, "
            f"got {list(young)} and {list(old)}",
        )
        self.ages: dict[Domain, tuple[int, int]] = {"young": young, "old": old}
        self.root, self.val_fraction, self.split_seed = Path(root), val_fraction, split_seed
        self.predict_domain: Domain = predict_domain

    @classmethod
    def shared_settings(cls, settings: Mapping[str, Any]) -> dict[str, Any]:
        """Which way the faces of ``predict_domain`` are translated, too."""
        direction = "AtoB" if settings["predict_domain"] == "young" else "BtoA"
        return super().shared_settings(settings) | {"predict_direction": direction}

    @abstractmethod
    def read_faces(self) -> AgedFaces:
        """All faces of the data set, of whatever age."""

    @cached_property
    def faces(self) -> AgedFaces:
        """All faces of the data set, read once; says how many there are and how many were left out."""
        faces = self.read_faces()
        say_once(faces.summary())
        return faces

    def domain(self, domain: Domain, held_out: bool) -> Sequence[AgedFace]:
        """The young or the old faces of the people held out, or of the others; raises DatasetError if there is none."""
        options = f"data.{domain}, data.val_fraction or data.split_seed"
        faces = self.faces.choose(self.ages[domain], held_out, self.val_fraction, self.split_seed, options)
        return with_white_level(faces, self.white_level)

    def split(self, name: str, load_size: int, jitter: Jitter | None = None) -> UnpairedFaces:
        """Young and old faces, each drawn for itself, of the people to train on, or of those held out."""
        held_out = name != "train"
        return UnpairedFaces(self.domain("young", held_out), self.domain("old", held_out), load_size, jitter)

    def prediction_data(self) -> ImageFolder | AgedFaces:
        """Single pictures, or the held-out faces of one kind."""
        if self.predict_folder is not None:
            return ImageFolder(self.predict_folder, self.white_level, self.output_folder)
        return AgedFaces(self.faces.data_set, self.domain(self.predict_domain, held_out=True), self.image_size)
