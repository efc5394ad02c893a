"""``gan-lab validate``: measures on the validation split."""

from gan_lab.cli import help_page

PAGE = help_page.measuring("validate", "validation")


def run(arguments: list[str]) -> int:
    """Measures."""
    from gan_lab.cli.lightning_cli import run_lightning

    return run_lightning("validate", arguments, PAGE)
