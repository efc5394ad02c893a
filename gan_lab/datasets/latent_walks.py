"""What is made of several seeds: grids of style mixing, and closed paths between images."""

import re
from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from gan_lab.datasets.seeds import SeedDataset
from gan_lab.errors import ConfigurationError, require
from gan_lab.samples import PathRequest, StyleGridRequest

LAYER_RANGES = {"coarse": (0, 3), "middle": (4, 7), "fine": (8, None)}  # 4-8, 16-32, from 64 pixels (section 3.1)


class StyleMixes(SeedDataset):
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

    def __getitem__(self, index: int) -> dict[str, int]:
        """One place of the grid by its row and column, row by row; the corner is left out."""
        row, column = divmod(index + 1, len(self.columns) + 1)
        return {"row": row, "column": column}

    def request(self, batch: dict[str, Tensor]) -> StyleGridRequest:
        """Asks for the image of each place."""
        places = list(zip(batch["row"].tolist(), batch["column"].tolist(), strict=True))
        seeds = [self.rows[row - 1] if row else self.columns[column - 1] for row, column in places]
        style_seeds = [
            self.columns[column - 1] if column else seed for seed, (_, column) in zip(seeds, places, strict=True)
        ]
        return StyleGridRequest(
            names=[self._name(row, column) for row, column in places],
            seeds=torch.tensor(seeds),
            style_seeds=torch.tensor(style_seeds),
            layers=self.layers,
            places=places,
        )

    def _name(self, row: int, column: int) -> str:
        """``row0001_column0007.png``, or in a margin only the one of them that has a seed there."""
        parts = [f"row{self.rows[row - 1]:04}"] if row else []
        parts += [f"column{self.columns[column - 1]:04}"] if column else []
        return "_".join(parts) + ".png"


class ClosedPath(SeedDataset):
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

        require(len(seeds) >= 2, "an interpolation needs at least two seeds: give data.seeds like 0-5")
        require(frames >= len(seeds), f"data.frames must be at least one a seed, {len(seeds)}, got {frames}")
        self.seeds = torch.tensor(seeds)
        count = len(seeds)
        one_of_each = np.eye(count)[[*range(count), 0]]
        spline = CubicSpline(np.arange(count + 1), one_of_each, bc_type="periodic")
        self.weights = torch.from_numpy(spline(np.arange(frames) * count / frames)).float()

    def __len__(self) -> int:
        return len(self.weights)

    def __getitem__(self, index: int) -> dict[str, int]:
        """One frame by its number."""
        return {"frame": index}

    def request(self, batch: dict[str, Tensor]) -> PathRequest:
        """Asks for the image of each frame."""
        frames = batch["frame"].tolist()
        return PathRequest(
            names=[f"frame{frame:05}.png" for frame in frames],
            seeds=self.seeds,
            weights=self.weights[frames],
            frames=frames,
        )


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
    there = 0 <= first <= last < count
    require(there, f"layers '{spec}' are not among the {count} layers, 0 to {count - 1}")
    return first, last
