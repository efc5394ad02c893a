"""What is to be made of seeds: an image of each, a grid of mixed styles, or a film."""

from typing import Any, Literal

from torch.utils.data import Dataset

from gan_lab.datasets.latent_walks import ClosedPath, StyleMixes
from gan_lab.datasets.seeds import Seeds, parse_seeds
from gan_lab.errors import ConfigurationError, require

Prediction = Literal["seeds", "mixing", "interpolation"]


def what_to_predict(
    prediction: Prediction, seeds: Seeds, column_seeds: str | int | None, layers: tuple[int, int], frames: int
) -> Dataset[Any]:
    """The samples of a kind of prediction.

    Args:
        prediction: ``seeds``, an image of each; ``mixing``, a grid; ``interpolation``, a film through all of them.
        seeds: The seeds; the rows of a grid.
        column_seeds: The columns of a grid, such as ``64-68``; None for the other kinds.
        layers: The first and the last layer that take a column's styles.
        frames: Frames of a film.

    Raises:
        ConfigurationError: If these do not fit together.
    """
    require(
        prediction == "mixing" or column_seeds is None,
        f"data.column_seeds are the columns of data.predict 'mixing': it has them and no other, not '{prediction}'",
    )
    match prediction:
        case "mixing":
            if column_seeds is None:
                raise ConfigurationError("data.predict 'mixing' needs data.column_seeds, such as 64-68")
            return StyleMixes(seeds.seeds, parse_seeds(str(column_seeds)), layers)
        case "interpolation":
            return ClosedPath(seeds.seeds, frames)
        case "seeds":
            return seeds
