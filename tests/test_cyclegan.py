import itertools
import json

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from gan_lab.cli import main
from gan_lab.modules import CycleGANModule
from gan_lab.networks import PatchDiscriminator, ResNetGenerator
from gan_lab.networks.layers import frozen
from gan_lab.networks.resnet import rename_reference_weights
from tests import fakes
from tests.test_distributed import run_two
from tests.test_resume import LAST, differences, run_folder
from tests.training import train

SMALL = {"blocks": 1, "generator_channels": 4, "discriminator_channels": 4, "receptive_field": 16}


def sample(count: int = 1, dtype: torch.dtype = torch.float32) -> dict:
    generator = torch.Generator().manual_seed(0)
    a, b = (torch.rand(count, 3, 32, 32, generator=generator, dtype=dtype) * 2 - 1 for _ in range(2))
    return {"a": a, "b": b, "name": ["x"] * count}


@pytest.mark.parametrize(
    ("norm", "dropout", "second"), [("instance", False, 5), ("instance", True, 6), ("batch", True, 6)]
)
def test_resnet_weights_are_where_the_reference_has_them(norm, dropout, second):
    network = ResNetGenerator(blocks=9, base_channels=2, norm=norm, dropout=dropout)
    expected = {f"model.{index}.weight" for index in (1, 4, 7, 19, 22, 26)}
    expected |= {f"model.{index}.conv_block.{place}.weight" for index in range(10, 19) for place in (1, second)}
    asked = set()

    class Recorder(dict):
        def __missing__(self, key: str) -> torch.Tensor:
            asked.add(key)
            return torch.zeros(0)

    rename_reference_weights(Recorder(), network)
    assert expected <= asked


def test_gradients_of_a_single_image_are_right_in_either_layout():
    """torch's InstanceNorm2d returns wrong ones for a batch of one in channels_last: the network against float64."""
    network = ResNetGenerator(base_channels=4, blocks=2)
    exact = ResNetGenerator(base_channels=4, blocks=2).double()
    exact.load_state_dict(network.state_dict())
    image, weight = torch.randn(1, 3, 32, 32), torch.randn(1, 3, 32, 32)
    (exact(image.double()) * weight).sum().backward()
    for layout in (torch.contiguous_format, torch.channels_last):
        network.zero_grad()
        network.to(memory_format=layout)
        (network(image.to(memory_format=layout)) * weight).sum().backward()
        for (name, ours), theirs in zip(network.named_parameters(), exact.parameters(), strict=True):
            if name.endswith("bias") and name != "layers.19.bias":
                continue  # the norm cancels it: its gradient is rounding alone
            error = (ours.grad.double() - theirs.grad).norm() / theirs.grad.norm()
            assert error < 1e-3, (layout, name, error)


def test_one_step_is_the_papers():
    """Against the updates written out, in double precision; the pools are not full yet and give back what they get."""
    module, twin = CycleGANModule(**SMALL).double(), CycleGANModule(**SMALL).double()
    twin.load_state_dict(module.state_dict())
    batch = sample(dtype=torch.double)
    train(module, [batch], precision="64-true")

    to_b, to_a = twin.generators["AtoB"], twin.generators["BtoA"]
    judge_a, judge_b = twin.discriminators["A"], twin.discriminators["B"]
    nets = [twin.generators, twin.discriminators]
    adams = [torch.optim.Adam(net.parameters(), 2e-4, (0.5, 0.999)) for net in nets]
    a, b = batch["a"], batch["b"]
    fake_b, fake_a = to_b(a), to_a(b)
    with frozen(twin.discriminators):
        gan = (judge_b(fake_b) - 1).square().mean() + (judge_a(fake_a) - 1).square().mean()
        cycle = 10 * F.l1_loss(to_a(fake_b), a) + 10 * F.l1_loss(to_b(fake_a), b)
        identity = 5 * F.l1_loss(to_a(a), a) + 5 * F.l1_loss(to_b(b), b)
        (gan + cycle + identity).backward()
    adams[0].step()
    for judge, real, fake in ((judge_a, a, fake_a), (judge_b, b, fake_b)):
        (0.5 * ((judge(real) - 1).square().mean() + judge(fake.detach()).square().mean())).backward()
    adams[1].step()
    for (name, ours), theirs in zip(module.named_parameters(), twin.parameters(), strict=True):
        torch.testing.assert_close(ours, theirs, rtol=0, atol=1e-12, msg=name)


