"""How far a run is: a bar on a terminal, in a log file a line an epoch."""

import io
import re
import sys
from types import SimpleNamespace

import pytest

from gan_lab.callbacks.progress_lines import ProgressLines
from gan_lab.cli import main


class Stream(io.StringIO):
    """A standard output that says whether it is a terminal."""

    def __init__(self, terminal: bool) -> None:
        super().__init__()
        self.terminal = terminal

    def isatty(self) -> bool:
        return self.terminal


def said(monkeypatch, terminal, arguments):
    stream = Stream(terminal)
    with monkeypatch.context() as patch:
        patch.setattr(sys, "stdout", stream)
        assert main(arguments) == 0
    return stream.getvalue()


@pytest.fixture
def arguments(small):
    settings = {"max_epochs": 3, "check_val_every_n_epoch": 2, "enable_progress_bar": True}
    return ["--config", str(small(**{f"trainer__{name}": value for name, value in settings.items()}))]


def test_a_log_file_has_a_line_an_epoch(arguments, monkeypatch):
    text = said(monkeypatch, False, ["fit", *arguments])
    assert "\r" not in text
    lines = [line for line in text.splitlines() if line.startswith("Epoch")]
    figures = [re.fullmatch(r"Epoch (\d): step (\d) after 0:0\d:\d\d, (.*)", line).groups() for line in lines]
    assert [(epoch, step) for epoch, step, _ in figures] == [("0", "3"), ("1", "6"), ("2", "9")]
    assert all(re.search(r"loss/l1 \d", values) for _, _, values in figures)
    assert ["val/l1" in values for _, _, values in figures][:2] == [False, True]  # none of an epoch before


def test_a_log_file_has_a_line_of_a_test(arguments, monkeypatch):
    lines = said(monkeypatch, False, ["test", *arguments]).splitlines()
    assert [line for line in lines if re.fullmatch(r"Testing: done after 0:0\d:\d\d", line)] != []


def test_a_terminal_has_a_bar(arguments, monkeypatch):
    text = said(monkeypatch, True, ["fit", *arguments])
    assert len(re.findall(r"\rEpoch \d:", text)) > 3
    assert " after 0:0" not in text


@pytest.mark.parametrize("choice", ["--trainer.enable_progress_bar=false", "--trainer.callbacks+=TQDMProgressBar"])
def test_what_is_asked_for_is_shown(arguments, monkeypatch, choice):
    text = said(monkeypatch, False, ["test", *arguments, choice])
    assert " after 0:0" not in text
    assert ("\rTesting" in text) == choice.endswith("Bar")


def test_other_processes_print_nothing(capsys):
    lines = ProgressLines()
    lines.setup(SimpleNamespace(is_global_zero=False), None, "test")
    lines.on_test_end(None, None)
    assert capsys.readouterr().out == ""
