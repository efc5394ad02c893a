"""What may be named in a configuration that was not named, and what is taken of it."""

import inspect

import pytest
import yaml
from lightning.pytorch import Trainer

from gan_lab.cli import data_only as rules
from gan_lab.cli.data_only import data_only
from gan_lab.cli.plain_options import data_sets, kinds_of, measures, papers, parts, plain_value
from tests.conftest import PROJECT
from tests.test_configs import CONFIGS
from tests.test_old_runs import OLD_RUNS, PAPERS

READ = {  # options that are text or a path and no choice: each is either read from ...
    *("annotations", "boxes", "folder_a", "folder_b", "folders", "held_out_a", "held_out_b", "predict_folder", "root"),
    *("validation_images", "weights"),
}
NAMES = {
    "artists",
    "column_seeds",
    "domain_names",
    "genres",
    "mixed_layers",
    "seeds",
    "styles",
    "version",
}  # ... no path ...
LEFT_OUT = {"cache_folder", "generator_weights", "store"}  # ... or not taken
MATTER = {"devices", "logger", "num_nodes", "plugins", "profiler", "strategy"}


def test_every_option_that_is_text_is_known_to_be_harmless_or_is_not_taken():
    entries = [*papers().values(), *data_sets().values(), *measures().values(), *parts().values()]
    found = {
        name
        for entry in entries
        for name, kind in entry.options.items()
        if {"str", "Path"} & {getattr(part, "__name__", "") for part in kinds_of(kind)}
    }
    assert found == READ | NAMES | LEFT_OUT


def test_every_option_of_the_trainer_is_taken_of_training_or_named():
    options = set(inspect.signature(Trainer).parameters)
    assert options == rules._TRAINER.keys() | (rules._OF_TRAINING & options) | MATTER
    assert options >= rules._OF_TRAINING


@pytest.mark.parametrize("command", ["validate", "test", "predict"])
@pytest.mark.parametrize("config", CONFIGS)
def test_all_of_a_shipped_experiment_is_taken_that_a_measurement_depends_on(config, command):
    tree = yaml.safe_load((PROJECT / "configs" / f"{config}.yaml").read_text())
    taken = data_only(tree, command)
    assert not taken.left_out
    for section in ("model", "data"):
        spec, kept = tree[section], taken.tree[section]
        assert kept["class_path"].rpartition(".")[2] == spec["class_path"]
        assert {name for name in spec["init_args"] if name not in kept["init_args"]} <= LEFT_OUT
        assert all(
            spec["init_args"][name] == value or name == "degradation" for name, value in kept["init_args"].items()
        )
    names = [callback["class_path"] for callback in tree["trainer"]["callbacks"]]
    kept = [callback["class_path"].rpartition(".")[2] for callback in taken.tree["trainer"]["callbacks"]]
    assert kept == [name for name in names if command != "predict" and name in measures()]
    assert taken.tree["trainer"]["accelerator"] == "auto"
    assert taken.tree["seed_everything"] == 0


@pytest.mark.parametrize("paper", PAPERS)
def test_nothing_is_left_out_of_a_run_of_before(paper):
    tree = yaml.safe_load((OLD_RUNS / paper / "version_0" / "config.yaml").read_text())
    assert not data_only(tree, "validate").left_out


@pytest.mark.parametrize(
    ("options", "name", "value"),
    [
        (data_sets()["WikiArtDataModule"], "seeds", ",".join(map(str, range(1000)))),
        (data_sets()["WikiArtDataModule"], "styles", ["Ukiyo-e", "1984", "\u3000"]),
        (data_sets()["WikiArtDataModule"], "root", "C:\\data\\\u7d75 100%"),
        (data_sets()["WikiArtDataModule"], "root", "2024"),
        (papers()["StyleGANModule"], "lr_by_resolution", {128: 0.5, "256": 1e-5}),
        (papers()["StyleGANModule"], "schedule", {"resolution": 16, "batch_sizes": {"8": 4}}),
        (papers()["SAGANPoseModule"], "milestones", [40, 60]),
    ],
)
def test_a_plain_value_is_taken_as_it_is(options, name, value):
    assert plain_value(value, options.options[name], name) == value


def test_a_number_in_letters_is_the_number():
    lr = papers()["Pix2PixModule"].options["lr"]
    assert [plain_value(text, lr, "lr") for text in ("2e-4", "0.5", "-3", "1.e5")] == [2e-4, 0.5, -3, 1e5]


def test_a_perceptual_distance_is_taken_with_the_options_that_a_run_keeps():
    options = {"pretrained": True, "net": "vgg", "version": "0.1", "model_path": None, "eval_mode": True}
    spec = {"class_path": "lpips.LPIPS", "init_args": options}
    callback = {"class_path": "gan_lab.callbacks.PathLength", "init_args": {"distance": spec, "num_paths": 4}}
    taken = data_only({"trainer": {"callbacks": [callback]}}, "validate")
    assert taken.tree["trainer"]["callbacks"] == [callback]
    assert not taken.left_out
