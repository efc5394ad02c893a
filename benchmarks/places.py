"""Where in the code something happens."""

import os
import traceback
from pathlib import Path

import lightning

import gan_lab

_PACKAGES = tuple(f"{Path(str(package.__file__)).parent}{os.sep}" for package in (gan_lab, lightning))


def innermost_place() -> str:
    """The file and line, of gan-lab or Lightning, that is being carried out: ``modules/stylegan.py:227 generate``.

    Torch's own lines and those that measure are passed over.
    """
    for frame in reversed(traceback.extract_stack()):
        if frame.filename.startswith(_PACKAGES):
            return f"{'/'.join(Path(frame.filename).parts[-2:])}:{frame.lineno} {frame.name}"
    return "elsewhere"
