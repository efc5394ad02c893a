"""Lets ``python -m gan_lab`` stand for the ``gan-lab`` command."""

from gan_lab.cli import entry_point

if __name__ == "__main__":
    entry_point()
