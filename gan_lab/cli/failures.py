"""A command's failure as one sentence on the standard error, and a status."""

import signal
import sys
import traceback
from argparse import ArgumentError
from collections.abc import Callable

from gan_lab import peers
from gan_lab.errors import ConfigurationError, DatasetNotFoundError, GanLabError
from gan_lab.stopping import SIGNALS, Stopped
from gan_lab.terminal import is_first_here, printable, say, say_error

_CARRIED = {"emoji_pairs", "emoji_unpaired"}  # data sets that lie in the repository and not in the installed package


def guarded(run: Callable[[list[str]], int], arguments: list[str], debug: bool = False) -> int:
    """Runs a command and says in one sentence why it failed, if a user can mend it.

    Args:
        run: The command; takes its arguments and returns a status.
        arguments: The words after its name.
        debug: Whether to show the traceback of a failure too.

    Returns:
        The command's status; 2 after wrong usage, 1 after another failure, 130 after Ctrl-C, 143 after SIGTERM.

    Raises:
        Exception: What is no user's mistake.
    """
    try:
        SIGNALS.listen()
        return run(arguments)
    except Stopped as stopped:
        say(str(stopped))
        return 128 + stopped.signal
    except KeyboardInterrupt:
        return 128 + signal.SIGINT
    except SystemExit as ending:  # --help and --print_config
        return int(ending.code or 0)
    except Exception as error:
        if (before := _stopped_before(error)) is not None:
            say(str(before))
            return 128 + before.signal
        if debug:
            print(printable(traceback.format_exc()), file=sys.stderr)
        status = 2 if isinstance(error, ArgumentError | ConfigurationError) else 1
        if not peers.fail(perhaps_by_another=not isinstance(error, GanLabError)):
            peers.end_process(status)  # the first one to fail has said why
        reason = _explained(error)
        if reason is None:
            raise
        _say(error, reason)
        return status
    finally:
        SIGNALS.release()


def _say(error: Exception, reason: str) -> None:
    """Says why, once for all of a machine as long as they do not know each other: till then they fail alike."""
    if peers.are_known() or is_first_here() or not isinstance(error, GanLabError | ArgumentError):
        say_error(reason)


def _stopped_before(error: BaseException | None) -> Stopped | None:
    """The signal in whose wake an error came: a library that is stopped while it writes may call that a failure.

    Not one between two steps, after which a checkpoint is written: that this fails is news.
    """
    while error is not None and (not isinstance(error, Stopped) or error.in_order):
        error = error.__cause__ or error.__context__
    return error


def _explained(error: Exception) -> str | None:
    if isinstance(error, GanLabError):
        return _original_message(str(error)) + _how_to_get_emoji(error)
    if isinstance(error, OSError) and error.strerror:
        return error.strerror + (f": {error.filename}" if error.filename else "")
    from gan_lab.cli.hints import explain  # imports torch

    return explain(error)


def _original_message(message: str) -> str:
    """The message of an error that a data-loading worker passed on inside its traceback."""
    if "Original Traceback" not in message:
        return message
    return message.strip().splitlines()[-1].partition(": ")[2]


def _how_to_get_emoji(error: GanLabError) -> str:
    """How to get a data set that the project carries, if that is what was not found and the error does not say so."""
    missing = isinstance(error, DatasetNotFoundError) and _CARRIED.intersection(error.path.parts)
    if not missing or "repository" in str(error):
        return ""
    return " The emoji are in data/ of the project's repository: run in a clone of it, or give data.root that folder."
