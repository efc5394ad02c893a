"""Callbacks: all that cuts across papers."""

from gan_lab.callbacks.image_logger import ImageLogger
from gan_lab.callbacks.last_checkpoint import LastCheckpoint
from gan_lab.callbacks.prediction_writer import PredictionWriter
from gan_lab.callbacks.stop_on_signal import StopOnSignal

__all__ = ["ImageLogger", "LastCheckpoint", "PredictionWriter", "StopOnSignal"]
