"""Shipped experiments with one to three values changed: a command succeeds, or refuses in one sentence.

``python -m tests.fuzz_configs 500 --seed 7`` tries so many in child processes with bounded memory and time and prints
what ended otherwise, or was nonsense and taken. A case is named by its seed; ``--seed N 1`` tries it alone.
"""

import argparse
import contextlib
import io
import math
import os
import random
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from tests.conftest import PROJECT, small_config

CONFIGS = (
    *("pix2pix_emoji", "pix2pix_inpainting", "cyclegan_emoji", "cyclegan_aging", "art_dcgan_emoji", "stylegan_emoji"),
    *("sagan_pose_figures", "sagan_pose_lsp"),
)
TRAINER = {  # options that shipped experiments do not name, as if they did
    **dict.fromkeys(("limit_train_batches", "limit_val_batches", "val_check_interval", "gradient_clip_val")),
    "num_nodes": 1,
    "overfit_batches": 0.0,
    "accumulate_grad_batches": 1,
    "num_sanity_val_steps": 0,
    "max_steps": 1,
    "min_epochs": None,
    "min_steps": None,
    "reload_dataloaders_every_n_epochs": 0,
    "detect_anomaly": False,
}
VALUES = [
    *(-1, 0, 1, 3, -(10**9), 10**9, 10**30, 0.5, -0.5, 1.5, 1e-300, 1e300, math.nan, math.inf, -math.inf, None, True),
    *("", " ", "x", "3", "-1", "nan", "/", "/dev/null", "/nowhere", [], {}, [-1, -1], [math.nan], ["x"], {"x": 1}),
]
MAY_BE_NEGATIVE = {  # and be any number
    *("split_seed", "truncation_psi", "score_threshold", "box"),
    *("max_epochs", "max_steps", "num_sanity_val_steps", "devices", "save_top_k", "every_n_epochs", "callbacks"),
    *("seed_everything", "patience", "min_delta"),
}
MAY_BE_NULL = {  # besides options that are null in a shipped experiment
    *("image_size", "palette", "box", "predict_direction", "domain_names", "lr_by_resolution", "batch_sizes"),
    *("store", "num_images", "artists", "genres", "cache_folder", "direction", "predict_folder", "root", "schedule"),
    *("skeleton", "white_level", "generator_weights", "boxes", "folder_a", "folder_b", "held_out_a", "held_out_b"),
    *("save_last", "monitor", "filename", "column_seeds", "validation_images"),
}
MAY_BE_HUGE = {"split_seed", "r1_interval", "steps_per_epoch", "pool_size", "seed_everything", "seeds", "column_seeds"}
SIZES = ("channels", "size", "side", "resolution", "workers", "devices", "nodes", "stacks", "depth", "blocks", "layers")
BYTES = 8 * 2**30  # of address space, of which torch alone takes two
SECONDS = 60  # of a case
AT_ONCE = 25  # cases of a child process


class Hanging(BaseException):
    """A case that takes too long; nothing but this file catches it."""


@dataclass
class Case:
    """A configuration that was changed.

    Attributes:
        name: Of the shipped experiment, and the case's seed.
        tree: What is in the file.
        changes: What was changed, in words.
        nonsense: Those of the changes that must not be taken.
    """

    name: str
    tree: dict[str, Any]
    changes: list[str] = field(default_factory=list)
    nonsense: list[str] = field(default_factory=list)


