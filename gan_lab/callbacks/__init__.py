"""Callbacks: all that cuts across papers."""

from gan_lab.callbacks.best_of_history import BestOfHistory
from gan_lab.callbacks.distribution_distance import DistributionDistance
from gan_lab.callbacks.image_logger import ImageLogger
from gan_lab.callbacks.known_monitors import KnownMonitors
from gan_lab.callbacks.last_checkpoint import LastCheckpoint
from gan_lab.callbacks.path_length import PathLength
from gan_lab.callbacks.prediction_writer import PredictionWriter
from gan_lab.callbacks.stop_on_signal import StopOnSignal

__all__ = [
    "BestOfHistory",
    "DistributionDistance",
    "ImageLogger",
    "KnownMonitors",
    "LastCheckpoint",
    "PathLength",
    "PredictionWriter",
    "StopOnSignal",
]
