"""Imports run one way: see the table in docs/architecture.md, which is read here."""

import ast
import re
import subprocess
import sys
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

from tests.conftest import PROJECT

PACKAGE = PROJECT / "gan_lab"
PAGE = (PROJECT / "docs" / "architecture.md").read_text()
ROWS = re.findall(r"^\| `(\w+)` \| (.+?) \| (yes|no) \|$", PAGE, re.MULTILINE)
MAY_IMPORT = {folder: set(re.findall(r"`(\w+)`", allowed)) for folder, allowed, _ in ROWS}
LIGHTNING_FREE = {folder for folder, _, lightning in ROWS if lightning == "no"}
HEAVY = {"lightning", "pytorch_lightning", "jsonargparse", "wandb"}  # what a trained model can do without
PYTHON_FILES = {"__init__", "__main__"}
ROOT_FILES = {
    *("errors", "files", "losses", "peers", "precision", "ranges", "samples", "schedules", "seeding"),
    *("stopping", "terminal"),
}


def imports(path: Path) -> list[tuple[int, str]]:
    found = []
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found += [(node.lineno, alias.name) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            found.append((node.lineno, node.module or ""))
    return found


def folder_of(path: Path) -> str:
    """The folder of a file; ``root`` for those that lie in none."""
    first, *rest = path.relative_to(PACKAGE).parts
    return first if rest else "root"


def test_the_table_has_a_row_for_every_folder_and_no_circle():
    folders = {path.parent.name for path in PACKAGE.glob("*/__init__.py")}
    assert MAY_IMPORT.keys() == folders | {"root"}
    assert len(ROWS) <= 12
    order = TopologicalSorter(MAY_IMPORT).static_order()  # raises CycleError, which names the circle
    assert set(order) == MAY_IMPORT.keys()
    assert {path.stem for path in PACKAGE.glob("*.py")} == ROOT_FILES | PYTHON_FILES


@pytest.mark.parametrize("path", sorted(PACKAGE.rglob("*.py")), ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_imports_run_one_way(path):
    mine = folder_of(path)
    if path.name == "__main__.py":  # it is the command
        return
    for line, name in imports(path):
        top, *rest = name.split(".")
        if top == "gan_lab":
            theirs = rest[0] if rest and (PACKAGE / rest[0]).is_dir() else "root"
            allowed = MAY_IMPORT[mine] | {mine}
            assert theirs in allowed, f"{path}:{line} imports {name}: {mine} may import {sorted(allowed)}"
        assert top not in HEAVY or mine not in LIGHTNING_FREE, f"{path}:{line} imports {name}: {mine} does without"
        assert top != "pytorch_lightning", f"{path}:{line}: import lightning.pytorch, or isinstance checks fail"


def test_networks_and_predictions_load_nothing_that_training_needs():
    """What other libraries import in turn counts too."""
    folders = sorted(LIGHTNING_FREE - {"root", "metrics"})  # torchmetrics brings Lightning's utilities, no more
    program = f"import sys, {', '.join(f'gan_lab.{folder}' for folder in folders)}; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=PROJECT)
    assert not HEAVY & set(done.stdout.split())


@pytest.mark.parametrize("path", sorted(PACKAGE.rglob("*.py")), ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_files_and_functions_stay_short(path):
    text = path.read_text()
    assert len(text.splitlines()) <= 300
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            assert node.end_lineno - node.lineno < 40, f"{path}:{node.lineno} {node.name} is longer than 40 lines"


def test_every_paper_has_its_test_and_its_configs():
    for module in (PACKAGE / "modules").glob("*.py"):
        if module.stem != "__init__":
            assert (PROJECT / "tests" / f"test_{module.stem}.py").exists()
            assert list((PROJECT / "configs").glob(f"{module.stem}_*.yaml"))
