"""What the datamodules of faces of known age share."""

from abc import abstractmethod
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from lightning.pytorch.utilities import rank_zero_info

from gan_lab.datamodules.base import GANDataModule, require_croppable
from gan_lab.datasets import AgedFaces, ImageFolder, UnpairedFaces
from gan_lab.datasets.aged_faces import AgedFace
from gan_lab.datasets.held_out import is_held_out
from gan_lab.errors import ConfigurationError, DatasetError
from gan_lab.images.transforms import Jitter

Domain = Literal["young", "old"]


class AgingDataModule(GANDataModule):
    """Young faces (A) and old faces (B), unpaired: every person is either trained on or held out, at any age.

    Args:
        root: The folder of the data set.
        young: Youngest and oldest age of kind A in whole years, both included.
        old: Youngest and oldest age of kind B, above those of A.
        held_out_share: About how many of the people, between 0 and 1, are kept for validation. Who they are depends
            on nothing but their names and ``split_seed``.
        split_seed: Chooses other people.
        image_size: Side of the training images in pixels; the model's ``image_size``.
        load_size: Side to which faces are scaled before a random crop to ``image_size``.
        flip: Whether half the training faces are mirrored.
        batch_size: Training samples a step and process.
        eval_batch_size: Samples a batch in validation and test.
        num_workers: Processes that decode images; 0 decodes in the training process.
        predict_folder: Pictures for ``predict``, of any size; without it ``predict`` takes held-out faces.
        predict_domain: Which ones: ``young`` for the model's ``predict_direction`` AtoB, ``old`` for BtoA.

    Raises:
        ConfigurationError: If the ages are no ranges one above the other, nobody or everybody would be held out, or
            ``load_size`` is below ``image_size``.
    """

    def __init__(
        self,
        root: Path,
        young: tuple[int, int] = (18, 30),
        old: tuple[int, int] = (50, 100),
        held_out_share: float = 0.1,
        split_seed: int = 0,
        image_size: int = 256,
        load_size: int = 286,
        flip: bool = True,
        batch_size: int = 1,
        eval_batch_size: int = 1,
        num_workers: int = 2,
        predict_folder: Path | None = None,
        predict_domain: Domain = "young",
    ) -> None:
        super().__init__(batch_size, eval_batch_size, num_workers, predict_folder)
        if not 0 <= young[0] <= young[1] < old[0] <= old[1]:
            raise ConfigurationError(
                "data.young and data.old must be ranges of age [youngest, oldest], all of the young below the old, "
                f"got {list(young)} and {list(old)}"
            )
        if not 0 < held_out_share < 1:
            raise ConfigurationError(f"data.held_out_share must be between 0 and 1, got {held_out_share}")
        require_croppable(load_size, image_size)
        self.root = Path(root)
        self.ages: dict[Domain, tuple[int, int]] = {"young": young, "old": old}
        self.held_out_share = held_out_share
        self.split_seed = split_seed
        self.image_size = image_size
        self.load_size = load_size
        self.flip = flip
        self.predict_domain: Domain = predict_domain

    @classmethod
    def shared_settings(cls, settings: Mapping[str, Any]) -> dict[str, Any]:
        """The image size, the domains' names, and which way the faces of ``predict_domain`` are translated."""
        return {
            "image_size": settings["image_size"],
            "domain_names": ("young", "old"),
            "predict_direction": "AtoB" if settings["predict_domain"] == "young" else "BtoA",
        }

    @abstractmethod
    def read_faces(self) -> AgedFaces:
        """All faces of the data set, of whatever age."""

    @cached_property
    def faces(self) -> AgedFaces:
        """All faces of the data set, read once; says how many there are and how many were left out."""
        faces = self.read_faces()
        rank_zero_info(faces.summary())
        return faces

    def domain(self, domain: Domain, held_out: bool) -> list[AgedFace]:
        """The young or the old faces of the people who are held out, or of the others.

        Raises:
            DatasetError: If there is none.
        """
        people = [face for face in self.faces.faces if self._is_held_out(face) == held_out]
        youngest, oldest = self.ages[domain]
        chosen = [face for face in people if youngest <= face.age <= oldest]
        if not chosen:
            there = sorted(face.age for face in people)
            which = f"their ages are {there[0]} to {there[-1]}" if there else "there is nobody"
            raise DatasetError(
                f"{self.faces.data_set}: no face aged {youngest} to {oldest} among the people "
                f"{'held out' if held_out else 'to train on'}, {which}: "
                f"change data.{domain}, data.held_out_share or data.split_seed"
            )
        return chosen

    def training_data(self) -> UnpairedFaces:
        """Scaled, cropped and mirrored faces, young and old drawn each for itself."""
        return self._unpaired(False, self.load_size, Jitter(self.image_size, self.flip))

    def validation_data(self) -> UnpairedFaces:
        """Faces of the people held out, scaled to the training size."""
        return self._unpaired(True, self.image_size)

    def prediction_data(self) -> ImageFolder | AgedFaces:
        """Single pictures, or the held-out faces of one kind."""
        if self.predict_folder is not None:
            return ImageFolder(self.predict_folder)
        return AgedFaces(self.faces.data_set, self.domain(self.predict_domain, held_out=True), self.image_size)

    def _unpaired(self, held_out: bool, size: int, jitter: Jitter | None = None) -> UnpairedFaces:
        return UnpairedFaces(self.domain("young", held_out), self.domain("old", held_out), size, jitter)

    def _is_held_out(self, face: AgedFace) -> bool:
        return is_held_out(face.identity, self.held_out_share, self.split_seed)