@pytest.mark.parametrize(("identity_weight", "passes"), [(0.5, 6), (0.0, 4)])
def test_no_image_is_generated_or_judged_more_often_than_the_losses_need(identity_weight, passes):
    module = CycleGANModule(**SMALL, identity_weight=identity_weight)
    counts = {ResNetGenerator: 0, PatchDiscriminator: 0}

    def count(network: nn.Module, *_) -> None:
        counts[type(network)] += 1

    for network in [*module.generators.values(), *module.discriminators.values()]:
        network.register_forward_hook(count)
    train(module, [sample()])
    assert counts == {ResNetGenerator: passes, PatchDiscriminator: 6}  # D: 2 for G, 2 reals, 2 pooled fakes


def test_validation_measures_cycles_and_identities():
    module = CycleGANModule(**SMALL)
    module.translate = lambda images, direction: images / 2 if direction == "AtoB" else images
    batch = sample()
    metrics = train(module, [batch], validation=[batch]).callback_metrics
    a, b = (batch[kind].abs().mean().item() for kind in "ab")
    assert metrics["val/cycle_a"].item() == pytest.approx(a / 2, rel=1e-5)
    assert metrics["val/cycle_b"].item() == pytest.approx(b / 2, rel=1e-5)
    assert metrics["val/identity_a"].item() == 0
    assert metrics["val/identity_b"].item() == pytest.approx(b / 2, rel=1e-5)


@pytest.mark.parametrize(("direction", "folders"), [("AtoB", ["."]), ("BtoA", ["."]), ("both", ["AtoB", "BtoA"])])
def test_a_folder_is_translated_either_way_or_both(small, tmp_path, direction, folders):
    pictures, out = fakes.write_pictures(tmp_path / "pictures"), tmp_path / "out"
    arguments = [f"--model.predict_direction={direction}", f"--data.predict_folder={pictures}"]
    config = str(small("cyclegan_folders"))
    assert main(["predict", "--config", config, *arguments, f"--predictions.folder={out}"]) == 0
    for folder in folders:
        assert sorted(path.name for path in (out / folder).glob("*.png")) == [f"picture{i}.png" for i in range(3)]


def test_resuming_is_exact_with_the_image_pools(small, tmp_path):
    config = str(small("cyclegan_folders", trainer__max_epochs=3))
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    assert main(["fit", "--config", config, f"--trainer.default_root_dir={whole}"]) == 0
    base = ["fit", "--config", config, f"--trainer.default_root_dir={parts}"]
    assert main([*base, "--trainer.max_steps=4"]) == 0
    assert main([*base, "--ckpt_path=last"]) == 0
    one, two = (torch.load(run_folder(*at) / LAST, weights_only=True) for at in ((whole, 0), (parts, 1)))
    assert len(one["per_process"][0]["pool_a"]["images"]) == 2
    assert differences(one, two) == []


@pytest.mark.slow
def test_two_processes_keep_their_own_pools_and_resume_exactly(small, tmp_path):
    config = str(small("cyclegan_folders", trainer__max_epochs=2, data__batch_size=1))
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    every_step = json.dumps({"class_path": "LastCheckpoint", "init_args": {"every_n_steps": 1}})
    base = ["--config", config, "--trainer.callbacks", every_step]
    run_two([*base, f"--trainer.default_root_dir={whole}"])
    run_two([*base, f"--trainer.default_root_dir={parts}", "--trainer.max_steps=4"])
    run_two([*base, f"--trainer.default_root_dir={parts}", "--ckpt_path=last"])
    one, two = (torch.load(run_folder(*at) / LAST, weights_only=True) for at in ((whole, 0), (parts, 1)))
    assert differences(one, two) == []
    pools = [process["pool_a"]["images"] for process in one["per_process"]]
    assert len(pools) == 2
    assert not any(torch.equal(x, y) for x, y in itertools.product(*pools))
