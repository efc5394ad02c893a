import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import PROJECT

FILES = sorted((PROJECT / "gan_lab").rglob("*.py"))


def undocumented(node: ast.AST, name: str) -> Iterator[str]:
    """The names, from ``name`` down, of what is public and has no docstring."""
    if ast.get_docstring(node) is None:
        yield name
    for child in getattr(node, "body", []) if isinstance(node, ast.Module | ast.ClassDef) else []:
        if isinstance(child, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) and not child.name.startswith("_"):
            yield from undocumented(child, f"{name}.{child.name}")


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PROJECT / "gan_lab")))
def test_everything_public_is_documented(path: Path):
    assert list(undocumented(ast.parse(path.read_text()), path.stem)) == []


def test_the_search_finds_what_is_missing():
    source = '"""Module."""\nclass A:\n    def b(self): ...\n    def _c(self): ...\ndef d():\n    "Says so."\n'
    assert list(undocumented(ast.parse(source), "m")) == ["m.A", "m.A.b"]
