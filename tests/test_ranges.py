"""Every number that can be configured has its range in its type: it is in the help, and the command holds to it."""

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal, get_args, get_origin, get_type_hints

import pytest
import yaml
from jsonargparse import Namespace

from gan_lab import ranges
from gan_lab.callbacks import LastCheckpoint, PredictionWriter
from gan_lab.cli import lightning_cli, main
from gan_lab.cli.plain_options import Allowed, data_sets, measures, option_types, papers, parts
from gan_lab.cli.required_values import require_values
from gan_lab.errors import ConfigurationError
from gan_lab.modules import CycleGANModule
from gan_lab.schedules import GrowingSchedule
from gan_lab.training.optimizers import AdamSettings
from tests.conftest import small_config
from tests.test_cli import failure

FREE = {"split_seed"}  # any whole number is one
TOLD_TOGETHER = {  # in words of their own: they are no single numbers, or their keys are looked at together
    *("box", "seeds", "column_seeds", "mixed_layers", "batch_sizes", "lr_by_resolution"),
}
OURS = [Allowed(cls.__name__, option_types(cls), "") for cls in (LastCheckpoint, PredictionWriter)]
OPTIONS = {
    f"{entry.path.rpartition('.')[2]}.{name}": kind
    for entry in [*papers().values(), *data_sets().values(), *measures().values(), *parts().values(), *OURS]
    for name, kind in entry.options.items()
}
NESTED = {
    f"{cls.__name__}.{name}": kind
    for cls in (GrowingSchedule, AdamSettings)
    for name, kind in get_type_hints(cls.__init__, include_extras=True).items()
}


NULLS = [  # options that have a value, among those that have one wherever they stand
    ("pix2pix_emoji", "model.objective"),
    ("pix2pix_emoji", "model.lr"),
    ("pix2pix_emoji", "model.decay_epochs"),
    ("pix2pix_emoji", "model.dropout"),
    ("pix2pix_emoji", "model.conditional"),
    ("pix2pix_emoji", "data.flip"),
    ("cyclegan_emoji", "model.generator"),
    ("stylegan_emoji", "model.betas"),
]
REFUSED = [
    ("pix2pix_emoji", "model.lr", "-1", "at least 0, got -1.0"),
    ("pix2pix_emoji", "model.lr", ".inf", "at least 0, got inf"),
    ("pix2pix_emoji", "model.betas", "[0.5, 1.5]", "at least 0 and below 1, got 1.5"),
    ("pix2pix_emoji", "model.l1_weight", ".nan", "at least 0, got nan"),
    ("pix2pix_emoji", "model.decay_epochs", "-1", "at least 0, got -1"),
    ("pix2pix_emoji", "data.load_size", "1000000000", "at least 1 and at most 16384, got 1000000000"),
    ("cyclegan_emoji", "model.cycle_weight_a", "-1", "at least 0, got -1.0"),
    ("cyclegan_emoji", "model.cycle_weight_b", ".nan", "at least 0, got nan"),
    ("cyclegan_emoji", "model.identity_weight", "-1", "at least 0, got -1.0"),
    ("cyclegan_emoji", "model.image_size", "0", "at least 1 and at most 16384, got 0"),
    ("cyclegan_emoji", "model.image_size", "-1", "at least 1 and at most 16384, got -1"),
    ("stylegan_emoji", "model.lr_by_resolution", "{16: -1}", "above 0, got -1.0"),
    ("stylegan_emoji", "data.store_side", "-1", "at least 0 and at most 16384, got -1"),
    ("stylegan_emoji", "data.store_side", "5", "a power of two or 0, got 5"),
    ("stylegan_emoji", "data.frames", "0", "at least 1 and at most 100000000, got 0"),
    ("stylegan_emoji", "data.schedule.fade_kimg", ".nan", "at least 0, got nan"),
    ("sagan_pose_lsp", "model.channels", "20", "a multiple of 8, got 20"),
    ("sagan_pose_lsp", "model.discriminator_channels", "4", "at least 8 and at most 65536, got 4"),
    ("sagan_pose_lsp", "model.sigma", ".inf", "above 0, got inf"),
    ("sagan_pose_lsp", "model.balance_rate", "-1", "at least 0, got -1.0"),
    ("sagan_pose_lsp", "model.decay_factor", ".nan", "at least 0 and at most 1, got nan"),
    ("sagan_pose_lsp", "model.milestones", "[40, -1]", "at least 0, got -1"),
    ("sagan_pose_lsp", "data.margin", ".inf", "above 0, got inf"),
    ("pix2pix_emoji", "predictions.sheet_rows", "-1", "at least 0 and at most 1000, got -1"),
    ("pix2pix_emoji", "trainer.check_val_every_n_epoch", "0", "at least 1, got 0"),
    ("pix2pix_emoji", "trainer.check_val_every_n_epoch", "-1", "at least 1, got -1"),
    ("pix2pix_emoji", "trainer.log_every_n_steps", "-1", "at least 0, got -1"),
    ("pix2pix_emoji", "trainer.val_check_interval", "0", "at least 1, got 0"),
    ("pix2pix_emoji", "trainer.val_check_interval", "0.0", "above 0, got 0.0"),
    ("pix2pix_emoji", "trainer.num_nodes", "0", "at least 1 and at most 10000, got 0"),
    ("pix2pix_emoji", "trainer.max_epochs", "-5", "at least -1, got -5"),
    ("pix2pix_emoji", "trainer.limit_val_batches", "-1", "at least 0, got -1"),
    ("pix2pix_emoji", "trainer.overfit_batches", ".nan", "at least 0, got nan"),
    ("pix2pix_emoji", "trainer.devices", "0", "from 1 to 1024, or -1 for all, got 0"),
    ("pix2pix_emoji", "trainer.devices", "10000000", "from 1 to 1024, or -1 for all, got 10000000"),
]


