"""One of two processes ends too early: the other one ends too, and why is said once."""

import signal

import pytest

from tests.processes import command_in_two
from tests.test_resume import probe


def ended(small, tmp_path, acting):
    """The statuses of a run in which a probe acts, and what was said in gan-lab's name."""
    config = str(small(data__batch_size=1))
    statuses, said = command_in_two(["fit", "--config", config, "--trainer.callbacks+", acting], tmp_path)
    assert "Traceback" not in said
    return statuses, [line for line in said.splitlines() if line.startswith("gan-lab: ")]


@pytest.mark.parametrize("rank", [0, 1])
def test_a_killed_process_ends_the_other_which_names_it(small, tmp_path, rank):
    statuses, (sentence,) = ended(small, tmp_path, probe("SignalAt", step=2, name="SIGKILL", rank=rank))
    assert statuses[rank] == -signal.SIGKILL
    assert statuses[1 - rank] == 1
    assert f"process {rank} of 2 has ended without a word" in sentence


@pytest.mark.parametrize("rank", [0, 1])
def test_an_error_of_one_process_is_said_once_and_ends_both(small, tmp_path, rank):
    statuses, (sentence,) = ended(small, tmp_path, probe("FailAt", step=2, message="x.png is cut off", rank=rank))
    assert statuses == [1, 1]
    assert sentence == "gan-lab: x.png is cut off"
