"""The name of jsonargparse that is not public and has no public way around it.

Apart from ``training/lightning_private.py``: training needs no parser.
"""

from argparse import Action

from jsonargparse import DefaultHelpFormatter

from gan_lab.ranges import plain_ranges


class RangesInHelp(DefaultHelpFormatter):
    """Help that says ranges of numbers as ``0 <= float < 1``."""

    def _expand_help(self, action: Action) -> str:
        return plain_ranges(super()._expand_help(action))
