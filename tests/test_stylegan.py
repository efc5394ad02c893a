import random
from dataclasses import asdict

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from gan_lab.cli import main
from gan_lab.errors import ConfigurationError
from gan_lab.modules import StyleGANModule
from gan_lab.modules.stylegan import fade
from gan_lab.networks.layers import frozen
from gan_lab.networks.stylegan import mix_styles
from gan_lab.samples import SeedRequest
from gan_lab.schedules import GrowingSchedule
from gan_lab.seeding import Purpose, derive_seed, seed_generators
from tests.test_distributed import run_two, saved
from tests.test_resume import LAST, differences, probe, run_folder
from tests.test_stylegan_networks import SYNTHESIS
from tests.training import train

SMALL = {"latent_size": 8, "base_channels": 64, "max_channels": 8, "mapping_layers": 2}
TRADITIONAL = SYNTHESIS | {"style_mixing_prob": 0.0}


def growing(images: int = 4, **settings) -> GrowingSchedule:
    """8 images at 8 pixels, 16 to fade 16 pixels in."""
    defaults = {"resolution": 16, "stable_kimg": 0.008, "fade_kimg": 0.016, "total_kimg": 0}
    return GrowingSchedule(**defaults | {"batch_sizes": {8: images, 16: images}} | settings)


def fixed(side: int = 16, images: int = 4) -> GrowingSchedule:
    return GrowingSchedule(side, side, total_kimg=0, batch_sizes={side: images})


def sample(side: int, count: int = 4, seed: int = 0, dtype: torch.dtype = torch.float32) -> dict:
    generator = torch.Generator().manual_seed(seed)
    return {
        "image": torch.rand(count, 3, side, side, generator=generator, dtype=dtype) * 2 - 1,
        "name": ["x"] * count,
    }


def seen(module: StyleGANModule, images: int) -> StyleGANModule:
    """As if so many images had been seen, with noise, styles and a mean that show."""
    module.images_seen = images
    for network in (module.generator, module.generator_ema):
        generator = torch.Generator().manual_seed(3)
        for name, parameter in network.named_parameters():
            if name.endswith("noise_scale"):
                parameter.data.copy_(torch.randn(parameter.shape, generator=generator))
        network.w_avg.copy_(torch.randn(network.w_avg.shape, generator=generator))
    return module


class Twin:
    """A step's updates written out: D, the average, G, each in the released loop's order."""

    def __init__(self, module: StyleGANModule) -> None:
        self.module = module
        self.adams = [
            torch.optim.Adam(network.parameters(), 1e-3, (0.0, 0.99))
            for network in (module.generator, module.discriminator)
        ]

    def made(self, count: int, side: int, alpha: float) -> Tensor:
        generator = self.module.generator
        w = generator.mapping(torch.randn(count, 8).double())
        generator.w_avg.copy_(0.995 * generator.w_avg + 0.005 * w.mean(0).detach())
        layers = {4: 2, 8: 4, 16: 6}[side]
        crossover = random.randint(1, layers - 1) if random.random() < 0.9 else layers
        other = generator.mapping(torch.randn(count, 8).double()) if crossover < layers else w
        return generator(mix_styles(w, other, range(crossover, layers), layers), side, alpha)

    def step(self, batch: dict, alpha: float, side: int, step: int) -> None:
        seed_generators(derive_seed(Purpose.TRAINING_STEP, 0, step, 0))
        module, (adam_g, adam_d) = self.module, self.adams
        generator, judge, average = module.generator, module.discriminator, module.generator_ema
        halved = F.avg_pool2d(batch["image"], 2)
        real = (1 - alpha) * F.interpolate(halved, scale_factor=2) + alpha * batch["image"]
        real.requires_grad_(True)
        fake = self.made(len(real), side, alpha).detach()
        (slope,) = torch.autograd.grad(judge(real, alpha).sum(), real, create_graph=True)
        loss = F.softplus(-judge(real, alpha)).mean() + F.softplus(judge(fake, alpha)).mean()
        adam_d.zero_grad()
        (loss + 10 / 2 * slope.square().sum((1, 2, 3)).mean()).backward()
        adam_d.step()
        with torch.no_grad():
            keep = 0.5 ** (len(real) / 10_000)
            for ours, theirs in zip(average.parameters(), generator.parameters(), strict=True):
                ours.copy_(keep * ours + (1 - keep) * theirs)
            average.w_avg.copy_(generator.w_avg)
        adam_g.zero_grad()
        with frozen(judge):
            F.softplus(-judge(self.made(len(real), side, alpha), alpha)).mean().backward()
        adam_g.step()


