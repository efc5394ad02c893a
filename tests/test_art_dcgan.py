import json

import pytest
import torch
from torch.nn import functional as F

from gan_lab.cli import main
from gan_lab.datamodules import BestArtworksDataModule, WikiArtDataModule
from gan_lab.datasets.best_artworks import original_name
from gan_lab.errors import ConfigurationError, DatasetNotFoundError
from gan_lab.modules import ArtDCGANModule
from gan_lab.networks import DCGANDiscriminator, DCGANGenerator
from gan_lab.samples import SeedRequest
from gan_lab.seeding import normal_from_seeds
from tests import fakes_art
from tests.test_distributed import run_two, saved
from tests.test_resume import LAST, differences, probe, rows, run_folder
from tests.training import train

SMALL = {"image_size": 28, "latent_size": 8, "generator_channels": 2, "discriminator_channels": 2}


def sample(count: int = 4, size: int = 28, dtype: torch.dtype = torch.float32) -> dict:
    generator = torch.Generator().manual_seed(0)
    image = torch.rand(count, 3, size, size, generator=generator, dtype=dtype) * 2 - 1
    return {"image": image, "name": ["x"] * count}


def count(network: torch.nn.Module) -> int:
    return sum(parameter.numel() for parameter in network.parameters())


@pytest.mark.parametrize(
    ("size", "latent_size", "generator", "discriminator"),
    [  # counted on the PyTorch example (64, with its latent size of 100) and on the same layers for 28
        (64, 100, 3_576_704, 2_765_568),
        (64, 128, 3_806_080, 2_765_568),
        (28, 128, 2_760_448, 433_920),
    ],
)
def test_the_networks_have_the_known_numbers_of_parameters(size, latent_size, generator, discriminator):
    assert count(DCGANGenerator(image_size=size, latent_size=latent_size)) == generator
    assert count(DCGANDiscriminator(image_size=size)) == discriminator


@pytest.mark.parametrize(
    ("size", "sides"),
    [
        (28, [4, 7, 14, 28]),
        (32, [4, 8, 16, 32]),
        (64, [4, 8, 16, 32, 64]),
        (128, [4, 8, 16, 32, 64, 128]),
        (256, [4, 8, 16, 32, 64, 128, 256]),
    ],
)
def test_every_size_has_its_route_and_the_discriminator_goes_back(size, sides):
    seen = []
    generator = DCGANGenerator(image_size=size, latent_size=8, base_channels=2)
    discriminator = DCGANDiscriminator(image_size=size, base_channels=2)
    for network in (generator, discriminator):
        for layer in network.modules():
            if isinstance(layer, torch.nn.Conv2d | torch.nn.ConvTranspose2d):
                layer.register_forward_hook(lambda _, __, output: seen.append(output.shape[-1]))
    logits = discriminator(generator(torch.randn(2, 8, 1, 1)))
    assert seen == [*sides, *sides[-2::-1], 1]
    assert logits.shape == (2,)


def test_other_sizes_are_refused():
    with pytest.raises(ValueError, match="image_size must be one of 28, 32, 64, 128, 256, got 48"):
        DCGANGenerator(image_size=48)


def test_layers_are_the_papers():
    """Section 3: no norm at G's output and D's input, no bias beside a norm, ReLU and tanh in G, leaky ReLU in D."""
    networks = DCGANGenerator(image_size=64), DCGANDiscriminator(image_size=64)
    generator, discriminator = ([type(layer).__name__ for layer in network.layers] for network in networks)
    assert generator == ["ConvTranspose2d", "BatchNorm2d", "ReLU"] * 4 + ["ConvTranspose2d", "Tanh"]
    assert discriminator == ["Conv2d", "LeakyReLU"] + ["Conv2d", "BatchNorm2d", "LeakyReLU"] * 3 + ["Conv2d"]
    slopes = {layer.negative_slope for layer in networks[1].layers if hasattr(layer, "negative_slope")}
    assert slopes == {0.2}


