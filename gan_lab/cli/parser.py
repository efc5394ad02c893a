"""The parser of the commands that need a configuration: Lightning's, whose help begins with what people look for."""

from argparse import RawDescriptionHelpFormatter
from typing import Any

import yaml
from jsonargparse import Namespace
from lightning.pytorch.cli import LightningArgumentParser
from lightning_utilities.core.enums import StrEnum

from gan_lab.cli import given_paths
from gan_lab.cli.help_page import HelpPage
from gan_lab.cli.lightning_private import RangesInHelp
from gan_lab.cli.renamed import PresentNames

_HEADINGS = {
    "trainer": "how to train: Lightning's Trainer",
    "model": "the model",
    "data": "the data",
    "predictions": "how predictions are written",
    "validate": "what is printed",
    "test": "what is printed",
}


# Lightning's own default values, such as the interval of its Timer, are written as the words that they stand for.
yaml.SafeDumper.add_multi_representer(StrEnum, lambda dumper, value: dumper.represent_str(value.value))


class _PageFormatter(RawDescriptionHelpFormatter, RangesInHelp):
    """Leaves the lines of the page at the top as they are."""


class GanLabParser(LightningArgumentParser):
    """Reads configurations with old names, and heads its help in plain words.

    Args:
        names: What replaces old names in configurations.
        settings: Arguments of ``LightningArgumentParser``.
    """

    def __init__(self, *args: Any, names: PresentNames | None = None, **settings: Any) -> None:
        super().__init__(*args, **{"formatter_class": _PageFormatter} | settings)
        self._names = names or PresentNames()

    def parse_string(self, content: str, *args: Any, **kwargs: Any) -> Namespace:
        """Parses a configuration, with present names in the place of old ones; in a trusted one paths are expanded."""
        content = given_paths.in_text(content) if content in self._names.trusted else content
        parsed: Namespace = super().parse_string(self._names.in_text(content), *args, **kwargs)
        return parsed

    def format_help(self, *args: Any, **kwargs: Any) -> str:
        """The help, under headings of ours."""
        for name, group in (self.groups or {}).items():
            group.title = _HEADINGS.get(name, group.title)
        return super().format_help(*args, **kwargs)


def parser_settings(command: str, page: HelpPage, names: PresentNames) -> dict[str, Any]:
    """What the parser of a command is made with."""
    return {
        "usage": f"gan-lab {command} --config NAME|FILE [--KEY VALUE ...]",
        "description": page.text(),
        "exit_on_error": False,
        "allow_abbrev": False,
        "names": names,
    }
