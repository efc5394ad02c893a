"""Each paper's module, tiny, and a batch that it learns from."""

from collections.abc import Callable
from typing import Any

import torch
from lightning.pytorch.plugins.precision import MixedPrecision

from gan_lab.modules import ArtDCGANModule, CycleGANModule, Pix2PixModule, SAGANPoseModule, StyleGANModule
from gan_lab.training.gan_module import GANModule
from tests import test_art_dcgan, test_cyclegan, test_pix2pix, test_sagan_pose, test_stylegan

HELD: dict[str, dict[str, float]] = {  # options by which steps leave the weights as they are
    "pix2pix": {"lr": 0.0},
    "cyclegan": {"lr": 0.0},
    "art_dcgan": {"lr": 0.0},
    "stylegan": {"lr": 1e-300},
    "sagan_pose": {"lr": 0.0, "discriminator_lr": 0.0},
}


def paper(name: str, **settings: Any) -> tuple[GANModule, dict[str, Any]]:
    """A paper's module, the same every time, and a batch for it."""
    torch.manual_seed(0)
    return _MAKERS[name](settings)


def float16(scale: float = 512.0) -> MixedPrecision:
    """16-mixed as on a GPU; the scale leaves a mark on gradients that are not scaled back."""
    return MixedPrecision("16-mixed", "cpu", scaler=torch.amp.GradScaler("cpu", init_scale=scale))


def _pix2pix(settings: dict[str, Any]) -> tuple[GANModule, dict[str, Any]]:
    return Pix2PixModule(**test_pix2pix.SMALL | settings), test_pix2pix.pair()


def _cyclegan(settings: dict[str, Any]) -> tuple[GANModule, dict[str, Any]]:
    return CycleGANModule(**test_cyclegan.SMALL | settings), test_cyclegan.sample()


def _art_dcgan(settings: dict[str, Any]) -> tuple[GANModule, dict[str, Any]]:
    return ArtDCGANModule(**test_art_dcgan.SMALL | settings), test_art_dcgan.sample()


def _stylegan(settings: dict[str, Any]) -> tuple[GANModule, dict[str, Any]]:
    module = StyleGANModule(test_stylegan.fixed(), **test_stylegan.SMALL | settings)
    return test_stylegan.seen(module, 0), test_stylegan.sample(16)


def _sagan_pose(settings: dict[str, Any]) -> tuple[GANModule, dict[str, Any]]:
    module = SAGANPoseModule(**test_sagan_pose.SMALL | settings)
    module.balance.fill_(0.5)  # or generated heatmaps have no part in the discriminator's gradient
    return module, test_sagan_pose.people()


_MAKERS: dict[str, Callable[[dict[str, Any]], tuple[GANModule, dict[str, Any]]]] = {
    "pix2pix": _pix2pix,
    "cyclegan": _cyclegan,
    "art_dcgan": _art_dcgan,
    "stylegan": _stylegan,
    "sagan_pose": _sagan_pose,
}
PAPERS = sorted(_MAKERS)
