"""The whole of an error that nobody foresaw, in a file that can be handed on."""

import os
import platform
import sys
import sysconfig
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from types import ModuleType

import gan_lab
from gan_lab.errors import GanLabError
from gan_lab.files import atomic_write
from gan_lab.terminal import printable

_LONGEST_MESSAGE = 300  # letters
_LIBRARIES = ("torch", "lightning", "jsonargparse", "numpy", "PIL", "cv2", "wandb")
_OF_WORKER = "Original Traceback (most recent call last):"

_run_folder: Callable[[], Path] | None = None


def report_to(folder: Callable[[], Path] | None) -> None:
    """Says in which folder reports are written from here on, if there is such a folder when one is; None for none."""
    global _run_folder
    _run_folder = folder


def run_folder() -> Path | None:
    """The folder of the run under way, if there is one and it is made."""
    with suppress(Exception):  # whatever has gone wrong
        if _run_folder is not None and (folder := _run_folder()).is_dir():
            return folder.absolute()
    return None


def report(error: BaseException) -> str:
    """Writes an error down, whole, and says in a sentence what it is and where it lies.

    The file goes to the run's folder, else to the user's folder for such things (``XDG_STATE_HOME``), else to that for
    temporary files. Where none can be written to the traceback is shown.

    Args:
        error: What nobody foresaw.

    Returns:
        The sentence.
    """
    text = _described(error)
    path = next((path for folder in _folders() if (path := _written(folder, text)) is not None), None)
    if path is None:
        print(printable(text), file=sys.stderr)
    lies = "above, for no file could be written" if path is None else f"in {path}"
    return (
        f"an error that was not foreseen: {summary(error)}; all about it is {lies}. "
        "Please report it with that, unless it comes from code of your own"
    )


def summary(error: BaseException) -> str:
    """The type of an error, its message as one line, and where in the user's own code it comes from, if it does."""
    source = _source(error)
    kind, message = original(source) or (type(source).__name__, str(source))
    message = " ".join(message.split())
    message = message if len(message) <= _LONGEST_MESSAGE else f"{message[:_LONGEST_MESSAGE]} ..."
    place = _place_in_users_code(source)
    return (f"{kind}: {message}" if message else kind) + (f" (in {place})" if place else "")


def original(error: BaseException) -> tuple[str, str] | None:
    """Type and message of an error that a worker of a data loader passed on inside its traceback; None for others."""
    _, found, passed_on = str(error).partition(_OF_WORKER)
    lines = passed_on.strip("\n").splitlines()
    frames = [number for number, line in enumerate(lines) if line.startswith("  ")]
    if not found or not frames:
        return None
    kind, _, message = "\n".join(lines[frames[-1] + 1 :]).partition(": ")
    return kind, message


def is_of_users_code(error: BaseException) -> bool:
    """Whether an error comes from a class of the user's own, and is not one whose message is meant for users."""
    return any(not isinstance(cause, GanLabError) and _place_in_users_code(cause) for cause in _causes(error))


def _source(error: BaseException) -> BaseException:
    """Of an error and its causes the one to speak of: of the user's code, else not one of the parser, else itself."""
    causes = list(_causes(error))
    own = (cause for cause in causes if _place_in_users_code(cause))
    return next(own, None) or next((cause for cause in causes if not _is_of_parser(cause)), error)


def _causes(error: BaseException) -> Iterator[BaseException]:
    """An error and what it was raised from; where the parser tried several types, all that went wrong with them."""
    yield error
    if error.__cause__ is not None:
        yield from _causes(error.__cause__)
    tried = [frame.f_locals.get("exceptions", ()) for frame, _ in traceback.walk_tb(error.__traceback__)]
    for other in (other for others in tried for other in others):
        if isinstance(other, Exception) and other is not error.__cause__:
            yield from _causes(other)


def _is_of_parser(error: BaseException) -> bool:
    """Whether an error was raised by the parser, which puts a long one around that of a class."""
    modules = [frame.f_globals.get("__name__", "") for frame, _ in traceback.walk_tb(error.__traceback__)]
    return bool(modules) and modules[-1].startswith("jsonargparse")


def _place_in_users_code(error: BaseException) -> str | None:
    """The innermost place of an error that is neither in gan-lab nor in an installed library."""
    places = [(frame.f_code.co_filename, line) for frame, line in traceback.walk_tb(error.__traceback__)]
    if isinstance(error, SyntaxError) and error.filename:
        places.append((error.filename, error.lineno or 1))
    own = [(file, line) for file, line in places if _is_users(file)]
    return f"{own[-1][0]}, line {own[-1][1]}" if own else None


def _is_users(file: str) -> bool:
    path = Path(file)
    homes = [*sysconfig.get_paths().values(), str(Path(gan_lab.__file__).parent)]
    installed = any(path.is_relative_to(home) for home in homes) or {"site-packages", "dist-packages"} & {*path.parts}
    return path.is_file() and not installed


def _described(error: BaseException) -> str:
    source = _source(error)  # where the parser tried several types, a traceback does not lead there
    versions = [f"{name} {_version(sys.modules[name])}" for name in _LIBRARIES if name in sys.modules]
    return "\n".join(
        [
            f"{time.strftime('%Y-%m-%d %H:%M:%S')} gan-lab {gan_lab.__version__}",
            f"Python {platform.python_version()} on {platform.platform()}; {', '.join(versions)}",
            f"command: {' '.join(sys.argv)}",
            "",
            *([] if source is error else [*traceback.format_exception(source), "Of which came:\n"]),
            *traceback.format_exception(error),
        ]
    )


def _version(module: ModuleType) -> str:
    return str(getattr(module, "__version__", "of an unknown version"))


def _folders() -> Iterator[Path]:
    if (folder := run_folder()) is not None:
        yield folder
    with suppress(RuntimeError):  # nobody's home
        state = os.environ.get("XDG_STATE_HOME")
        yield (Path(state) if state else Path.home() / ".local" / "state") / "gan-lab"
    yield Path(tempfile.gettempdir())


def _written(folder: Path, text: str) -> Path | None:
    path = folder / f"error-{time.strftime('%Y%m%d-%H%M%S')}-{os.getpid()}.txt"
    try:
        with atomic_write(path) as partial:
            partial.write_text(text, encoding="utf-8", errors="backslashreplace")
    except OSError:
        return None
    return path
