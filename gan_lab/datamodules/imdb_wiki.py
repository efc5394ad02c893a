"""IMDB-WIKI."""

from collections.abc import Sequence
from pathlib import Path

from gan_lab.datamodules.aging import AgingDataModule, Domain
from gan_lab.datasets import IMDBWIKI
from gan_lab.datasets.imdb_wiki import Half


class IMDBWIKIAgingDataModule(AgingDataModule):
    """Young and old celebrities of IMDB-WIKI.

    Args:
        root: The folder with ``imdb_crop`` and ``wiki_crop``, or with ``imdb`` and ``wiki``.
        halves: ``imdb``, ``wiki`` or both.
        cropped: Whether to take the cropped faces, rather than cut them from the photographs in ``imdb`` and ``wiki``.
        face_margin: What is added to each side of a detected face if ``cropped`` is false, relative to its size; the
            authors' cropped faces have 0.4.
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
        ConfigurationError: As :class:`AgingDataModule`.
    """

    def __init__(
        self,
        root: Path,
        halves: Sequence[Half] = ("imdb", "wiki"),
        cropped: bool = True,
        face_margin: float = 0.4,
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
        super().__init__(
            root,
            young,
            old,
            held_out_share,
            split_seed,
            image_size,
            load_size,
            flip,
            batch_size,
            eval_batch_size,
            num_workers,
            predict_folder,
            predict_domain,
        )
        self.halves = halves
        self.cropped = cropped
        self.face_margin = face_margin

    def read_faces(self) -> IMDBWIKI:
        """All faces of the halves, of whatever age."""
        return IMDBWIKI(self.root, self.halves, self.cropped, self.face_margin, self.image_size)
