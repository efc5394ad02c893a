"""Averaged weights: every paper can have them, and predictions are then made by them."""

import pytest
import torch

from gan_lab.modules import ArtDCGANModule, CycleGANModule, Pix2PixModule, SAGANPoseModule
from gan_lab.samples import PoseRequest, SeedRequest, TranslateRequest
from gan_lab.training.ema import WeightAverage, averaged_copy
from tests.test_sagan_pose import SMALL as SMALL_POSE
from tests.test_sagan_pose import people
from tests.training import train

IMAGE = torch.rand(1, 3, 32, 32, generator=torch.Generator().manual_seed(0)) * 2 - 1
NARROW = {"generator_channels": 2, "discriminator_channels": 2}
POSE = PoseRequest(
    names=["x", "y"],
    images=people()["image"],
    to_source=people()["to_source"],
    paths=["", ""],
    people=[0, 0],
    boxes=torch.zeros(2, 4),
)
TRANSLATE = TranslateRequest(names=["x"], source=IMAGE)
PAPERS = {
    "pix2pix": (
        lambda **settings: Pix2PixModule(32, **NARROW, receptive_field=16, test_dropout=False, **settings),
        {"source": IMAGE, "target": -IMAGE},
        lambda module: module.predict_step(TRANSLATE).made["generated"],
    ),
    "cyclegan": (
        lambda **settings: CycleGANModule(**NARROW, blocks=1, receptive_field=16, **settings),
        {"a": IMAGE, "b": -IMAGE},
        lambda module: module.predict_step(TRANSLATE).made["AtoB"],
    ),
    "art_dcgan": (
        lambda **settings: ArtDCGANModule(28, 8, **NARROW, **settings),
        {"image": torch.rand(4, 3, 28, 28, generator=torch.Generator().manual_seed(1)) * 2 - 1},
        lambda module: module.predict_step(SeedRequest.of([3])).made["generated"],
    ),
    "sagan_pose": (
        lambda **settings: SAGANPoseModule(**SMALL_POSE, **settings),
        people(),
        lambda module: module.predict_step(POSE).scores,
    ),
}


@pytest.mark.parametrize("paper", PAPERS)
@torch.no_grad()
def test_predictions_are_made_by_the_average(paper):
    """An average of a huge half-life stays where the weights began, one of a tiny half-life is the last weights."""
    build, batch, predict = PAPERS[paper]
    predictions = {}
    for half_life in (0.0, 1e-6, 1e12):
        torch.manual_seed(0)
        module = build(ema_half_life=half_life)
        before = {name: parameter.clone() for name, parameter in module.named_parameters()}
        with torch.enable_grad():
            train(module, [batch] * 2)
        predictions[half_life] = predict(module.eval())
        for name, parameter in module.named_parameters():
            if "_ema." in name:
                kept, moved = before[name], module.get_parameter(name.replace("_ema.", "."))
                assert not torch.equal(kept, moved)
                torch.testing.assert_close(parameter, kept if half_life == 1e12 else moved)
    torch.testing.assert_close(predictions[1e-6], predictions[0.0])
    assert not torch.allclose(predictions[1e12], predictions[0.0])


def test_a_ramp_forgets_the_first_weights():
    """The half-life is at most a twentieth of the images seen (StyleGAN2-ADA): 10 of 200, 100 of 4,000."""
    network = torch.nn.Linear(1, 1)
    average = averaged_copy(network)
    kept = average.weight.clone()
    network.weight.data += 1
    weights = WeightAverage(average, network, half_life=100, ramp_up=0.05)
    weights.update(images=10, images_seen=200)
    torch.testing.assert_close(average.weight, kept + 0.5)
    weights.update(images=100, images_seen=4000)
    torch.testing.assert_close(average.weight, kept + 0.75)


@pytest.mark.parametrize("paper", PAPERS)
def test_a_negative_half_life_is_refused(paper):
    with pytest.raises(ValueError, match="ema_half_life must be at least 0, got -1"):
        PAPERS[paper][0](ema_half_life=-1.0)
