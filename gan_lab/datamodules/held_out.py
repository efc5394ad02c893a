"""Which part of a data set without an official split is held out."""

import hashlib


def is_held_out(identity: str, share: float, seed: int) -> bool:
    """Whether a person, or a picture, is held out: a function of who it is, not of who else is in the data set.

    Args:
        identity: The person's or the picture's name.
        share: The part of all that is held out, between 0 and 1.
        seed: Another one holds out others.
    """
    digest = hashlib.sha256(f"{seed} {identity}".encode()).digest()
    return int.from_bytes(digest[:8]) < share * 2**64
