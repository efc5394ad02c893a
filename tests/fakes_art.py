"""Writes the layouts of the sets of art, with their known faults."""

from pathlib import Path

import numpy as np

from tests.fakes_pictures import coloring, drawing, save, write_side_by_side

ARTISTS = """id,name,years,genre,nationality,bio,wikipedia,paintings
0,Claude Monet,1840 - 1926,Impressionism,French,"A painter, of light",http://,6
1,Paul Cezanne,1839 - 1906,"Post-Impressionism,Impressionism",French,x,http://,4
2,Albrecht Dürer,1471 - 1528,Northern Renaissance,German,x,http://,3
"""
DUERER = ("Albrecht_Du╠êrer", "Albrecht_DuΓòá├¬rer")  # as Kaggle's archive has them


def write_best_artworks(root: Path) -> Path:
    """Kaggle's layout: thirteen paintings, Dürer's three in both of his folders; `resized` is half as large."""
    root.mkdir(parents=True, exist_ok=True)
    (root / "artists.csv").write_text(ARTISTS, encoding="utf-8")
    paintings = [("Claude_Monet", 6), ("Paul_Cezanne", 4), *((name, 3) for name in DUERER)]
    for artist, count in paintings:
        for number in range(1, count + 1):
            painting = coloring(drawing(len(artist[:8]) * 100 + number, 48))
            save(painting, root / "images" / "images" / artist / f"{artist}_{number}.jpg")
            save(painting[::2, ::2], root / "resized" / "resized" / f"{artist}_{number}.jpg")
    return root


def write_wikiart(root: Path) -> Path:
    """Three styles, a painter in two of them; one file is truncated, as two of the real ones are."""
    for style, artist, count in (
        ("Impressionism", "claude-monet", 7),
        ("Post_Impressionism", "vincent-van-gogh", 6),
        ("Post_Impressionism", "paul-cezanne", 4),
        ("Cubism", "paul-cezanne", 2),
    ):
        for number in range(count):
            image = np.pad(coloring(drawing(number)), ((0, 0), (4, 4), (0, 0)), "edge")
            save(image, root / style / f"{artist}_study-no-{number}-1888.jpg")
    broken = root / "Post_Impressionism" / "vincent-van-gogh_study-no-3-1888.jpg"
    broken.write_bytes(broken.read_bytes()[:300])
    return root


def write_image_folder(root: Path) -> Path:
    """Pairs, of whose halves a configuration takes the right one."""
    return write_side_by_side(root, {"train": 14, "val": 2})
