"""What is made of a sample, and measured on it, is that of a batch of one, whatever else is in its batch."""

import json

import pytest
import torch
from PIL import Image
from torch.nn import functional as F
from torchvision.transforms.functional import pil_to_tensor

from gan_lab.cli import main
from gan_lab.inference.translator import Translator
from gan_lab.modules import Pix2PixModule
from gan_lab.networks import UNetGenerator
from gan_lab.seeding import Purpose, derive_seed, seed_generators
from gan_lab.training.evaluated_samples import EvaluatedSamples
from tests.test_pix2pix import SMALL, pair

SIZES = (2, 3)  # of batches, the last of which are partial


def trained_a_little(network):
    """With weights of a common size, so that noise and statistics tell."""
    for layer in network.modules():
        if isinstance(layer, torch.nn.Conv2d | torch.nn.ConvTranspose2d):
            torch.nn.init.normal_(layer.weight, 0.0, 0.1)
    return network


@pytest.mark.parametrize("behavior", [{"dropout": True}, {"dropout": True, "batch_statistics": False}, {}])
def test_an_image_is_the_same_in_every_batch(behavior):
    generator = trained_a_little(UNetGenerator(image_size=64, base_channels=4))
    translate = Translator(generator, **{"dropout": False, "batch_statistics": True} | behavior)
    source, seeds = torch.rand(7, 3, 64, 64) * 2 - 1, list(range(100, 107))
    with torch.no_grad():
        alone = torch.cat([translate(source[i : i + 1], seeds[i : i + 1]) for i in range(7)])
        for size in SIZES:
            parts = [slice(start, start + size) for start in range(0, 7, size)]
            together = torch.cat([translate(source[part], seeds[part]) for part in parts])
            torch.testing.assert_close(together, alone, rtol=0, atol=1e-5)


def test_an_image_alone_is_what_torch_makes_of_a_batch_of_one():
    """By batch norm and dropout as in training, which the references test with; bit for bit."""
    generator = trained_a_little(UNetGenerator(image_size=64, base_channels=4))
    source = torch.rand(1, 3, 64, 64) * 2 - 1
    with torch.no_grad():
        seed_generators(5)
        expected = generator.train()(source)
        assert torch.equal(Translator(generator, dropout=True, batch_statistics=True)(source, [5]), expected)


def test_seeds_that_are_not_given_are_drawn_one_an_image():
    generator = trained_a_little(UNetGenerator(image_size=64, base_channels=4))
    translate, source = Translator(generator, dropout=True), torch.rand(3, 3, 64, 64) * 2 - 1
    with torch.no_grad():
        torch.manual_seed(0)
        together = translate(source)
        torch.manual_seed(0)
        alone = torch.cat([translate(image[None]) for image in source])
    torch.testing.assert_close(together, alone, rtol=0, atol=1e-5)
    assert not torch.allclose(together, translate(source), atol=1e-3)


def test_samples_are_numbered_through_batches_and_processes():
    def seeds(sizes, rank=0, processes=1):
        samples, found = EvaluatedSamples(), []
        for batch_idx, size in enumerate(sizes):
            samples.begin_batch(Purpose.TEST, batch_idx, size, rank, processes)
            found += samples.seeds(size)
        return found

    alone = seeds([1] * 7)
    assert alone == [derive_seed(Purpose.TEST, 0, place) for place in range(7)]
    assert alone == seeds([3, 3, 1]) == seeds([2, 2, 2, 1]) == seeds([7])
    assert (seeds([2, 2], 0, 2), seeds([2, 1], 1, 2)) == (alone[::2], alone[1::2])


def test_a_sheet_is_the_same_in_every_batch():
    module = Pix2PixModule(**SMALL | {"image_size": 64})
    trained_a_little(module.generator)
    batch = {key: F.interpolate(value, size=64) for key, value in pair(count=3).items() if key != "name"}
    module.evaluated.begin_batch(Purpose.VALIDATION, 0, 3, 0, 1)
    with torch.no_grad():
        together = module.render(batch)["generated"]
        for place in range(3):
            module.evaluated.begin_batch(Purpose.VALIDATION, min(place, 1), 1, 0, 1)
            alone = module.render({key: value[place : place + 1] for key, value in batch.items()})["generated"]
            torch.testing.assert_close(together[place : place + 1], alone, rtol=0, atol=1e-5)


@pytest.mark.parametrize(
    ("config", "settings"),
    [
        ("pix2pix_emoji", {"model__norm": "batch", "model__dropout": True}),
        ("pix2pix_colorization", {}),
        ("cyclegan_folders", {"model__norm": "batch"}),
        ("art_dcgan_28", {}),
        ("sagan_pose_figures", {}),
    ],
)
def test_figures_do_not_depend_on_the_size_of_batches(small, tmp_path, config, settings):
    path = str(small(config, **settings))
    probe = "--trainer.callbacks+=tests.probes.SaveMetrics"
    found = []
    for size in (1, *SIZES):
        out = tmp_path / f"{size}.json"
        options = [f"--data.eval_batch_size={size}", probe, f"--trainer.callbacks.path={out}"]
        assert main(["validate", "--config", path, *options]) == 0
        found.append(json.loads(out.read_text()))
    for other in found[1:]:
        assert other == pytest.approx(found[0], rel=1e-5, abs=1e-6)
    assert found[0]


@pytest.mark.parametrize("config", ["pix2pix_emoji", "cyclegan_folders", "art_dcgan_28"])
def test_predictions_do_not_depend_on_the_size_of_batches(small, tmp_path, config):
    path = str(small(config))
    made = []
    for size in (1, *SIZES):
        out = tmp_path / f"out{size}"
        options = [f"--data.eval_batch_size={size}", f"--predictions.folder={out}"]
        assert main(["predict", "--config", path, *options]) == 0
        made.append({file.relative_to(out): pil_to_tensor(Image.open(file)).int() for file in out.rglob("*.png")})
    for other in made[1:]:
        assert other.keys() == made[0].keys()
        assert len(other) > 2
        for name, image in made[0].items():
            assert (other[name] - image).abs().max() <= 1  # of 255, where rounding decides
