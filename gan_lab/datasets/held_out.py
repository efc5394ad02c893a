"""Splitting a data set that comes without a split."""

import hashlib


def is_held_out(identity: str, val_fraction: float, seed: int) -> bool:
    """Whether something is held out: a function of what it is, not of what else is in the data set.

    Args:
        identity: The person, or the file.
        val_fraction: The part of all that is held out, between 0 and 1.
        seed: Another one holds out others.
    """
    digest = hashlib.sha256(f"{seed} {identity}".encode()).digest()
    return int.from_bytes(digest[:8]) < val_fraction * 2**64
