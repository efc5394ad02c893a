import json
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from gan_lab.callbacks import PathLength
from gan_lab.cli import main
from gan_lab.errors import ConfigurationError
from gan_lab.metrics.path_length import path_lengths, trimmed_mean
from gan_lab.modules import ArtDCGANModule, StyleGANModule
from gan_lab.schedules import GrowingSchedule
from tests.test_stylegan import seen


class MeanSquare(nn.Module):
    """A distance that is quadratic in the small, as LPIPS is, and known."""

    def forward(self, one: Tensor, two: Tensor) -> Tensor:
        return (one - two).square().mean(dim=(1, 2, 3), keepdim=True)


class Linear(nn.Module):
    """Images that are a linear function of their codes."""

    def __init__(self, side: int) -> None:
        super().__init__()
        self.weight = torch.randn(8, 3 * side * side, dtype=torch.double)
        self.side = side

    def forward(self, w: Tensor) -> Tensor:
        return (w @ self.weight).view(-1, 3, self.side, self.side)


def codes() -> tuple[Tensor, Tensor]:
    return torch.randn(5, 8, dtype=torch.double), torch.randn(5, 8, dtype=torch.double)


def test_a_linear_generators_paths_are_as_long_as_their_images_are_apart():
    synthesize, (start, end) = Linear(8), codes()
    expected = (synthesize(end) - synthesize(start)).square().mean((1, 2, 3))
    for share in (torch.zeros(5), torch.rand(5)):
        lengths = path_lengths(synthesize, start, end, share.double(), MeanSquare())
        torch.testing.assert_close(lengths, expected, rtol=1e-6, atol=0)


def test_a_curved_path_is_measured_where_it_is():
    """Images w^2 along w = t: the slope is 2 t, its square 4 t^2."""
    start, end = torch.zeros(3, 1, dtype=torch.double), torch.ones(3, 1, dtype=torch.double)
    share = torch.tensor([0.0, 0.5, 0.9], dtype=torch.double)
    lengths = path_lengths(lambda w: w.square().view(-1, 1, 1, 1).expand(-1, 3, 8, 8), start, end, share, MeanSquare())
    torch.testing.assert_close(lengths, 4 * share.square(), rtol=1e-3, atol=1e-7)


def test_faces_are_cut_out_and_large_images_shrunk():
    seen = []

    def look(one: Tensor, two: Tensor) -> Tensor:
        seen.append(one)
        return MeanSquare()(one, two)

    rows, columns = torch.meshgrid(torch.arange(512.0), torch.arange(512.0), indexing="ij")
    picture = torch.stack([rows, columns, rows])[None]
    one = torch.zeros(1, 1)
    path_lengths(lambda w: picture, one, one, torch.zeros(1), look, crop_face=True)
    path_lengths(lambda w: picture, one, one, torch.zeros(1), look)
    face, whole = seen
    assert torch.equal(face, picture[..., 192:448, 128:384])
    torch.testing.assert_close(whole, picture.reshape(1, 3, 256, 2, 256, 2).mean((3, 5)))


def test_the_lowest_and_highest_hundredth_are_left_out():
    values = np.arange(1000.0)
    values[0], values[-1] = -1e9, 1e9
    np.random.default_rng(0).shuffle(values)
    assert trimmed_mean(values) == pytest.approx(np.arange(9, 991).mean())
    assert trimmed_mean([3.0]) == 3.0


@torch.no_grad()
def test_whole_paths_and_their_ends_have_names_of_their_own():
    module = StyleGANModule(
        GrowingSchedule(16, 16, batch_sizes={16: 4}), latent_size=8, base_channels=64, max_channels=8
    )
    logged: dict[str, float] = {}
    module.log = lambda name, value, **_: logged.update({name: value})
    callback = PathLength(MeanSquare(), num_paths=3, epsilon=1e-3)
    callback.measure(SimpleNamespace(global_rank=0, world_size=1), module, "val")
    paths, along = torch.arange(3), torch.rand(3, generator=torch.Generator().manual_seed(0))
    for name, shares in (("val/ppl_wfull", along), ("val/ppl_wend", torch.zeros(3))):
        lengths = callback._lengths(module.sampler, paths, shares).tolist()
        assert logged[name] == pytest.approx(trimmed_mean(lengths))
    assert logged["val/ppl_wfull"] != pytest.approx(logged["val/ppl_wend"], rel=1e-3)


@torch.no_grad()
def test_processes_without_a_path_take_part_in_the_same_figures(monkeypatch):
    module = StyleGANModule(
        GrowingSchedule(16, 16, batch_sizes={16: 4}), latent_size=8, base_channels=64, max_channels=8
    )
    logged: dict[str, float] = {}
    module.log = lambda name, value, **_: logged.update({name: value})
    callback = PathLength(MeanSquare(), num_paths=1, epsilon=1e-3)
    monkeypatch.setattr("gan_lab.callbacks.path_length.gather", lambda mine: [[4.0], mine])
    callback.measure(SimpleNamespace(global_rank=1, world_size=2), module, "val")
    assert logged == {"val/ppl_wfull": 4.0, "val/ppl_wend": 4.0}


def test_it_is_logged_at_validation(small, tmp_path, capsys):
    config = str(small("stylegan_ffhq"))
    distance = {"class_path": "tests.test_path_length.MeanSquare"}
    measure = {"class_path": "PathLength", "init_args": {"distance": distance, "num_paths": 1, "epsilon": 0.01}}
    arguments = ["--trainer.callbacks", json.dumps([measure]), f"--data.store={tmp_path / 'store'}"]
    assert main(["validate", "--config", config, *arguments]) == 0
    printed = capsys.readouterr().out
    assert "val/ppl_wfull" in printed
    assert "val/ppl_wend" in printed


@torch.no_grad()
def test_paths_run_between_the_codes_of_neighboring_seeds_each_with_a_noise_of_its_own():
    schedule = GrowingSchedule(resolution=16, start_resolution=16, batch_sizes={16: 4})
    module = StyleGANModule(schedule, latent_size=8, base_channels=64, max_channels=8, mapping_layers=2)
    sampler = seen(module, 0).double().sampler
    measured = PathLength(MeanSquare(), epsilon=1e-3)._lengths(sampler, torch.tensor([0, 3]), torch.zeros(2))
    for length, (first, second) in zip(measured, [(0, 1), (6, 7)], strict=True):
        w, other = sampler.map_seeds(torch.tensor([first])), sampler.map_seeds(torch.tensor([second]))
        codes = [sampler.spread(w + step * (other - w)) for step in (0, 1e-3)]
        noise = sampler.noise_of(torch.tensor([first]))
        one, two = (sampler.synthesize(code, noise) for code in codes)
        torch.testing.assert_close(length, (two - one).square().mean() / 1e-6, rtol=1e-6, atol=0)
    assert not torch.allclose(one, sampler.synthesize(codes[0]))  # with the noise that sheets have


def test_what_has_no_w_is_refused():
    with pytest.raises(ConfigurationError, match="PathLength measures a StyleGANModule, not ArtDCGANModule"):
        PathLength(MeanSquare()).setup(None, ArtDCGANModule(28, 8, 3, 2, 2), "fit")
    with pytest.raises(ValueError, match="epsilon must be above 0"):
        PathLength(MeanSquare(), epsilon=0.0)
