"""What gan-lab prints: a line once for all processes of a run, whatever started them."""

import re
from pathlib import Path

import pytest

from gan_lab import terminal
from gan_lab.cli.dispatch import main
from gan_lab.terminal import is_first, say, say_once

PACKAGE = Path(terminal.__file__).parent
MISTAKE = ["fit", "--config", "nowhere.yaml"]


@pytest.fixture(autouse=True)
def _alone(monkeypatch):
    """Whatever the tests themselves were started by, and what a trainer of another test has said."""
    for name in (terminal._RANK, *terminal._RANKS, *terminal._LOCAL_RANKS, "TORCHELASTIC_RUN_ID"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(terminal, "_told", None)


@pytest.mark.parametrize(
    ("environment", "speaks"),
    [
        ({}, True),
        ({"RANK": "0", "LOCAL_RANK": "0", "SLURM_PROCID": "1"}, True),  # torchrun's order is another than Slurm's
        ({"RANK": "2", "LOCAL_RANK": "0"}, False),
        ({"LOCAL_RANK": "1", "NODE_RANK": "0", "SLURM_PROCID": "0"}, False),  # Lightning's child
        ({"LOCAL_RANK": "0", "NODE_RANK": "1"}, False),
        ({"SLURM_PROCID": "1", "SLURM_LOCALID": "0"}, False),
        ({"OMPI_COMM_WORLD_RANK": "1"}, False),
        ({"PMI_RANK": "1"}, False),
        ({"PMIX_RANK": "3"}, False),
        ({"JSM_NAMESPACE_RANK": "1"}, False),
        ({"OMPI_COMM_WORLD_RANK": "0", "OMPI_COMM_WORLD_LOCAL_RANK": "0"}, True),
        ({"SLURM_PROCID": ""}, True),
    ],
)
def test_one_process_speaks_for_all(monkeypatch, capsys, environment, speaks):
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    say("hello")
    assert capsys.readouterr().out == ("gan-lab: hello\n" if speaks else "")
    say("found here", by_each=True)
    assert capsys.readouterr().out == "gan-lab: found here\n"


def test_the_trainers_word_counts_more_than_the_environments(monkeypatch):
    monkeypatch.setenv("SLURM_PROCID", "1")
    terminal.take_rank(0)
    assert is_first()
    monkeypatch.delenv("SLURM_PROCID")
    terminal.take_rank(1)
    assert not is_first()


def test_what_is_said_once_is_not_said_again(capsys):
    say_once("the same \x1b[2J")
    say_once("the same \x1b[2J")
    assert capsys.readouterr().out == "gan-lab: the same \\x1b[2J\n"


@pytest.mark.parametrize(
    "environment",
    [
        {"SLURM_PROCID": "1", "SLURM_LOCALID": "1"},
        {"RANK": "1", "LOCAL_RANK": "1", "TORCHELASTIC_RUN_ID": "none"},
        {"OMPI_COMM_WORLD_RANK": "1", "OMPI_COMM_WORLD_LOCAL_RANK": "1"},
    ],
)
def test_a_mistake_is_told_once_on_a_machine(monkeypatch, capsys, environment):
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert main(MISTAKE) == 2
    assert capsys.readouterr().err == ""
    for name in environment:
        monkeypatch.setenv(name, "0")
    assert main(MISTAKE) == 2
    assert capsys.readouterr().err.startswith("gan-lab: ")


def test_a_child_of_lightnings_tells_its_own_mistakes(monkeypatch, capsys):
    monkeypatch.setenv("LOCAL_RANK", "1")
    assert main(MISTAKE) == 2
    assert capsys.readouterr().err.startswith("gan-lab: ")


def test_there_is_one_way_of_saying():
    elsewhere = [
        f"{path.relative_to(PACKAGE)}:{number}"
        for path in sorted(PACKAGE.rglob("*.py"))
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if path.name != "terminal.py" and re.search(r"rank_zero_info|getLogger[(]__name__|gan-lab: ", line)
    ]
    assert elsewhere == ["__init__.py:1"]
