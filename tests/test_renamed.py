import importlib
import inspect

import pytest
import torch

import gan_lab.callbacks
import gan_lab.datamodules
import gan_lab.images.degradations
import gan_lab.modules
from gan_lab.callbacks import PredictionWriter
from gan_lab.training.renamed import ALL, RENAMES, Renames, lineage, with_present_names
from tests.conftest import PROJECT

TABLE = Renames(
    options={"model": {"GAN": {"old": "new"}, "Other": {"old": "else", "mixing": "mix"}}, "data": {ALL: {"a": "b"}}},
    values={"model": {"GAN": {"new": {"fixed": "const"}}}},
    modules={"gan_lab.here": "gan_lab.there"},
    classes={"Grey": "Gray"},
    weights={r"^average\.": "ema.", r"(^|\.)mean_w$": r"\1w_avg", r"\.blocks\.(\d+)\.keep\.": r".blocks.\1.conv0."},
)
HOMES = {"model": [gan_lab.modules], "data": [gan_lab.datamodules], "callbacks": [gan_lab.callbacks]}


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("gan_lab.here.Grey", "gan_lab.there.Gray"),
        ("gan_lab.here.Edges", "gan_lab.there.Edges"),
        ("gan_lab.elsewhere.Grey", "gan_lab.elsewhere.Gray"),
        ("Grey", "Gray"),
        ("Edges", "Edges"),
        ("mine.Grey", "mine.Grey"),
        ("gan_lab_of_mine.Grey", "gan_lab_of_mine.Grey"),
    ],
)
def test_a_class_path_follows_its_module_and_its_name(old, new):
    assert TABLE.class_path(old) == new


def test_options_belong_to_a_class_its_bases_or_all():
    assert TABLE.options_of("model", ["Mine", "GAN"]) == {"old": "new"}
    assert TABLE.options_of("model", ["Mine"]) == {}
    assert TABLE.options_of("model", None) == {"mixing": "mix"}  # 'old' is one thing here and another there
    assert TABLE.options_of("data", ["Anything"]) == TABLE.options_of("data", None) == {"a": "b"}
    assert TABLE.options_of("nowhere", None) == {}


def test_a_lineage_imports_nothing():
    assert lineage("gan_lab.modules.Pix2PixModule")[:2] == ("Pix2PixModule", "GANModule")
    assert lineage("no_such_module.Class") == ("Class",)
    assert lineage("Short") == ("Short",)


def test_a_checkpoint_gets_its_present_names_and_stays_as_it_was():
    tensors = [torch.zeros(1) for _ in range(4)]
    names = ["average.blocks.0.keep.weight", "average.mean_w", "discriminator.blocks.12.keep.bias", "mean_w"]
    checkpoint = {
        "state_dict": dict(zip(names, tensors, strict=True)),
        "hyper_parameters": {"_class_path": "gan_lab.here.GAN", "_instantiator": "x", "old": "fixed", "lr": 1.0},
        "datamodule_hyper_parameters": {"a": 1},
        "global_step": 3,
    }
    present = with_present_names(checkpoint, TABLE)
    assert list(present["state_dict"]) == [
        "ema.blocks.0.conv0.weight",
        "ema.w_avg",
        "discriminator.blocks.12.conv0.bias",
        "w_avg",
    ]
    assert [*map(id, present["state_dict"].values())] == [*map(id, tensors)]
    assert present["hyper_parameters"] == {
        "_class_path": "gan_lab.there.GAN",
        "_instantiator": "x",
        "new": "const",
        "lr": 1.0,
    }
    assert present["datamodule_hyper_parameters"] == {"b": 1}
    assert present["global_step"] == 3
    assert list(checkpoint["state_dict"]) == names


def test_a_name_of_a_class_that_is_not_known_is_left():
    saved = {"_class_path": "mine.Model", "old": 1}
    assert with_present_names({"state_dict": {}, "hyper_parameters": saved}, TABLE)["hyper_parameters"] == saved


@pytest.mark.parametrize(("old", "new"), RENAMES.modules.items())
def test_every_module_that_moved_is_where_the_table_says(old, new):
    importlib.import_module(new)
    assert not (PROJECT / f"{old.replace('.', '/')}.py").exists()


def test_every_new_class_exists():
    for old, new in RENAMES.classes.items():
        assert hasattr(gan_lab.images.degradations, new)
        assert not hasattr(gan_lab.images.degradations, old)


def test_every_new_option_exists_and_no_old_one_does():
    for section, classes in RENAMES.options.items():
        for name, options in classes.items():
            homes = HOMES.get(section, [])
            owners = [getattr(home, found) for home in homes for found in home.__all__ if name in (found, ALL)]
            owners = owners or [PredictionWriter]
            parameters = set().union(*(inspect.signature(owner).parameters for owner in owners))
            assert set(options.values()) <= parameters, (section, name)
            assert not set(options) & parameters, (section, name)


def test_no_shipped_configuration_has_an_old_name():
    from gan_lab.cli.renamed import PresentNames

    for path in sorted((PROJECT / "configs").glob("*.yaml")):
        names = PresentNames()
        assert names.in_text(path.read_text()) == path.read_text()
        assert names.notes == [], path
