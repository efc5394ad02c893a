"""What data and model must agree on is said by the data; a second word is taken if the network can work with it."""

import pytest
import torch
import yaml

from gan_lab.cli import main


def hyper_parameters(tmp_path) -> dict:
    (path,) = (tmp_path / "run").rglob("last.ckpt")
    return torch.load(path, weights_only=True)["hyper_parameters"]


@pytest.mark.parametrize(
    ("config", "option", "value"),
    [
        ("pix2pix_emoji", "image_size", 32),
        ("art_dcgan_28", "image_size", 28),
        ("sagan_pose_mpii", "skeleton", "mpii"),
        ("cyclegan_aging", "domain_names", ["young", "old"]),
        ("cyclegan_aging", "predict_direction", "AtoB"),
    ],
)
def test_the_model_takes_the_datas_word(small, tmp_path, config, option, value):
    path = str(small(config))
    assert main(["fit", "--config", path, "--trainer.max_steps=1"]) == 0
    found = hyper_parameters(tmp_path)[option]
    assert (list(found) if isinstance(found, tuple) else found) == value
    saved = yaml.safe_load(next((tmp_path / "run").rglob("config.yaml")).read_text())
    assert saved["model"]["init_args"][option] is None  # the data may be changed and the model follows


def test_a_change_on_the_command_line_reaches_both(small, tmp_path):
    path = str(small("stylegan_emoji"))
    assert main(["fit", "--config", path, "--data.schedule.stable_kimg=0.004", "--trainer.max_steps=1"]) == 0
    assert hyper_parameters(tmp_path)["schedule"]["stable_kimg"] == 0.004


def test_old_faces_are_made_young_where_old_ones_are_predicted(small, tmp_path):
    out = tmp_path / "out"
    arguments = ["--config", str(small("cyclegan_aging")), "--data.predict_domain=old", f"--predictions.folder={out}"]
    assert main(["predict", *arguments]) == 0
    assert (tmp_path / "out_sheet.png").exists()


def test_configurations_that_say_it_twice_stay_valid(small, tmp_path):
    assert main(["fit", "--config", str(small(model__image_size=32)), "--trainer.max_steps=1"]) == 0
    schedule = yaml.safe_load(small("stylegan_emoji").read_text())["data"]["init_args"]["schedule"]
    twice = str(small("stylegan_emoji", model__schedule=schedule))
    assert main(["fit", "--config", twice, "--trainer.max_steps=1"]) == 0


@pytest.mark.parametrize(
    ("config", "arguments", "message"),
    [
        ("pix2pix_emoji", ["--model.image_size=64"], "model.image_size is 64 but the data's is 32"),
        ("art_dcgan_28", ["--model.image_size=64"], "model.image_size is 64 but the data's is 28"),
        ("sagan_pose_lsp", ["--model.skeleton=mpii"], "model.skeleton is mpii but the data's is lsp"),
        (
            "cyclegan_folders",
            ["--model.generator=unet", "--model.image_size=64"],
            "model.image_size is 64 but the data's is 32",
        ),
    ],
)
def test_a_second_word_that_the_network_cannot_take_is_refused(small, capsys, config, arguments, message):
    assert main(["fit", "--config", str(small(config)), *arguments]) == 2
    captured = capsys.readouterr().err
    assert message in captured
    assert captured.count("\n") == 1


def test_a_schedule_of_its_own_is_refused(small, tmp_path, capsys):
    other = {"resolution": 32, "start_resolution": 8, "stable_kimg": 1, "batch_sizes": {8: 4, 16: 4, 32: 4}}
    assert main(["fit", "--config", str(small("stylegan_emoji", model__schedule=other))]) == 2
    said = capsys.readouterr().err
    assert "set model.schedule to null" in said
    assert "'resolution': 32" in said
    assert "start_resolution" not in said  # they agree on it


def test_a_changed_schedule_of_the_data_is_followed_where_the_model_was_given_one_too(small, tmp_path):
    """As in a run of before the two became one, whose config.yaml says it twice."""
    schedule = yaml.safe_load(small("stylegan_emoji").read_text())["data"]["init_args"]["schedule"]
    twice = ["--config", str(small("stylegan_emoji", model__schedule=schedule)), "--trainer.max_steps=1"]
    assert main(["fit", *twice, "--data.schedule.stable_kimg=0.004"]) == 0
    assert hyper_parameters(tmp_path)["schedule"]["stable_kimg"] == 0.004


def test_null_on_the_command_line_leaves_it_to_the_data(small, tmp_path):
    other = {"resolution": 16, "start_resolution": 16, "stable_kimg": 1, "batch_sizes": {16: 4}}
    arguments = ["--config", str(small("stylegan_emoji", model__schedule=other)), "--trainer.max_steps=1"]
    assert main(["fit", *arguments, "--model.schedule=null"]) == 0
    assert hyper_parameters(tmp_path)["schedule"]["start_resolution"] == 8


def test_a_network_trained_small_takes_multiples(small, tmp_path):
    arguments = ["--model.image_size=32", "--data.image_size=64", "--data.load_size=64", "--trainer.max_steps=1"]
    assert main(["fit", "--config", str(small()), *arguments]) == 0
    assert hyper_parameters(tmp_path)["image_size"] == 32
