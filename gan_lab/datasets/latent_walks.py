"""What is made of several seeds: grids of style mixing, and closed paths between images."""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import torch
from torch.utils.data import Dataset

from gan_lab.errors import ConfigurationError
from gan_lab.samples import MixingSample, PathSample

LAYER_RANGES = {"coarse": (0, 3), "middle": (4, 7), "fine": (8, None)}  # 4-8, 16-32, from 64 pixels (section 3.1)


class StyleMixes(Dataset[MixingSample]):
    """A grid of images: each row's own styles, but the column's in some layers (StyleGAN, Figure 3).

    Args:
        rows: A seed for each row.
        columns: A seed for each column.
        layers: The first and the last layer that take the column's styles.
    """

    def __init__(self, rows: Sequence[int], columns: Sequence[int], layers: tuple[int, int]) -> None:
        self.rows = rows
        self.columns = columns
        self.layers = layers

    def __len__(self) -> int:
        return (len(self.rows) + 1) * (len(self.columns) + 1) - 1

    def __getitem__(self, index: int) -> MixingSample:
        """One place of the grid, row by row; the corner is left out."""
        row, column = divmod(index + 1, len(self.columns) + 1)
        seed = self.rows[row - 1] if row else self.columns[column - 1]
        style_seed = self.columns[column - 1] if column else seed
        name = "_".join(
            f"{kind}{number:04}"
            for kind, place, number in (("row", row, seed), ("column", column, style_seed))
            if place
        )
        return {
            "seed": seed,
            "style_seed": style_seed,
            "first_layer": self.layers[0],
            "last_layer": self.layers[1],
            "row": row,
            "column": column,
            "name": f"{name}.png",
        }

    def files(self, index: int) -> list[Path]:
        """None: a seed comes from nowhere."""
        return []

    def oddities(self, index: int) -> Iterator[str]:
        """None."""
        yield from ()


class ClosedPath(Dataset[PathSample]):
    """Frames along a smooth path through the codes of some seeds that ends where it begins.

    Between seeds the path is a periodic cubic spline, so that nothing jerks when a seed is passed.

    Args:
        seeds: The seeds, at least two.
        frames: Frames in all, at least one a seed; frame 0 is the first seed's image.

    Raises:
        ConfigurationError: If there are too few of either.
    """

    def __init__(self, seeds: Sequence[int], frames: int) -> None:
        from scipy.interpolate import CubicSpline  # half a second that only this needs

        if len(seeds) < 2:
            raise ConfigurationError("an interpolation needs at least two seeds: give data.seeds like 0-5")
        if frames < len(seeds):
            raise ConfigurationError(f"data.frames must be at least one a seed, {len(seeds)}, got {frames}")
        self.seeds = torch.tensor(seeds)
        count = len(seeds)
        one_of_each = np.eye(count)[[*range(count), 0]]
        spline = CubicSpline(np.arange(count + 1), one_of_each, bc_type="periodic")
        self.weights = torch.from_numpy(spline(np.arange(frames) * count / frames)).float()

    def __len__(self) -> int:
        return len(self.weights)

    def __getitem__(self, index: int) -> PathSample:
        """One frame."""
        return {
            "seeds": self.seeds,
            "weights": self.weights[index],
            "frame": index,
            "name": f"frame{index:05}.png",
        }

    def files(self, index: int) -> list[Path]:
        """None: a seed comes from nowhere."""
        return []

    def oddities(self, index: int) -> Iterator[str]:
        """None."""
        yield from ()


def parse_layers(spec: str, count: int) -> tuple[int, int]:
    """The first and the last layer that ``coarse``, ``middle``, ``fine``, ``4-7`` or ``4`` stands for.

    Args:
        spec: That.
        count: The layers there are.

    Raises:
        ConfigurationError: For nonsense, and if no such layer is there.
    """
    if spec in LAYER_RANGES:
        first, end = LAYER_RANGES[spec]
        last = min(count - 1, end if end is not None else count - 1)
    else:
        bounds = re.fullmatch(r"(\d+)(?:-(\d+))?", spec.strip(), re.ASCII)
        if bounds is None:
            raise ConfigurationError(f"layers are coarse, middle, fine, or given like 4-7, not '{spec}'")
        first, last = int(bounds[1]), int(bounds[2] or bounds[1])
    if not 0 <= first <= last < count:
        raise ConfigurationError(f"layers '{spec}' are not among the {count} layers, 0 to {count - 1}")
    return first, last
