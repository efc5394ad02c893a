import pytest
import torch
import yaml

from gan_lab.cli import main
from gan_lab.cli.config_names import describe, find_config, named_configs, shipped_folder
from gan_lab.errors import ConfigurationError
from tests.conftest import PROJECT
from tests.test_cli import failure, without_torch

SHIPPED = sorted((PROJECT / "configs").glob("*.yaml"))


@pytest.fixture
def empty(tmp_path, monkeypatch):
    """A working folder with nothing in it."""
    folder = tmp_path / "empty"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


def test_all_shipped_experiments_have_names(empty):
    assert list(named_configs()) == [path.stem for path in SHIPPED]
    assert shipped_folder() == PROJECT / "configs"


@pytest.mark.parametrize("wanted", ["cyclegan_aging", "cyclegan_aging.yaml"])
def test_a_name_is_a_shipped_file_unless_the_working_folder_has_one(empty, wanted):
    assert find_config(wanted) == str(PROJECT / "configs" / "cyclegan_aging.yaml")
    (empty / "configs").mkdir()
    (empty / "configs" / "cyclegan_aging.yaml").touch()
    (empty / "configs" / "mine.yml").touch()
    assert find_config(wanted) == "configs/cyclegan_aging.yaml"
    assert find_config("mine") == "configs/mine.yml"
    (empty / wanted).touch()
    assert find_config(wanted) == wanted  # a real path wins


@pytest.mark.parametrize("text", ['{"trainer": {"max_epochs": 1}}', "trainer:\n  max_epochs: 1", "s3://mine/x.yaml"])
def test_yaml_and_addresses_are_left_to_the_parser(empty, text):
    assert find_config(text) == text


@pytest.mark.parametrize(
    ("wanted", "sentence"),
    [
        ("cyclgan_folders", "there is no configuration 'cyclgan_folders': did you mean cyclegan_folders"),
        ("zzz.yaml", "there is no configuration 'zzz.yaml': `gan-lab configs` lists the names"),
        ("configs/pix2pix_map.yaml", "there is no file configs/pix2pix_map.yaml: did you mean pix2pix_maps"),
    ],
)
def test_what_does_not_exist_is_one_sentence_with_the_nearest_names(empty, capsys, wanted, sentence):
    with pytest.raises(ConfigurationError, match=sentence.split(":")[0]):
        find_config(wanted)
    for command in ("fit", "check"):
        assert failure(capsys, [command, "--config", wanted], status=2).startswith(f"gan-lab: {sentence}")


def test_config_without_a_value_is_one_sentence(capsys):
    for arguments in (["--config"], ["-c", "--model.lr=1"]):
        assert "--config needs the name" in failure(capsys, ["fit", *arguments], status=2)


def test_a_name_trains(small, empty):
    path = small("cyclegan_aging")
    (empty / "configs").mkdir()
    path.rename(empty / "configs" / "mine.yaml")
    assert main(["fit", "-c", "mine", "--trainer.max_steps=1"]) == 0
    assert main(["check", "-c=mine"]) == 0


@pytest.mark.parametrize(("limit", "steps"), [("1", 1), ("1.0", 3), ("2", 2), ("0.7", 2)])
def test_one_batch_is_not_all_of_them(small, tmp_path, limit, steps):
    config = str(small(trainer__max_epochs=1, trainer__limit_val_batches=1))
    assert main(["fit", "--config", config, f"--trainer.limit_train_batches={limit}"]) == 0
    saved = tmp_path / "run" / "version_0" / "config.yaml"
    assert "limit_val_batches: 1\n" in saved.read_text()
    last = torch.load(saved.parent / "checkpoints" / "last.ckpt", weights_only=True)
    assert last["global_step"] == steps


def test_the_list_has_every_experiment_with_its_paper_data_and_subject(empty, capsys):
    assert main(["configs"]) == 0
    lines = capsys.readouterr().out.splitlines()
    rows = {line.split()[0]: line for line in lines if line.startswith("  ")}
    assert list(rows) == [path.stem for path in SHIPPED]
    assert {"ArtDCGAN", "CycleGAN", "Pix2Pix", "SAGANPose", "StyleGAN"} <= {line for line in lines if line[:1] != " "}
    assert rows["cyclegan_aging"].split(maxsplit=2)[1] == "CACDAging"
    assert rows["pix2pix_cuhk"].endswith("Pix2Pix on CUHK's student faces, sketches -> photographs")
    assert max(map(len, lines)) <= 120


def test_the_list_needs_no_torch():
    done = without_torch(["configs"], ["completion", "bash"], ["configs", "copy", "x"])
    assert done.returncode == 0, done.stderr
    assert done.stderr.startswith("gan-lab: there is no configuration 'x'")


def test_a_file_that_says_little_is_listed_too(tmp_path):
    (tmp_path / "bare.yaml").write_text("trainer:\n  max_epochs: 1\n")
    (tmp_path / "short.yaml").write_text("# Mine (Doe et al. 2020), at 3.5 px. More.\nmodel: mine.Pix2PixModule\n")
    (tmp_path / "broken.yaml").write_text("model: [")
    bare, short, broken = (describe(tmp_path / f"{name}.yaml") for name in ("bare", "short", "broken"))
    assert (bare.paper, bare.data, bare.about) == ("", "", "")
    assert (short.paper, short.about) == ("Pix2Pix", "Mine, at 3.5 px")
    assert broken.about == "not a YAML file"


def test_a_copy_is_the_file_and_replaces_nothing(empty, capsys):
    assert main(["configs", "copy", "cyclegan_aging"]) == 0
    assert capsys.readouterr().out.startswith("gan-lab: cyclegan_aging.yaml is yours to edit")
    shipped = (PROJECT / "configs" / "cyclegan_aging.yaml").read_bytes()
    assert (empty / "cyclegan_aging.yaml").read_bytes() == shipped
    (empty / "cyclegan_aging.yaml").write_text("mine: 1")
    sentence = failure(capsys, ["configs", "copy", "pix2pix_maps", "cyclegan_aging.yaml"], status=2)
    assert sentence == "gan-lab: cyclegan_aging.yaml exists and is not replaced: name another file"
    assert (empty / "cyclegan_aging.yaml").read_text() == "mine: 1"
    assert main(["configs", "copy", "pix2pix_maps", "configs/mine.yaml"]) == 0
    assert main(["configs", "copy", "mine", "elsewhere"]) == 0
    assert yaml.safe_load((empty / "elsewhere" / "mine.yaml").read_text())["data"]["class_path"] == "MapsDataModule"


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["copy"], "which one? gan-lab configs copy NAME [TO]"),
        (["copy", "pix2pix_map"], "there is no configuration 'pix2pix_map': did you mean pix2pix_maps"),
        (["cpy", "pix2pix_maps"], "invalid choice: 'cpy'"),
        (["list", "pix2pix_maps"], "lists all"),
        (["--what"], "unrecognized arguments: --what; see gan-lab configs --help"),
    ],
)
def test_a_mistake_is_one_sentence(empty, capsys, arguments, sentence):
    assert sentence in failure(capsys, ["configs", *arguments], status=2)


@pytest.mark.parametrize("config", ["pix2pix_emoji", "art_dcgan_emoji", "cyclegan_emoji", "stylegan_emoji"])
def test_emoji_that_are_not_there_are_said_to_be_in_the_repository(empty, capsys, config):
    sentence = failure(capsys, ["fit", "--config", config, "--trainer.accelerator=cpu"], status=1)
    assert "does not exist" in sentence
    assert sentence.count("project's repository: run") == 1