def test_steps_are_the_papers():
    """Three steps in the middle of a fade, against the updates written out, in double precision."""
    schedule = growing()
    module, twin = (seen(StyleGANModule(schedule, **SMALL).double(), 12) for _ in range(2))
    twin.load_state_dict(module.state_dict())
    batches = [sample(16, seed=step, dtype=torch.double) for step in range(3)]
    train(module, batches, precision="64-true")
    written = Twin(twin)
    for step, batch in enumerate(batches):
        written.step(batch, alpha=(4 + 4 * step) / 16, side=16, step=step)
    assert module.images_seen == 24
    for name, theirs in twin.state_dict().items():
        torch.testing.assert_close(module.state_dict()[name], theirs, rtol=0, atol=1e-9, msg=name)


def test_r1_of_networks_that_still_grow_is_that_of_images_of_the_final_size():
    module = seen(StyleGANModule(growing(), **SMALL), 0)
    real = sample(8)["image"]
    _, penalty = module._r1(real, 1.0)
    enlarged = F.interpolate(real, scale_factor=2).requires_grad_(True)
    (slope,) = torch.autograd.grad(module.discriminator(F.avg_pool2d(enlarged, 2)).sum(), enlarged)
    torch.testing.assert_close(penalty, slope.square().sum((1, 2, 3)).mean())


def test_a_model_is_built_anew_from_what_a_checkpoint_keeps_of_it():
    module = StyleGANModule(growing(), **SMALL)
    assert StyleGANModule(**module.hparams).schedule == module.schedule


def test_two_penalties_at_once_are_refused():
    with pytest.raises(ConfigurationError, match=r"set model\.r1_gamma to 0"):
        StyleGANModule(fixed(), **SMALL, objective="wgan-gp")


def test_wgan_gp_adds_the_penalties_of_progan():
    module = seen(StyleGANModule(fixed(), **SMALL, objective="wgan-gp", r1_gamma=0.0), 0)
    real, fake = sample(16)["image"], sample(16, seed=1)["image"]
    torch.manual_seed(0)
    loss, _ = module._discriminator_loss(real, fake, 1.0)
    torch.manual_seed(0)
    between = torch.lerp(fake, real, torch.rand(4, 1, 1, 1)).requires_grad_(True)
    (slope,) = torch.autograd.grad(module.discriminator(between).sum(), between)
    real_logits, fake_logits = module.discriminator(real), module.discriminator(fake)
    expected = fake_logits.mean() - real_logits.mean() + 0.001 * real_logits.square().mean()
    expected = expected + 10 * (slope.square().sum((1, 2, 3)).sqrt() - 1).square().mean()
    torch.testing.assert_close(loss, expected)


def test_penalties_are_of_slopes_that_are_cheap_to_differentiate():
    for settings in ({}, {"objective": "wgan-gp", "r1_gamma": 0.0}):
        module = seen(StyleGANModule(fixed(), **SMALL | settings), 0)
        loss, _ = module._discriminator_loss(sample(16)["image"], sample(16, seed=1)["image"], 1.0)
        graph, found = [loss.grad_fn], set()
        while graph:
            node = graph.pop()
            if node is not None and node not in found:
                found.add(node)
                graph += [before for before, _ in node.next_functions]
        assert "_InputGradientBackward" in {node.name() for node in found}


def test_lazy_r1_comes_at_intervals_with_corrected_learning_rates():
    module = StyleGANModule(fixed(), **SMALL, r1_interval=4, lr=0.01, betas=(0.0, 0.99))
    steps: list[tuple] = []

    def note(trainer, *_) -> None:
        g, d = (optimizer.param_groups[0] for optimizer in trainer.optimizers)
        count = next(iter(trainer.optimizers[1].state.values()))["step"].item()
        steps.append((count, g["lr"], d["lr"], *d["betas"]))

    train(module, [sample(16)] * 6, on_train_batch_end=note)
    assert [count for count, *_ in steps] == [2, 3, 4, 5, 7, 8]  # of D: two in steps 0 and 4
    assert steps[0][1:] == pytest.approx((0.01, 0.01 * 4 / 5, 0.0, 0.99 ** (4 / 5)))


