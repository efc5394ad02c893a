"""Damaged copies of a checkpoint: wrong bytes, as disks and copies make them, and parts of another type."""

from collections.abc import Callable
from typing import Any

import numpy as np
import torch

SECTOR = 512


def flipped(data: bytes, share: float) -> bytes:
    """One bit is another."""
    place = int(share * len(data))
    return data[:place] + bytes([data[place] ^ (1 << place % 8)]) + data[place + 1 :]


def zeroed(data: bytes, share: float) -> bytes:
    """A sector is empty that was not."""
    start = int(share * len(data)) // SECTOR * SECTOR
    while not any(data[start : start + SECTOR]):
        start += SECTOR
    empty = bytes(min(SECTOR, len(data) - start))
    return data[:start] + empty + data[start + len(empty) :]


def cut(data: bytes, share: float) -> bytes:
    """The end is missing."""
    return data[: int(share * len(data))]


def shifted(data: bytes, share: float) -> bytes:
    """From a place on all lies one byte further."""
    place = int(share * len(data))
    return data[:place] + b"\0" + data[place:]


def shares(count: int, seed: int) -> list[float]:
    """Places in a file."""
    return np.random.default_rng(seed).random(count).tolist()


BYTES: dict[str, tuple[Callable[[bytes, float], bytes], float]] = {
    f"{mutate.__name__}-{share:.4f}": (mutate, share)
    for mutate, count in ((flipped, 20), (zeroed, 15), (cut, 5), (shifted, 5))
    for share in shares(count, len(mutate.__name__))
}

Checkpoint = dict[str, Any]
WEIGHT = "generator.encoder.0.0.weight"


def part(*path: Any, value: Any) -> Callable[[Checkpoint], None]:
    """Puts a value in a place; one that can be called is given what was there."""

    def mutate(checkpoint: Checkpoint) -> None:
        node: Any = checkpoint
        for key in path[:-1]:
            node = node[key]
        node[path[-1]] = value(node[path[-1]]) if callable(value) else value

    return mutate


def without(*path: Any) -> Callable[[Checkpoint], None]:
    def mutate(checkpoint: Checkpoint) -> None:
        node: Any = checkpoint
        for key in path[:-1]:
            node = node[key]
        del node[path[-1]]

    return mutate


def looped() -> list[Any]:
    """A list that holds itself."""
    endless: list[Any] = []
    endless.append(endless)
    return endless


def doubling(depth: int) -> Any:
    """A few bytes that stand for 10 ** depth values."""
    value: Any = 0
    for _ in range(depth):
        value = [value] * 10
    return value


FIRST = ("optimizer_states", 0, "state", 0)
NAN = float("nan")

