"""Whose fault a failure is, and that what files say cannot command a terminal."""

import logging
import re
import warnings

import pytest
import yaml

from gan_lab.cli import main
from gan_lab.cli.hints import explain
from gan_lab.cli.silence import silence_advice
from gan_lab.terminal import printable, sentence
from tests.test_cli import failure


def test_options_that_the_parser_does_not_know_are_the_configurations(small, capsys):
    config = small()
    tree = yaml.safe_load(config.read_text())
    tree["data"]["dict_kwargs"] = {"nonsense": 1}
    config.write_text(yaml.safe_dump(tree))
    assert "nonsense" in failure(capsys, ["validate", "--config", str(config)])


@pytest.mark.parametrize("seed", [-1, 2**32, 10**40])
def test_a_seed_that_cannot_be_is_one_sentence(small, capsys, seed):
    said = failure(capsys, ["validate", "--config", str(small()), f"--seed_everything={seed}"], status=2)
    assert f"seed_everything must be from 0 to 4294967295, got {seed}" in said


@pytest.mark.parametrize("schedule", [3, [16]])
def test_a_group_of_settings_that_is_none_is_one_sentence(small, capsys, schedule):
    config = str(small("stylegan_emoji", data__schedule=schedule))
    assert f"data.schedule is {schedule}: it is made of resolution" in failure(capsys, ["fit", "--config", config], 2)


@pytest.mark.parametrize(
    ("config", "option"),
    [
        ("pix2pix_emoji", "model.betas"),
        ("pix2pix_emoji", "data.load_size"),
        ("stylegan_emoji", "data.schedule.stable_kimg"),
        ("pix2pix_inpainting", "data.degradation.color"),
        ("art_dcgan_emoji", "DistributionDistance.extractor.side"),
    ],
)
def test_an_option_that_is_null_and_may_not_be_is_one_sentence(small, capsys, config, option):
    path = small(config)
    tree = yaml.safe_load(path.read_text())
    places = {section: tree[section] for section in ("model", "data")}
    places |= {callback["class_path"]: callback for callback in tree["trainer"]["callbacks"]}
    section, *between, last = option.split(".")
    values = places[section]["init_args"]
    for name in between:
        values = values[name].setdefault("init_args", {}) if "class_path" in values[name] else values[name]
    values[last] = None
    path.write_text(yaml.safe_dump(tree))
    said = failure(capsys, ["validate", "--config", str(path)], status=2)
    assert said == f"gan-lab: {option} is null: it needs a value"


@pytest.mark.parametrize(
    ("option", "sentence"),
    [
        ("--data.box=[0, 0, 0, 32]", "the width of data.box must be at least 1 and at most 20000, got 0"),
        ("--data.box=[0, 32, 32, 0]", "the height of data.box must be at least 1 and at most 20000, got -32"),
        ("--data.box=[0, 0, 1e18, 32]", "the width of data.box must be at least 1 and at most 20000, got 1e+18"),
    ],
)
def test_a_box_that_no_picture_has_is_one_sentence(small, capsys, option, sentence):
    assert sentence in failure(capsys, ["validate", "--config", str(small("art_dcgan_emoji")), option])


def test_an_extractor_of_no_pixels_is_one_sentence(small, capsys):
    path = small("art_dcgan_emoji")
    path.write_text(path.read_text().replace("side: 32", "side: -1"))
    said = failure(capsys, ["validate", "--config", str(path)])
    assert "DistributionDistance.extractor.side must be at least 1 and at most 16384, got -1" in said


def test_networks_beyond_all_memory_are_one_sentence(small, capsys):
    said = failure(capsys, ["validate", "--config", str(small()), "--model.generator_channels=65536"], status=2)
    assert re.search("not enough memory for what is configured|the memory is full", said)  # as the system has it


def test_what_lightning_refuses_when_training_starts_is_one_sentence(small, capsys):
    said = failure(capsys, ["fit", "--config", str(small()), "--trainer.val_check_interval=1000"], status=1)
    assert "`val_check_interval` (1000) must be less than or equal to the number of the training batches" in said


def test_a_seed_that_is_null_is_one_sentence(small, capsys):
    said = failure(capsys, ["validate", "--config", str(small()), "--seed_everything=null"], status=2)
    assert said == "gan-lab: seed_everything is null: it needs a value"


@pytest.mark.parametrize("error", [RuntimeError("DefaultCPUAllocator: can't allocate memory"), MemoryError()])
def test_memory_that_ends_in_a_step_is_one_sentence(error):
    assert str(explain(error)).startswith("the memory is full: lower data.batch_size")
    assert explain(RuntimeError("of ours")) is None
    assert explain(ValueError("of ours")) is None


def test_what_a_terminal_obeys_is_written_out():
    assert printable("\x1b[2J\x9b31m\x07\r a\tb\nc \u202e \udcff ä") == (
        "\\x1b[2J\\x9b31m\\x07\\r a\tb\nc \\u202e \\udcff ä"
    )
    assert sentence("one\ngan-lab: two") == "one gan-lab: two"
    assert len(sentence("x" * 10_000)) < 2_100


def test_a_traceback_is_printable(tmp_path, capsys):
    (tmp_path / "mine.yaml").write_text('"\\e[2J": 1\nmodel: Pix2PixModule\n')
    assert main(["validate", "--debug", "--config", str(tmp_path / "mine.yaml")]) == 2
    said = capsys.readouterr().err
    assert "Traceback" in said
    assert "\x1b" not in said


def test_warnings_and_messages_of_lightning_are_printable():
    logger, handler = logging.getLogger("lightning.pytorch"), logging.NullHandler()
    logger.addHandler(handler)
    silence_advice()
    logger.removeHandler(handler)
    assert "\x1b" not in warnings.formatwarning("from a checkpoint: \x1b[2J", UserWarning, "x.py", 1)
    record = logging.LogRecord("lightning.pytorch", logging.INFO, "x.py", 1, "made by %s", ("\x1b[2J",), None)
    handler.filter(record)
    assert record.getMessage() == "made by \\x1b[2J"


def test_which_checkpoint_is_used_is_said_once(small, tmp_path, capfd):
    config = ["--config", str(small())]
    assert main(["validate", *config]) == 0
    assert "no --ckpt_path is given: the weights are those that training begins with" in capfd.readouterr().out
    assert main(["fit", *config, "--trainer.max_epochs", "1"]) == 0
    capfd.readouterr()
    assert main(["validate", *config, "--ckpt_path", "last"]) == 0
    said = "".join(capfd.readouterr())
    assert said.count("last.ckpt") == 1
    assert "no --ckpt_path" not in said
