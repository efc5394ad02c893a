"""What is said of too few samples names the option that helps."""

import pytest

from gan_lab.datasets.loader import EpochBatchSampler, EpochSampler
from gan_lab.datasets.prediction_loader import prediction_loader
from gan_lab.errors import ConfigurationError, DatasetError


def said(samples: int, processes: int, batch_size: int) -> str:
    with pytest.raises(DatasetError) as caught:
        EpochBatchSampler(EpochSampler(samples, 0, 0, processes), batch_size)
    return str(caught.value)


def test_more_processes_than_samples_are_named():
    sentence = said(3, 8, 1)
    assert sentence.startswith("3 training samples are too few for 8 processes")
    assert "lower trainer.devices or trainer.num_nodes" in sentence
    assert "batch_size" not in sentence


def test_batches_that_no_process_fills_are_named():
    assert said(3, 1, 4).endswith("lower data.batch_size, which is 4")
    sentence = said(6, 3, 4)
    assert sentence.startswith("2 training samples a process do not fill one batch: lower data.batch_size, which is 4")
    assert "trainer.devices" in sentence


def test_no_samples_at_all_are_no_matter_of_processes():
    assert "nothing to train on" in said(0, 1, 1)


def test_more_processes_than_predictions_are_named():
    with pytest.raises(ConfigurationError, match=r"trainer\.devices or trainer\.num_nodes"):
        prediction_loader([1, 2], 1, 0, (0, 3), False)  # type: ignore[arg-type]
