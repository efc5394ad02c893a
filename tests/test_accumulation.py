"""``trainer.accumulate_grad_batches``: a step of several batches is that of one large batch, with less memory."""

import gc
import weakref
from typing import Any

import pytest
import torch
from lightning.pytorch import Trainer
from torch import Tensor, nn
from torch.utils.data import DataLoader

from gan_lab.cli import main
from gan_lab.errors import ConfigurationError
from gan_lab.modules import ArtDCGANModule, CycleGANModule, Pix2PixModule, SAGANPoseModule, StyleGANModule
from gan_lab.networks.layers import unrecorded
from gan_lab.training.batch_groups import BatchGroups, in_groups
from gan_lab.training.gan_module import GANModule
from gan_lab.training.held_batches import HeldBatches
from tests import test_art_dcgan, test_cyclegan, test_pix2pix, test_sagan_pose, test_stylegan
from tests.papers import PAPERS, paper
from tests.test_distributed import run_two, saved
from tests.test_resume import LAST, differences, probe, rows, run_folder
from tests.test_unconditional import Painter
from tests.training import train

SIZE, STEPS = 2, 3  # samples a batch, and steps
LOGGED = ("loss/", "balance/", "growth/")


def without_neighbors(module: GANModule) -> GANModule:
    """In double precision, and without what lets the samples of a batch see each other."""
    for network in list(module.modules()):
        for name, layer in list(network.named_children()):
            if isinstance(layer, nn.BatchNorm2d):
                setattr(network, name, nn.GroupNorm(layer.num_features, layer.num_features))
    return module.double()


def stream(module: Any, length: int) -> None:
    """Has codes be taken from a list, one for each image, however many are asked for at once."""
    codes = iter(torch.randn(500, length, generator=torch.Generator().manual_seed(7), dtype=torch.double))

    def take(like: Any) -> Tensor:
        count = like if isinstance(like, int) else len(like)
        return torch.stack([next(codes) for _ in range(count)])

    module._codes = take


def of_its_own(real: Tensor) -> Tensor:
    """A code that follows from the image beside it: two players see the same."""
    return real.flatten(1)[:, :8, None, None]


def pix2pix(images: int, **settings: Any) -> GANModule:
    return Pix2PixModule(**test_pix2pix.SMALL, norm="instance", dropout=False, ema_half_life=9.0, **settings)


def cyclegan(images: int, **settings: Any) -> GANModule:
    return CycleGANModule(**test_cyclegan.SMALL, pool_size=3, ema_half_life=9.0, **settings)


def art_dcgan(images: int, **settings: Any) -> GANModule:
    module = ArtDCGANModule(**test_art_dcgan.SMALL, ema_half_life=9.0, **settings)
    module._codes = of_its_own  # type: ignore[method-assign]
    return module


def stylegan(images: int, **settings: Any) -> GANModule:
    schedule = test_stylegan.fixed(images=images)
    module = StyleGANModule(schedule, **test_stylegan.SMALL, noise=False, style_mixing_prob=0.0, **settings)
    module.discriminator.stddev_group = 1
    stream(module, 8)
    return test_stylegan.seen(module, 0)


def sagan_pose(images: int, **settings: Any) -> GANModule:
    module = SAGANPoseModule(**test_sagan_pose.SMALL, balance_rate=0.1, adversarial_weight=0.5, **settings)
    if module.balance is not None:
        module.balance.fill_(0.5)
    return module


SAMPLES = {
    pix2pix: test_pix2pix.pair(count=8),
    cyclegan: test_cyclegan.sample(8),
    art_dcgan: test_art_dcgan.sample(8),
    stylegan: test_stylegan.sample(16, 8),
    sagan_pose: test_sagan_pose.people(8),
}
GAMES = [
    (pix2pix, {}),
    (pix2pix, {"color_space": "lab", "in_channels": 1, "out_channels": 2}),
    (cyclegan, {}),
    (cyclegan, {"identity_weight": 0.0}),
    (art_dcgan, {}),
    (stylegan, {}),
    (stylegan, {"r1_interval": 2, "objective": "hinge"}),
    (sagan_pose, {}),
    (sagan_pose, {"adversarial": False}),
]