def test_each_resolution_has_its_learning_rate_and_adam_forgets_where_a_fade_begins_or_ends():
    module = StyleGANModule(growing(), **SMALL, lr=0.001, lr_by_resolution={16: 0.003})
    sides = [8, 8, 8, 16, 16, 16, 16, 16]  # 0, 4, 8 images: 8 pixels; the fade is from 12 to 20; over at 24
    found = []

    def note(trainer, *_) -> None:
        optimizer = trainer.optimizers[0]
        state = optimizer.state.get(module.generator.first.bias, {"step": torch.tensor(0)})
        found.append((optimizer.param_groups[0]["lr"], state["step"].item()))

    train(module, [sample(side) for side in sides], on_train_batch_end=note)
    assert [lr for lr, _ in found] == pytest.approx([0.001] * 3 + [0.003] * 5)
    assert [state for _, state in found] == [1, 2, 0, 1, 2, 0, 1, 2]


def test_training_ends_when_enough_images_have_been_seen():
    module = StyleGANModule(growing(total_kimg=0.012), **SMALL)
    assert train(module, [sample(8)] * 3 + [sample(16)] * 9).global_step == 3
    assert train(module, [sample(16)] * 9).global_step == 0  # as resumed


def test_an_end_before_the_last_size_is_said(capsys):
    train(StyleGANModule(growing(total_kimg=0.004), **SMALL), [sample(8)] * 3)
    assert "schedule.total_kimg ends training at 8 of 16 pixels: raise it" in capsys.readouterr().out
    train(StyleGANModule(growing(total_kimg=0.012), **SMALL), [sample(8)])
    assert "ends training at" not in capsys.readouterr().out


def test_images_that_are_not_the_schedules_are_refused():
    for batch in (sample(16), sample(8, count=2)):
        with pytest.raises(ConfigurationError, match="schedule has 4 of 8 after 0 images"):
            train(StyleGANModule(growing(), **SMALL), [batch])


def test_real_images_are_faded_too():
    real = sample(8)["image"]
    coarse = F.interpolate(F.avg_pool2d(real, 2), scale_factor=2)
    torch.testing.assert_close(fade(real, 0.25), 0.75 * coarse + 0.25 * real)
    assert torch.equal(fade(real, 1.0), real)


def test_half_of_the_old_average_is_left_after_the_half_life():
    module = StyleGANModule(fixed(images=4), **SMALL, ema_half_life_kimg=0.008, lr=1e-12)
    constant = module.generator_ema.constant
    constant.data.fill_(3.0)
    train(module, [sample(16)] * 2)  # 8 images; the generator's constant stays at 1
    torch.testing.assert_close(constant, torch.full_like(constant, 2.0))


def test_styles_are_mixed_in_nine_of_ten_steps_at_any_layer_reached(monkeypatch):
    module = seen(StyleGANModule(growing(), **SMALL), 12)
    ranges = []

    def note(w, other, layers, count):
        assert torch.equal(w, other) == (len(layers) == 0)
        ranges.append((layers.start, layers.stop, count))
        return mix_styles(w, other, layers, count)

    monkeypatch.setattr("gan_lab.modules.stylegan.mix_styles", note)
    with torch.no_grad():
        for seed in range(400):
            seed_generators(seed)
            module.generate(1, module.stage())
    assert {(stop, count) for _, stop, count in ranges} == {(6, 6)}
    starts = [start for start, *_ in ranges]
    assert set(starts) == {1, 2, 3, 4, 5, 6}
    assert starts.count(6) == pytest.approx(40, abs=20)  # not mixed


