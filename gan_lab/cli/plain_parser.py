"""Argument parsers of the commands that need no torch."""

import argparse
from typing import NoReturn

from gan_lab.cli.help_page import HelpPage
from gan_lab.errors import ConfigurationError


class PlainParser(argparse.ArgumentParser):
    """An argument parser whose mistakes are errors of one sentence.

    Args:
        command: The name of the command.
        page: The beginning of its help.
    """

    def __init__(self, command: str, page: HelpPage) -> None:
        super().__init__(
            prog=f"gan-lab {command}",
            description=page.text(),
            formatter_class=argparse.RawDescriptionHelpFormatter,
            allow_abbrev=False,
        )

    def error(self, message: str) -> NoReturn:
        """Raises ConfigurationError in place of printing the usage and ending the process."""
        raise ConfigurationError(f"{message}; see {self.prog} --help")
