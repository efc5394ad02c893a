"""The parts of ``benchmarks.gpu``, and all of it on the CPU."""

import json
import os
import re
import subprocess
import sys
import time
from collections import Counter
from importlib.metadata import distribution
from pathlib import Path

import pytest
import torch
from packaging.requirements import Requirement
from torch.nn import functional as F

from benchmarks import gpu
from benchmarks.on_gpu.checks import SameDraws, agreement, noted_losses
from benchmarks.on_gpu.measures import measured
from benchmarks.on_gpu.papers import PAPERS
from benchmarks.on_gpu.plain_loops import PLAIN_LOOPS
from benchmarks.on_gpu.report import Report
from benchmarks.on_gpu.speed import search
from benchmarks.on_gpu.stopwatch import Plan, Stopwatch, watched_waits
from benchmarks.on_gpu.training import train
from benchmarks.on_gpu.worker import Worker
from gan_lab.training.finiteness import FiniteCheck
from tests.conftest import PROJECT

CPU = torch.device("cpu")
LIBRARIES = ("torch", "torchvision", "lightning", "torchmetrics", "numpy", "pillow")


@pytest.mark.parametrize(("room", "found"), [(100, (96, 104)), (1, (1, 2)), (0, (0, 1)), (10**9, (256, None))])
def test_the_largest_batch_is_found_to_an_eighth(room, found):
    assert search(lambda batch: batch <= room, 1, 256, time.monotonic() + 60) == found


def test_no_batch_is_tried_when_the_time_is_up():
    assert search(lambda batch: True, 1, 256, time.monotonic()) == (0, None)


def test_a_stopwatch_times_as_many_steps_as_planned_and_sees_numbers_read_after_them():
    plan = Plan(warm_up=3, seconds=0.0, least=4, most=9, watched=2)
    steps = 0
    with Stopwatch(CPU, plan) as watch:
        while not watch.done:
            watch.tick()
            steps += not watch.done
            torch.ones(()).item()
    figures = watch.figures()
    assert steps == 3 + 4 + 2
    assert figures["steps"] == 4
    assert figures["waits"] == 1
    assert figures["fastest_ms"] <= figures["ms"] <= figures["slowest_ms"]


def test_what_would_wait_for_a_device_is_told_by_its_place():
    check, places = FiniteCheck(), Counter[str]()
    with watched_waits(CPU, places):
        check.note(0, {"loss": torch.ones(())})
        assert not places
        check.look()
        torch.tensor(1.0)
    assert sorted(re.sub(r":\d+", "", place) for place in places) == ["elsewhere", "training/finiteness.py look"]
    assert set(places.values()) == {1}


def test_draws_and_masks_are_the_cpus_on_any_device():
    for draw in (
        lambda: torch.rand(3, device="meta"),
        lambda: torch.randn((3,), dtype=torch.float32, device="meta"),
        lambda: F.dropout(torch.ones(3, device="meta"), 0.5),
    ):
        before = torch.get_rng_state()
        with SameDraws():
            assert draw().device.type == "meta"
        assert not torch.equal(before, torch.get_rng_state())


def test_masks_of_dropout_keep_the_mean():
    with SameDraws():
        dropped = F.dropout(torch.ones(20_000), 0.25)
        assert torch.equal(F.dropout(dropped, 0.25, training=False), dropped)
    assert dropped.unique().tolist() == pytest.approx([0, 4 / 3])
    assert dropped.mean() == pytest.approx(1, abs=0.02)


def test_a_device_that_computes_something_else_is_found_out(monkeypatch):
    assert agreement("dcgan", CPU)["passed"]
    exact = F.softplus
    monkeypatch.setattr(F, "softplus", lambda x: exact(x) * (1.002 if x.dtype == torch.float32 else 1))
    found = agreement("dcgan", CPU)
    assert not found["passed"]
    assert found["worst"] == pytest.approx(0.002, rel=0.01)


@pytest.mark.parametrize("paper", [name for name in PAPERS if name != "stylegan_1024"])
def test_a_plain_loop_plays_the_papers_game(paper):
    """Its first losses are those of our step, from the same weights; all networks move."""
    torch.manual_seed(0)
    module, (batch,) = PAPERS[paper].build(tiny=True), PAPERS[paper].batches(1, tiny=True)
    twin = PAPERS[paper].build(tiny=True)
    for network in (module, twin):
        for layer in network.modules():
            if isinstance(layer, torch.nn.Dropout):
                layer.p = 0.0
    with noted_losses(twin) as noted:
        train(twin, [batch], CPU)
    ours = {name.removeprefix("loss/"): value.item() for name, value in noted[0].items()}
    before = {name: value.clone() for name, value in module.named_parameters()}
    losses = [loss.item() for loss in PLAIN_LOOPS[paper].of(module.train())(batch)]
    match paper:
        case "pix2pix":
            fake, real, _, l1 = losses
            assert [(fake + real) / 2, l1 / 100] == pytest.approx([ours["discriminator"], ours["l1"]], rel=1e-4)
        case "cyclegan":
            assert losses[0] == pytest.approx(ours["generator_a"], rel=1e-4)
            assert losses[2] == pytest.approx(10 * ours["cycle_a"], rel=1e-4)
            assert losses[4] == pytest.approx(5 * ours["identity_b"], rel=1e-4)
        case "sagan_pose":
            assert losses[:2] == pytest.approx([ours["real"], ours["fake"]], rel=1e-4)
            assert losses[2] == pytest.approx(ours["heatmaps"], rel=1e-4)
        case _:  # images of other noise
            assert losses[0] == pytest.approx(ours["discriminator"], rel=0.5)
    for network in ("generator", "discriminator"):
        moved = [not torch.equal(before[name], value) for name, value in module.named_parameters() if network in name]
        assert any(moved)


