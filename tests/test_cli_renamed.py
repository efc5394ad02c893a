import pytest
import torch
import yaml

from gan_lab.cli import main, renamed
from gan_lab.cli.renamed import PresentNames
from gan_lab.errors import ConfigurationError
from gan_lab.training.checkpoint_files import read_checkpoint
from gan_lab.training.renamed import Renames
from tests.test_cli import failure

MADE_UP = Renames(  # the new names are real ones
    options={
        "model": {"Pix2PixModule": {"l1": "l1_weight"}, "StyleGANModule": {"l1": "r1_gamma"}},
        "data": {"*": {"side": "image_size"}},
        "callbacks": {"ImageLogger": {"rows": "num_rows"}, "LastCheckpoint": {"rows": "every_n_steps"}},
        "predictions": {"*": {"pace": "frames_per_second"}},
        "nested": {"Edges": {"blur": "sigma"}},
    },
    values={"model": {"Pix2PixModule": {"norm": {"batchnorm": "batch"}}}},
    modules={"gan_lab.old": "gan_lab.images.degradations", "gan_lab.papers": "gan_lab.modules"},
    classes={"Lines": "Edges", "Pix2PicsModule": "Pix2PixModule"},
    metrics={"val/mae": "val/l1"},
    weights={r"^maker\.": "generator."},
)
OLD = """\
# a comment that stays
model:
  class_path: gan_lab.papers.Pix2PicsModule  # moved and renamed
  init_args: {l1: 10.0, "norm": 'batchnorm', image_size: &side 64}
data:
  class_path: DegradedFolderDataModule
  init_args:
    <<: {side: *side}
    degradation: &lines
      class_path: gan_lab.old.Lines
      init_args:
        blur: 1.5
trainer:
  callbacks:
    - class_path: ImageLogger
      init_args: {rows: 3}
    - class_path: LastCheckpoint
      init_args: {rows: 4}
    - class_path: ModelCheckpoint
      init_args: {monitor: val/mae}
predictions:
  pace: 12
"""
NEW = """\
# a comment that stays
model:
  class_path: gan_lab.modules.Pix2PixModule  # moved and renamed
  init_args: {l1_weight: 10.0, "norm": 'batch', image_size: &side 64}
data:
  class_path: DegradedFolderDataModule
  init_args:
    <<: {image_size: *side}
    degradation: &lines
      class_path: gan_lab.images.degradations.Edges
      init_args:
        sigma: 1.5
trainer:
  callbacks:
    - class_path: ImageLogger
      init_args: {num_rows: 3}
    - class_path: LastCheckpoint
      init_args: {every_n_steps: 4}
    - class_path: ModelCheckpoint
      init_args: {monitor: val/l1}
predictions:
  frames_per_second: 12
"""
NOTES = {
    "gan_lab.papers.Pix2PicsModule is now gan_lab.modules.Pix2PixModule",
    "model.l1 is now model.l1_weight",
    "batchnorm of model.norm is now batch",
    "data.side is now data.image_size",
    "gan_lab.old.Lines is now gan_lab.images.degradations.Edges",
    "nested.blur is now nested.sigma",
    "ImageLogger.rows is now ImageLogger.num_rows",
    "LastCheckpoint.rows is now LastCheckpoint.every_n_steps",
    "val/mae of callbacks.monitor is now val/l1",
    "predictions.pace is now predictions.frames_per_second",
}


@pytest.fixture
def made_up(monkeypatch):
    monkeypatch.setattr(renamed, "RENAMES", MADE_UP)


def test_old_names_in_a_file_become_new_ones_in_their_places():
    names = PresentNames(MADE_UP)
    assert names.in_text(OLD) == NEW
    assert set(names.notes) == NOTES
    assert len(names.notes) == len(NOTES)
    names.in_text(OLD)
    assert len(names.notes) == len(NOTES)  # each is said once
    assert names.in_text(NEW) == NEW


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (["--model.l1=3"], ["--model.l1_weight=3"]),
        (["--model.l1", "3", "--x"], ["--model.l1_weight", "3", "--x"]),
        (["--model.init_args.l1", "-3"], ["--model.init_args.l1_weight", "-3"]),
        (["--model.norm=batchnorm"], ["--model.norm=batch"]),
        (["--model.norm", "instance"], ["--model.norm", "instance"]),
        (["--data.side=3"], ["--data.image_size=3"]),
        (["--predictions.pace=3"], ["--predictions.frames_per_second=3"]),
        (["--model", "Pix2PicsModule"], ["--model", "Pix2PixModule"]),
        (["--model.help=Pix2PicsModule"], ["--model.help=Pix2PixModule"]),
        (["--data.degradation=gan_lab.old.Lines"], ["--data.degradation=gan_lab.images.degradations.Edges"]),
        (["--data.degradation.class_path=Lines"], ["--data.degradation.class_path=Edges"]),
        (
            ["--trainer.callbacks+=ImageLogger", "--trainer.callbacks.rows=3"],
            ["--trainer.callbacks+=ImageLogger", "--trainer.callbacks.num_rows=3"],
        ),
        (
            ["--trainer.callbacks", '[{"class_path": "ImageLogger", "init_args": {"rows": 3}}]'],
            ["--trainer.callbacks", '[{"class_path": "ImageLogger", "init_args": {"num_rows": 3}}]'],
        ),
        (["--model.init_args", "{l1: 3}"], ["--model.init_args", "{l1_weight: 3}"]),
        (["--trainer.max_epochs", "l1", "--ckpt_path=last"], ["--trainer.max_epochs", "l1", "--ckpt_path=last"]),
    ],
)
def test_old_names_on_the_command_line_become_new_ones(old, new):
    assert PresentNames(MADE_UP, {"model": "Pix2PixModule"}).in_arguments(old) == new


