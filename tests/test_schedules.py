import pytest

from gan_lab.schedules import linear_decay


@pytest.mark.parametrize(
    ("epoch", "factor"),
    [(0, 1.0), (99, 1.0), (100, 100 / 101), (149, 51 / 101), (199, 1 / 101), (200, 0.0), (500, 0.0)],
)
def test_100_constant_and_100_decaying_epochs(epoch, factor):
    assert linear_decay(epoch, 100, 100) == pytest.approx(factor)


def test_no_decay_epochs_means_constant():
    assert linear_decay(10_000, 100, 0) == 1.0
