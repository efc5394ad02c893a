"""Imports run one way: see docs/architecture.md."""

import ast
from pathlib import Path

import pytest

from tests.conftest import PROJECT

PACKAGE = PROJECT / "gan_lab"
EVERYWHERE = {"errors", "files", "pixels", "seeding"}
MAY_IMPORT = {  # part -> parts of ours that it may import
    "networks": {"networks"},
    "losses": set(),
    "image_pool": set(),
    "schedules": set(),
    "transforms": set(),
    "palettes": set(),
    "person_crop": {"transforms"},
    "color": set(),
    "degradations": {"transforms"},
    "heatmaps": set(),
    "poses": {"skeletons"},
    "drawing": {"skeletons"},
    "metrics": {"metrics", "palettes", "skeletons"},
    "samples": set(),
    "style_sampler": {"networks", "samples", "schedules"},
    "skeletons": set(),
    "errors": set(),
    "files": set(),
    "pixels": set(),
    "seeding": set(),
    "allocator": set(),
    "wandb_fallback": set(),
    "config_files": set(),
    "checkpoints": set(),
    "datasets": {"datasets", "degradations", "palettes", "person_crop", "samples", "skeletons", "transforms"},
    "datamodules": {
        *("datamodules", "datasets", "degradations", "person_crop", "samples", "schedules", "skeletons", "transforms"),
    },
    "modules": {
        *("modules", "networks", "losses", "color", "image_pool", "metrics", "palettes", "schedules", "samples"),
        *("drawing", "heatmaps", "poses", "skeletons", "style_sampler"),
    },
    "callbacks": {"callbacks", "datasets", "drawing", "metrics", "modules", "poses", "samples", "skeletons"},
    "hints": {"callbacks", "datamodules", "modules"},
    "check": {"config_files", "datamodules", "datasets"},
}
COMMAND = {"cli", "commands", "__main__", "__init__"}  # may import everything
WITHOUT_LIGHTNING = {
    "networks",
    "losses",
    "image_pool",
    "schedules",
    "transforms",
    "palettes",
    "person_crop",
    "color",
    "degradations",
    "drawing",
    "heatmaps",
    "poses",
    "metrics",
    "samples",
    "skeletons",
    "style_sampler",
    "datasets",
    "errors",
    "files",
    "pixels",
    "seeding",
}


def imports(path: Path) -> list[tuple[int, str]]:
    found = []
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found += [(node.lineno, alias.name) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            found.append((node.lineno, node.module or ""))
    return found


def part(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


@pytest.mark.parametrize("path", sorted(PACKAGE.rglob("*.py")), ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_imports_run_one_way(path):
    mine = part(path)
    if mine in COMMAND:
        return
    for line, name in imports(path):
        top, _, rest = name.partition(".")
        if top == "gan_lab":
            allowed = MAY_IMPORT[mine] | EVERYWHERE
            assert rest.split(".")[0] in allowed, f"{path}:{line} imports {name}: {mine} may import {sorted(allowed)}"
        if top in ("lightning", "pytorch_lightning"):
            assert mine not in WITHOUT_LIGHTNING, f"{path}:{line} imports {name}: {mine} knows nothing of Lightning"
        assert top != "pytorch_lightning", f"{path}:{line}: import lightning.pytorch, or isinstance checks fail"


def test_every_paper_has_its_test_and_its_configs():
    for module in (PACKAGE / "modules").glob("*.py"):
        if module.stem not in ("__init__", "base"):
            assert (PROJECT / "tests" / f"test_{module.stem}.py").exists()
            assert list((PROJECT / "configs").glob(f"{module.stem}_*.yaml"))
