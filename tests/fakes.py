"""Writes every data set's official layout with a few tiny images. The B side is a function of the A side, so that a
network can learn it."""

from collections.abc import Sequence
from datetime import date
from pathlib import Path

import numpy as np
from scipy.io import savemat

from tests.fakes_art import write_best_artworks, write_image_folder, write_wikiart
from tests.fakes_faces import write_celeba_hq, write_ffhq, write_growing_folder
from tests.fakes_pictures import coloring, drawing, save, write_side_by_side
from tests.fakes_pose import write_lsp, write_mpii


def write_emoji_pairs(root: Path) -> Path:
    return write_side_by_side(root, {"train": 6, "val": 3})


def write_facades(root: Path) -> Path:
    return write_side_by_side(root, {"train": 6, "val": 3, "test": 2}, extension="jpg", flipped=True)


def write_paired_folder(root: Path) -> Path:
    """Sides A and B apart, their extensions different."""
    for split, count in {"train": 6, "val": 3}.items():
        for index in range(count):
            source = drawing(index)
            save(source, root / split / "A" / f"sub/{index}.png")
            save(coloring(source), root / split / "B" / f"sub/{index}.bmp")
    return root


def write_unpaired_folder(root: Path) -> Path:
    """CycleGAN's layout: drawings in A, other drawings colored in B, of different numbers."""
    for folder, first, count in (("trainA", 0, 6), ("trainB", 100, 4), ("testA", 200, 3), ("testB", 300, 2)):
        for index in range(first, first + count):
            image = drawing(index)
            save(coloring(image) if folder.endswith("B") else image, root / folder / f"{index}.png")
    return root


def cells(values: Sequence) -> np.ndarray:
    """A MATLAB cell array, 1 x N."""
    array = np.empty((1, len(values)), object)
    array[0] = values
    return array


def write_cacd(root: Path, people: int = 12) -> Path:
    """Everyone once at 20 to 30 years, a drawing, and once from 50 on, colored; one row's file is missing."""
    names, identities, ages = ["22_Not_There_0001.jpg"], [people + 1], [22]
    for person in range(1, people + 1):
        for age, paint in ((19 + person % 12, np.asarray), (50 + person % 12, coloring)):
            names.append(f"{age}_Person_Nr._{person}_{age:04}.jpg")
            identities.append(person)
            ages.append(age)
            save(paint(drawing(1000 * age + person)), root / "CACD2000" / names[-1])
    columns = {"age": np.uint8([ages]).T, "identity": np.uint16([identities]).T, "name": cells(names).T}
    savemat(root / "celebrity2000_meta.mat", {"celebrityImageData": columns})
    return root


def imdb_wiki_row(person: str, born: date, year: int, score: float = 3.0, second: float = np.nan) -> dict:
    """A row of IMDB-WIKI's metadata with a face at (9, 5) to (24, 20), counted from 1."""
    number = sum(map(ord, person)) % 100
    return {
        "dob": born.toordinal() + 366,  # MATLAB counts from the year 0
        "photo_taken": year,
        "full_path": f"{number:02}/{person.replace(' ', '')}_{born}_{year}.jpg",
        "name": person,
        "face_location": np.float64([[9, 5, 24, 20]]),
        "face_score": score,
        "second_face_score": second,
    }


def write_imdb_wiki_half(root: Path, half: str, rows: list[dict], folder: str | None = None) -> Path:
    """One half's images and metadata in the official nesting, in ``folder`` or ``<half>_crop``."""
    folder = root / (folder or f"{half}_crop")
    columns = {key: [row[key] for row in rows] for key in rows[0]}
    in_cells = ("full_path", "name", "face_location")
    table = {key: cells(values) if key in in_cells else np.array([values]) for key, values in columns.items()}
    if half == "imdb":
        people = sorted(set(columns["name"]))
        table["celeb_names"] = cells(people)
        table["celeb_id"] = np.float64([[people.index(name) + 1 for name in columns["name"]]])
    for index, row in enumerate(rows):
        save(drawing(index), folder / row["full_path"])
    savemat(folder / f"{half}.mat", {half: table})
    return root


