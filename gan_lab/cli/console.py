"""What the command says on the standard output."""

import os
import sys

_RANKS = ("RANK", "LOCAL_RANK", "NODE_RANK", "SLURM_PROCID")  # of torchrun, Lightning and Slurm


def say(message: str, as_comment: bool = False) -> None:
    """Prints a line, once for all processes; as a comment where what else is printed is YAML."""
    if all(os.environ.get(rank, "0") == "0" for rank in _RANKS):
        print(f"{'# ' if as_comment else ''}gan-lab: {message}")


def show(text: str) -> None:
    """Prints what may be long: that its reader has seen enough, as ``head`` has, is no failure."""
    try:
        print(text, flush=True)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # or Python complains when it ends
