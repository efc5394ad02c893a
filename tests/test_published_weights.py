"""Files of weights that others publish load, or are refused in one sentence."""

import math
import re

import pytest
import torch
from torch import nn

from gan_lab.errors import CheckpointError
from gan_lab.modules import Pix2PixModule
from gan_lab.networks.unet import rename_reference_weights
from tests.test_networks import reference_unet
from tests.test_pix2pix import SMALL

SIZES = SMALL | {"image_size": 64, "dropout": False}


class Pickled:
    def __reduce__(self):
        return print, ("executed",)


def scripted(weights, path):
    torch.jit.script(nn.Conv2d(1, 1, 1)).save(path)


DAMAGED_WEIGHTS = {
    "pickled": (lambda weights, path: torch.save(weights | {"x": Pickled()}, path), "holds pickled code"),
    "pickled, old": (
        lambda weights, path: torch.save(Pickled(), path, _use_new_zipfile_serialization=False),
        "holds pickled code",
    ),
    "scripted": (scripted, "not a file of weights"),
    "a text": (lambda weights, path: path.write_text("weights_only"), "not a file of weights"),
    "a list": (lambda weights, path: torch.save(list(weights.values()), path), "dense tensors by name"),
    "NaN": (lambda weights, path: torch.save({n: w * math.nan for n, w in weights.items()}, path), "not finite"),
    "another width": (
        lambda weights, path: torch.save(reference_unet(depth=6, width=2).state_dict(), path),
        r"of another network: model\.model\.0\.weight is \(2, 3, 4, 4\) there, \(4, 3, 4, 4\) here; .*"
        r"; \d+ other tensors differ\. Its shapes suggest model\.generator_channels 2$",
    ),
}


@pytest.mark.filterwarnings("ignore:Detected pickle protocol", "ignore:.torch.jit.script. is deprecated")
@pytest.mark.parametrize("damage", DAMAGED_WEIGHTS)
def test_damaged_weights_are_refused_in_a_sentence_that_advises_nothing_unsafe(tmp_path, damage, capsys):
    path = tmp_path / "latest_net_G.pth"
    write, reason = DAMAGED_WEIGHTS[damage]
    write(reference_unet(depth=6, width=4).state_dict(), path)
    with pytest.raises(CheckpointError, match=reason) as refusal:
        Pix2PixModule(**SIZES, generator_weights=str(path))
    assert str(path) in str(refusal.value)
    assert not re.search(r"weights_only|\n", str(refusal.value))
    assert capsys.readouterr().out == ""


def test_weights_of_before_torch_1_6_load(tmp_path):
    weights = reference_unet(depth=6, width=4).state_dict()
    torch.save(weights, tmp_path / "old.pth", _use_new_zipfile_serialization=False)
    module = Pix2PixModule(**SIZES, generator_weights=str(tmp_path / "old.pth"))
    expected = rename_reference_weights(weights, module.generator)
    assert all(torch.equal(tensor, expected[name]) for name, tensor in module.generator.state_dict().items())


def test_weights_with_a_wrong_bit_are_refused(tmp_path):
    weights = reference_unet(depth=6, width=4).state_dict()
    path = tmp_path / "latest_net_G.pth"
    torch.save(weights, path)
    damaged = bytearray(path.read_bytes())
    damaged[damaged.index(next(iter(weights.values())).numpy().tobytes())] ^= 1
    path.write_bytes(damaged)
    with pytest.raises(CheckpointError, match=r"latest_net_G\.pth is damaged: .*/data/\d+ is not as it was written"):
        Pix2PixModule(**SIZES, generator_weights=str(path))


@pytest.mark.parametrize("prefix", ["module.", "_orig_mod.module."])
def test_weights_of_a_wrapped_network_load(tmp_path, prefix):
    weights = reference_unet(depth=6, width=4).state_dict()
    torch.save({prefix + name: tensor for name, tensor in weights.items()}, tmp_path / "latest_net_G.pth")
    module = Pix2PixModule(**SIZES, generator_weights=str(tmp_path / "latest_net_G.pth"))
    expected = rename_reference_weights(weights, module.generator)
    assert all(torch.equal(tensor, expected[name]) for name, tensor in module.generator.state_dict().items())


def test_weights_without_counts_of_batches_load(tmp_path):
    weights = reference_unet(depth=6, width=4).state_dict()
    kept = {name: tensor for name, tensor in weights.items() if not name.endswith("num_batches_tracked")}
    assert len(kept) < len(weights)
    torch.save(kept, tmp_path / "latest_net_G.pth")
    module = Pix2PixModule(**SIZES, generator_weights=str(tmp_path / "latest_net_G.pth"))
    expected = rename_reference_weights(weights, module.generator)
    assert all(torch.equal(tensor, expected[name]) for name, tensor in module.generator.state_dict().items())


@pytest.mark.parametrize(
    ("settings", "advice"),
    [
        ({"image_size": 256}, "image_size 64"),
        ({"norm": "instance"}, "norm batch"),
        (
            {"norm": "instance", "image_size": 32, "skip_connections": False},
            "image_size 64, model.norm batch, model.skip_connections True",
        ),
        ({"in_channels": 1, "out_channels": 2}, "in_channels 3, model.out_channels 3"),
    ],
)
def test_the_first_three_differences_and_what_they_suggest_are_said(tmp_path, settings, advice):
    torch.save(reference_unet(depth=6, width=4).state_dict(), tmp_path / "latest_net_G.pth")
    with pytest.raises(CheckpointError, match=rf"\. Its shapes suggest model\.{advice}$") as refusal:
        Pix2PixModule(**SIZES | settings, generator_weights=str(tmp_path / "latest_net_G.pth"))
    assert len(re.findall(r"model\.\S+ is ", str(refusal.value))) == 3


def test_weights_of_a_residual_network_are_no_unets(tmp_path):
    torch.save({"model.1.weight": torch.zeros(64, 3, 7, 7)}, tmp_path / "latest_net_G.pth")
    with pytest.raises(CheckpointError, match=r"not those of the authors' U-Net$"):
        Pix2PixModule(**SIZES, generator_weights=str(tmp_path / "latest_net_G.pth"))