PARTS: dict[str, Callable[[Checkpoint], None]] = {
    "weights a list": part("state_dict", value=lambda weights: list(weights.values())),
    "a weight a list": part("state_dict", WEIGHT, value=lambda weight: weight.tolist()),
    "a weight NaN": part("state_dict", WEIGHT, value=lambda weight: weight * NAN),
    "a weight infinite": part("state_dict", WEIGHT, value=lambda weight: weight / 0),
    "all weights NaN": part("state_dict", value=lambda weights: {name: w * NAN for name, w in weights.items()}),
    "a weight of whole numbers": part("state_dict", WEIGHT, value=lambda weight: weight.int()),
    "a weight complex": part("state_dict", WEIGHT, value=lambda weight: weight.to(torch.complex64)),
    "a weight sparse": part("state_dict", WEIGHT, value=lambda weight: weight.to_sparse()),
    "a weight quantized": part(
        "state_dict", WEIGHT, value=lambda weight: torch.quantize_per_tensor(weight, 0.1, 0, torch.qint8)
    ),
    "a weight without values": part("state_dict", WEIGHT, value=lambda weight: weight.to("meta")),
    "a weight repeated": part("state_dict", WEIGHT, value=torch.zeros(1).expand(10**12)),
    "a weight of another shape": part("state_dict", WEIGHT, value=lambda weight: weight[:1]),
    "a weight missing": without("state_dict", WEIGHT),
    "a weight named by escapes": part("state_dict", value=lambda weights: weights | {"\x1b[2J": torch.full((1,), NAN)}),
    "weights by number": part("state_dict", value=lambda weights: dict(enumerate(weights.values()))),
    "no weights": without("state_dict"),
    "settings a text": part("hyper_parameters", value="lr: 0.1"),
    "settings a number of times": part("hyper_parameters", "betas", value=doubling(9)),
    "settings endless": part("hyper_parameters", "betas", value=looped()),
    "a setting a tensor": part("hyper_parameters", "betas", value=torch.ones(3)),
    "the class a list": part("hyper_parameters", "_class_path", value=["gan_lab"]),
    "the schedule of another paper": part("hyper_parameters", "schedule", value=3),
    "no version": without("pytorch-lightning_version"),
    "the version a number": part("pytorch-lightning_version", value=2.6),
    "the version no version": part("pytorch-lightning_version", value="new"),
    "the step a text": part("global_step", value="4"),
    "the epoch a tensor": part("epoch", value=torch.ones(2)),
    "images seen a text": part("images_seen", value="12"),
    "images seen negative": part("images_seen", value=-1),
    "images seen huge": part("images_seen", value=10**400),
    "images seen a tensor": part("images_seen", value=torch.tensor(12)),
    "no loops": without("loops"),
    "loops a list": part("loops", value=[]),
    "loops without training": without("loops", "fit_loop"),
    "loops without epochs": without("loops", "fit_loop", "epoch_progress"),
    "epochs a table": part("loops", "fit_loop", "epoch_progress", "total", "completed", value={}),
    "epochs a text": part("loops", "fit_loop", "epoch_progress", "current", "completed", value="1"),
    "epochs negative": part("loops", "fit_loop", "epoch_progress", "current", "completed", value=-3),
    "a loader's place a text": part("loops", "fit_loop", "state_dict", "combined_loader", value=[{"batch": "1"}]),
    "loaders a number": part("loops", "fit_loop", "state_dict", "combined_loader", value=7),
    "a callback of escapes": part("callbacks", value=lambda kept: kept | {"\x1b[2J": {"monitor": "\x1b[2J"}}),
    "callbacks a list": part("callbacks", value=[1, 2]),
    "a callback a text": part("callbacks", value=lambda kept: dict.fromkeys(kept, "state")),
    "a callback empty": part("callbacks", value=lambda kept: {name: {"monitor": None} for name in kept}),
    "a best score a list": part(
        "callbacks", value=lambda kept: {n: s | {"best_model_score": [1]} for n, s in kept.items()}
    ),
    "best models a list": part(
        "callbacks", value=lambda kept: {n: s | {"best_k_models": ["a"]} for n, s in kept.items()}
    ),
    "a best model of a path too long": part(
        "callbacks", value=lambda kept: {n: s | {"best_model_path": "a/" * 10**4} for n, s in kept.items()}
    ),
    "a last model a list": part(
        "callbacks", value=lambda kept: {n: s | {"last_model_path": [1]} for n, s in kept.items()}
    ),
    "a patience a text": part("callbacks", value=lambda kept: kept | {"EarlyStopping{}": {"wait_count": "1"}}),
    "a score to beat a text": part("callbacks", value=lambda kept: kept | {"EarlyStopping{}": {"best_score": "1"}}),
    "optimizers a table": part("optimizer_states", value=lambda kept: dict(enumerate(kept))),
    "no optimizers": without("optimizer_states"),
    "one optimizer": part("optimizer_states", value=lambda kept: kept[:1]),
    "optimizers of each other": part("optimizer_states", value=lambda kept: kept[::-1]),
    "a moment of another shape": part(*FIRST, "exp_avg", value=torch.ones(2, 3)),
    "a moment a text": part(*FIRST, "exp_avg", value="0.1"),
    "a moment NaN": part(*FIRST, "exp_avg", value=lambda moment: moment * NAN),
    "a moment missing": without(*FIRST, "exp_avg_sq"),
    "no groups": part("optimizer_states", 0, "param_groups", value=[]),
    "the state of one weight": part("optimizer_states", 0, "state", value={0: {}}),
    "schedulers a text": part("lr_schedulers", value="none"),
    "processes a table": part("per_process", value={"pool": 1}),
    "processes of texts": part("per_process", value=["pool"]),
}
