"""Reads a variable of a MATLAB file, in a process of its own: ``python mat_reader.py FILE VARIABLE``.

SciPy's reader trusts the sizes that a file states, and a damaged one can end the process that reads it.
"""

import pickle
import subprocess
import sys
from pathlib import Path
from typing import Any

_LONGEST_READ = 600  # seconds; MPII's, the largest that is read, takes half a minute


def read_apart(path: Path, variable: str) -> Any:
    """Reads one variable of a ``.mat`` file in another process.

    Args:
        path: The file, of version 7 or older.
        variable: Its name.

    Returns:
        What SciPy makes of it; None if the file has none of this name.

    Raises:
        ValueError: If it cannot be read, saying why.
    """
    command = [sys.executable, "-I", __file__, str(path), variable]
    try:
        done = subprocess.run(command, capture_output=True, timeout=_LONGEST_READ)
    except subprocess.TimeoutExpired:
        raise ValueError(f"it takes more than {_LONGEST_READ} seconds to read") from None
    if done.returncode < 0:
        raise ValueError("it is damaged: reading it ends the reader")
    if done.returncode:
        raise ValueError(done.stderr.decode(errors="replace").strip())
    return pickle.loads(done.stdout)


def _answer(path: str, variable: str) -> None:
    """Writes the variable to standard output, or ends with a sentence that says why it cannot be read."""
    from scipy.io import loadmat

    try:
        content = pickle.dumps(loadmat(path, variable_names=[variable]).get(variable))
    except Exception as error:  # of six kinds at least, according to where the file is broken
        sys.exit(f"{error}" or type(error).__name__)
    sys.stdout.buffer.write(content)


if __name__ == "__main__":
    _answer(*sys.argv[1:])
