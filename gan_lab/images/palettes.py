"""Label maps drawn as images: which color stands for which class. Constants only."""

from typing import Literal, NamedTuple

from torchvision.datasets import Cityscapes

Color = tuple[int, int, int]  # red, green and blue from 0 to 255
PaletteName = Literal["cityscapes"]


class Palette(NamedTuple):
    """How a data set draws its labels.

    Attributes:
        id_colors: The color of each label id, from id 0 on.
        names: The classes that are scored, in their official order.
        colors: The color of each of them.
        void_colors: The colors that stand for none of them and are not scored.
    """

    id_colors: tuple[Color, ...]
    names: tuple[str, ...]
    colors: tuple[Color, ...]
    void_colors: tuple[Color, ...]


def _cityscapes() -> Palette:
    """Of torchvision's copy of the official table: license plates are never drawn; a pole group is drawn as a pole."""
    labels = [label for label in Cityscapes.classes if label.id >= 0]
    scored = [label for label in labels if not label.ignore_in_eval]
    colors = tuple(label.color for label in scored)
    void_colors = dict.fromkeys(label.color for label in labels if label.color not in colors)
    return Palette(
        tuple(label.color for label in labels), tuple(label.name for label in scored), colors, tuple(void_colors)
    )


CITYSCAPES = _cityscapes()
PALETTES: dict[PaletteName, Palette] = {"cityscapes": CITYSCAPES}