def bare_numbers(kind: Any) -> set[type]:
    """The types of numbers in a type that have no range."""
    if get_origin(kind) in (Annotated, Literal):
        return set()
    return {kind} & {int, float} | {number for part in get_args(kind) for number in bare_numbers(part)}


@pytest.fixture(scope="module")
def parsed(tmp_path_factory) -> Callable[[str], Namespace]:
    """A small experiment's configuration as ``fit`` has it before it builds anything."""

    @cache
    def parse(config: str) -> Namespace:
        seen: list[Namespace] = []

        def stop(settings: Namespace) -> None:
            seen.append(settings.clone())
            raise ConfigurationError("this is what was wanted")

        path = small_config(tmp_path_factory.mktemp("parsed"), config)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(lightning_cli, "require_values", stop)
            assert main(["fit", "--config", str(path)]) == 2
        return seen[0]

    return parse


def with_value(settings: Namespace, option: str, value: object) -> Namespace:
    """The same configuration with another value of an option."""
    section, name = option.split(".", 1)
    changed = settings.clone()
    changed[option if section in ("trainer", "predictions") else f"{section}.init_args.{name}"] = value
    return changed


@pytest.mark.parametrize("name", sorted(OPTIONS | NESTED))
def test_every_number_has_a_range(name):
    if name.rpartition(".")[2] not in FREE | TOLD_TOGETHER:
        assert not bare_numbers((OPTIONS | NESTED)[name])


def test_the_help_shows_a_range(capsys):
    assert main(["fit", "--model.help=Pix2PixModule"]) == 0
    said = " ".join(capsys.readouterr().out.split())
    assert "(type: float >= 0, default: 0.0002)" in said
    assert "(type: Optional[1 <= int <= 16384], default: null)" in said
    assert "(type: tuple[0 <= float < 1, 0 <= float < 1], default: (0.5, 0.999))" in said
    assert "Annotated" not in said


@pytest.mark.parametrize(("config", "option", "value", "reason"), REFUSED)
def test_what_is_out_of_range_is_refused_by_its_whole_name(parsed, config, option, value, reason):
    value = yaml.safe_load(value)
    as_parsed = float(value) if isinstance(value, int) and f"got {value}.0" in reason else value
    if option.endswith("lr_by_resolution"):
        as_parsed = {16: -1.0}
    require_values(parsed(config))
    with pytest.raises(ConfigurationError) as error:
        require_values(with_value(parsed(config), option, as_parsed))
    assert str(error.value) in (f"{option} must be {reason}", f"{option} {reason}")


@pytest.mark.parametrize(("config", "option"), NULLS)
def test_null_is_refused_where_there_is_none(parsed, config, option):
    with pytest.raises(ConfigurationError, match=rf"^{option} is null: it needs a value$"):
        require_values(with_value(parsed(config), option, None))


