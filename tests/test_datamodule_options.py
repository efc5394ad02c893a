"""What ``gan-lab fit --data.help X`` offers of every data set: names, types and defaults as stored, each with help."""

import inspect
import json
import re

import pytest
from jsonargparse import ArgumentParser

import gan_lab.datamodules
from tests.conftest import PROJECT

STORED = json.loads((PROJECT / "tests" / "data" / "datamodule_options.json").read_text())
CLASSES = {name: getattr(gan_lab.datamodules, name) for name in gan_lab.datamodules.__all__}
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
    found = {match["name"]: match for match in OPTION.finditer(parser.format_help())}
    assert found.keys() == {key.removeprefix("data.") for key in vars(parser.get_defaults().as_flat())}
    return {
        name: {
            "type": match["type"],
            "default": "required" if match["required"] else match["default"],
            "help": match["help"],
        }
        for name, match in found.items()
    }


def test_every_data_set_is_stored():
    assert STORED.keys() == {name for name, cls in CLASSES.items() if not inspect.isabstract(cls)}


@pytest.mark.parametrize("name", STORED)
def test_a_data_set_has_its_options_with_their_types_and_defaults(name, monkeypatch):
    found = options(name, monkeypatch)
    assert {option: (line["type"], line["default"]) for option, line in found.items()} == {
        option: tuple(stored) for option, stored in STORED[name].items()
    }
    assert all(line["help"] for line in found.values())