def test_weights_start_as_the_paper_says():
    for network in (DCGANGenerator(image_size=64), DCGANDiscriminator(image_size=64)):
        norms = [layer.weight for layer in network.layers if isinstance(layer, torch.nn.BatchNorm2d)]
        for weight in (parameter for parameter in network.parameters() if parameter.ndim == 4):
            assert weight.std().item() == pytest.approx(0.02, rel=0.06)
        assert torch.cat(norms).mean().item() == pytest.approx(1, abs=0.005)
        assert torch.cat(norms).std().item() == pytest.approx(0.02, rel=0.2)


GAMES = {
    "vanilla": (
        lambda real, fake: (
            F.binary_cross_entropy(real.sigmoid(), torch.ones_like(real))
            + F.binary_cross_entropy(fake.sigmoid(), torch.zeros_like(fake))
        ),
        lambda fake: F.binary_cross_entropy(fake.sigmoid(), torch.ones_like(fake)),
    ),
    "lsgan": (lambda real, fake: (real - 1).pow(2).mean() + fake.pow(2).mean(), lambda fake: (fake - 1).pow(2).mean()),
    "hinge": (
        lambda real, fake: (1 - real).clamp(min=0).mean() + (1 + fake).clamp(min=0).mean(),
        lambda fake: -fake.mean(),
    ),
}


@pytest.mark.parametrize("objective", GAMES)
def test_two_steps_are_the_papers(objective):
    """Against the updates written out in double precision, on the same codes; then the average against its formula."""
    settings = SMALL | {"objective": objective, "ema_half_life": 8}
    module, twin = ArtDCGANModule(**settings).double(), ArtDCGANModule(**settings).double()
    twin.load_state_dict(module.state_dict())
    codes = []
    module.generator.register_forward_pre_hook(lambda _, inputs: codes.append(inputs[0]))
    batch = sample(dtype=torch.double)
    train(module, [batch, batch], precision="64-true")
    assert len(codes) == 2  # each step makes its images once
    assert not torch.equal(*codes)

    loss_d, loss_g = GAMES[objective]
    adam_g, adam_d = (
        torch.optim.Adam(net.parameters(), 2e-4, (0.5, 0.999)) for net in (twin.generator, twin.discriminator)
    )
    averages = [parameter.clone() for parameter in twin.generator.parameters()]
    for z in codes:
        generated = twin.generator(z)
        adam_d.zero_grad()
        loss_d(twin.discriminator(batch["image"]), twin.discriminator(generated.detach())).backward()
        adam_d.step()
        adam_g.zero_grad()
        loss_g(twin.discriminator(generated)).backward()
        adam_g.step()
        averages = [
            average + (1 - 0.5**0.5) * (parameter - average)  # 4 images a step, half of it after 8
            for average, parameter in zip(averages, twin.generator.parameters(), strict=True)
        ]
    for part in ("generator", "discriminator"):
        ours, theirs = (getattr(network, part).state_dict() for network in (module, twin))
        for name in ours:  # batch norm's statistics too
            torch.testing.assert_close(ours[name], theirs[name], rtol=0, atol=1e-12, msg=name)
    for ours, theirs in zip(module.generator_ema.parameters(), averages, strict=True):
        torch.testing.assert_close(ours, theirs, rtol=0, atol=1e-12)
    assert torch.equal(module.generator_ema.layers[1].running_mean, module.generator.layers[1].running_mean)


def test_the_discriminators_step_leaves_the_generator_alone_and_the_other_way_round():
    module = ArtDCGANModule(**SMALL)
    networks = (module.generator, module.discriminator)
    gradients = []

    def record() -> None:
        gradients.append([any(p.grad is not None and bool(p.grad.any()) for p in net.parameters()) for net in networks])

    minimize = module.minimize
    module.minimize = lambda loss, optimizer: (minimize(loss, optimizer), record())
    seen = []
    for parameter in module.discriminator.parameters():
        parameter.register_hook(lambda gradient: seen.append(gradient))
    train(module, [sample()])
    assert gradients == [[False, True], [True, True]]  # D's own gradients, of its own step
    assert len(seen) == len(list(module.discriminator.parameters()))  # and none of them from G's step


def test_a_seeds_image_depends_on_no_other_seed_and_is_the_generator_emas():
    module = ArtDCGANModule(**SMALL, ema_half_life=100)
    train(module, [sample()] * 3)
    among = module.sampler.images(SeedRequest.of([3, 9, 4]))
    alone = module.sampler.images(SeedRequest.of([9]))
    torch.testing.assert_close(among[1], alone[0])
    module.eval()
    z = normal_from_seeds([9], 8, 1, 1)
    torch.testing.assert_close(module.generator_ema(z), alone)
    assert not torch.allclose(module.generator(z), alone)


