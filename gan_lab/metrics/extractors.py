"""What sees the images whose distributions are compared: fixed networks from bytes to features."""

import hashlib
import importlib
import math
import os
from abc import ABC, abstractmethod
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from gan_lab import ranges
from gan_lab.errors import ConfigurationError, require
from gan_lab.images.pixels import from_bytes
from gan_lab.seeding import normal_from_seeds

INCEPTION_VARIABLE = "GAN_LAB_INCEPTION_WEIGHTS"
_INCEPTION_FILE = "weights-inception-2015-12-05-6726825d.pth"
_INCEPTION_DIGEST = "6726825d0af5f729cebd5821db510b11b1cfad8faad88a03f1befd49fb9129b2"  # SHA-256: all else is not FID


class FeatureExtractor(nn.Module, ABC):
    """A fixed network that turns images into features. Your own subclass is named by its ``class_path``.

    Attributes:
        name: What messages call it, with all of its settings.
        comparable: Whether distances between these features are what papers call FID and KID.
    """

    name = "an extractor of your own"
    comparable = False

    def prepare(self) -> None:
        """Loads what it needs before the run begins; raises ConfigurationError, saying what to do, if it cannot."""

    def identity(self) -> str:
        """A digest of its class, its name and its weights: statistics kept under another one are not used."""
        digest = hashlib.sha256(f"{type(self).__module__}.{type(self).__qualname__} {self.name}".encode())
        for key, tensor in self.state_dict().items():
            digest.update(key.encode())
            digest.update(tensor.cpu().flatten().view(torch.uint8).numpy().tobytes())  # NumPy has no bfloat16
        return digest.hexdigest()

    @abstractmethod
    def forward(self, images: Tensor) -> Tensor:
        """Maps images (B, 3, H, W), uint8, to features (B, D), float32."""


class RandomConvolutions(FeatureExtractor):
    """An untrained network with fixed weights: it needs no download.

    Random convolutions keep much of what tells images apart (Saxe et al., ICML 2011), and embeddings by an untrained
    network tell more of a generator than trained ones where images are of another kind than those it was trained on
    (Naeem et al., ICML 2020). Distances between them compare one run's checkpoints, or runs on the same data. They are
    not FID, and comparable with no paper.

    Its features are the mean and the spread of every map after each of the convolutions, scaled to length 1.

    Args:
        side: The pixels to which images are scaled first.
        seed: Of the weights.
    """

    widths = (16, 32, 64)

    def __init__(self, side: ranges.Pixels = 32, seed: ranges.Seed = 0) -> None:
        ranges.require(RandomConvolutions, locals(), "RandomConvolutions")
        super().__init__()
        self.side = side
        self.name = f"random convolutions {self.widths}, {side} pixels, seed {seed}"
        before = 3
        for level, width in enumerate(self.widths):
            weight = normal_from_seeds([seed + level], width, before, 3, 3)[0] * math.sqrt(2 / (9 * before))  # He
            self.register_buffer(f"weight{level}", weight)
            before = width

    def forward(self, images: Tensor) -> Tensor:
        """Maps images (B, 3, H, W), uint8, to features (B, 224), float32."""
        size = (self.side, self.side)
        maps = F.interpolate(from_bytes(images), size, mode="bilinear", antialias=True, align_corners=False)
        features = []
        for level in range(len(self.widths)):
            maps = F.leaky_relu(F.conv2d(maps, self.get_buffer(f"weight{level}"), stride=2, padding=1), 0.2)
            features += [maps.mean((2, 3)), maps.std((2, 3), correction=0)]
        return F.normalize(torch.cat(features, dim=1))


class Inception(FeatureExtractor):
    """The pool features of the Inception network that FID is defined by (Heusel et al., NeurIPS 2017).

    Needs ``torch-fidelity``. Images are scaled to 299 pixels by an antialiased bicubic filter, as Parmar et al. (CVPR
    2022) recommend, and rounded; older figures were taken with other filters.

    Args:
        weights: The file ``weights-inception-2015-12-05-6726825d.pth``; None for the one named by the environment
            variable GAN_LAB_INCEPTION_WEIGHTS or, without that, for torch-fidelity's own download.
    """

    name = "inception 2015-12-05, bilinear as in TensorFlow 1"
    comparable = True

    def __init__(self, weights: Path | None = None) -> None:
        super().__init__()
        given = weights or os.environ.get(INCEPTION_VARIABLE)
        self.weights = None if given is None else Path(given)
        self._network: Any = None

    def prepare(self) -> None:
        """Loads the network."""
        if self._network is not None:
            return
        try:
            home = importlib.import_module("torch_fidelity.feature_extractor_inceptionv3")  # not in every environment
        except ImportError:
            raise ConfigurationError(
                "FID needs torch-fidelity: pip install torch-fidelity, or choose the extractor RandomConvolutions"
            ) from None
        downloaded = Path(torch.hub.get_dir()) / "checkpoints" / _INCEPTION_FILE
        if self.weights is not None or downloaded.is_file():
            _require_the_weights(self.weights or downloaded)
        try:
            network = home.FeatureExtractorInceptionV3(
                "inception-v3-compat",
                ["2048"],
                feature_extractor_weights_path=None if self.weights is None else str(self.weights),
            )
        except Exception as error:
            raise ConfigurationError(
                f"FID's Inception weights are unavailable ({error}): name torch-fidelity's {_INCEPTION_FILE} by "
                f"{INCEPTION_VARIABLE} or the extractor's `weights`, or choose the extractor RandomConvolutions"
            ) from None
        if self.weights is None and downloaded.is_file():  # by now, and torch-fidelity does not look what it got
            _require_the_weights(downloaded)
        self._network = network.eval().requires_grad_(False)

    def forward(self, images: Tensor) -> Tensor:
        """Maps images (B, 3, H, W), uint8, to features (B, 2048), float32."""
        if self._network is None:
            self.prepare()
        features: Tensor = self._network.to(images.device)(images)[0]
        return features


def _require_the_weights(path: Path) -> None:
    """Refuses any other file: its distances would not be FID, and torch-fidelity would run code that is in it."""
    require(path.is_file(), f"there is no file {path}: it should be torch-fidelity's {_INCEPTION_FILE}")
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    require(
        digest == _INCEPTION_DIGEST,
        f"{path} is not torch-fidelity's {_INCEPTION_FILE}, or is damaged: its SHA-256 is {digest}, "
        f"not {_INCEPTION_DIGEST}",
    )
