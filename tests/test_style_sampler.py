import pytest
import torch
from torch.nn import functional as F

from gan_lab.datasets.latent_walks import ClosedPath
from gan_lab.errors import ConfigurationError
from gan_lab.modules import StyleGANModule
from tests.test_stylegan import SMALL, TRADITIONAL, fixed, growing, seen


def seeds(*numbers: int) -> dict:
    return {"seed": torch.tensor(numbers), "name": [f"{number}.png" for number in numbers]}


@torch.no_grad()
def test_an_image_depends_on_its_seed_alone():
    for noise in ("fixed", "random"):
        module = seen(StyleGANModule(growing(), **SMALL, sample_noise=noise), 12)
        alone, among = module.render(seeds(7))["generated"], module.render(seeds(1, 7, 2))["generated"]
        torch.testing.assert_close(among[1:2], alone, rtol=1e-4, atol=1e-4)
        assert not torch.allclose(among[0], among[1], atol=0.01)


@torch.no_grad()
def test_with_psi_0_all_seeds_are_one_image_unless_noise_differs():
    module = seen(StyleGANModule(growing(), **SMALL, psi=0.0), 12)

    def images_are_one() -> bool:
        return torch.equal(*module.predict_step(seeds(1, 2), 0)["generated"])

    assert images_are_one()
    assert not torch.equal(*module.render(seeds(1, 2))["generated"])  # what is measured is not truncated
    module.sampler.noise = "random"
    assert not images_are_one()
    module.sampler.noise, module.sampler.psi_layers = "fixed", 2  # finer layers keep their own codes
    assert not images_are_one()


@torch.no_grad()
def test_rendered_images_have_the_final_size_at_every_stage():
    module = StyleGANModule(growing(), **SMALL)
    images = module.render(seeds(1, 2))["generated"]
    assert images.shape == (2, 3, 16, 16)
    assert torch.equal(images, F.interpolate(images[..., ::2, ::2], scale_factor=2))


@torch.no_grad()
def test_a_mixed_image_has_the_others_styles_in_its_layers_alone():
    module = seen(StyleGANModule(growing(), **SMALL), 24)
    place = {"seed": torch.tensor([1]), "style_seed": torch.tensor([2]), "name": ["x.png"]}
    place |= {name: torch.tensor([number]) for name, number in {"first_layer": 2, "last_layer": 3}.items()}
    w, other = module.sampler.map_seeds(torch.tensor([1])), module.sampler.map_seeds(torch.tensor([2]))
    expected = module.sampler.synthesize(torch.stack([w, w, other, other, w, w], dim=1))
    torch.testing.assert_close(module.render(place)["generated"], expected)
    place["style_seed"] = place["seed"]
    torch.testing.assert_close(module.render(place)["generated"], module.render(seeds(1))["generated"])


@torch.no_grad()
def test_a_path_passes_through_its_seeds_and_ends_where_it_begins():
    module = seen(StyleGANModule(growing(), **SMALL), 24)
    path = ClosedPath([3, 1, 4], frames=12)
    frames = [path[index] for index in range(12)]
    batch = {key: torch.stack([frame[key] for frame in frames]) for key in ("seeds", "weights")}
    images = module.render(batch)["generated"]
    torch.testing.assert_close(images[::4], module.render(seeds(3, 1, 4))["generated"], rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(batch["weights"].sum(1), torch.ones(12))
    w = batch["weights"].double()
    steps = torch.roll(w, -1, 0) - w
    jerks = (torch.roll(steps, -1, 0) - steps).norm(dim=1)
    assert jerks.max() < 2 * jerks.median()  # a broken line would turn at its seeds alone
    with pytest.raises(ConfigurationError, match="flickers"):
        seen(StyleGANModule(growing(), **SMALL, sample_noise="random"), 24).render(batch)


def test_paths_without_a_mapping_stay_on_the_sphere_of_normalised_codes():
    module = StyleGANModule(fixed(), **SMALL | {"mapping_layers": 0})
    middle = module.sampler._path({"seeds": torch.tensor([[3, 4]]), "weights": torch.tensor([[0.5, 0.5]])})
    assert middle.square().mean().item() == pytest.approx(1, rel=1e-5)


def test_without_styles_there_is_nothing_to_mix():
    module = StyleGANModule(growing(), **SMALL, **TRADITIONAL)
    place = {key: torch.tensor([1]) for key in ("seed", "style_seed", "first_layer", "last_layer")}
    with pytest.raises(ConfigurationError, match="no styles to mix"):
        module.render(place)