@pytest.mark.parametrize(
    ("shape", "sentence"),
    [
        ((3, 64, 64), "the data gives images of 64 x 64 pixels where the model has 28 x 28: set model.image_size"),
        ((1, 28, 28), r"images \(image\) have 1 channels, but model.channels is 3: set it to 1"),
    ],
)
def test_images_of_another_shape_are_refused(shape, sentence):
    """The discriminator would take larger ones, and give more than one logit for each."""
    module = ArtDCGANModule(**SMALL)
    with pytest.raises(ConfigurationError, match=sentence):
        train(module, [{"image": torch.zeros(2, *shape), "name": ["a", "b"]}])


@pytest.mark.parametrize("option", ["latent_size", "channels", "generator_channels", "discriminator_channels"])
def test_numbers_out_of_range_are_refused(option):
    with pytest.raises(ValueError, match="must be at least 1"):
        ArtDCGANModule(**SMALL | {option: 0})


def test_validation_plays_the_game_on_images_that_were_held_out():
    module = ArtDCGANModule(**SMALL, lr=0.0)
    batch = sample()
    trainer = train(module, [batch], validation=[batch])
    norms = [layer.running_mean.clone() for layer in module.modules() if isinstance(layer, torch.nn.BatchNorm2d)]
    value = trainer.callback_metrics["val/discriminator"].item()
    assert value == pytest.approx(2 * 0.6931, abs=0.5)  # an untrained judge's two coin tosses
    trainer.validate(module, torch.utils.data.DataLoader([batch], batch_size=None), verbose=False)
    after = [layer.running_mean for layer in module.modules() if isinstance(layer, torch.nn.BatchNorm2d)]
    assert all(torch.equal(*pair) for pair in zip(norms, after, strict=True))  # measuring leaves no trace


def test_resuming_is_exact_with_the_average(small, tmp_path):
    config = str(small("art_dcgan_emoji", trainer__max_epochs=3, data__flip=True))
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    assert main(["fit", "--config", config, f"--trainer.default_root_dir={whole}"]) == 0
    base = ["fit", "--config", config, f"--trainer.default_root_dir={parts}"]
    assert main([*base, "--trainer.max_steps=4"]) == 0  # in the middle of the second epoch
    assert main([*base, "--ckpt_path=last"]) == 0
    one, two = (torch.load(run_folder(*at) / LAST, weights_only=True) for at in ((whole, 0), (parts, 1)))
    assert one["global_step"] > 4
    assert any(name.startswith("generator_ema") for name in one["state_dict"])
    assert differences(one, two) == []


@pytest.mark.slow
def test_two_processes_hold_equal_norms_and_averages_and_measure_as_one(small, tmp_path):
    config = str(small("art_dcgan_emoji", trainer__max_epochs=2, data__batch_size=2))
    run_two(["--config", config, "--trainer.callbacks+", probe("SaveRank", folder=str(tmp_path / "ranks"))])
    one, two = saved(tmp_path / "ranks", "state", 2)
    assert {"generator_ema.layers.0.weight", "generator_ema.layers.1.running_mean"} <= one.keys()
    assert differences(one, two) == []
    weights = [one[f"{part}.layers.0.weight"] for part in ("generator", "generator_ema")]
    assert not torch.equal(*weights)

    logged = rows(run_folder(tmp_path / "run", 0), 0)
    end = max(int(step) for step, name in logged if name == "val/frechet")
    last = {name: float(value) for (step, name), value in logged.items() if int(step) == end}
    root = f"--trainer.default_root_dir={tmp_path / 'alone'}"  # without the statistics that the two have kept
    checkpoint = f"--ckpt_path={run_folder(tmp_path / 'run', 0) / LAST}"
    watch = probe("SaveMetrics", path=str(tmp_path / "alone.json"))
    assert main(["validate", "--config", config, root, checkpoint, "--trainer.callbacks+", watch]) == 0
    alone = json.loads((tmp_path / "alone.json").read_text())
    for name in ("val/frechet", "val/diversity"):  # each process saw half of the images, together each once
        assert last[name] == pytest.approx(alone[name], rel=1e-4)