def test_what_fails_is_told_and_leaves_the_process_of_use(monkeypatch):
    monkeypatch.setitem(PAPERS, "dcgan", None)
    figures = measured("eager", "dcgan", True, CPU)
    assert figures["error"].startswith("AttributeError: 'NoneType'")
    assert "our_speed" in figures["traceback"]
    assert not figures["broken"]


def test_the_table_has_what_was_measured_and_what_failed(tmp_path, capsys):
    speed = {"images_per_s": 50.0, "peak_gib": 0.94, "warm_up_s": 1.0, "waits": 2.0, "waits_at": {"a.py:1 f": 2.0}}
    report = Report(tmp_path / "gpu.json", {"device": "H100"})
    report.add("pix2pix", "agreement", {"passed": True, "worst": 5e-8})
    report.add("pix2pix", "repeatability", {"passed": False, "differing": ["generator.w"]})
    report.add("pix2pix", "waits", {"waits": 2.0, "waits_at": {"a.py:1 f": 2.0}})
    report.add("pix2pix", "plain", speed | {"ms": 20.0})
    report.add("pix2pix", "eager", speed | {"ms": 10.0, "images_per_s": 100.0})
    report.add("pix2pix", "largest_batch", {"largest_batch": 96, "too_large": 104})
    report.add(
        "cyclegan", "eager", {"error": "RuntimeError: no", "traceback": "Traceback\n  the line\nRuntimeError: no"}
    )
    report.leave_out("cyclegan", "bf16")
    assert re.sub(" +", " ", report.table()) == (
        "| | off float64 | repeats | waits | plain loop | eager float32 | largest batch |\n"
        "|---|---|---|---|---|---|---|\n"
        "| pix2pix | 5.0e-08 | no | 2 | 50.0 x1.00 (0.9) | 100.0 x2.00 (0.9) | 96 |\n"
        "| cyclegan | | | | | failed | |"
    )
    said = capsys.readouterr().out
    assert "FAILED: generator.w" in said
    assert "2 at a.py:1 f" in said
    assert "the line" in said
    kept = json.loads((tmp_path / "gpu.json").read_text())
    assert [row["measure"] for row in kept["rows"]][-1] == "eager"
    assert kept["left_out"] == ["cyclegan bf16"]


def test_without_a_gpu_it_says_so_in_a_sentence(monkeypatch, capsys, tmp_path):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.chdir(tmp_path)
    assert gpu.main([]) == 1
    out, err = capsys.readouterr()
    assert not out
    assert err.count("\n") == 1
    assert "--toy" in err
    assert not list(tmp_path.iterdir())


@pytest.mark.slow
def test_a_measurement_that_hangs_or_crashes_ends_alone(tmp_path):
    worker = Worker(tmp_path / "worker.log", "cpu")
    request = {"measure": "waits", "paper": "dcgan", "tiny": True}
    try:
        late = worker.ask(request, 0.0, {})
        assert late["error"].startswith("TimeoutError")
        assert worker.ask(request, 120, {})["waits"] >= 0
        os.kill(worker._process.pid, 11)
        assert worker.ask(request, 120, {})["error"] == "ChildProcessError: the process ended with SIGSEGV"
        assert worker.ask(request, 120, {})["waits"] >= 0
    finally:
        worker.end()


def with_all_they_need(names: tuple[str, ...]) -> set[str]:
    """Installed distributions by name, and what they require, with the extras that are asked for."""
    found: set[tuple[str, frozenset[str]]] = set()
    waiting = [(name, frozenset[str]()) for name in names]
    while waiting:
        name, extras = asked = waiting.pop()
        if asked in found:
            continue
        found.add(asked)
        for required in map(Requirement, distribution(name).requires or []):
            wanted = (
                (required.marker.evaluate({"extra": extra}) for extra in extras | {""}) if required.marker else [True]
            )
            if any(wanted):
                waiting.append((re.sub(r"[-_.]+", "-", required.name).lower(), frozenset(required.extras)))
    return {name for name, _ in found}


def bare_site(folder: Path) -> Path:
    """A folder of links to the few libraries that a GPU machine needs."""
    for name in with_all_they_need(LIBRARIES):
        installed = distribution(name)
        for top in {path.parts[0] for path in installed.files or [] if path.parts[0] not in ("..", "__pycache__")}:
            link = folder / top
            if not link.exists():
                link.symlink_to(Path(str(installed.locate_file(top))))
    return folder


@pytest.mark.slow
def test_all_of_it_runs_on_the_cpu_without_the_projects_other_dependencies(tmp_path):
    site = tmp_path / "site"
    site.mkdir()
    bare_site(site)
    for name in ("cv2", "kornia", "albumentations", "scipy", "jsonargparse", "wandb", "shtab", "safetensors", "rich"):
        assert not (site / name).exists()
    out = tmp_path / "out"
    command = [sys.executable, "-S", "-m", "benchmarks.gpu", "--toy", "--out", str(out)]
    environment = os.environ | {"PYTHONPATH": f"{PROJECT}{os.pathsep}{site}", "PYTHONNOUSERSITE": "1"}
    done = subprocess.run(command, capture_output=True, text=True, timeout=900, env=environment, cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    found = json.loads((out / "gpu.json").read_text())
    assert not [row for row in found["rows"] if "error" in row or not row.get("passed", True)]
    assert not found["left_out"]
    measures = {row["measure"] for row in found["rows"]}
    assert measures >= {
        "agreement",
        "repeatability",
        "waits",
        "plain",
        "eager",
        "tf32",
        "bf16",
        "graphs",
        "largest_batch",
    }
    assert len(found["rows"]) == 5 * len(measures)
    assert done.stdout.rstrip().splitlines()[-1].startswith("| sagan_pose")