def samples_of(make: Any, first: int, last: int) -> dict[str, Any]:
    """Some of the eight samples, in double precision."""
    doubles = {
        key: value.double() if isinstance(value, Tensor) and value.is_floating_point() else value
        for key, value in SAMPLES[make].items()
    }
    return {key: value[first:last] for key, value in doubles.items()}


Run = tuple[dict[str, Tensor], list[dict[str, float]], Trainer]


def run(module: GANModule, batches: list[Any], **settings: Any) -> Run:
    """Its weights, what each step logged, and the trainer."""
    logged: list[dict[str, float]] = []

    def note(trainer: Any, *_: Any) -> None:
        logged.append({name: float(x) for name, x in trainer.callback_metrics.items() if name.startswith(LOGGED)})

    trainer = train(module, batches, on_train_batch_end=note, precision="64-true", **settings)
    return module.state_dict(), logged, trainer


def twins(make: Any, settings: dict[str, Any], batches: int) -> tuple[GANModule, GANModule]:
    """A module for small batches, and one for as many together, of the same weights."""
    small, large = (without_neighbors(make(SIZE * count, **settings)) for count in (1, batches))
    large.load_state_dict(small.state_dict())
    return small, large


def require_same(small: Run, large: Run) -> None:
    for name, weight in small[0].items():
        torch.testing.assert_close(weight, large[0][name], rtol=1e-6, atol=1e-6, msg=name)
    for one, two in zip(small[1], large[1], strict=True):
        assert one.keys() == two.keys()
        assert one == pytest.approx(two, rel=1e-5, abs=1e-9)
    assert small[2].global_step == large[2].global_step == len(large[1])
    assert small[2].lightning_module.images_seen == large[2].lightning_module.images_seen


@pytest.mark.parametrize(
    ("make", "settings"), GAMES, ids=[f"{make.__name__}-{index}" for index, (make, _) in enumerate(GAMES)]
)
def test_batches_of_a_step_are_one_large_batch(make, settings):
    """Weights, averages, statistics and what is logged, with Adam's moments behind them."""
    small, large = twins(make, settings, 4)
    parts = [samples_of(make, first, first + SIZE) for first in range(0, 8, SIZE)]
    accumulated = run(small, parts * STEPS, accumulate_grad_batches=4, gradient_clip_val=0.7)
    together = run(large, [samples_of(make, 0, 8)] * STEPS, gradient_clip_val=0.7)
    require_same(accumulated, together)
    other = run(twins(make, settings, 1)[0], parts * STEPS)
    assert other[2].global_step == 4 * STEPS  # and it does make a difference


@pytest.mark.parametrize("make", [pix2pix, cyclegan, art_dcgan, sagan_pose])
def test_what_is_left_of_an_epoch_is_a_step_that_counts_each_sample_once(make):
    small, large = twins(make, {}, 4)
    small_batches = [samples_of(make, first, last) for first, last in ((0, 2), (2, 4), (4, 6), (6, 7))]
    accumulated = run(small, small_batches, accumulate_grad_batches=3, max_epochs=2)
    together = run(large, [samples_of(make, 0, 6), samples_of(make, 6, 7)], max_epochs=2)
    require_same(accumulated, together)
    uneven, even = twins(make, {}, 4)
    accumulated = run(uneven, [samples_of(make, 0, 2), samples_of(make, 2, 3)], accumulate_grad_batches=2)
    require_same(accumulated, run(even, [samples_of(make, 0, 3)]))


