"""What a command takes of the configuration beside a checkpoint: data, never code, and no place to write.

The file may be a stranger's, and a user's own run looks the same.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from gan_lab.cli.plain_options import NotDataError, data_sets, measures, papers, plain_class, plain_value
from gan_lab.training.renamed import RENAMES

_SECTIONS = ("model", "data", "trainer", "predictions", "seed_everything", "ckpt_path")
_TRAINER: dict[str, Any] = {  # what a measurement or a prediction depends on, with the values that it may have
    "accelerator": ("auto", "cpu", "gpu", "cuda", "mps"),
    "precision": tuple(f"{bits}{how}" for bits in ("64", "32", "16", "bf16") for how in ("", "-true", "-mixed")),
    "deterministic": (True, False, "warn"),
    "benchmark": (True, False),
    "inference_mode": (True, False),
    "enable_progress_bar": (True, False),
    "enable_model_summary": (True, False),
    "limit_val_batches": float,
    "limit_test_batches": float,
    "limit_predict_batches": float,
    "overfit_batches": float,
}
_OF_TRAINING = {  # what only training depends on, and what a command settles by itself
    "accumulate_grad_batches",
    "barebones",
    "callbacks",  # looked at one by one
    "check_val_every_n_epoch",
    "default_root_dir",
    "detect_anomaly",
    "enable_autolog_hparams",
    "enable_checkpointing",
    "fast_dev_run",
    "gradient_clip_algorithm",
    "gradient_clip_val",
    "limit_train_batches",
    "log_every_n_steps",
    "max_epochs",
    "max_steps",
    "max_time",
    "min_epochs",
    "min_steps",
    "model_registry",
    "num_sanity_val_steps",
    "reload_dataloaders_every_n_epochs",
    "sync_batchnorm",
    "use_distributed_sampler",
    "val_check_interval",
}
_CALLBACKS_OF_TRAINING = (  # nothing but training depends on them, nor what is seen of it
    "DeviceStatsMonitor",
    "EarlyStopping",
    "LastCheckpoint",
    "LearningRateMonitor",
    "ModelCheckpoint",
    "ModelSummary",
    "RichModelSummary",
    "RichProgressBar",
    "TQDMProgressBar",
)
_CALLBACK_HOMES = ("", "gan_lab.callbacks.", "lightning.pytorch.callbacks.")
_NOTHING = (None, False, "auto", 1, "1")  # values of an option that is as if it was not there
_PREDICTIONS: dict[str, Any] = {
    "sheet_rows": int,
    "sheet_samples": int,
    "score_threshold": float,
    "frames_per_second": int,
    "broken": Literal["skip", "stop"],
}


@dataclass
class Taken:
    """What was taken of a configuration.

    Attributes:
        tree: A configuration of plain values and gan-lab's classes.
        left_out: What was not taken although it would have mattered, by the names of its options.
    """

    tree: dict[str, Any] = field(default_factory=dict)
    left_out: list[str] = field(default_factory=list)


def data_only(tree: Mapping[Any, Any], command: str) -> Taken:
    """Takes the data of a configuration.

    Args:
        tree: What the file says.
        command: What it is for: ``validate``, ``test``, ``predict`` or ``check``.

    Raises:
        NotDataError: If its model or data are not gan-lab's, or an option of theirs is more than a value.
    """
    taken = Taken(left_out=[str(section) for section in tree if section not in _SECTIONS])
    for section, allowed in (("model", papers()), ("data", data_sets())):
        if section in tree:
            taken.tree[section] = plain_class(tree[section], allowed, section)
    if isinstance(seed := tree.get("seed_everything"), int):
        taken.tree["seed_everything"] = plain_value(seed, int, "seed_everything")
    trainer = _mapping(tree.get("trainer"))
    taken.tree["trainer"] = _trainer(trainer, command, taken.left_out) | {"devices": 1, "enable_checkpointing": False}
    taken.tree["trainer"]["callbacks"] = list(_callbacks(trainer.get("callbacks"), command, taken.left_out))
    predictions = _mapping(tree.get("predictions"))
    taken.tree["predictions"] = {
        name: plain_value(predictions[name], kind, f"predictions.{name}")
        for name, kind in _PREDICTIONS.items()
        if name in predictions
    }
    if predictions.get("folder") is not None:
        taken.left_out.append("predictions.folder")
    return taken


def _trainer(options: Mapping[Any, Any], command: str, left_out: list[str]) -> dict[str, Any]:
    """The options of the trainer that are taken."""
    quiet = _OF_TRAINING | ({"logger"} if command in ("predict", "check") else set())
    taken = {}
    for name, value in options.items():
        if value in (None, [], {}) or name in quiet:
            continue
        if name in _TRAINER and _is_one_of(value, _TRAINER[name]):
            taken[name] = value
        elif not _is_one_of(value, _NOTHING) and not (name == "logger" and value is True):
            left_out.append(f"trainer.{name}")
    return taken


def _callbacks(specs: object, command: str, left_out: list[str]) -> Iterator[dict[str, Any]]:
    """The callbacks that are taken: those that measure or show a model, where it is measured."""
    for spec in specs if isinstance(specs, list) else [] if specs is None else [specs]:
        path = spec.get("class_path") if isinstance(spec, dict) else spec
        if not isinstance(path, str) or RENAMES.class_path(path) not in measures():
            if path not in [home + name for home in _CALLBACK_HOMES for name in _CALLBACKS_OF_TRAINING]:
                left_out.append(f"callback {path}")
        elif command in ("validate", "test"):
            try:
                callback = plain_class(spec, measures(), path.rpartition(".")[2])
            except NotDataError as error:
                left_out.append(f"callback {path}: {error}")
                continue
            if _mapping(_mapping(spec).get("init_args")).get("cache_folder") is not None:
                left_out.append(f"callback {path}: cache_folder")
            yield callback


def _is_one_of(value: object, allowed: Any) -> bool:
    """Whether a value is a number, or one of those listed."""
    if allowed is float:
        return isinstance(value, int | float) and abs(value) < 2**63
    return isinstance(value, bool | int | str) and str(value) in map(str, allowed)


def _mapping(value: object) -> Mapping[Any, Any]:
    return value if isinstance(value, dict) else {}
