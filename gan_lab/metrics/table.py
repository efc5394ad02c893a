"""Scores as papers print them."""

from collections.abc import Mapping

from torch import Tensor


def format_scores(tables: Mapping[str, Mapping[str, Tensor]]) -> str:
    """Scores in percent: a line for each measure, a column for each group of joints and each mean.

    Args:
        tables: For each measure its scores by name, the same names in all.
    """
    columns = list(next(iter(tables.values())))
    lines = [("%", [column.replace("weighted_mean", "by labels") for column in columns])]
    lines += [(title, [f"{table[column].item():.2f}" for column in columns]) for title, table in tables.items()]
    width = max(len(title) for title, _ in lines)
    return "\n".join(f"{title:{width}}" + "".join(f"{cell:>10}" for cell in cells) for title, cells in lines)