@pytest.mark.parametrize("name", PAPERS)
def test_every_paper_accumulates_and_clips_as_it_is(name):
    """With its norms and its noise: finite, and other than without."""
    found = []
    for settings in ({}, {"accumulate_grad_batches": 2}, {"accumulate_grad_batches": 2, "gradient_clip_val": 1e-3}):
        module, batch = paper(name)
        trainer = train(module, [batch] * 4, **settings)
        assert trainer.global_step == 4 // settings.get("accumulate_grad_batches", 1)
        found.append(torch.cat([weight.flatten() for weight in module.parameters()]))
        assert found[-1].isfinite().all()
    assert not torch.equal(found[1], found[2])


def test_only_one_batch_has_a_graph():
    """Of three held batches the generator's graph of one at most is there when the next one is made."""
    module = Pix2PixModule(**test_pix2pix.SMALL)
    graphs, most = [], []

    def watch(network: nn.Module, inputs: Any, image: Tensor) -> None:
        gc.collect()
        most.append(sum(graph() is not None for graph in graphs))
        if image.grad_fn is not None:
            graphs.append(weakref.ref(image))

    module.generator.register_forward_hook(watch)
    train(module, [test_pix2pix.pair()] * 3, accumulate_grad_batches=3)
    assert len(most) == 6  # for either player
    assert len(graphs) == 3
    assert max(most) <= 1


def test_the_discriminator_is_shown_what_the_generator_learns_from():
    """With dropout, whose noise is drawn again; and batch norm records each image once."""
    module, made = Pix2PixModule(**test_pix2pix.SMALL | {"image_size": 64, "receptive_field": 16}), []
    module.generator.register_forward_hook(lambda network, inputs, image: made.append(image.detach().clone()))
    batches = [{"source": torch.randn(2, 3, 64, 64), "target": torch.randn(2, 3, 64, 64)} for _ in range(2)]
    train(module, batches, accumulate_grad_batches=2)
    shown, learned = made[:2], made[2:]
    assert all(map(torch.equal, shown, learned))
    assert not torch.equal(*shown)
    norm = next(layer for layer in module.generator.modules() if isinstance(layer, nn.BatchNorm2d))
    assert norm.num_batches_tracked == 2


def test_unrecorded_batches_leave_no_statistics():
    norm, images = nn.BatchNorm2d(3), torch.randn(4, 3, 5, 5)
    expected = norm(images)
    before = {name: value.clone() for name, value in norm.state_dict().items()}
    with unrecorded(norm):
        assert torch.equal(norm(images), expected)
    assert all(torch.equal(value, before[name]) for name, value in norm.state_dict().items())
    norm(images)
    assert norm.num_batches_tracked == 2


def test_each_batch_and_each_player_has_noise_of_its_own():
    drawn = []
    held = HeldBatches([{"image": torch.zeros(1)}] * 3, lambda place, noise: drawn.append((place, noise)))
    for _ in range(2):
        list(held.each(lambda place: torch.zeros(())))
    assert drawn == [(0, 1), (1, 1), (2, 1), (0, 2), (1, 2), (2, 2)]
    alone = HeldBatches([{"image": torch.zeros(1)}], lambda place, noise: drawn.append((place, noise)))
    list(alone.each(lambda place: torch.zeros(())))
    assert len(drawn) == 6  # one batch goes on with the step's


def test_loaders_of_all_kinds_come_in_groups():
    assert list(in_groups(DataLoader(range(5), batch_size=1), 2)) == [[0, 1], [2, 3], [4]]
    assert len(in_groups(DataLoader(range(5), batch_size=1), 2)) == 3
    endless = in_groups(iter(range(3)), 2)
    assert type(endless) is BatchGroups
    assert list(endless) == [[0, 1], [2]]


def test_a_paper_of_one_batch_a_step_refuses_several():
    module = Painter()
    assert not module.accumulates()
    with pytest.raises(ConfigurationError, match="Painter learns from one batch a step"):
        train(module, [test_art_dcgan.sample(4, 8)], accumulate_grad_batches=2)


