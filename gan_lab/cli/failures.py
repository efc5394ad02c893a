"""A command's failure as one sentence on the standard error, and a status; what nobody foresaw goes to a file."""

import errno
import re
import signal
import sys
import traceback
from argparse import ArgumentError
from collections.abc import Callable

from gan_lab import peers
from gan_lab.cli.reports import is_of_users_code, original, report, report_to, run_folder
from gan_lab.errors import ConfigurationError, DatasetNotFoundError, GanLabError
from gan_lab.stopping import SIGNALS, Stopped
from gan_lab.terminal import is_first_here, printable, say, say_error

_FROM_A_WORKER = re.compile(  # what a worker's traceback ends with: an error of gan-lab's, or of the system's
    r"gan_lab\.errors\.\w+: (?P<ours>.+)|\w+: \[Errno \d+\] (?P<reason>[^:]+)(?P<file>: .+)?", re.DOTALL
)
_OF_DISKS = {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EFBIG}  # a logger may not name its file: all are there
_CARRIED = {"emoji_pairs", "emoji_unpaired"}  # data sets that lie in the repository and not in the installed package


def guarded(run: Callable[[list[str]], int], arguments: list[str], debug: bool = False) -> int:
    """Runs a command and says in one sentence why it failed.

    Of an error that nobody foresaw the sentence names the file that all about it is written to.

    Args:
        run: The command; takes its arguments and returns a status.
        arguments: The words after its name.
        debug: Whether to show the traceback of a failure on the terminal too.

    Returns:
        The command's status; 2 after wrong usage, 1 after another failure, 130 after Ctrl-C, 143 after SIGTERM.
    """
    try:
        SIGNALS.listen()
        return run(arguments)
    except Stopped as stopped:
        say(str(stopped))
        return 128 + stopped.signal
    except KeyboardInterrupt:
        return 128 + signal.SIGINT
    except SystemExit as ending:  # --help and --print_config, or code of the user's
        if isinstance(ending.code, str):
            say_error(ending.code)
        return 1 if isinstance(ending.code, str) else int(ending.code or 0)
    except Exception as error:
        if (before := _stopped_before(error)) is not None:
            say(str(before))
            return 128 + before.signal
        if debug:
            print(printable(traceback.format_exc()), file=sys.stderr)
        status = 2 if isinstance(error, ArgumentError | ConfigurationError) else 1
        if not peers.fail(perhaps_by_another=not isinstance(error, GanLabError)):
            peers.end_process(status)  # the first one to fail has said why
        _say(error, _explained(error) or report(error))
        return status
    finally:
        report_to(None)
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
    """What a user can do something about, in a sentence; None for what nobody foresaw."""
    if isinstance(error, GanLabError) and not is_of_users_code(error):
        passed_on = original(error)
        return (passed_on[1] if passed_on else str(error)) + _how_to_get_emoji(error)
    if isinstance(error, OSError) and error.strerror:
        where = error.filename or (run_folder() if error.errno in _OF_DISKS else None)
        return error.strerror + (f": {where}" if where else "")
    if (passed_on := original(error)) is not None and (known := _FROM_A_WORKER.fullmatch(": ".join(passed_on))):
        return known["ours"] or known["reason"] + (known["file"] or "").replace("'", "")
    if isinstance(error, ArgumentError) and is_of_users_code(error):
        return None
    from gan_lab.cli.hints import explain  # imports torch

    return explain(error)


def _how_to_get_emoji(error: GanLabError) -> str:
    """How to get a data set that the project carries, if that is what was not found and the error does not say so."""
    missing = isinstance(error, DatasetNotFoundError) and _CARRIED.intersection(error.path.parts)
    if not missing or "repository" in str(error):
        return ""
    return " The emoji are in data/ of the project's repository: run in a clone of it, or give data.root that folder."
