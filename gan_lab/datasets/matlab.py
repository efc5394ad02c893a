"""Reading MATLAB files, in which many data sets keep their metadata."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gan_lab.datasets.mat_reader import read_apart
from gan_lab.errors import DatasetError, DatasetNotFoundError


def read_columns(
    name: str, path: Path, variable: str, columns: Sequence[str], remedy: str, other_fields: Sequence[str] = ()
) -> dict[str, NDArray[Any]]:
    """Reads a table that is kept as a struct of columns.

    Args:
        name: The data set, for messages.
        path: The ``.mat`` file, of version 7 or older.
        variable: The struct.
        columns: Its fields that have an entry for each row.
        remedy: How to get the file.
        other_fields: Fields of any length that are wanted too.

    Returns:
        Each field's entries in one dimension; those of a cell array are arrays themselves.

    Raises:
        DatasetNotFoundError: If there is no such file; it ends with ``remedy``.
        DatasetError: If the file cannot be read, has no such fields, or its columns differ in length.
    """
    struct = read_variable(name, path, variable, remedy)
    fields = (struct.dtype.names or ()) if struct is not None and struct.size == 1 else ()
    missing = [field for field in (*columns, *other_fields) if field not in fields]
    if struct is None or missing:
        raise DatasetError(f"{name}: {path} is not the official metadata: {variable} has no {', '.join(missing)}")
    row = struct.flat[0]
    table = {field: row[field].ravel() for field in (*columns, *other_fields)}
    lengths = {column: len(table[column]) for column in columns}
    if len(set(lengths.values())) > 1:
        raise DatasetError(f"{name}: {path} is not the official metadata: its columns differ in length, {lengths}")
    return table


def read_variable(name: str, path: Path, variable: str, remedy: str) -> NDArray[Any] | None:
    """Reads one variable; None if the file has none of this name.

    Args:
        name: The data set, for messages.
        path: The ``.mat`` file, of version 7 or older.
        variable: The variable.
        remedy: How to get the file.

    Raises:
        DatasetNotFoundError: If there is no such file; it ends with ``remedy``.
        DatasetError: If the file cannot be read.
    """
    if not path.is_file():
        raise DatasetNotFoundError(name, path, remedy)
    try:
        content: NDArray[Any] | None = read_apart(path, variable)
    except ValueError as error:
        raise DatasetError(f"{name}: {path} is no MATLAB file that can be read: {error}") from None
    return content


def text(cell: NDArray[Any]) -> str:
    """The text in a cell, which is an empty array where there is none."""
    return str(cell.flat[0]) if cell.size else ""


def whole_numbers(column: NDArray[Any]) -> list[int]:
    """A column of integers, of whatever type MATLAB kept them; 0 for what is not a number."""
    return [int(number) for number in np.nan_to_num(column, posinf=0, neginf=0).tolist()]