@pytest.mark.parametrize(
    ("config", "stopped_after"),
    [  # in the middle of an epoch of three steps, and at its end
        ("pix2pix_emoji", 2),
        pytest.param("pix2pix_emoji", 3, marks=pytest.mark.slow),
        ("stylegan_emoji", 5),
        pytest.param("stylegan_emoji", 3, marks=pytest.mark.slow),
    ],
)
def test_resuming_between_groups_is_exact(small, tmp_path, config, stopped_after):
    settings = {"data__steps_per_epoch": 3} if "stylegan" in config else {"data__batch_size": 1}
    path = str(small(config, **settings, trainer__max_epochs=3))
    base = ["fit", "--config", path, "--trainer.accumulate_grad_batches=2", "--trainer.gradient_clip_val=0.5"]
    base += ["--trainer.limit_train_batches=3"]
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    assert main([*base, f"--trainer.default_root_dir={whole}"]) == 0
    assert main([*base, f"--trainer.default_root_dir={parts}", f"--trainer.max_steps={stopped_after}"]) == 0
    assert main([*base, f"--trainer.default_root_dir={parts}", "--ckpt_path=last"]) == 0
    ours, theirs = (
        torch.load(run_folder(root, version) / LAST, weights_only=True) for root, version in ((parts, 1), (whole, 0))
    )
    assert ours["global_step"] == 9
    assert differences(ours, theirs) == []
    assert rows(run_folder(parts, 1), stopped_after) == rows(run_folder(whole, 0), stopped_after)


def test_another_number_of_batches_a_step_begins_the_epoch_anew(small, tmp_path, capsys):
    path = str(small(data__batch_size=1, trainer__max_epochs=1))
    assert main(["fit", "--config", path, "--trainer.accumulate_grad_batches=2", "--trainer.max_steps=1"]) == 0
    assert main(["fit", "--config", path, "--trainer.accumulate_grad_batches=3", "--ckpt_path=last"]) == 0
    assert "its epoch begins anew" in capsys.readouterr().out
    one, two = (torch.load(run_folder(tmp_path / "run", version) / LAST, weights_only=True) for version in (0, 1))
    batches = two["images_seen"] - one["images_seen"]
    assert two["global_step"] - one["global_step"] == -(-batches // 3)
    assert batches == 6


@pytest.mark.slow
def test_two_processes_accumulate_as_one_has_it_in_one_batch(small, tmp_path):
    settings = {"model__norm": "instance", "model__dropout": False, "trainer__max_epochs": 1, "data__load_size": 32}
    path = str(small(**settings))
    ours, alone = tmp_path / "ours", tmp_path / "alone"
    record = ["--config", path, "--trainer.gradient_clip_val=0.1", "--trainer.callbacks+"]
    folders = [f"--trainer.default_root_dir={ours}", "--data.batch_size=1", "--trainer.accumulate_grad_batches=2"]
    run_two([*record, probe("SaveAfterStep", folder=str(ours)), *folders])
    folders = [f"--trainer.default_root_dir={alone}", "--data.batch_size=4"]
    assert main(["fit", *record, probe("SaveAfterStep", folder=str(alone)), *folders]) == 0
    ranks, (single,) = saved(ours, "gradients", 2), saved(alone, "gradients", 1)
    assert differences(*ranks) == []
    for name, gradient in single.items():
        torch.testing.assert_close(ranks[0][name], gradient, rtol=0, atol=1e-3 * float(gradient.abs().max() + 1e-4))


def test_options_are_the_trainers_through_the_next_fit():
    module, batch = paper("art_dcgan")
    seen = []
    trainer = train(module, [batch] * 4, accumulate_grad_batches=2, gradient_clip_val=0.5)
    seen.append(trainer.global_step)
    trainer.fit_loop.max_epochs = 2
    trainer.fit(module, DataLoader([batch] * 4, batch_size=None))
    assert [*seen, trainer.global_step] == [2, 4]
    assert train(module, [batch] * 4).global_step == 4
