"""Paths as they are typed and written: ``~``, variables, and names that YAML, shells or options would take apart."""

import shutil
from pathlib import Path

import pytest
import yaml

from gan_lab.callbacks import PredictionWriter
from gan_lab.cli import main
from gan_lab.cli.given_paths import DATA_PATHS, PATHS, expanded, in_arguments, in_text
from gan_lab.cli.plain_options import data_sets, kinds_of, measures, option_types, papers, parts
from gan_lab.errors import ConfigurationError
from tests import fakes
from tests.test_checkpoint_config import checkpoint, run  # noqa: F401 - a fixture
from tests.test_cli import failure

ODD = ["[x]", "a: b", "-lead"]
ODDER = ["{a: 1}", "a: ", "#c", "&a", "*", "a?", "%d", " sp ace ", "--lead", "new\nline", "1e3", "@f"]


@pytest.fixture
def home(tmp_path, monkeypatch):
    """The user's home and working folder, which also ``PICTURES`` says."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("PICTURES", str(tmp_path / "pictures"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_every_option_that_is_a_path_is_known_as_one():
    found = {"data": set(), "all": set(option_types(PredictionWriter))}
    for allowed in (papers(), data_sets(), measures(), parts()):
        for each in allowed.values():
            paths = {name for name, kind in each.options.items() if Path in set(kinds_of(kind))}
            found["data" if each.section == "data" else "all"] |= paths
    assert found["data"] == DATA_PATHS
    assert found["all"] & PATHS >= {"folder", "cache_folder", "weights"}
    assert {name for name in found["all"] if name.endswith(("folder", "path", "dir"))} <= PATHS


def test_a_path_is_expanded_unless_there_is_something_of_that_name(home):
    assert expanded("~/x", "data.root") == f"{home}/x"
    assert expanded("$PICTURES/a", "data.root") == expanded("${PICTURES}/a", "data.root") == f"{home}/pictures/a"
    assert expanded("5$ and $(x)", "data.root") == "5$ and $(x)"
    (home / "$PICTURES").mkdir()
    (home / "~").mkdir()
    assert expanded("$PICTURES", "data.root") == "$PICTURES"
    assert expanded("~", "data.root") == "~"


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("$NOWHERE/x", r"data\.root is \$NOWHERE/x, but there is no environment variable NOWHERE"),
        ("~nobody-at-all/x", r"data\.root is ~nobody-at-all/x, but there is no user nobody-at-all: \./~nobody"),
    ],
)
def test_what_stands_for_nothing_is_named(home, path, said):
    with pytest.raises(ConfigurationError, match=said):
        in_arguments(["--data.root", path])


def test_words_that_are_no_paths_stay(home):
    words = ["--model.lr", "$HOME", "--data.help", "~", "--seed_everything=$HOME", "--data.root"]
    assert in_arguments(words) == words
    assert in_arguments(["--data.root", "null", "--data.store", "-1", "-c", "x"]) == [
        "--data.root=null",
        "--data.store=./-1",
        "--config=x",
    ]
    assert in_arguments(['--data={"init_args": {"root": "~/x"}}']) == [
        f'--data={{"init_args": {{"root": "{home}/x"}}}}'
    ]


def test_a_file_keeps_all_but_its_paths(home):
    text = "# ~ and $HOME\ndata:\n  root: &r ~/x  # here\n  note: $HOME\n  boxes: '$PICTURES/\u00e9'\n  store: *r\n"
    assert in_text(text) == text.replace("~/x", f'"{home}/x"').replace("'$PICTURES/", f'"{home}/pictures/').replace(
        "\u00e9'", '\u00e9"'
    )
    with pytest.raises(ConfigurationError, match=r"^mine\.yaml: root is \$NOWHERE"):
        in_text("root: $NOWHERE", "mine.yaml")


def test_all_paths_of_a_command_may_begin_at_home(small, home):
    fakes.write_pictures(home / "pictures")
    small(trainer__max_epochs=1)
    assert main(["fit", "--config=~/pix2pix_emoji_coloring.yaml", "--trainer.default_root_dir=$HOME/mine"]) == 0
    arguments = ["--ckpt_path=${HOME}/mine/version_0/checkpoints/last.ckpt", "--data.predict_folder=$PICTURES"]
    assert main(["predict", *arguments, "--predictions.folder", "~/out"]) == 0
    assert (home / "out" / "picture0.png").is_file()
    tree = yaml.safe_load((home / "pix2pix_emoji_coloring.yaml").read_text())
    tree["data"]["init_args"] |= {"root": "~/data", "predict_folder": "$PICTURES"}
    tree |= {"predictions": {"folder": "~/two"}, "ckpt_path": "~/mine/version_0/checkpoints/last.ckpt"}
    (home / "mine.yaml").write_text(yaml.safe_dump(tree))
    assert main(["predict", "-c", "${HOME}/mine.yaml"]) == 0
    assert (home / "two" / "picture0.png").read_bytes() == (home / "out" / "picture0.png").read_bytes()
    assert not any((home / name).exists() for name in ("~", "$HOME", "$PICTURES"))


def test_the_environment_is_not_told_to_a_configuration_that_was_not_named(run, capsys, monkeypatch):  # noqa: F811
    monkeypatch.setenv("SECRET", str(run.parents[2] / "data"))
    tree = yaml.safe_load((run / "config.yaml").read_text())
    for root in ("$SECRET", "${SECRET}"):
        tree["data"]["init_args"]["root"] = root
        (run / "config.yaml").write_text(yaml.safe_dump(tree))
        said = failure(capsys, ["validate", *checkpoint(run)])
        assert root in said
        assert "data: " not in said.replace(root, "")
        assert str(run.parents[2] / "data") not in said
    assert main(["validate", *checkpoint(run), "--trust"]) == 0
    assert main(["validate", "--config", str(run / "config.yaml"), *checkpoint(run)]) == 0


@pytest.mark.parametrize("name", [*ODD, *(pytest.param(name, marks=pytest.mark.slow) for name in ODDER)])
def test_a_name_is_a_name(run, name):  # noqa: F811
    """Of pictures, of what is made of them, and of a run."""
    fakes.write_pictures(Path(name))
    shutil.copytree(run.parent, Path("own") / name)
    arguments = ["--ckpt_path", f"own/{name}/version_0/checkpoints/last.ckpt", "--data.predict_folder", name]
    assert main(["predict", *arguments, f"--predictions.folder={name}/{name}"]) == 0
    assert (Path(name) / name / "picture0.png").is_file()
    (Path("own") / name).rename(f"{name}_run")
    assert main(["predict", f"--ckpt_path={name}_run/version_0/checkpoints/last.ckpt", *arguments[2:]]) == 0
    assert (Path(f"{name}_run") / "predictions" / "picture0.png").is_file()