def options_of(tree: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The paths of all options, groups of them included."""
    pairs = tree.items() if isinstance(tree, dict) else enumerate(tree)
    for key, value in pairs:
        here = (*path, key)
        if key in ("class_path", "default_root_dir", "accelerator"):
            continue
        if key not in ("init_args", "model", "data", "trainer", "callbacks") and not isinstance(key, int):
            yield here
        if isinstance(value, dict) or key == "callbacks":
            yield from options_of(value, here)


def changed(folder: Path, seed: int) -> Case:
    """A case by its seed: the same one every time.

    Args:
        folder: Where the shipped experiments' data lie, and are made if they do not.
        seed: The case's.
    """
    chance = random.Random(seed)
    config = chance.choice(CONFIGS)
    (folder / config).mkdir(exist_ok=True)
    tree = yaml.safe_load(small_config(folder / config, config).read_text())
    tree["trainer"] = TRAINER | tree["trainer"]
    case = Case(f"{config}, seed {seed}", tree)
    for _ in range(chance.choice([1, 1, 1, 1, 2, 3])):  # the first refusal hides the others
        path = chance.choice(list(options_of(tree)))
        change(case, path, chance)
    return case


def change(case: Case, path: tuple[Any, ...], chance: random.Random) -> None:
    """Misspells an option, nests its value, or gives it another one, and notes what that is."""
    *above, name = path
    place = case.tree
    for key in above:
        place = place[key]
    before, where = place[name], ".".join(str(key) for key in path if key != "init_args")
    how = chance.choice(["misspelt", "nested", *["another"] * 8])
    if how == "misspelt":
        place[f"{name}x"] = place.pop(name)
        wrong = not isinstance(place, dict) or above[-1:] not in (["lr_by_resolution"], ["batch_sizes"])
        value: Any = f"named {name}x"
    elif how == "nested":
        value = place[name] = {"value": before}
        wrong = isinstance(before, int | float | str) and path[0] != "seed_everything"
    else:
        value = chance.choice(alike(before) if alike(before) and chance.random() < 0.75 else VALUES)
        if name in ("devices", "num_nodes") and str(value) == "3":
            value = 10**7  # not to be started
        place[name] = value
        wrong = is_nonsense(str(name), before, value, path)
    case.changes.append(f"{where}: {before!r} -> {value!r}")
    if wrong:
        case.nonsense.append(case.changes[-1])


def alike(value: Any) -> list[Any]:
    """The values of the kind of another one, which a parser lets through."""
    kinds = (int, float) if isinstance(value, float) else type(value)
    if isinstance(value, list) and value:
        return [[other] * len(value) for other in alike(value[0])]
    return [
        other for other in VALUES if isinstance(other, kinds) and isinstance(other, bool) == isinstance(value, bool)
    ]


def is_nonsense(name: str, before: Any, value: Any, path: tuple[Any, ...]) -> bool:
    """Whether an option must not have a value, by rules that know nothing of the options' types."""
    of_ours = path[0] in ("model", "data")
    is_number = isinstance(before, int | float) and not isinstance(before, bool)
    if value is None:
        return of_ours and before is not None and name not in MAY_BE_NULL
    if isinstance(value, list | dict):
        return is_number or isinstance(before, bool)
    if isinstance(before, bool):
        return not isinstance(value, bool)
    if not is_number:
        return False
    if isinstance(value, str):
        with contextlib.suppress(ValueError):
            return is_nonsense(name, before, float(value) if value != "nan" else math.nan, path)
        return name not in MAY_BE_NEGATIVE
    if isinstance(value, bool):
        return of_ours
    if not math.isfinite(value):
        return True
    if name in MAY_BE_NEGATIVE:
        return False
    return value < 0 or (value >= 10**9 and any(size in name for size in SIZES) and name not in MAY_BE_HUGE)


def ended(case: Case, folder: Path) -> str | None:
    """Runs ``check`` and a step of a case; returns what is wrong with how that ended, or None."""
    from gan_lab.cli import main

    path = folder / "case.yaml"
    run = folder / "run"
    case.tree["trainer"]["default_root_dir"] = str(run)
    path.write_text(yaml.safe_dump(case.tree))
    statuses = []
    of_data = any(change.startswith("data.") for change in case.changes)
    for command in ("check", "fit") if of_data else ("fit",):
        output = io.StringIO()
        try:
            with contextlib.redirect_stderr(output), contextlib.redirect_stdout(io.StringIO()), within_bounds():
                statuses.append(main([command, "--config", str(path)]))
        except Hanging:
            return f"{command} hangs"
        except BaseException:
            return f"{command}: {traceback.format_exc()}"
        said = [line for line in output.getvalue().splitlines() if line.startswith("gan-lab: ")]
        if "Traceback" in output.getvalue() or statuses[-1] not in (0, 1, 2):
            return f"{command}: status {statuses[-1]}: {output.getvalue()}"
        if command == "fit" and statuses[-1] != 0 and len(said) != 1:
            return f"{command} does not say one sentence: {output.getvalue()}"
        if os.environ.get("FUZZ_SAYS"):
            print(f"    {command} {statuses[-1]}: {said}", flush=True)
    shutil.rmtree(run, ignore_errors=True)
    if case.nonsense and statuses[-1] == 0:
        return f"takes nonsense: {'; '.join(case.nonsense)}"
    return None


@contextlib.contextmanager
def within_bounds() -> Iterator[None]:
    """Within it memory and time are bounded: a test must not take the machine with it."""

    def give_up(number: int, frame: object) -> None:
        raise Hanging

    limits = resource.getrlimit(resource.RLIMIT_AS)
    handler = signal.signal(signal.SIGALRM, give_up)
    resource.setrlimit(resource.RLIMIT_AS, (BYTES, limits[1]))
    signal.alarm(SECONDS)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, handler)
        resource.setrlimit(resource.RLIMIT_AS, limits)


def faults(seeds: range) -> Iterator[str]:
    """What is wrong with the cases of some seeds, as text."""
    with tempfile.TemporaryDirectory() as name:
        for seed in seeds:
            case = changed(Path(name), seed)
            print(f"{case.name}: {'; '.join(case.changes)}", flush=True)
            wrong = ended(case, Path(name))
            if wrong is not None:
                yield f"FAULT {case.name}: {'; '.join(case.changes)}\n{wrong}"


def try_all(count: int, first: int) -> int:
    """Tries cases in child processes, and returns how many went wrong."""
    wrong, next_seed, end = 0, first, first + count
    while next_seed < end:
        last = min(next_seed + AT_ONCE, end)
        words = [sys.executable, "-m", "tests.fuzz_configs", str(last - next_seed), "--seed", str(next_seed), "--here"]
        child = subprocess.Popen(words, cwd=PROJECT, stdout=subprocess.PIPE, text=True, start_new_session=True)
        try:
            output, _ = child.communicate(timeout=60 + SECONDS * AT_ONCE)
        except subprocess.TimeoutExpired:
            os.killpg(child.pid, signal.SIGKILL)
            output, _ = child.communicate()
        begun = [line for line in output.splitlines() if ", seed " in line and not line.startswith("FAULT")]
        wrong += output.count("FAULT ")
        print(output, flush=True)
        if child.returncode not in (0, 1):  # in the middle of a case
            wrong += 1
            print(f"FAULT the process ended with {child.returncode} in {begun[-1:]}", flush=True)
            next_seed += max(1, len(begun))
        else:
            next_seed = last
    print(f"{count} cases, {wrong} faults")
    return wrong


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("count", type=int)
    parser.add_argument("--seed", type=int, default=0, help="of the first case")
    parser.add_argument("--here", action="store_true", help="in this process")
    given = parser.parse_args()
    if given.here:
        found = 0
        for fault in faults(range(given.seed, given.seed + given.count)):
            print(fault, flush=True)
            found += 1
        sys.exit(found > 0)
    sys.exit(try_all(given.count, given.seed) > 0)
