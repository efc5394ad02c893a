"""Private names of Lightning may move: no file but training/lightning_private.py has one, and what it does works."""

import ast
import importlib
import inspect
import re

import pytest
import torch

from gan_lab.modules import CycleGANModule, SAGANPoseModule
from tests.conftest import PROJECT
from tests.test_sagan_pose import SMALL, people
from tests.training import train

FOLDERS = ("callbacks", "cli", "datamodules", "modules", "training")
ALLOWED = "lightning_private.py"
FILES = sorted(
    path for folder in FOLDERS for path in (PROJECT / "gan_lab" / folder).rglob("*.py") if path.name != ALLOWED
)

OURS = {name for path in (PROJECT / "gan_lab").rglob("*.py") for name in re.findall(r"def (_\w+)", path.read_text())}


def is_private(name):
    return name.startswith("_") and not name.endswith("__")


def classes(path):
    """The classes that a file defines."""
    name = ".".join(path.relative_to(PROJECT).with_suffix("").parts)
    found = vars(importlib.import_module(name.removesuffix(".__init__"))).values()
    return [value for value in found if inspect.isclass(value) and value.__module__ == name]


def private_names(cls):
    """The private names of a class's bases in Lightning, those that only instances have too."""
    bases = [base for base in cls.__mro__ if base.__module__.split(".")[0] in ("lightning", "jsonargparse")]
    used = {name for base in bases for name in re.findall(r"\b(?:self|cls)\.(_\w+)", inspect.getsource(base))}
    return {name for name in used.union(*map(vars, bases)) if is_private(name)}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(PROJECT / "gan_lab").as_posix())
def test_no_private_name_of_lightning_is_used_or_overridden(path):
    theirs = set().union(*map(private_names, classes(path)))
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Attribute) and is_private(node.attr):
            owner = node.value.id if isinstance(node.value, ast.Name) else None
            if owner == "torch":
                continue
            on_self = owner in ("self", "cls")
            assert node.attr not in theirs, f"{path}:{node.lineno} uses {node.attr}"
            assert on_self or node.attr in OURS, f"{path}:{node.lineno} uses {node.attr}"
        elif isinstance(node, ast.FunctionDef) and is_private(node.name):
            assert node.name not in theirs, f"{path}:{node.lineno} overrides {node.name}"
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith(("lightning", "jsonargparse")):
            words = [*node.module.split("."), *(alias.name for alias in node.names)]
            assert not any(map(is_private, words)), f"{path}:{node.lineno} imports a private name"


def test_private_names_are_found():
    from gan_lab.cli.lightning_cli import GanLabCLI

    assert {"_get", "_parse_ckpt_path", "_model_class", "_subcommand_parsers"} <= private_names(GanLabCLI)


def test_the_loops_have_what_a_resumed_step_is_finished_with():
    module = SAGANPoseModule(**SMALL, adversarial=False)
    trainer = train(module, [people()])
    fit, steps = trainer.fit_loop, trainer.fit_loop.epoch_loop
    assert module._trainer is trainer
    for owner, names in (
        (fit, ("_data_fetcher", "_can_stop_early", "on_advance_end", "on_iteration_done")),
        (
            steps,
            (
                "_batches_that_stepped",
                "_num_ready_batches_reached",
                "_should_check_val_fx",
                "on_iteration_done",
                "max_steps",
            ),
        ),
        (steps.val_loop, ("restarting", "batch_progress")),
        (trainer._logger_connector, ("on_batch_end", "update_train_step_metrics")),
    ):
        assert [name for name in names if not hasattr(owner, name)] == []
    state = fit.state_dict()
    assert state.keys() >= {"state_dict", "epoch_progress", "epoch_loop.val_loop.batch_progress"}
    assert state["epoch_loop.batch_progress"].keys() == {"total", "current", "is_last_batch"}
    assert state["epoch_progress"]["current"].keys() == {"ready", "started", "processed", "completed"}


MOVED = "Lightning counts steps elsewhere now: see gan_lab/training/lightning_private.py"


@pytest.mark.parametrize("adversarial", [True, False])
def test_a_batch_is_one_step_however_many_optimizers_there_are(adversarial):
    module = SAGANPoseModule(**SMALL, adversarial=adversarial)
    assert train(module, [people()] * 3).global_step == 3, MOVED
    assert train(SAGANPoseModule(**SMALL, adversarial=adversarial), [people()] * 9, max_steps=2).global_step == 2, MOVED


def test_precision_still_has_its_hands_on_every_optimizer_step():
    """A scaler of gradients, as float16 needs, must see each of the two steps."""
    from lightning.pytorch.plugins.precision import MixedPrecision

    scaler = torch.amp.GradScaler("cpu", init_scale=4.0)
    stepped = []
    step = scaler.step
    scaler.step = lambda optimizer, **settings: (stepped.append(optimizer), step(optimizer, **settings))[1]
    module = CycleGANModule(blocks=1, generator_channels=2, discriminator_channels=2, receptive_field=16)
    image = torch.rand(1, 3, 32, 32)
    precision = MixedPrecision("bf16-mixed", "cpu")
    precision.scaler = scaler
    trainer = train(module, [{"a": image, "b": image}], plugins=[precision])
    assert stepped == trainer.optimizers
