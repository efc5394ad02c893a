"""CACD, the cross-age celebrity data set (Chen, Chen and Hsu, ECCV 2014)."""

from collections import Counter
from pathlib import Path

from gan_lab.datasets.aged_faces import AgedFace, AgedFaces, Flaw, flaw_of
from gan_lab.datasets.folders import image_names, normal_name
from gan_lab.datasets.matlab import read_columns, text, whole_numbers
from gan_lab.errors import DatasetNotFoundError

_REMEDY = "data.root should hold CACD2000/ and celebrity2000_meta.mat of CACD: unpack them there, or correct data.root."


class CACD(AgedFaces):
    """163,446 photographs of 2,000 celebrities aged 14 to 62: ``CACD2000/AGE_First_Last_NNNN.jpg``, 250 x 250.

    The metadata, ``celebrity2000_meta.mat``, gives the age as the year of the photograph less the year of birth, and a
    number for each celebrity. Faces are in the middle of their files, so there is nothing to crop.

    Args:
        root: The folder with ``CACD2000`` and ``celebrity2000_meta.mat``.
        load_size: Side in pixels to which faces are scaled.

    Raises:
        DatasetNotFoundError: If the images or the metadata are missing.
        DatasetError: If the metadata are not CACD's, or no row can be used.
    """

    def __init__(self, root: Path, load_size: int = 256) -> None:
        root = Path(root)
        folder = root / "CACD2000"
        present = {normal_name(name): name for name in image_names(folder)}
        if not present:
            raise DatasetNotFoundError("CACD", folder, _REMEDY)
        columns = ("name", "identity", "age")
        table = read_columns("CACD", root / "celebrity2000_meta.mat", "celebrityImageData", columns, _REMEDY)
        faces: list[AgedFace] = []
        left_out: Counter[Flaw] = Counter()
        for cell, identity, age in zip(
            table["name"], whole_numbers(table["identity"]), whole_numbers(table["age"]), strict=True
        ):
            name = normal_name(text(cell))
            flaw = flaw_of(name, age, present)
            if flaw is None:
                faces.append(AgedFace(folder / present[name], name, age=age, identity=str(identity)))
            else:
                left_out[flaw] += 1
        super().__init__("CACD", faces, load_size, left_out)