@pytest.mark.parametrize(
    ("option", "value", "reason"),
    [
        ("data.root", Path("/"), "is /, all of the disk"),
        ("data.predict_folder", Path("/tmp/.."), "is /tmp/.., all of the disk"),
        ("predictions.folder", Path("/"), "is /, all of the disk"),
        ("predictions.folder", Path(__file__), "where there is a file: name a folder"),
        ("trainer.default_root_dir", f"{__file__}/below", "where there is a file: name a folder"),
        ("data.num_workers", 10**7, "is 10000000, each a process: at most"),
        ("trainer.devices", 1000, "is 1000, each a process: at most"),
        ("trainer.limit_train_batches", 1.5, "is a part from 0 to 1, or whole batches, got 1.5"),
    ],
)
def test_what_no_machine_does_is_refused(parsed, option, value, reason):
    with pytest.raises(ConfigurationError) as error:
        require_values(with_value(parsed("pix2pix_emoji"), option, value))
    assert str(error.value).startswith(option)
    assert reason in str(error.value)


@pytest.mark.parametrize(
    ("path", "options", "sentence"),
    [
        ("EarlyStopping", {"patience": -1}, "EarlyStopping.patience must be at least 0, got -1"),
        ("EarlyStopping", {"min_delta": float("nan")}, "EarlyStopping.min_delta must be at least 0, got nan"),
        ("ModelCheckpoint", {"dirpath": "/"}, "ModelCheckpoint.dirpath is /, all of the disk: name a folder in it"),
        ("ModelCheckpoint", {"dirpath": __file__}, "there is a file: name a folder"),
    ],
)
def test_options_of_lightnings_callbacks_are_held_to_ranges(parsed, path, options, sentence):
    spec = Namespace(class_path=f"lightning.pytorch.callbacks.{path}", init_args=Namespace(**options))
    with pytest.raises(ConfigurationError) as error:
        require_values(with_value(parsed("pix2pix_emoji"), "trainer.callbacks", [spec]))
    assert str(error.value).endswith(sentence)


@pytest.mark.parametrize("command", ["fit", "check"])
def test_commands_hold_to_ranges(small, capsys, command):
    said = failure(capsys, [command, "--config", str(small()), "--data.num_workers=10000000"], status=2)
    assert said.startswith("gan-lab: data.num_workers is 10000000, each a process")


@pytest.mark.parametrize("monitor", ["", " "])
def test_a_monitor_without_a_name_is_refused_before_the_first_step(small, tmp_path, capsys, monitor):
    path = small()
    path.write_text(path.read_text().replace("monitor: val/l1", f"monitor: '{monitor}'"))
    assert "ModelCheckpoint.monitor is empty" in failure(capsys, ["fit", "--config", str(path)])
    assert not list((tmp_path / "run").rglob("*.ckpt"))


def test_ranges_hold_in_python_too():
    with pytest.raises(ConfigurationError, match=r"^model\.cycle_weight_a must be at least 0, got -1$"):
        CycleGANModule(cycle_weight_a=-1)
    with pytest.raises(ConfigurationError, match=r"^AdamSettings\.betas must be at least 0 and below 1, got 1\.5$"):
        AdamSettings(0.1, (0.5, 1.5))
    with pytest.raises(ConfigurationError, match=r"^schedule\.total_kimg must be at least 0, got nan$"):
        GrowingSchedule(total_kimg=float("nan"))


@pytest.mark.parametrize(
    ("kind", "help_text"),
    [
        (ranges.Range(at_least=0, below=1), "0 <= float < 1"),
        (ranges.Range(above=0), "float > 0"),
        (ranges.Range(at_most=9), "float <= 9"),
        (ranges.Range(above=0, at_most=0.5), "0 < float <= 0.5"),
        (ranges.Range(), "finite float"),
        (ranges.Range(at_least=8, multiple_of=8), "multiple of 8 >= 8"),
        (ranges.Range(at_least=4, power_of_two=True), "power of two >= 4"),
    ],
)
def test_a_range_reads_as_in_a_formula(kind, help_text):
    assert ranges.plain_ranges(f"Annotated[float, {kind}]") == kind.of("float") == help_text
