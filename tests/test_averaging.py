"""What two processes average, whatever each of them has."""

import pytest
import torch
from torch import nn

from gan_lab.errors import ConfigurationError
from gan_lab.training.distributed import average_gradients, require_equal
from tests.processes import in_two


def test_a_gradient_that_one_process_lacks_counts_as_zero_there_and_none_takes_anothers_place(tmp_path):
    """Three weights of one shape: one process has gradients of the first two, the other of the last two."""
    mine = {0: {"a": 2.0, "b": 4.0}, 1: {"b": 6.0, "c": 8.0}}

    def work(rank):
        weights = {name: nn.Parameter(torch.zeros(3)) for name in "abcd"}
        for name, value in mine[rank].items():
            weights[name].grad = torch.full((3,), value)
        average_gradients(list(weights.values()))
        return {name: None if weight.grad is None else weight.grad.tolist() for name, weight in weights.items()}

    expected = {"a": [1.0] * 3, "b": [5.0] * 3, "c": [4.0] * 3, "d": None}
    assert in_two(work, tmp_path) == [expected, expected]


def test_gradients_are_averaged_whatever_their_type_and_layout(tmp_path):
    def work(rank):
        weights = [nn.Parameter(torch.zeros(2, 3, 2, 2, dtype=dtype)) for dtype in (torch.float32, torch.float64)]
        for weight in weights:
            whole = torch.arange(24, dtype=weight.dtype).view(2, 3, 2, 2) * (rank + 1)
            weight.grad = whole.contiguous(memory_format=torch.channels_last)
        average_gradients(weights)
        return [weight.grad.flatten().tolist() for weight in weights]

    mean = [1.5 * value for value in range(24)]
    assert in_two(work, tmp_path) == [[mean, mean]] * 2


def test_processes_with_unequal_numbers_are_refused_on_all_of_them(tmp_path):
    def work(rank):
        require_equal(3, "batches")
        with pytest.raises(ConfigurationError) as caught:
            require_equal(3 + rank, "batches in an epoch")
        return str(caught.value)

    sentences = in_two(work, tmp_path)
    assert sentences[0] == sentences[1]
    assert sentences[0].startswith("processes have 3, 4 batches in an epoch")
