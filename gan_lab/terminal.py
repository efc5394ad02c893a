"""What gan-lab prints: each line once, by the first process of a run, and nothing that commands a terminal."""

import os
import re
import sys
from functools import cache

# What a terminal obeys in place of showing it, and what changes the order of letters; tabs and line ends aside.
_ORDERS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
_MOST_LETTERS = 2_000  # of a sentence

# Names of environment variables that number the processes of a run. RANK is torchrun's and Kubeflow's, whose order need
# not be the machine's or Slurm's. The others are Lightning's own, Slurm's, those of kinds of MPI, and LSF's.
_RANK = "RANK"
_MPI = ("OMPI_COMM_WORLD", "PMIX", "PMI", "MV2_COMM_WORLD")
_RANKS = ("LOCAL_RANK", "NODE_RANK", "SLURM_PROCID", "JSM_NAMESPACE_RANK", *(f"{mpi}_RANK" for mpi in _MPI))
# The same within a machine, of those that start all processes by themselves.
_LOCAL_RANKS = ("SLURM_LOCALID", "JSM_NAMESPACE_LOCAL_RANK", "MPI_LOCALRANKID", *(f"{mpi}_LOCAL_RANK" for mpi in _MPI))

_told: int | None = None  # this process's rank, by the trainer


def take_rank(rank: int) -> None:
    """Takes note of this process's rank among those of its run, whatever the environment says."""
    global _told
    _told = rank


def is_first() -> bool:
    """Whether this process speaks for all of its run: by the trainer's word, or before that by the environment's."""
    if _told is not None:
        return _told == 0
    return _number(_RANK) == 0 if _RANK in os.environ else not any(map(_number, _RANKS))


def is_first_here() -> bool:
    """Whether this process speaks for those that were started together with it on its machine, by the environment."""
    if "TORCHELASTIC_RUN_ID" in os.environ:
        return _number("LOCAL_RANK") == 0
    return not any(map(_number, _LOCAL_RANKS))


def say(message: str, *, as_comment: bool = False, by_each: bool = False) -> None:
    """Prints a line of ours on the standard output, once for all processes.

    Args:
        message: What there is to say.
        as_comment: Whether it begins as a comment, where what else is printed is YAML.
        by_each: Whether it is what this process alone has found, to be said whichever it is.
    """
    if by_each or is_first():
        show(f"{'# ' if as_comment else ''}gan-lab: {sentence(message)}")


@cache
def say_once(message: str) -> None:
    """As :func:`say`, unless this process has said the same before."""
    say(message)


def say_error(message: str) -> None:
    """Says on the standard error why a run ends, whichever process it is."""
    print(f"gan-lab: {sentence(message)}", file=sys.stderr, flush=True)


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


def printable(text: str) -> str:
    r"""A text for a terminal: what would move its cursor, color it or set its title is written out, as ``\x1b``."""
    return _ORDERS.sub(lambda order: order[0].encode("unicode_escape").decode(), text)


def _number(name: str) -> int:
    """The number in an environment variable; 0 if there is none."""
    value = os.environ.get(name, "")
    return int(value) if value.isdecimal() else 0
