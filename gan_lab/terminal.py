"""What is printed of texts that come from files."""

import re

# What a terminal obeys in place of showing it, and what changes the order of letters; tabs and line ends aside.
_ORDERS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


def printable(text: str) -> str:
    r"""A text for a terminal: what would move its cursor, color it or set its title is written out, as ``\x1b``."""
    return _ORDERS.sub(lambda order: order[0].encode("unicode_escape").decode(), text)
