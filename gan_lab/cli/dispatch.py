"""The ``gan-lab`` command: a thin dispatcher, so that help and mistakes answer before torch is imported."""

import difflib
import importlib
import os
import sys
import traceback
from typing import Any

import gan_lab
from gan_lab.cli.failures import guarded
from gan_lab.cli.table import COMMANDS
from gan_lab.stopping import end
from gan_lab.terminal import printable, say_error, show

_OPTIONS = """\
options:
  --config NAME|FILE       an experiment: a name that `gan-lab configs` lists, or a YAML file. A trained run's is beside
                           its checkpoints: its data is taken from there when only --ckpt_path is given, and all of it
                           with --trust
  --print_config           print the whole configuration and stop
  --model.help CLASS       explain a model's options, e.g. --model.help Pix2PixModule (--data.help: a data set's)
  COMMAND --help           examples of a command, and every option
  --debug                  show the traceback of an error on the terminal
  --version, -h, --help    print the version, or this
"""


def main(arguments: list[str] | None = None) -> int:
    """Runs the command.

    Args:
        arguments: Words after ``gan-lab``; None for those of the process.

    Returns:
        The exit status: 0 done, 1 failed, 2 wrong usage, 130 stopped by Ctrl-C, 143 stopped by SIGTERM.
    """
    arguments = list(sys.argv[1:] if arguments is None else arguments)
    debug = "--debug" in arguments or bool(os.environ.get("GAN_LAB_DEBUG"))
    arguments = [argument for argument in arguments if argument != "--debug"]
    if not arguments or arguments[0] in ("-h", "--help", "help"):
        show(help_text())
        return 0
    if arguments[0] in ("--version", "version"):
        print(f"gan-lab {gan_lab.__version__}")
        return 0
    name = arguments[0]
    command = next((row for row in COMMANDS if row.name == name), None)
    if command is None:
        names = [row.name for row in COMMANDS]
        near = difflib.get_close_matches(name, names, n=1)
        hint = f"did you mean '{near[0]}'?" if near else f"the commands are {', '.join(names)}."
        say_error(f"there is no command '{name}': {hint}")
        return 2
    return guarded(importlib.import_module(command.module).run, arguments[1:], debug)


def help_text() -> str:
    """What ``gan-lab --help`` prints: the table of commands, by group."""
    lines = [
        "usage: gan-lab [--debug] COMMAND [--config NAME|FILE] [--KEY VALUE ...]",
        "",
        "GAN papers on PyTorch Lightning: train, resume, measure and use them the same way.",
    ]
    width = max(len(row.name) for row in COMMANDS)
    for group in dict.fromkeys(row.group for row in COMMANDS):
        lines += ["", f"{group}:"]
        for row in (row for row in COMMANDS if row.group == group):
            lines.append(f"  {row.name:<{width}}  {row.help}")
            lines += [f"  {'':<{width}}    {line}" for example in row.examples for line in example.splitlines()]
    return "\n".join([*lines, "", _OPTIONS.rstrip()])


def entry_point() -> None:
    """Runs the command and ends the process with its status."""
    sys.excepthook = _print_exception
    status = main()
    if status > 128:
        end(status)
    sys.exit(status)


def _print_exception(*error: Any) -> None:
    """Prints a traceback without what a terminal would obey."""
    print(printable("".join(traceback.format_exception(*error))), file=sys.stderr)


if __name__ == "__main__":
    entry_point()