def test_mixed_precision_trains_and_samples():
    module = StyleGANModule(growing(), **SMALL)
    in_backward: list[bool] = []
    module.discriminator.logit.weight.register_hook(lambda _: in_backward.append(torch.is_autocast_enabled("cpu")))
    trainer = train(module, [sample(8)] * 3 + [sample(16)] * 2, precision="bf16-mixed")
    assert all(value.isfinite() for value in trainer.callback_metrics.values())
    assert set(in_backward) == {False}  # or penalties in full precision would be differentiated in half
    request = SeedRequest.of([1, 2])
    with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
        mixed = module.sampler.images(request)
    with torch.no_grad():
        full = module.sampler.images(request)
    assert (mixed - full).abs().mean() < 0.1 * full.std()


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"styles": False}, r"model\.style_mixing_prob mixes styles"),
        ({"style_mixing_prob": 1.5}, "style_mixing_prob must be at least 0 and at most 1, got 1.5"),
        ({"r1_interval": 0}, "r1_interval must be at least 1, got 0"),
        ({"ema_half_life_kimg": 0.0}, "ema_half_life_kimg must be above 0"),
        ({"latent_size": 0}, "latent_size must be at least 1 and at most 65536, got 0"),
        ({"mapping_layers": -1}, "mapping_layers must be at least 0 and at most 1000, got -1"),
        ({"truncation_cutoff": -2}, "truncation_cutoff must be at least 0, got -2"),
        ({"r1_gamma": -5.0}, "r1_gamma must be at least 0"),
        ({"lr": 0.0}, "lr must be above 0"),
        ({"lr_by_resolution": {16: float("nan")}}, "lr_by_resolution must be above 0, got nan"),
        ({"lr_by_resolution": {17: 0.1}}, "lr_by_resolution is at powers of two from 4, got 17"),
        ({"truncation_psi": float("nan")}, "truncation_psi must be a finite number"),
    ],
)
def test_options_out_of_range_are_refused(settings, message):
    with pytest.raises(ConfigurationError, match=message):
        StyleGANModule(growing(), **SMALL | settings)


def test_progan_grows_from_4_pixels():
    schedule = growing(start_resolution=4, resolution=8, batch_sizes={4: 4, 8: 4})
    module = StyleGANModule(schedule, **SMALL | TRADITIONAL, blurred=False, objective="wgan-gp", r1_gamma=0.0)
    trainer = train(module, [sample(4)] * 3 + [sample(8)] * 4)
    assert trainer.global_step == 7
    assert module.stage() == (8, 1.0, 2)


@pytest.mark.parametrize(("stopped_after", "workers"), [(4, 0), (3, 0), (5, 2)])
def test_resuming_in_the_middle_of_a_fade_is_exact(small, tmp_path, stopped_after, workers):
    """Fades last from step 3 to 5; epochs end after steps 4 and 8."""
    config = str(small("stylegan_ffhq", data__num_workers=workers, trainer__max_epochs=2))
    base = ["fit", "--config", config, f"--data.store={tmp_path / 'store'}"]
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    assert main([*base, f"--trainer.default_root_dir={whole}"]) == 0
    in_parts = [*base, f"--trainer.default_root_dir={parts}"]
    assert main([*in_parts, f"--trainer.max_steps={stopped_after}"]) == 0
    half = torch.load(run_folder(parts, 0) / LAST, weights_only=True)
    assert half["images_seen"] == 4 * stopped_after
    assert main([*in_parts, "--ckpt_path=last"]) == 0
    one, two = (torch.load(run_folder(*at) / LAST, weights_only=True) for at in ((whole, 0), (parts, 1)))
    assert one["global_step"] == 8
    assert differences(one, two) == []


@pytest.mark.slow
def test_two_processes_grow_alike(small, tmp_path):
    """Through the beginning and the end of a fade: blocks without gradients are the same ones everywhere."""
    config = str(small("stylegan_ffhq", trainer__max_epochs=2))
    watch = ["--trainer.callbacks+", probe("SaveRank", folder=str(tmp_path / "ranks"))]
    run_two(["--config", config, f"--data.store={tmp_path / 'store'}", *watch])
    one, two = saved(tmp_path / "ranks", "state", 2)
    assert any("w_avg" in name for name in one)
    assert differences(one, two) == []
    shares = [step["batch"] for step in saved(tmp_path / "ranks", "gradients", 2)]
    assert [len(share) for share in shares] == [2, 2]
    assert not set(shares[0]) & set(shares[1])


def test_a_checkpoint_holds_the_schedule_as_plain_values():
    schedule = growing()
    assert StyleGANModule(schedule, **SMALL).hparams["schedule"] == asdict(schedule)
