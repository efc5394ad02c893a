"""Measurements are not run by tests, but what they measure must be there."""

import importlib

import pytest

from benchmarks.stylegan_step import PIECES
from tests.conftest import PROJECT

MODULES = sorted(path.stem for path in (PROJECT / "benchmarks").glob("*.py") if path.stem != "__init__")


@pytest.mark.parametrize("name", MODULES)
def test_a_benchmark_can_be_imported(name):
    assert importlib.import_module(f"benchmarks.{name}").__doc__


@pytest.mark.parametrize("piece", PIECES)
def test_what_a_variant_puts_back_is_there_to_be_replaced(piece):
    with PIECES[piece]():
        pass
