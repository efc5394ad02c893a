"""What the command says on the standard output."""

import os

_RANKS = ("RANK", "LOCAL_RANK", "NODE_RANK", "SLURM_PROCID")  # of torchrun, Lightning and Slurm


def say(message: str, as_comment: bool = False) -> None:
    """Prints a line, once for all processes; as a comment where what else is printed is YAML."""
    if all(os.environ.get(rank, "0") == "0" for rank in _RANKS):
        print(f"{'# ' if as_comment else ''}gan-lab: {message}")
