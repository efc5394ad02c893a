"""What a CUDA machine makes of the five papers: whether it computes them rightly, how fast, in how much memory.

    python -m benchmarks.gpu [--toy] [--minutes 8] [--papers pix2pix cyclegan] [--measures plain eager] [--out FOLDER]

Run it from the project's folder; it needs torch, torchvision, lightning, torchmetrics, NumPy and Pillow, and nothing of
gan-lab installed. ``--toy`` tries it out with tiny networks on the CPU. It measures, most valuable first,

- ``agreement``: a step's losses in float32 on the device against float64 on the CPU, by the same noise, tiny networks;
- ``repeatability``: three steps twice, with deterministic algorithms, bit by bit; tiny networks;
- ``waits``: where steady steps, progress bar on, have the host wait for the device; tiny networks;
- ``plain``: the reference's plain loop at the paper's size, on the same card: all else is compared with it;
- ``eager``, ``tf32`` (with cuDNN's benchmark), ``bf16`` (and channels_last), ``compiled``: ours, each atop the last;
- ``graphs``, ``bf16_graphs``: networks compiled to CUDA graphs, from ``tf32`` and from ``bf16``;
- ``largest_batch``: how many images a step fit in memory.

What fails is told with its traceback, and the rest goes on. FOLDER/gpu.json has all figures, after every measurement;
FOLDER/worker.log what was printed. "Begun in" is what the steps before those that count took, compiling included.
"""

import argparse
import signal
import sys
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.on_gpu.worker import Worker

DETERMINISTIC = {"CUBLAS_WORKSPACE_CONFIG": ":4096:8"}  # what torch asks for
LEAST_SECONDS = 5.0  # in which a measurement may be done


def main(arguments: Sequence[str] | None = None) -> int:
    """Measures until everything is, or the time is up.

    Returns:
        1 if there is no CUDA device, or a check has failed; 0 otherwise: what cannot be measured is told.
    """
    start = time.monotonic()
    options = _options(arguments)
    import torch

    from benchmarks.on_gpu.report import Report

    if not options.toy and not torch.cuda.is_available():
        print(
            "benchmarks.gpu: torch finds no CUDA device here: run it where there is one, or with --toy", file=sys.stderr
        )
        return 1
    options.out.mkdir(parents=True, exist_ok=True)
    report = Report(options.out / "gpu.json", {"date": datetime.now(UTC).date().isoformat(), "toy": options.toy})
    worker = Worker(options.out / "worker.log", "cpu" if options.toy else "cuda:0")
    try:
        for measure, paper, seconds, environment in _tasks(options):
            left = 60 * options.minutes - (time.monotonic() - start)
            if left < LEAST_SECONDS:
                report.leave_out(paper, measure)
                continue
            request = {"measure": measure, "paper": paper, "tiny": options.toy}
            figures = worker.ask(request, min(seconds, left), environment)
            report.about |= worker.about
            report.add(paper, measure, figures)
    finally:
        worker.end()
    if report.left_out:
        print(f"not measured in {options.minutes:g} minutes: {', '.join(report.left_out)}")
    machine = ", ".join(str(report.about.get(what)) for what in ("device", "torch", "cuda", "date"))
    print(f"\n{machine}; speeds: images a second, times the plain loop (GiB)\n")
    print(report.table())
    return int(any(not row.get("passed", True) for row in report.rows))


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    from benchmarks.on_gpu.measures import MEASURES
    from benchmarks.on_gpu.papers import PAPERS

    parser = argparse.ArgumentParser(prog="python -m benchmarks.gpu", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--toy", action="store_true", help="tiny networks on the CPU")
    parser.add_argument("--minutes", type=float, default=8.0, help="after which nothing more is begun (8)")
    parser.add_argument("--papers", nargs="+", choices=PAPERS, help="which papers (all)")
    parser.add_argument("--measures", nargs="+", choices=MEASURES, help="what of them (all)")
    parser.add_argument("--out", type=Path, default=Path("runs/gpu"), help="folder for gpu.json (runs/gpu)")
    options = parser.parse_args(arguments)
    alike = {"stylegan_1024", "compiled", "bf16_graphs"} if options.toy else set()  # tiny, they are as others are
    options.papers = options.papers or [paper for paper in PAPERS if paper not in alike]
    options.measures = options.measures or [measure for measure in MEASURES if measure not in alike]
    return options


def _tasks(options: argparse.Namespace) -> list[tuple[str, str, float, Mapping[str, str]]]:
    """Measure, paper, seconds and environment, most valuable first: networks that are slow to compile come last."""
    from benchmarks.on_gpu.measures import MEASURES
    from benchmarks.on_gpu.papers import PAPERS

    pairs = [(measure, paper) for measure in MEASURES for paper in PAPERS]
    pairs.sort(key=lambda pair: MEASURES[pair[0]].compiles and not PAPERS[pair[1]].compiles_fast)
    return [
        (measure, paper, MEASURES[measure].seconds, DETERMINISTIC if MEASURES[measure].deterministic else {})
        for measure, paper in pairs
        if measure in options.measures and paper in options.papers
    ]


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # which ends the worker too
    sys.exit(main())