@pytest.mark.parametrize(
    "garbled",
    ["Dürer", "Du\u0308rer", "Du╠êrer", "DuΓòá├¬rer", "D├╝rer", "DÃ¼rer", "Du#U0308rer", "D#U00fcrer"],
    ids=ascii,
)
def test_names_are_read_through_what_unpacking_did_to_them(garbled):
    assert original_name(garbled) == "Dürer"
    assert original_name("Rene_Magritte") == "Rene_Magritte"


@pytest.mark.parametrize("resized", [True, False])
def test_each_painting_is_read_once_though_duerers_folder_is_there_twice(tmp_path, resized):
    data = BestArtworksDataModule(fakes_art.write_best_artworks(tmp_path), resized=resized, val_fraction=0)
    assert len(list(tmp_path.rglob("Albrecht*.jpg"))) == 12
    numbers = sorted(image.path.stem.rpartition("_")[2] for image in data.source.images if "Albrecht" in image.name)
    assert numbers == ["1", "2", "3"]
    assert len(data.training_data()) == 13
    assert data.source.images[0].read().shape[0] == (24 if resized else 48)


@pytest.mark.parametrize(
    ("chosen", "paintings"),
    [
        ({"artists": ["Albrecht Durer"]}, 3),
        ({"artists": ["claude monet", "Albrecht Dürer"]}, 9),
        ({"genres": ["Impressionism"]}, 10),  # Cezanne's second genre
        ({"genres": ["Northern Renaissance"], "artists": ["Paul Cezanne"]}, 7),
    ],
)
def test_artists_and_genres_are_chosen_by_the_table(tmp_path, chosen, paintings):
    assert len(BestArtworksDataModule(fakes_art.write_best_artworks(tmp_path), **chosen).source.images) == paintings


def test_a_name_that_is_not_in_the_table_is_refused_with_those_that_are(tmp_path):
    fakes_art.write_best_artworks(tmp_path)
    with pytest.raises(ConfigurationError, match=r"no artist 'Manet'.*Albrecht Dürer, Claude Monet, Paul Cezanne"):
        BestArtworksDataModule(tmp_path, artists=["Manet"]).source.images  # noqa: B018 - looked for when asked for
    with pytest.raises(ConfigurationError, match=r"no genre 'Cubism'"):
        BestArtworksDataModule(tmp_path, genres=["Cubism"]).source.images  # noqa: B018
    (tmp_path / "artists.csv").unlink()
    with pytest.raises(DatasetNotFoundError, match=r"artists\.csv does not exist.*Kaggle"):
        BestArtworksDataModule(tmp_path).source.images  # noqa: B018


def test_wikiart_is_chosen_by_style_and_artist(tmp_path):
    fakes_art.write_wikiart(tmp_path)

    def paintings(**chosen) -> int:
        return len(WikiArtDataModule(tmp_path, **chosen).source.images)

    assert paintings() == 19
    assert paintings(styles=["post_impressionism"]) == 10
    assert paintings(artists=["paul-cezanne"]) == 6
    assert paintings(styles=["Cubism"], artists=["paul-cezanne"]) == 2
    with pytest.raises(ConfigurationError, match=r"no artist 'claude-monet' here: there is paul-cezanne"):
        paintings(styles=["Cubism"], artists=["claude-monet"])
    with pytest.raises(DatasetNotFoundError, match=r"WikiArt.*does not exist"):
        len(WikiArtDataModule(tmp_path / "elsewhere").source.images)


def test_wikiarts_truncated_files_do_not_end_training_and_check_finds_them(small, tmp_path, capsys):
    config = str(small("art_dcgan_wikiart", data__val_fraction=0.2))
    assert main(["fit", "--config", config]) == 0
    named = [line for line in capsys.readouterr().out.splitlines() if "left out" in line]
    assert len(set(named)) == 1  # once for each of the two ways of reading the split
    assert "vincent-van-gogh_study-no-3-1888.jpg" in named[0]
    assert main(["check", "--config", config]) == 1
    assert "broken: " in capsys.readouterr().out
    assert main(["fit", "--config", config, "--data.max_broken_fraction=0"]) == 1
