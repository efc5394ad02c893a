"""Seeds are of a purpose, and what is drawn from them is where it should be: in steps, batches and samples."""

import itertools
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from gan_lab.datamodules import ImageFolderDataModule
from gan_lab.datasets import loader
from gan_lab.metrics.distribution import kernel_distance, sum_features
from gan_lab.modules import ArtDCGANModule, Pix2PixModule, StyleGANModule
from gan_lab.seeding import Purpose, derive_seed, normal_from_seeds, seed_generators, seed_of_part
from gan_lab.training import gan_module
from tests import test_art_dcgan, test_stylegan
from tests.fakes import drawing, save
from tests.test_unconditional import Painter
from tests.training import train


def test_no_two_purposes_and_no_two_counters_have_a_seed_in_common():
    counters = list(itertools.product([0, 1], range(12), range(1, 4)))
    seeds = [derive_seed(purpose, *numbers) for purpose in Purpose for numbers in counters]
    assert len(set(seeds)) == len(Purpose) * len(counters)
    for numbers in [(), (0,), (0, 0, 0), (7, 3), (2**32 - 1, 10**9, 8)]:
        assert len({derive_seed(purpose, *numbers) for purpose in Purpose}) == len(Purpose)


def test_orders_and_images_of_seeds_are_those_of_before():
    """Runs and published seeds of version 0.1, which mixed the counters alone."""
    expected = int(np.random.SeedSequence((7, 3)).generate_state(1)[0])
    assert derive_seed(Purpose.ORDER, 7, 3) == seed_of_part(7, 3) == expected == 3466196061


def test_large_draws_are_those_of_each_seed_too():
    drawn = normal_from_seeds(range(3), 160, 160)
    for seed in range(3):
        expected = np.random.RandomState(seed).standard_normal((160, 160)).astype(np.float32)
        assert np.array_equal(drawn[seed].numpy(), expected)


def test_nothing_in_a_run_is_seeded_like_anything_else(tmp_path, monkeypatch):
    """Steps, batches of validation, of test and of predictions, augmented samples: all seeds of a small run."""
    seeds: list[int] = []
    for module in (gan_module, loader):
        monkeypatch.setattr(module, "seed_generators", lambda seed, device=None: seeds.append(seed))
    for index in range(8):
        save(drawing(index), tmp_path / f"{index}.png")
    data = ImageFolderDataModule(
        tmp_path, image_size=8, val_fraction=0, batch_size=2, eval_batch_size=2, num_workers=0, seeds="0-7"
    )
    quiet = {"logger": False, "enable_progress_bar": False, "enable_model_summary": False}
    from lightning.pytorch import Trainer

    trainer = Trainer(
        accelerator="cpu", devices=1, max_epochs=2, enable_checkpointing=False, num_sanity_val_steps=0, **quiet
    )
    painter = Painter()
    trainer.fit(painter, data)
    trainer.test(painter, data, verbose=False)
    trainer.predict(painter, data, return_predictions=False)
    steps, samples, batches = 2 * 4, 2 * 8, 4
    assert len(seeds) == steps + samples + (2 + 1 + 1) * batches
    assert len(set(seeds)) == steps + samples + (1 + 1 + 1) * batches  # a validation draws what the last one drew


def codes(network: nn.Module) -> list[Tensor]:
    """What the network is given from here on."""
    given: list[Tensor] = []
    network.register_forward_pre_hook(lambda _, inputs: given.append(inputs[0].detach().clone()))
    return given


def test_codes_of_a_validation_batch_are_not_those_of_the_step_of_its_number():
    module = ArtDCGANModule(**test_art_dcgan.SMALL)
    given = codes(module.generator)
    batch = test_art_dcgan.sample()
    train(module, [batch], validation=[batch])
    in_training, in_validation = given
    assert not torch.equal(in_training, in_validation)


def test_what_a_stylegan_draws_in_a_validation_batch_is_not_what_it_draws_in_the_step_of_its_number():
    class Drawing(StyleGANModule):
        def validation_step(self, batch: Any, batch_idx: int) -> None:
            self.generate(4, self.stage())

    module = Drawing(test_stylegan.fixed(), **test_stylegan.SMALL)
    given, noise = codes(module.generator.mapping), []
    module.generator.first.register_forward_pre_hook(lambda _, inputs: noise.append(inputs[2].clone()))
    train(module, [test_stylegan.sample(16)], validation=[test_stylegan.sample(16)])
    for drawn in (given, noise):
        assert not any(torch.equal(one, two) for one, two in itertools.combinations(drawn, 2))


def test_dropout_in_a_validation_batch_is_not_that_of_the_step_of_its_number():
    module = Pix2PixModule(
        64, generator_channels=4, discriminator_channels=4, receptive_field=16, norm="instance", lr=0.0
    )
    (layer, *_) = (layer for layer in module.generator.modules() if isinstance(layer, nn.Dropout))
    dropped: list[Tensor] = []
    layer.register_forward_hook(lambda *call: dropped.append(call[2] == 0))
    source, target = torch.rand(2, 2, 3, 64, 64)
    batch = {"source": source, "target": target, "name": ["x"] * 2}
    train(module, [batch], validation=[batch])
    in_training, in_validation = dropped
    assert 0.3 < in_validation.float().mean() < 0.7
    assert not torch.equal(in_training, in_validation)


@pytest.mark.parametrize("kind", ["mps", "xpu"])
def test_other_devices_generators_are_seeded_in_every_step_and_batch(monkeypatch, kind):
    seeds: list[int] = []
    monkeypatch.setattr(getattr(torch, kind), "manual_seed", seeds.append)
    monkeypatch.setattr(Painter, "device", property(lambda _: torch.device(kind)))
    painter, batch = Painter(), {"image": torch.zeros(1, 3, 8, 8), "name": ["x"]}
    train(painter, [batch] * 3, validation=[batch] * 2)
    expected = [(Purpose.TRAINING_STEP, step) for step in range(3)] + [(Purpose.VALIDATION, step) for step in range(2)]
    assert seeds == [derive_seed(purpose, 0, step, 0) for purpose, step in expected]


def test_a_cuda_devices_own_generator_is_seeded(monkeypatch):
    generators = [torch.Generator(), torch.Generator()]
    monkeypatch.setattr(torch.cuda, "default_generators", generators)
    before = generators[0].initial_seed()
    seed_generators(123, torch.device("cuda", 1))
    assert [generator.initial_seed() for generator in generators] == [before, 123]


def test_measuring_leaves_the_generators_of_all_devices_alone(monkeypatch):
    for kind in ("cuda", "mps", "xpu"):
        for name in ("manual_seed", "manual_seed_all"):
            monkeypatch.setattr(f"torch.{kind}.{name}", pytest.fail, raising=False)
    sums = [sum_features(torch.randn(2, 20, 3), range(40), stride=1) for _ in range(2)]
    before = torch.get_rng_state()
    assert kernel_distance(*sums) == kernel_distance(*sums)
    assert torch.equal(torch.get_rng_state(), before)
