"""A trained model is used without Lightning: its settings and weights are all it takes."""

import subprocess
import sys

import pytest
import torch

from gan_lab.inference import building
from gan_lab.modules import ArtDCGANModule, CycleGANModule, Pix2PixModule, SAGANPoseModule, StyleGANModule
from tests.conftest import PROJECT
from tests.test_sagan_pose import SMALL as SMALL_POSE
from tests.test_stylegan import SMALL as SMALL_STYLE
from tests.test_stylegan import growing

NARROW = {"generator_channels": 2, "discriminator_channels": 2}
MODELS = {
    "pix2pix": (lambda: Pix2PixModule(32, **NARROW, norm="instance"), building.pix2pix_generator, "generator."),
    "cyclegan": (lambda: CycleGANModule(**NARROW, blocks=2), building.cyclegan_generator, "generators.BtoA."),
    "cyclegan_unet": (
        lambda: CycleGANModule("unet", 32, **NARROW),
        building.cyclegan_generator,
        "generators.AtoB.",
    ),
    "art_dcgan": (lambda: ArtDCGANModule(28, 8, **NARROW), building.art_dcgan_generator, "generator."),
    "stylegan": (lambda: StyleGANModule(growing(), **SMALL_STYLE), building.stylegan_generator, "generator_ema."),
    "sagan_pose": (lambda: SAGANPoseModule(**SMALL_POSE), building.pose_generator, "generator."),
}


@pytest.mark.parametrize("name", MODELS)
def test_settings_build_the_network_that_the_weights_are_of(name):
    build, generator_of, prefix = MODELS[name]
    module = build()
    weights = {key.removeprefix(prefix): value for key, value in module.state_dict().items() if key.startswith(prefix)}
    assert weights
    generator_of(dict(module.hparams)).load_state_dict(weights, strict=True)


PROGRAM = """
import sys, torch
from gan_lab.inference.building import pix2pix_generator, pix2pix_translator
kept = torch.load(sys.argv[1], weights_only=True)
generator = pix2pix_generator(kept["settings"])
generator.load_state_dict(kept["weights"])
with torch.no_grad():
    torch.save(pix2pix_translator(generator, kept["settings"])(kept["source"]), sys.argv[2])
loaded = {"lightning", "pytorch_lightning", "jsonargparse", "wandb"} & set(sys.modules)
sys.exit(f"{loaded} were imported" if loaded else 0)
"""


def test_a_picture_is_translated_without_lightning(tmp_path):
    module = Pix2PixModule(32, **NARROW, test_dropout=False)
    source = torch.rand(1, 3, 20, 45) * 2 - 1
    kept = {"settings": dict(module.hparams), "weights": module.generator.state_dict(), "source": source}
    torch.save(kept, tmp_path / "model.pt")
    command = [sys.executable, "-c", PROGRAM, str(tmp_path / "model.pt"), str(tmp_path / "made.pt")]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    with torch.no_grad():
        expected = module.eval().translate(source)
    torch.testing.assert_close(torch.load(tmp_path / "made.pt", weights_only=True), expected, rtol=0, atol=1e-6)
