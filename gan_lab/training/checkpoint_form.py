"""What a training checkpoint consists of, part by part: one of another form is refused before it is used."""

import re
from collections.abc import Callable, Iterable
from itertools import islice
from typing import Any

import torch
from torch import Tensor

_LARGEST_COUNT = 2**53  # which every number of ours and of Lightning's holds exactly
_MOST_SETTINGS = 10_000
_DEEPEST_SETTING = 10
_LONGEST_TEXT = 5_000  # more than the path of a file can have


def misfit(checkpoint: Any) -> str | None:
    """What is wrong with a checkpoint's form; None if it is a training checkpoint.

    Parts that are not there are right: whoever needs one says so. Weights must be finite.

    Args:
        checkpoint: As loaded.
    """
    if not isinstance(checkpoint, dict) or "state_dict" not in checkpoint:
        return "it has no 'state_dict'"
    for key, (fits, form) in _FORMS.items():
        if key in checkpoint and not fits(checkpoint[key]):
            return f"its '{key}' should be {form}"
    return misfit_of_weights(checkpoint["state_dict"])


def misfit_of_weights(weights: Any) -> str | None:
    """What is wrong with a state dict; None if it is dense tensors by name, of finite numbers."""
    if not _are_weights(weights):
        return "its weights should be dense tensors by name"
    name = next((name for name, tensor in weights.items() if not tensor.isfinite().all()), None)
    return None if name is None else f"{name} has values that are not finite"


def is_plain_tensor(value: Any) -> bool:
    """Whether it is a tensor as modules keep them: dense, of usual numbers, all of them in memory or in the file."""
    if not isinstance(value, Tensor) or value.layout != torch.strided or value.is_quantized or value.is_nested:
        return False
    usual = value.dtype.is_complex or value.dtype.itemsize > 1 or value.dtype in (torch.uint8, torch.int8, torch.bool)
    return usual and not value.is_meta and value.numel() * value.dtype.itemsize <= value.untyped_storage().nbytes()


def is_count(value: Any) -> bool:
    """Whether it is a whole number from 0 up, of a size that occurs."""
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= _LARGEST_COUNT


def is_name(value: Any) -> bool:
    """Whether it is a text that a message can show: others could write anything on a terminal, and without end."""
    return isinstance(value, str) and len(value) <= _LONGEST_TEXT and value.isprintable()


def _is_table(value: Any, of: Callable[[Any], bool] = lambda _: True, keys: type = str) -> bool:
    """Whether it is a dict of such values."""
    return isinstance(value, dict) and all(isinstance(key, keys) and of(part) for key, part in value.items())


def _is_list(value: Any, of: Callable[[Any], bool]) -> bool:
    return isinstance(value, list) and all(map(of, value))


def _are_weights(value: Any) -> bool:
    return _is_table(value, is_plain_tensor) and all(map(is_name, value))


def _are_settings(value: Any) -> bool:
    """Whether it is a dict of options, not too many to be printed, and the class that they are of is a name."""
    if not _is_table(value) or not all(map(is_name, value)) or not is_name(value.get("_class_path", "")):
        return False
    level: list[Any] = [value]
    for _ in range(_DEEPEST_SETTING):
        level = list(islice((part for node in level for part in _parts(node)), _MOST_SETTINGS))
        if len(level) == _MOST_SETTINGS:
            return False
    return not level


def _parts(value: Any) -> Iterable[Any]:
    return value.values() if isinstance(value, dict) else value if isinstance(value, list | tuple | set) else ()


def _are_callbacks(value: Any) -> bool:
    """Whether it is a table for each callback, and one of Lightning's EarlyStopping is what that would save."""
    early = ("wait_count", "stopped_epoch", "patience")
    return _is_table(value, _is_table) and all(
        all(is_count(kept[name]) for name in early if name in kept)
        and (is_plain_tensor(best := kept.get("best_score", torch.zeros(()))) and best.numel() == 1)
        for key, kept in value.items()
        if key.startswith("EarlyStopping")
    )


def _is_version(value: Any) -> bool:
    return isinstance(value, str) and re.fullmatch(r"\d+(\.\d+)+[\w.+-]*", value) is not None


def _is_optimizer(value: Any) -> bool:
    """Whether it is what ``Optimizer.state_dict`` gives."""
    if not _is_table(value):
        return False
    moments = _is_table(value.get("state"), lambda kept: _is_table(kept, _is_moment), keys=int)
    groups = _is_list(
        value.get("param_groups"), lambda group: _is_table(group) and _is_list(group.get("params"), is_count)
    )
    return moments and groups


def _is_moment(value: Any) -> bool:
    return is_plain_tensor(value) or value is None or isinstance(value, int | float)


def _are_loops(value: Any) -> bool:
    """Whether it is what Lightning keeps of its loops: their progress in counts, and how far the loaders are."""
    if not _is_table(value, _is_table):
        return False
    kept = value.get("fit_loop", {}).get("state_dict", {})
    loaders = kept.get("combined_loader", []) if isinstance(kept, dict) else None
    progress = [part for loop in value.values() for name, part in loop.items() if name.endswith("progress")]
    return _is_list(loaders, _is_place) and all(_is_progress(part) for part in progress)


def _is_place(value: Any) -> bool:
    return _is_table(value) and all(is_count(value[name]) for name in ("batch", "step") if name in value)


def _is_progress(value: Any, depth: int = 5) -> bool:
    if isinstance(value, dict):
        return depth > 0 and all(_is_progress(part, depth - 1) for part in value.values())
    return isinstance(value, bool) or is_count(value)


_FORMS: dict[str, tuple[Callable[[Any], bool], str]] = {
    "state_dict": (_are_weights, "dense tensors by name"),
    "hyper_parameters": (_are_settings, "options by name"),
    "datamodule_hyper_parameters": (_are_settings, "options by name"),
    "pytorch-lightning_version": (_is_version, "a version"),
    "epoch": (is_count, "a count"),
    "global_step": (is_count, "a count"),
    "images_seen": (is_count, "a count"),
    "validation_due": (lambda value: isinstance(value, bool), "yes or no"),
    "loops": (_are_loops, "the counts of Lightning's loops"),
    "callbacks": (_are_callbacks, "a table for each callback"),
    "optimizer_states": (lambda value: _is_list(value, _is_optimizer), "the state of each optimizer"),
    "lr_schedulers": (lambda value: _is_list(value, _is_table), "the state of each scheduler"),
    "per_process": (lambda value: _is_list(value, lambda of_rank: _is_table(of_rank, _is_table)), "a table a process"),
}
