import os

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before torch is there: as many processes as there are cores run tests

import random
import signal
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.skips import pytest_make_collect_report, pytest_runtest_makereport  # noqa: F401 - hooks

PROJECT = Path(__file__).parent.parent
SMOKE = yaml.safe_load((PROJECT / "tests" / "smoke.yaml").read_text())


@pytest.fixture(scope="session", autouse=True)
def _lightning() -> None:
    """Imports it before any test, or its log handler would keep a stream that a test captures.

    Not at the top: the process that hands tests to others, with ``-n``, needs none of it.
    """
    import gan_lab.cli.lightning_cli  # noqa: F401


@pytest.fixture(autouse=True)
def _isolation(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Every test starts from the same random numbers, without a network or a W&B key, and leaves no handler behind.

    Reports of errors go to the tests' own folder.
    """
    import numpy as np
    import torch

    from gan_lab.terminal import say_once

    monkeypatch.setenv("WANDB_MODE", "offline")
    monkeypatch.setenv("WANDB_SILENT", "true")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path_factory.getbasetemp() / "state"))
    monkeypatch.delenv("PL_GLOBAL_SEED", raising=False)
    random.seed(0)
    np.random.seed(0)  # noqa: NPY002 - what libraries draw from
    torch.manual_seed(0)
    say_once.cache_clear()
    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    yield
    for number, handler in handlers.items():
        signal.signal(number, handler)
    os.environ.pop("PL_GLOBAL_SEED", None)


def small_config(folder: Path, config: str = "pix2pix_emoji_coloring", **settings: Any) -> Path:
    """Makes a shipped config small: writes its data set's layout, lays smoke.yaml and the given settings over it."""
    from tests.fakes import WRITERS

    tree = yaml.safe_load((PROJECT / "configs" / f"{config}.yaml").read_text())
    tree["trainer"] |= SMOKE["trainer"] | {"default_root_dir": str(folder / "run")}
    for section in ("model", "data"):
        tree[section]["init_args"] |= SMOKE[tree[section]["class_path"]]
    for callback in tree["trainer"]["callbacks"]:
        if callback["class_path"] in SMOKE:
            callback["init_args"] |= SMOKE[callback["class_path"]]
    root = folder / "data"
    if "root" in tree["data"]["init_args"]:  # or it reads no file
        if not root.exists():
            WRITERS[tree["data"]["class_path"]](root)
        tree["data"]["init_args"]["root"] = str(root)
    for key, value in settings.items():
        section, _, name = key.partition("__")
        (tree[section] if section == "trainer" else tree[section]["init_args"])[name] = value
    path = folder / f"{config}.yaml"
    path.write_text(yaml.safe_dump(tree))
    return path


@pytest.fixture
def small(tmp_path: Path) -> Callable[..., Path]:
    """:func:`small_config` in a test's own folder."""
    return partial(small_config, tmp_path)
