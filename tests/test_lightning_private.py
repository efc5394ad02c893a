"""What of Lightning is not public, and what it must go on doing for a batch to be one step."""

import pytest
import torch

from gan_lab.modules import CycleGANModule, SAGANPoseModule
from tests.test_sagan_pose import SMALL, people
from tests.training import train

MOVED = "Lightning counts steps elsewhere now: see gan_lab/training/lightning_private.py"


@pytest.mark.parametrize("adversarial", [True, False])
def test_a_batch_is_one_step_however_many_optimizers_there_are(adversarial):
    module = SAGANPoseModule(**SMALL, adversarial=adversarial)
    assert train(module, [people()] * 3).global_step == 3, MOVED
    assert train(SAGANPoseModule(**SMALL, adversarial=adversarial), [people()] * 9, max_steps=2).global_step == 2, MOVED


def test_precision_still_has_its_hands_on_every_optimizer_step():
    """A scaler of gradients, as float16 needs, must see each of the two steps."""
    from lightning.pytorch.plugins.precision import MixedPrecision

    scaler = torch.amp.GradScaler("cpu", init_scale=4.0)
    stepped = []
    step = scaler.step
    scaler.step = lambda optimizer, **settings: (stepped.append(optimizer), step(optimizer, **settings))[1]
    module = CycleGANModule(blocks=1, generator_channels=2, discriminator_channels=2, receptive_field=16)
    image = torch.rand(1, 3, 32, 32)
    precision = MixedPrecision("bf16-mixed", "cpu")
    precision.scaler = scaler
    trainer = train(module, [{"a": image, "b": image}], plugins=[precision])
    assert stepped == trainer.optimizers
