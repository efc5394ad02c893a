import pytest
import torch
from torch import nn

from gan_lab.errors import NonFiniteLossError
from gan_lab.training.finiteness import FiniteCheck, require_finite_weights


def losses(**values: float) -> dict[str, torch.Tensor]:
    return {name: torch.tensor(value) for name, value in values.items()}


def test_the_first_loss_that_was_not_finite_is_named_however_late_one_looks():
    check = FiniteCheck(interval=5)
    for step in range(4):
        check.note(step, losses(d=1.0, g=float("nan") if step >= 2 else 0.5))
        check.look_if_due()
    check.note(4, losses(d=float("inf"), g=float("nan")))
    with pytest.raises(NonFiniteLossError, match="g is nan at step 2"):
        check.look_if_due()


def test_one_message_names_all_losses_of_that_step():
    check = FiniteCheck()
    check.note(7, losses(d=float("-inf"), g=float("nan"), l1=1.0))
    with pytest.raises(NonFiniteLossError, match="d is -inf and g is nan at step 7"):
        check.look()


def test_finite_losses_are_looked_at_once():
    check = FiniteCheck(interval=2)
    check.look()  # nothing noted
    check.note(0, losses(d=1.0))
    check.look()
    check.look()


def test_a_loss_of_half_precision_counts():
    check = FiniteCheck()
    check.note(0, {"d": torch.tensor(float("inf"), dtype=torch.bfloat16), "g": torch.tensor(1.0)})
    with pytest.raises(NonFiniteLossError, match="d is inf at step 0"):
        check.look()


def test_a_weight_that_is_not_finite_is_named():
    network = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 2))
    require_finite_weights(network, 3)
    network[1].bias.data[0] = float("nan")
    with pytest.raises(NonFiniteLossError, match=r"1\.bias is not finite after step 3"):
        require_finite_weights(network, 3)
