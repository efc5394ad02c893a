"""What ``gan-lab fit --data.help X`` offers of every data set: names, types and defaults as stored, each with help.

They are stored of every class that takes options; a data set that takes none of its own has those of its base.
"""

import inspect
import json
import re

import pytest
from jsonargparse import ArgumentParser

import gan_lab.datamodules
from gan_lab.ranges import plain_ranges
from tests.conftest import PROJECT

STORED = json.loads((PROJECT / "tests" / "data" / "datamodule_options.json").read_text())
CLASSES = {name: getattr(gan_lab.datamodules, name) for name in gan_lab.datamodules.__all__}
DATA_SETS = [name for name, cls in CLASSES.items() if not inspect.isabstract(cls)]
OPTION = re.compile(
    r"^  --data\.(?P<name>[\w.]+) .*?(?:\n {20,}| {2,})(?P<help>.*?) ?"
    r"\((?P<required>required, )?type: (?P<type>.*?)(?:, default: (?P<default>.*?))?(?:, known subclasses: .*)?\)$",
    re.MULTILINE,
)


def options(name: str, monkeypatch) -> dict[str, dict[str, str]]:
    """Every option that the parser resolves of a class, as it prints it."""
    monkeypatch.setenv("COLUMNS", "2000")  # an option's help on one line
    parser = ArgumentParser(exit_on_error=False)
    parser.add_class_arguments(CLASSES[name], "data")
    found = {match["name"]: match for match in OPTION.finditer(plain_ranges(parser.format_help()))}
    assert found.keys() == {key.removeprefix("data.") for key in vars(parser.get_defaults().as_flat())}
    return {
        name: {
            "type": match["type"],
            "default": "required" if match["required"] else match["default"],
            "help": match["help"],
        }
        for name, match in found.items()
    }


def taking_options(name: str) -> str:
    """The class of which a data set has its constructor."""
    return next(base.__name__ for base in CLASSES[name].__mro__ if "__init__" in vars(base))


def test_options_are_stored_of_every_class_that_takes_them():
    taking = {taking_options(name) for name in DATA_SETS}
    assert STORED.keys() == taking, "tests/data/datamodule_options.json has a class for each __init__"


@pytest.mark.parametrize("name", DATA_SETS)
def test_a_data_set_has_its_options_with_their_types_and_defaults(name, monkeypatch):
    found = options(name, monkeypatch)
    assert {option: (line["type"], line["default"]) for option, line in found.items()} == {
        option: tuple(stored) for option, stored in STORED[taking_options(name)].items()
    }
    assert all(line["help"] for line in found.values())
