import pytest
import torch
from torch.nn import functional as F

from gan_lab.errors import CheckpointError
from gan_lab.modules import Pix2PixModule
from gan_lab.networks.layers import frozen
from gan_lab.networks.unet import rename_reference_weights
from tests import fakes
from tests.test_networks import reference_unet
from tests.training import train

SMALL = {"image_size": 32, "generator_channels": 4, "discriminator_channels": 4, "receptive_field": 16}


def pair(seed: int = 0, count: int = 2) -> dict:
    generator = torch.Generator().manual_seed(seed)
    source, target = (torch.rand(count, 3, 32, 32, generator=generator) * 2 - 1 for _ in range(2))
    return {"source": source, "target": target, "name": [str(i) for i in range(count)]}


@pytest.mark.parametrize("objective", ["vanilla", "lsgan", "wgan-gp"])
@pytest.mark.parametrize("conditional", [True, False])
def test_every_objective_trains(objective, conditional):
    module = Pix2PixModule(**SMALL, objective=objective, conditional=conditional, norm="instance")
    before = {name: tensor.clone() for name, tensor in module.named_parameters()}
    trainer = train(module, [pair()])
    assert trainer.global_step == 1
    assert {"loss/discriminator", "loss/generator", "loss/l1"} <= trainer.callback_metrics.keys()
    unchanged = [name for name, tensor in module.named_parameters() if torch.equal(tensor, before[name])]
    biases_before_a_norm = [name for name in unchanged if name.endswith("bias")]  # the norm cancels them
    assert unchanged == biases_before_a_norm


def test_one_step_is_the_papers():
    """Against the two updates written out with plain Adam and cross-entropy, in double precision."""
    torch.manual_seed(1)
    module = Pix2PixModule(**SMALL, dropout=False).double()
    twin = Pix2PixModule(**SMALL, dropout=False).double()
    twin.load_state_dict(module.state_dict())
    batch = {key: value.double() if isinstance(value, torch.Tensor) else value for key, value in pair().items()}
    train(module, [batch], precision="64-true")

    bce = F.binary_cross_entropy_with_logits
    generator, discriminator = twin.generator, twin.discriminator
    adams = [torch.optim.Adam(net.parameters(), 2e-4, (0.5, 0.999)) for net in (generator, discriminator)]
    source, target = batch["source"], batch["target"]
    fake = generator(source)
    real_logits = discriminator(torch.cat([source, target], 1))
    fake_logits = discriminator(torch.cat([source, fake.detach()], 1))
    loss = (bce(real_logits, torch.ones_like(real_logits)) + bce(fake_logits, torch.zeros_like(fake_logits))) / 2
    loss.backward()
    adams[1].step()
    with frozen(discriminator):
        logits = discriminator(torch.cat([source, fake], 1))
        (bce(logits, torch.ones_like(logits)) + 100 * (fake - target).abs().mean()).backward()
    adams[0].step()

    for (name, ours), theirs in zip(module.named_parameters(), twin.parameters(), strict=True):
        torch.testing.assert_close(ours, theirs, rtol=0, atol=1e-12, msg=name)


def test_wgan_gp_refuses_batch_norm():
    with pytest.raises(ValueError, match="set norm to 'instance'"):
        Pix2PixModule(**SMALL, objective="wgan-gp", norm="batch")


def test_the_learning_rate_is_held_then_lowered():
    module = Pix2PixModule(**SMALL, constant_epochs=1, decay_epochs=2)
    rates = []

    def note(trainer, *_):
        rates.append([optimizer.param_groups[0]["lr"] for optimizer in trainer.optimizers])

    train(module, [pair()], max_epochs=3, on_train_batch_end=note)
    assert rates == [[2e-4] * 2, [pytest.approx(2e-4 * 2 / 3)] * 2, [pytest.approx(2e-4 / 3)] * 2]


def test_noise_is_there_at_test_time_and_can_be_switched_off():
    sizes = SMALL | {"image_size": 64}
    noisy = Pix2PixModule(**sizes).eval()
    quiet = Pix2PixModule(**sizes, test_dropout=False).eval()
    source = torch.rand(1, 3, 64, 64)
    assert not torch.equal(noisy.translate(source), noisy.translate(source))
    assert torch.equal(quiet.translate(source), quiet.translate(source))


def test_any_size_is_translated_to_the_same_size():
    module = Pix2PixModule(**SMALL)
    for height, width in [(32, 32), (20, 45), (70, 31)]:
        assert module.translate(torch.zeros(1, 3, height, width)).shape == (1, 3, height, width)


def test_validation_measures_l1_psnr_and_ssim():
    module = Pix2PixModule(**SMALL, test_dropout=False)
    module.translate = lambda source: source  # a perfect copy of the source
    batch = pair()
    trainer = train(module, [batch], validation=[batch])
    error = (batch["source"] - batch["target"]).abs().mean()
    mse = ((batch["source"] - batch["target"]) / 2).square().mean((1, 2, 3))
    assert trainer.callback_metrics["val/l1"].item() == pytest.approx(error.item(), rel=1e-5)
    assert trainer.callback_metrics["val/psnr"].item() == pytest.approx((-10 * mse.log10()).mean().item(), rel=1e-5)
    assert -1 <= trainer.callback_metrics["val/ssim"].item() < 0.5


def test_published_weights_are_a_start(tmp_path):
    weights = reference_unet(depth=6, width=4).state_dict()
    torch.save(weights, tmp_path / "latest_net_G.pth")
    sizes = SMALL | {"image_size": 64, "dropout": False}
    module = Pix2PixModule(**sizes, generator_weights=str(tmp_path / "latest_net_G.pth"))
    expected = rename_reference_weights(weights, module.generator)
    assert all(torch.equal(tensor, expected[name]) for name, tensor in module.generator.state_dict().items())
    with pytest.raises(CheckpointError, match=r"Its shapes suggest model\.image_size 64$"):
        Pix2PixModule(**SMALL | {"image_size": 128}, generator_weights=str(tmp_path / "latest_net_G.pth"))
    with pytest.raises(CheckpointError, match=r"nothing\.pth"):
        Pix2PixModule(**SMALL, generator_weights=str(tmp_path / "nothing.pth"))


def test_four_pairs_can_be_overfitted():
    """In 150 steps the mean error must fall below 0.12 on the scale from -1 to 1; it starts near 0.9."""
    images = [fakes.drawing(seed) for seed in range(4)]
    stack = [
        torch.tensor([x.tolist() for x in side]).permute(0, 3, 1, 2) / 127.5 - 1
        for side in (images, [fakes.coloring(x) for x in images])
    ]
    batch = {"source": stack[0], "target": stack[1], "name": list("abcd")}
    module = Pix2PixModule(
        32, generator_channels=16, discriminator_channels=8, receptive_field=16, lr=1e-3, decay_epochs=0
    )
    start = F.l1_loss(module.translate(batch["source"]), batch["target"])
    trainer = train(module, [batch], max_epochs=150)
    assert start > 0.6
    assert trainer.callback_metrics["loss/l1"] < 0.12
