import pickle
from copy import deepcopy

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from gan_lab.datasets.latent_walks import ClosedPath
from gan_lab.errors import ConfigurationError
from gan_lab.inference import style_sampler
from gan_lab.modules import StyleGANModule
from gan_lab.samples import PathRequest, SeedRequest, StyleGridRequest
from gan_lab.seeding import normal_from_seeds
from tests.test_stylegan import SMALL, TRADITIONAL, fixed, growing, seen


def images(module: StyleGANModule, *seeds: int) -> torch.Tensor:
    return module.sampler.images(SeedRequest.of(seeds))


def place(seed: int, style_seed: int, first: int, last: int) -> StyleGridRequest:
    """The image of a seed with another's styles from one layer to another."""
    seeds, style_seeds = torch.tensor([seed]), torch.tensor([style_seed])
    return StyleGridRequest(
        names=["x.png"], seeds=seeds, style_seeds=style_seeds, layers=(first, last), places=[(1, 1)]
    )


@torch.no_grad()
def test_an_image_depends_on_its_seed_alone():
    for noise in ("const", "random"):
        module = seen(StyleGANModule(growing(), **SMALL, noise_mode=noise), 12)
        alone, among = images(module, 7), images(module, 1, 7, 2)
        torch.testing.assert_close(among[1:2], alone, rtol=1e-4, atol=1e-4)
        assert not torch.allclose(among[0], among[1], atol=0.01)


@torch.no_grad()
def test_what_is_measured_has_noise_of_its_own_whatever_sheets_have():
    module = seen(StyleGANModule(growing(), **SMALL, noise_mode="const"), 24)
    request = SeedRequest.of([1, 7, 2])
    shown, measured = module.sampler.images(request), module.sampler.samples(request)
    assert not torch.allclose(measured, shown, atol=0.01)
    torch.testing.assert_close(module.sampler.samples(SeedRequest.of([7])), measured[1:2], rtol=1e-4, atol=1e-4)
    module.sampler.noise_mode = "random"
    assert torch.equal(module.sampler.images(request), measured)


@pytest.fixture
def drawn(monkeypatch) -> list[int]:
    """The seeds of which noise is drawn, from no noise kept on."""
    seeds: list[int] = []

    def note(given: list[int], *shape: int) -> Tensor:
        seeds.extend(given)
        return normal_from_seeds(given, *shape)

    monkeypatch.setattr(style_sampler, "normal_from_seeds", note)
    style_sampler._const_noise.cache_clear()
    return seeds


def test_noise_that_all_images_share_is_made_once_and_kept_out_of_the_model(drawn):
    module = seen(StyleGANModule(growing(), **SMALL), 24)
    sampler, names = module.sampler, module.state_dict().keys()
    with torch.inference_mode():
        first = images(module, 1, 2)
    assert len(drawn) == 6 + 2  # a map a layer, and two codes
    copies = [deepcopy(module).eval().sampler, pickle.loads(pickle.dumps(sampler))]
    with torch.no_grad():
        for copy in copies:
            assert torch.equal(copy.images(SeedRequest.of([1, 2])), first)
    assert len(drawn) == 6 + 3 * 2
    assert module.state_dict().keys() == names
    sampler.generator.requires_grad_(True)
    sampler.images(SeedRequest.of([1])).sum().backward()  # though it was first made where there are no gradients
    assert sampler.generator.first.noise_scale.grad.abs().sum() > 0


@torch.no_grad()
def test_noise_is_the_same_in_every_precision(drawn):
    module = seen(StyleGANModule(growing(), **SMALL), 24)
    single = images(module, 1)
    double = images(module.double(), 1)
    assert double.dtype == torch.double
    torch.testing.assert_close(double.float(), single, rtol=1e-3, atol=1e-3)


@torch.no_grad()
def test_without_noise_none_is_drawn(drawn):
    module = StyleGANModule(growing(), **SMALL, noise=False)
    module.sampler.samples(SeedRequest.of([1, 2]))
    assert drawn == [1, 2]  # the codes


@torch.no_grad()
def test_with_psi_0_all_seeds_are_one_image_unless_noise_differs():
    module = seen(StyleGANModule(growing(), **SMALL, truncation_psi=0.0), 12)

    def images_are_one() -> bool:
        return torch.equal(*module.predict_step(SeedRequest.of([1, 2])).made["generated"])

    assert images_are_one()
    assert not torch.equal(*images(module, 1, 2))  # what is measured is not truncated
    module.sampler.noise_mode = "random"
    assert not images_are_one()
    module.sampler.noise_mode, module.sampler.truncation_cutoff = "const", 2  # finer layers keep their own codes
    assert not images_are_one()


@torch.no_grad()
def test_rendered_images_have_the_final_size_at_every_stage():
    module = StyleGANModule(growing(), **SMALL)
    enlarged = images(module, 1, 2)
    assert enlarged.shape == (2, 3, 16, 16)
    assert torch.equal(enlarged, F.interpolate(enlarged[..., ::2, ::2], scale_factor=2))


@torch.no_grad()
def test_a_mixed_image_has_the_others_styles_in_its_layers_alone():
    module = seen(StyleGANModule(growing(), **SMALL), 24)
    w, other = module.sampler.map_seeds(torch.tensor([1])), module.sampler.map_seeds(torch.tensor([2]))
    expected = module.sampler.synthesize(torch.stack([w, w, other, other, w, w], dim=1))
    torch.testing.assert_close(module.sampler.images(place(1, 2, 2, 3)), expected)
    torch.testing.assert_close(module.sampler.images(place(1, 1, 2, 3)), images(module, 1))


@torch.no_grad()
def test_a_path_passes_through_its_seeds_and_ends_where_it_begins():
    module = seen(StyleGANModule(growing(), **SMALL), 24)
    path = ClosedPath([3, 1, 4], frames=12)
    request = path.request({"frame": torch.arange(12)})
    film = module.sampler.images(request)
    torch.testing.assert_close(film[::4], images(module, 3, 1, 4), rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(request.weights.sum(1), torch.ones(12))
    w = request.weights.double()
    steps = torch.roll(w, -1, 0) - w
    jerks = (torch.roll(steps, -1, 0) - steps).norm(dim=1)
    assert jerks.max() < 2 * jerks.median()  # a broken line would turn at its seeds alone
    with pytest.raises(ConfigurationError, match="flickers"):
        seen(StyleGANModule(growing(), **SMALL, noise_mode="random"), 24).predict_step(request)


def test_paths_without_a_mapping_stay_on_the_sphere_of_normalized_codes():
    module = StyleGANModule(fixed(), **SMALL | {"mapping_layers": 0})
    middle = module.sampler._path(
        PathRequest(names=["x.png"], seeds=torch.tensor([3, 4]), weights=torch.tensor([[0.5, 0.5]]), frames=[0])
    )
    assert middle.square().mean().item() == pytest.approx(1, rel=1e-5)


def test_without_styles_there_is_nothing_to_mix():
    module = StyleGANModule(growing(), **SMALL, **TRADITIONAL)
    with pytest.raises(ConfigurationError, match="no styles to mix"):
        module.predict_step(place(1, 1, 1, 1))
