"""The ``gan-lab`` command."""

from gan_lab.cli.dispatch import entry_point, main

__all__ = ["entry_point", "main"]
