"""What the command says on the standard output."""

import os
import sys

from gan_lab.terminal import printable

_RANKS = ("RANK", "LOCAL_RANK", "NODE_RANK", "SLURM_PROCID")  # of torchrun, Lightning and Slurm
_MOST_LETTERS = 2_000  # of a sentence


def say(message: str, as_comment: bool = False) -> None:
    """Prints a line, once for all processes; as a comment where what else is printed is YAML."""
    if all(os.environ.get(rank, "0") == "0" for rank in _RANKS):
        print(f"{'# ' if as_comment else ''}gan-lab: {sentence(message)}")


def show(text: str) -> None:
    """Prints what may be long: that its reader has seen enough, as ``head`` has, is no failure."""
    try:
        print(printable(text), flush=True)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # or Python complains when it ends


def sentence(text: str) -> str:
    """A text as one printable line of bearable length."""
    line = printable(text.replace("\n", " "))
    return line if len(line) <= _MOST_LETTERS else f"{line[:_MOST_LETTERS]} ..."