def write_imdb_wiki(root: Path) -> Path:
    """Twelve people, young in IMDB's half and old in WIKI's; one more without a face."""
    people = [(f"Person {index}", date(1940, 1 + index, 1)) for index in range(12)]
    faceless = imdb_wiki_row("No Face", date(1940, 1, 1), 1960, score=-np.inf)
    write_imdb_wiki_half(root, "imdb", [faceless, *(imdb_wiki_row(*person, 1965) for person in people)])
    return write_imdb_wiki_half(root, "wiki", [imdb_wiki_row(*person, 2000) for person in people])


def write_maps(root: Path) -> Path:
    return write_side_by_side(root, {"train": 6, "val": 3}, extension="jpg", flipped=True)


def write_cityscapes(root: Path) -> Path:
    """Street scenes of a car (26) on a road (7) with the ego vehicle (1) below, twice as wide as high."""
    for split, city, count in (("train", "aachen", 6), ("val", "lindau", 3)):
        for index in range(count):
            scene = np.concatenate([drawing(index), drawing(100 + index)], axis=1)
            ids = np.where(scene[..., 0] < 128, 26, 7).astype(np.uint8)
            ids[-2:] = 1
            stem = f"{split}/{city}/{city}_{index:06}_000019"
            save(coloring(scene), root / "leftImg8bit" / f"{stem}_leftImg8bit.png")
            save(ids, root / "gtFine" / f"{stem}_gtFine_labelIds.png")
            save(ids.astype(np.uint16), root / "gtFine" / f"{stem}_gtFine_instanceIds.png")
    return root


def write_cuhk(root: Path) -> Path:
    """Sketches and photographs, higher than wide; the training split's sketches are of a second series."""
    for split, series, count in (("training", "2", 6), ("testing", "", 3)):
        for index in range(1, count + 1):
            name = f"{'fm'[index % 2]}-{index:03}-01"
            sketch = np.pad(drawing(index), ((4, 4), (0, 0), (0, 0)), "edge")
            sketch_name = f"{name[0].upper() if series else name[0]}{series}{name[1:]}-sz1"
            save(sketch[..., 0], root / split / "sketches" / f"{sketch_name}.jpg")
            save(coloring(sketch), root / split / "photos" / f"{name}.jpg")
    return root


def write_photographs(root: Path) -> Path:
    for split, count in (("train", 6), ("val", 3)):
        for index in range(count):
            save(coloring(drawing(index)), root / split / "street" / f"{index}.jpg")
    return root


def write_pictures(root: Path) -> Path:
    """Single pictures of sizes that no network takes."""
    for index, size in enumerate([(20, 45), (64, 32), (33, 33)]):
        save(np.random.default_rng(index).integers(0, 255, (*size, 3), dtype=np.uint8), root / f"picture{index}.png")
    return root


WRITERS = {
    "BestArtworksDataModule": write_best_artworks,
    "CACDAgingDataModule": write_cacd,
    "CUHKDataModule": write_cuhk,
    "CelebAHQDataModule": write_celeba_hq,
    "CityscapesDataModule": write_cityscapes,
    "DegradedFolderDataModule": write_photographs,
    "EmojiPairsDataModule": write_emoji_pairs,
    "FFHQDataModule": write_ffhq,
    "FacadesDataModule": write_facades,
    "GrowingFolderDataModule": write_growing_folder,
    "IMDBWIKIAgingDataModule": write_imdb_wiki,
    "ImageFolderDataModule": write_image_folder,
    "LSPDataModule": write_lsp,
    "MPIIDataModule": write_mpii,
    "MapsDataModule": write_maps,
    "PairedFolderDataModule": write_paired_folder,
    "UnpairedFolderDataModule": write_unpaired_folder,
    "WikiArtDataModule": write_wikiart,
}
