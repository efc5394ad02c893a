"""A few of the cases of ``python -m tests.fuzz_configs``, and that it would notice."""

import math

import pytest

from tests.fuzz_configs import changed, ended, is_nonsense

FIRST = 7_000  # another one tries other cases


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    return tmp_path_factory.mktemp("fuzz")


@pytest.mark.parametrize("seed", range(FIRST, FIRST + 20))
def test_a_changed_experiment_runs_or_is_refused_in_one_sentence(data, seed):
    case = changed(data, seed)
    assert ended(case, data) is None, case.changes


def test_a_case_is_the_same_every_time(data):
    assert changed(data, 1).changes == changed(data, 1).changes != changed(data, 2).changes


def test_nonsense_that_is_taken_is_noticed(data):
    case = changed(data, FIRST)
    case.changes, case.nonsense = ["model.lr: 1 -> -1"], ["model.lr: 1 -> -1"]
    case.tree["model"]["init_args"]["lr"] = -1
    assert ended(case, data) is None  # refused
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("gan_lab.cli.main", lambda words: 0)
        assert ended(case, data) == "takes nonsense: model.lr: 1 -> -1"
        patch.setattr("gan_lab.cli.main", lambda words: 1)
        assert "does not say one sentence" in str(ended(case, data))
        patch.setattr("gan_lab.cli.main", lambda words: 1 / 0)
        assert "ZeroDivisionError" in str(ended(case, data))


@pytest.mark.parametrize(
    ("name", "before", "value", "wrong"),
    [
        ("lr", 0.1, -1, True),
        ("lr", 0.1, math.nan, True),
        ("lr", 0.1, "x", True),
        ("lr", 0.1, None, True),
        ("lr", 0.1, "0.5", False),
        ("split_seed", 0, -1, False),
        ("image_size", 32, 10**9, True),
        ("flip", True, 3, True),
    ],
)
def test_nonsense_is_told_from_sense(name, before, value, wrong):
    assert is_nonsense(name, before, value, ("model", "init_args", name)) is wrong