def test_the_class_decides_which_name_is_meant():
    for class_path, new in (("StyleGANModule", "r1_gamma"), ("gan_lab.modules.Pix2PixModule", "l1_weight")):
        assert PresentNames(MADE_UP, {"model": class_path}).in_arguments(["--model.l1=3"]) == [f"--model.{new}=3"]
    for class_path in ("tests.probes.PoisonAt", "CycleGANModule"):  # others may have an option of that name
        assert PresentNames(MADE_UP, {"model": class_path}).in_arguments(["--model.l1=3"]) == ["--model.l1=3"]
    assert PresentNames(MADE_UP).in_arguments(["--model.l1=3"]) == ["--model.l1=3"]  # the classes disagree
    overlay = "model:\n  init_args:\n    l1: 3\n"
    assert "r1_gamma: 3" in PresentNames(MADE_UP, {"model": "StyleGANModule"}).in_text(overlay)


def test_both_names_at_once_are_refused():
    names = PresentNames(MADE_UP, {"model": "Pix2PixModule"})
    with pytest.raises(ConfigurationError, match=r"^--model.l1 and --model.l1_weight are the same: give one of them$"):
        names.in_arguments(["--model.l1=3", "--model.l1_weight", "3"])
    with pytest.raises(ConfigurationError, match=r"^mine.yaml: data.side and data.image_size are the same"):
        names.in_text("data:\n  init_args:\n    image_size: 3\n    side: 3\n", origin="mine.yaml")


@pytest.mark.usefixtures("made_up")
def test_a_run_of_old_names_is_a_run_of_new_ones(small, tmp_path, capsys):
    config = small()
    tree = yaml.safe_load(config.read_text())
    for section, new, old in (("model", "l1_weight", "l1"), ("data", "image_size", "side")):
        tree[section]["init_args"][old] = tree[section]["init_args"].pop(new)
    config.write_text(yaml.safe_dump(tree))
    assert main(["fit", "--config", str(config), "--trainer.max_epochs=1", "--model.l1=7"]) == 0
    said = capsys.readouterr().out
    assert said.count("gan-lab: model.l1 is now model.l1_weight\n") == 1
    assert said.count("gan-lab: data.side is now data.image_size\n") == 1
    saved = yaml.safe_load((tmp_path / "run" / "version_0" / "config.yaml").read_text())
    assert saved["model"]["init_args"]["l1_weight"] == 7
    assert saved["data"]["init_args"]["image_size"] == 32
    assert main(["check", "--config", str(config)]) == 0
    assert "data.side is now data.image_size" in capsys.readouterr().out


@pytest.mark.usefixtures("made_up")
def test_a_printed_configuration_stays_yaml_with_new_names(small, capsys):
    config = small()
    config.write_text(config.read_text().replace("l1_weight", "l1"))
    assert main(["fit", "--config", str(config), "--print_config"]) == 0
    printed = capsys.readouterr().out
    assert printed.startswith("# gan-lab: model.l1 is now model.l1_weight\n")
    assert yaml.safe_load(printed)["model"]["init_args"]["l1_weight"] == 100


@pytest.mark.usefixtures("made_up")
def test_only_the_first_process_says_so(small, monkeypatch, capsys):
    monkeypatch.setenv("LOCAL_RANK", "1")
    assert main(["fit", "--config", str(small()), "--model.l1=3", "--print_config"]) == 0
    assert "is now" not in capsys.readouterr().out


@pytest.mark.usefixtures("made_up")
def test_both_names_in_a_file_are_one_sentence_with_its_name(small, capsys):
    config = small()
    config.write_text(config.read_text().replace("l1_weight:", "l1: 3\n    l1_weight:"))
    sentence = failure(capsys, ["fit", "--config", str(config)], status=2)
    assert sentence == f"gan-lab: {config}: model.l1 and model.l1_weight are the same: give one of them"


def test_a_checkpoint_of_old_names_is_resumed_without_changed_settings(small, tmp_path, capsys, monkeypatch):
    config = str(small())
    assert main(["fit", "--config", config, "--trainer.max_epochs=1"]) == 0
    path = tmp_path / "run" / "version_0" / "checkpoints" / "last.ckpt"
    checkpoint = read_checkpoint(path)
    saved = checkpoint["hyper_parameters"]
    saved["l1"], saved["norm"] = saved.pop("l1_weight"), "batchnorm"
    saved["_class_path"] = "gan_lab.papers.Pix2PicsModule"
    weights = checkpoint["state_dict"]
    checkpoint["state_dict"] = {name.replace("generator.", "maker.", 1): tensor for name, tensor in weights.items()}
    assert checkpoint["state_dict"].keys() != weights.keys()
    torch.save(checkpoint, path)
    capsys.readouterr()
    monkeypatch.setattr("gan_lab.training.checkpoint_files.RENAMES", MADE_UP)
    assert main(["fit", "--config", config, "--ckpt_path=last", "--model.l1_weight=50"]) == 0
    assert f"gan-lab: from {path} with l1_weight 100.0 -> 50.0\n" in capsys.readouterr().out
