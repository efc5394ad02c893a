import importlib
import re
import shlex
from itertools import pairwise

import pytest

from gan_lab.cli import help_page, main
from gan_lab.cli.config_names import named_configs
from gan_lab.cli.dispatch import help_text
from gan_lab.cli.lightning_cli import GanLabCLI
from gan_lab.cli.table import COMMANDS, Command
from tests.conftest import PROJECT

PAGES = {row.name: importlib.import_module(row.module).PAGE for row in COMMANDS}
LIGHTNING = ("fit", "validate", "test", "predict")


def examples(text):
    """The command lines that a help text shows, each as words."""
    lines = re.sub(r" *\\\n +", " ", text).splitlines()
    return [shlex.split(line)[1:] for line in lines if line.strip().startswith("gan-lab ")]


@pytest.mark.parametrize("name", PAGES)
def test_help_begins_with_three_examples(name, capsys):
    assert main([name, "--help"]) == 0
    text = capsys.readouterr().out
    head, _, rest = text.partition("examples:\n")
    assert len(head.splitlines()) <= 7
    assert rest.count("  # ") == len(PAGES[name].examples) == 3
    assert rest.startswith(f"  # {PAGES[name].examples[0][0]}\n")


@pytest.mark.parametrize("name", LIGHTNING)
def test_the_options_that_people_change_come_first_and_the_rest_under_headings(name, capsys):
    assert main([name, "--help"]) == 0
    text = capsys.readouterr().out
    places = [text.index(f"\n  {option.flag} ") for option in PAGES[name].options]
    assert places == sorted(places)
    headings = ["what people change:", "options:", "how to train: Lightning's Trainer:", "the model:", "the data:"]
    assert places[-1] < text.index("\noptions:")
    assert [text.index(f"\n{heading}\n") for heading in headings] == sorted(
        text.index(f"\n{heading}\n") for heading in headings
    )
    assert "<class" not in text[: text.index("\noptions:")]
    assert "Runs the full optimization routine" not in text
    assert "--trainer.gradient_clip_val" in text  # nothing is left out


@pytest.mark.parametrize("name", [*LIGHTNING, "check"])
def test_options_of_the_page_exist(name, capsys):
    """Those of model and data are options of some class of theirs."""
    assert main([name, "--help"]) == 0
    listed = capsys.readouterr().out.split("\noptions:")[1]
    for option in PAGES[name].options:
        section, _, key = option.flag.removeprefix("--").rpartition(".")
        if section in ("model", "data") and key != "help":
            configs = [path.read_text() for path in named_configs().values()]
            assert any(f"\n    {key}: " in config for config in configs), option.flag
        elif option != help_page.TRUST:  # no parser sees it
            assert f"{option.flag} " in listed, option.flag


def test_examples_name_commands_options_and_experiments_that_exist():
    pages = "\n".join(page.text() for page in PAGES.values())
    main_help = importlib.import_module("gan_lab.cli.dispatch").help_text()
    found = examples(pages) + examples(main_help)
    assert len(found) > 3 * len(LIGHTNING)
    flags = {option.flag for page in PAGES.values() for option in page.options}
    for command, *words in found:
        assert command in PAGES
        unknown = {word for word in words if word.startswith("--")} - flags
        assert unknown <= {"--model.l1_weight", "--model.test_dropout"}
        names = [after for word, after in pairwise(words) if word in ("--config", "copy")]
        assert all(name in named_configs() or "/" in name for name in names), names


def test_the_main_help_is_made_of_the_table(capsys):
    assert main([]) == 0
    text = capsys.readouterr().out
    for row in COMMANDS:
        assert re.search(rf"\n{row.group}:\n(?:  .*\n)*?  {row.name} +{re.escape(row.help)}\n", text)
    assert {path.stem for path in (PROJECT / "gan_lab" / "cli" / "commands").glob("[!_]*.py")} == PAGES.keys()


def test_commands_of_a_group_stand_together_wherever_their_rows_are(monkeypatch):
    rows = (Command("one", "train", "first"), Command("two", "use", "second"), Command("three", "train", "third"))
    monkeypatch.setattr("gan_lab.cli.dispatch.COMMANDS", rows)
    assert "\ntrain:\n  one    first\n  three  third\n\nuse:\n  two    second\n" in help_text()


def test_a_checkpoint_given_is_no_concern_of_lightnings_parser(small, tmp_path):
    """Lightning would let the settings in it replace those of the command line."""
    config = str(small())
    assert main(["fit", "--config", config, "--trainer.max_epochs=1"]) == 0
    path = next((tmp_path / "run").rglob("last.ckpt"))
    limit = "--trainer.limit_val_batches=0"
    cli = GanLabCLI(["validate", "--config", config, "--ckpt_path", str(path), "--model.l1_weight=7", limit])
    assert cli.model.hparams.l1_weight == 7
    assert cli.config.validate.ckpt_path == str(path)
