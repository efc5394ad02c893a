"""``gan-lab test``: measures on the test split."""

from gan_lab.cli import help_page

PAGE = help_page.measuring("test", "test")


def run(arguments: list[str]) -> int:
    """Measures."""
    from gan_lab.cli.lightning_cli import run_lightning

    return run_lightning("test", arguments, PAGE)
