"""Pix2Pix from lightness to color."""

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from gan_lab.errors import ConfigurationError
from gan_lab.images.color import chroma, lightness, to_rgb
from gan_lab.modules import Pix2PixModule
from tests.training import train

SMALL = {
    "image_size": 32,
    "in_channels": 1,
    "out_channels": 2,
    "generator_channels": 4,
    "discriminator_channels": 4,
    "receptive_field": 16,
    "color_space": "lab",
}


def flat(*color: int) -> torch.Tensor:
    """An image (1, 3, 4, 4) of one color, 0 to 255 a channel."""
    return (torch.tensor(color) / 127.5 - 1).view(1, 3, 1, 1).expand(1, 3, 4, 4)


@pytest.mark.parametrize(
    ("rgb", "lab"),
    [  # CIE L*a*b* of sRGB's primaries under D65, as tabulated by B. Lindbloom
        ((255, 0, 0), (53.24, 80.09, 67.20)),
        ((0, 255, 0), (87.73, -86.18, 83.18)),
        ((0, 0, 255), (32.30, 79.19, -107.86)),
        ((255, 255, 255), (100, 0, 0)),
        ((0, 0, 0), (0, 0, 0)),
    ],
)
def test_lab_has_the_tabulated_values(rgb, lab):
    image = flat(*rgb)
    found = [(lightness(image)[0, 0, 0, 0].item() + 1) * 50, *(chroma(image)[0, :, 0, 0] * 110).tolist()]
    assert np.abs(np.array(found) - lab).max() < 0.03


def test_colors_survive_the_way_through_lab():
    images = torch.rand(2, 3, 8, 8) * 2 - 1
    assert (to_rgb(lightness(images), chroma(images)) - images).abs().max() < 1e-3


def test_no_chroma_is_gray():
    images = to_rgb(lightness(torch.rand(1, 3, 8, 8) * 2 - 1), torch.zeros(1, 2, 8, 8))
    assert (images - images.mean(1, keepdim=True)).abs().max() < 1e-3


def test_colors_beyond_rgb_are_clipped():
    images = to_rgb(torch.full((1, 1, 2, 2), 0.9), torch.full((1, 2, 2, 2), 1.0))
    assert images.min() >= -1
    assert images.max() <= 1


def test_only_the_colors_of_a_translation_are_the_networks(monkeypatch):
    module = Pix2PixModule(**SMALL)
    muted = torch.full((1, 2, 64, 32), 0.05)
    monkeypatch.setattr(module.translator, "generator", _Constant(muted, module.generator.size_multiple))
    source = flat(120, 90, 150)[..., :1, :1].expand(1, 3, 40, 20)
    generated = module.translate(source)
    assert generated.shape == source.shape
    assert (lightness(generated) - lightness(source)).abs().max() < 1e-3
    assert (chroma(generated) - 0.05).abs().max() < 1e-3


class _Constant(torch.nn.Module):
    """A generator of one answer."""

    def __init__(self, answer: torch.Tensor, size_multiple: int) -> None:
        super().__init__()
        self.answer = answer
        self.size_multiple = self.smallest_side = size_multiple

    def forward(self, source: torch.Tensor) -> torch.Tensor:
        assert source.shape[1] == 1
        return self.answer[..., : source.shape[2], : source.shape[3]]


def test_the_l1_that_is_trained_is_of_the_colors_alone():
    """What is logged for the first step, against the formula on a twin of the network."""
    batch = {"source": torch.rand(2, 3, 32, 32) * 2 - 1, "target": torch.rand(2, 3, 32, 32) * 2 - 1, "name": ["a", "b"]}
    module = Pix2PixModule(**SMALL, dropout=False)
    twin = Pix2PixModule(**SMALL, dropout=False)
    twin.load_state_dict(module.state_dict())
    expected = F.l1_loss(twin.generator(lightness(batch["source"])), chroma(batch["target"]))
    found = train(module, [batch]).callback_metrics
    assert found["loss/l1"].item() == pytest.approx(expected.item(), rel=1e-5)


def test_validation_measures_rgb(monkeypatch):
    batch = {"source": flat(90, 90, 90), "target": flat(255, 0, 0), "name": ["a"]}
    batch = {key: value.repeat(1, 1, 8, 8) if torch.is_tensor(value) else value for key, value in batch.items()}
    module = Pix2PixModule(**SMALL)
    monkeypatch.setattr(module, "translate", lambda source: source)
    found = train(module, [batch], validation=[batch]).callback_metrics
    assert found["val/l1"].item() == pytest.approx((165 + 90 + 90) / 3 / 127.5, rel=1e-5)


def test_channels_that_are_not_labs_are_refused():
    with pytest.raises(ConfigurationError, match="set in_channels to 1 and out_channels to 2, not 3 and 3"):
        Pix2PixModule(color_space="lab")
