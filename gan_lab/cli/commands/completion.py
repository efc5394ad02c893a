"""``gan-lab completion``: a script that has a shell complete commands, options, experiments and files."""

import argparse
import importlib
import shlex
from typing import Any

from gan_lab.cli.config_names import shipped_folder
from gan_lab.cli.help_page import HelpPage, Option
from gan_lab.cli.plain_parser import PlainParser
from gan_lab.cli.table import COMMANDS
from gan_lab.terminal import show

PAGE = HelpPage(
    "Prints a script that completes commands, names of experiments, files and the usual options.",
    (
        ("bash, now", 'eval "$(gan-lab completion bash)"'),
        ("bash, for good", "gan-lab completion bash > ~/.local/share/bash-completion/completions/gan-lab"),
        ("zsh, for good: a folder of your $fpath", "gan-lab completion zsh > ~/.zfunc/_gan-lab"),
    ),
)
_NAMES = "_gan_lab_{kind}"  # the shell's function that completes a kind of thing
_BASH = """\
_gan_lab_names() {
  local file
  for file in configs/*.yaml configs/*.yml @SHIPPED@/*.yaml; do
    [ -e "$file" ] && file="${file##*/}" && echo "${file%.y*ml}"
  done | sort -u
}
_gan_lab_config() {
  compgen -W "$(_gan_lab_names)" -- "$1"
  _shtab_compgen_files "$1"
}
_gan_lab_checkpoint() {
  compgen -W "last best" -- "$1"
  _shtab_compgen_files "$1"
}
"""
_ZSH = """\
_gan_lab_config() {
  local -a names
  names=({configs,@SHIPPED@}/*.(yaml|yml)(N:t:r))
  _alternative 'names:experiment:compadd -a names' 'files:file:_files'
}
_gan_lab_checkpoint() {
  _alternative 'words:checkpoint:(last best)' 'files:file:_files'
}
"""


def run(arguments: list[str]) -> int:
    """Prints the script."""
    parser = PlainParser("completion", PAGE)
    parser.add_argument("shell", choices=["bash", "zsh"], help="whose script to print")
    show(completion_script(parser.parse_args(arguments).shell))
    return 0


def completion_script(shell: str) -> str:
    """The script for ``bash`` or ``zsh``: no Python runs while it completes."""
    import shtab

    preamble = {"bash": _BASH, "zsh": _ZSH}[shell].replace("@SHIPPED@", shlex.quote(str(shipped_folder())))
    return str(shtab.complete(_described(), shell=shell, preamble=preamble))


def _described() -> argparse.ArgumentParser:
    """A parser that knows what is to be completed, and is never run."""
    parser = argparse.ArgumentParser(prog="gan-lab")
    parser.add_argument("--version", action="version", version="", help="print the version")
    commands = parser.add_subparsers()
    for row in COMMANDS:
        command = commands.add_parser(row.name, help=row.help)
        for option in importlib.import_module(row.module).PAGE.options:
            _add(command, option)
        if row.name == "configs":
            command.add_argument("action", nargs="?", choices=["list", "copy"])
            _completed(command.add_argument("name", nargs="?"), "config")
        elif row.name == "completion":
            command.add_argument("shell", choices=["bash", "zsh"])
        else:
            command.add_argument("--debug", action="store_true", help="show the traceback of an error")
    return parser


def _add(command: argparse.ArgumentParser, option: Option) -> None:
    help_text = option.about.replace("%", "%%")
    if not option.value:
        command.add_argument(option.flag, action="store_true", help=help_text)
        return
    flags = ["-c", option.flag] if option.flag == "--config" else [option.flag]
    words = None if isinstance(option.completed, str) else list(option.completed) or None
    action = command.add_argument(*flags, help=help_text, choices=words)
    if isinstance(option.completed, str):
        _completed(action, option.completed)


def _completed(action: Any, kind: str) -> None:
    """Has shtab complete an argument with a kind of thing; its own attribute, which argparse does not know."""
    import shtab

    own = {shell: _NAMES.format(kind=kind) for shell in ("bash", "zsh")}
    action.complete = {"file": shtab.FILE, "folder": shtab.DIRECTORY}.get(kind, own)
