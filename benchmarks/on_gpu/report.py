"""What was measured, kept as JSON after every measurement, told line by line and in one table at the end."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.on_gpu.measures import MEASURES
from gan_lab.files import atomic_write

Figures = Mapping[str, Any]


class Report:
    """The measurements of a run.

    Args:
        path: The JSON file.
        about: The machine, and whatever else holds for all of them.
    """

    def __init__(self, path: Path, about: Mapping[str, Any]) -> None:
        self.path, self.about = path, dict(about)
        self.rows: list[dict[str, Any]] = []
        self.left_out: list[str] = []

    def add(self, paper: str, measure: str, figures: Figures) -> None:
        """Keeps a measurement, and prints it; of a failed one the end of its traceback."""
        self.rows.append({"paper": paper, "measure": measure, **figures})
        self.save()
        print(f"{paper:13} {measure:13} {_line(figures)}", flush=True)
        if "error" in figures:
            print(
                "".join(f"    {line}\n" for line in figures["traceback"].rstrip().splitlines()[-12:]),
                end="",
                flush=True,
            )

    def leave_out(self, paper: str, measure: str) -> None:
        """Notes what there was no time for."""
        self.left_out.append(f"{paper} {measure}")
        self.save()

    def save(self) -> None:
        """Writes everything."""
        found = self.about | {"left_out": self.left_out, "rows": self.rows}
        with atomic_write(self.path) as path:
            path.write_text(json.dumps(found, indent=1) + "\n")

    def table(self) -> str:
        """A row for each paper, a column for each measurement, as Markdown."""
        cells = {(row["paper"], row["measure"]): row for row in self.rows}
        papers = list(dict.fromkeys(row["paper"] for row in self.rows))
        measures = [measure for measure in MEASURES if any((paper, measure) in cells for paper in papers)]
        lines = [["", *(MEASURES[measure].title for measure in measures)]]
        for paper in papers:
            plain = cells.get((paper, "plain"), {}).get("ms")
            lines.append([paper, *(_cell(cells.get((paper, measure)), plain) for measure in measures)])
        return _markdown(lines)


def _line(figures: Figures) -> str:
    """A measurement in a few words."""
    if "error" in figures:
        return str(figures["error"])
    waits = _waits(figures) if "waits" in figures else ""
    if "ms" in figures:
        memory = "" if figures["peak_gib"] is None else f" {figures['peak_gib']:7.2f} GiB"
        speed = f"{figures['ms']:9.2f} ms {figures['images_per_s']:9.1f} images/s"
        return f"{speed}{memory}, begun in {figures['warm_up_s']:.1f} s, {waits}"
    if "largest_batch" in figures:
        beyond = figures["too_large"]
        return f"{figures['largest_batch']} images, " + ("no limit found" if beyond is None else f"but not {beyond}")
    if "passed" not in figures:
        return waits
    details = [f"at most {figures['worst']:.1e} off"] if "worst" in figures else figures["differing"][:3]
    return ("passed" if figures["passed"] else "FAILED") + (": " + ", ".join(details) if details else "")


def _waits(figures: Figures) -> str:
    """How often the host waits in a step, and where most often."""
    places = [f"{count:g} at {place}" for place, count in list(figures["waits_at"].items())[:5]]
    return f"{figures['waits']:g} waits" + (f": {', '.join(places)}" if places else "")


def _cell(figures: Figures | None, plain_ms: float | None) -> str:
    """A measurement in a table: speeds as images a second, times the plain loop's (GiB)."""
    if figures is None:
        return ""
    if "error" in figures:
        return "failed"
    if "ms" in figures:
        ratio = "" if plain_ms is None else f" x{plain_ms / figures['ms']:.2f}"
        memory = "" if figures["peak_gib"] is None else f" ({figures['peak_gib']:.1f})"
        return f"{figures['images_per_s']:.1f}{ratio}{memory}"
    if "largest_batch" in figures:
        return f"{'' if figures['too_large'] else 'at least '}{figures['largest_batch']}"
    if "waits" in figures:
        return f"{figures['waits']:g}"
    return f"{figures['worst']:.1e}" if "worst" in figures else "yes" if figures["passed"] else "no"


def _markdown(lines: Sequence[Sequence[str]]) -> str:
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    rows = [
        "| " + " | ".join(f"{cell:{width}}" for cell, width in zip(line, widths, strict=True)) + " |" for line in lines
    ]
    return "\n".join([rows[0], "|" + "---|" * len(widths), *rows[1:]])
