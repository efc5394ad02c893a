"""``gan-lab configs``: lists the experiments, and copies one to edit."""

import shutil
import textwrap
from itertools import groupby
from operator import attrgetter
from pathlib import Path

from gan_lab.cli.config_names import describe, find_config, named_configs
from gan_lab.cli.help_page import HelpPage
from gan_lab.cli.plain_parser import PlainParser
from gan_lab.errors import ConfigurationError, require
from gan_lab.terminal import say, show

PAGE = HelpPage(
    "Lists the experiments that --config takes by name: the paper, the data, and what each is about. "
    "Those in the working folder's configs/ come before the shipped ones of the same name.",
    (
        ("list them", "gan-lab configs"),
        ("get one to edit: ./cyclegan_aging.yaml", "gan-lab configs copy cyclegan_aging"),
        ("the same, as a name of its own", "gan-lab configs copy cyclegan_aging configs/my_aging.yaml"),
    ),
)
_LEAST_WIDTH = 120  # also where there is no terminal


def run(arguments: list[str]) -> int:
    """Lists or copies."""
    parser = PlainParser("configs", PAGE)
    parser.add_argument("action", nargs="?", choices=["list", "copy"], default="list", help="list, unless told to copy")
    parser.add_argument("name", nargs="?", metavar="NAME", help="which experiment to copy")
    parser.add_argument(
        "to", nargs="?", metavar="TO", type=Path, help="a file or a folder; the working folder if left out"
    )
    given = parser.parse_args(arguments)
    if given.action == "copy":
        require(given.name is not None, "which one? gan-lab configs copy NAME [TO]")
        say(f"{copy_config(given.name, given.to or Path())} is yours to edit: --config takes its path")
        return 0
    require(given.name is None, f"gan-lab configs lists all: '{given.name}' is not understood")
    show("\n".join(table(shutil.get_terminal_size().columns)))
    return 0


def table(width: int) -> list[str]:
    """The list of experiments, a paragraph a paper.

    Args:
        width: Columns of the terminal; lines are cut at it, but not to fewer than 120.
    """
    experiments = [describe(path) for path in named_configs().values()]
    names = max((len(found.name) for found in experiments), default=0)
    data = max((len(found.data) for found in experiments), default=0)
    lines: list[str] = []
    for paper, group in groupby(sorted(experiments, key=attrgetter("paper")), key=attrgetter("paper")):
        lines += [*([""] if lines else []), paper or "without a model"]
        for found in group:
            about = textwrap.shorten(found.about, max(width, _LEAST_WIDTH) - names - data - 6, placeholder=" ...")
            lines.append(f"  {found.name:<{names}}  {found.data:<{data}}  {about}".rstrip())
    return lines


def copy_config(name: str, to: Path) -> Path:
    """Copies an experiment's file.

    Args:
        name: The experiment, or a path.
        to: The new file, or a folder for a file of the same name. Folders on the way are made.

    Raises:
        ConfigurationError: If there is no such experiment, or the file exists.
    """
    source = Path(find_config(name))
    target = to if to.suffix in (".yaml", ".yml") else to / source.name
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        with target.open("xb") as file:  # no link is followed
            file.write(source.read_bytes())
    except FileExistsError:
        raise ConfigurationError(f"{target} exists and is not replaced: name another file") from None
    return target
