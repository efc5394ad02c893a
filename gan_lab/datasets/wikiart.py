"""WikiArt (Tan et al., ICIP 2016, as packed by ArtGAN): 81,444 paintings in folders of 27 styles."""

from collections.abc import Callable, Sequence
from pathlib import Path

from gan_lab.datasets.images import ImageFile, images_below
from gan_lab.errors import require

NAME = "WikiArt"


def find_paintings(
    root: Path, styles: Sequence[str] | None = None, artists: Sequence[str] | None = None
) -> list[ImageFile]:
    """The paintings of some styles and artists, such as ``Impressionism/claude-monet_impression-sunrise-1872.jpg``.

    Folders of genres in place of styles do as well, and so does one folder of all paintings.

    Args:
        root: The folder of the styles' folders, at any depth.
        styles: Names of their folders, such as ``Impressionism``; None for all.
        artists: What files' names begin with, such as ``claude-monet``; None for all. With both, who painted so.

    Raises:
        DatasetNotFoundError: If there is no painting.
        ConfigurationError: If there is no such style, or no such artist among the styles' painters.
    """
    images = images_below(NAME, root, "data.root should hold WikiArt's folders of styles, such as Impressionism/.")
    images = _only("style", styles, images, lambda image: image.path.parent.name)
    return _only("artist", artists, images, lambda image: image.path.stem.partition("_")[0])


def _only(
    kind: str, wanted: Sequence[str] | None, images: list[ImageFile], kind_of: Callable[[ImageFile], str]
) -> list[ImageFile]:
    """The images of which something is as wanted; each wanted name must occur, in capitals or not."""
    if wanted is None:
        return images
    there = {kind_of(image).casefold(): kind_of(image) for image in images}
    for name in wanted:
        names = sorted(there.values())
        choice = ", ".join(names[:40]) + (f" and {len(names) - 40} more" if len(names) > 40 else "")
        require(name.casefold() in there, f"data.{kind}s: {NAME} has no {kind} '{name}' here: there is {choice}")
    chosen = {name.casefold() for name in wanted}
    return [image for image in images if kind_of(image).casefold() in chosen]
