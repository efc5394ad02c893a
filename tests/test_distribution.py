"""Distances between distributions of images, and the callback that measures them."""

import hashlib
import json
import math
import sys
import warnings
from types import SimpleNamespace

import pytest
import torch
from torch import nn
from torchmetrics.image.fid import FrechetInceptionDistance

from gan_lab.callbacks import DistributionDistance
from gan_lab.cli import main
from gan_lab.datamodules import ImageFolderDataModule
from gan_lab.errors import ConfigurationError
from gan_lab.images.pixels import to_bytes
from gan_lab.metrics.distribution import (
    combine,
    diversity,
    frechet_distance,
    kernel_distance,
    stride_to_keep,
    sum_features,
)
from gan_lab.metrics.extractors import FeatureExtractor, Inception, RandomConvolutions
from gan_lab.modules import StyleGANModule
from gan_lab.samples import SeedRequest
from tests.fakes import drawing, save
from tests.test_resume import rows, run_folder
from tests.test_stylegan import SMALL, growing, seen
from tests.test_unconditional import Painter


def sums(features, batch=7, keep=10_000):
    return combine([sum_features(features.split(batch), range(len(features)), stride_to_keep(len(features), keep))])


def test_frechet_distance_is_the_closed_form_of_normal_distributions():
    """Covariances with one set of axes: the roots of the variances are apart by the difference of their roots."""
    scales, other = torch.tensor([1.0, 2.0, 0.0]).double(), torch.tensor([3.0, 0.5, 1.0]).double()
    axes = torch.linalg.qr(torch.randn(3, 3).double())[0]
    draws = torch.randn(50, 3).double()
    draws = (draws - draws.mean(0)) @ torch.linalg.inv(torch.linalg.cholesky(torch.cov(draws.T))).T  # exactly white
    one, two = draws * scales @ axes.T, draws * other @ axes.T + torch.tensor([1.0, 2.0, 2.0]).double()
    expected = 9 + (scales - other).square().sum().item()
    assert frechet_distance(sums(one), sums(two)) == pytest.approx(expected, rel=1e-9)
    assert frechet_distance(sums(one), sums(one)) == pytest.approx(0, abs=1e-6)


def test_frechet_distance_is_torchmetrics():
    class Given(nn.Module):
        num_features = 12

        def forward(self, features: torch.Tensor) -> torch.Tensor:
            return features

    one, two = torch.randn(200, 12), torch.randn(150, 12) @ torch.randn(12, 12) + 0.5
    theirs = FrechetInceptionDistance(Given())
    theirs.update(one, real=True)
    theirs.update(two, real=False)
    assert frechet_distance(sums(one), sums(two)) == pytest.approx(theirs.compute().item(), rel=1e-5)


def test_kernel_distance_is_the_unbiased_estimate():
    """Over all pairs: with as many features as a subset has, every subset is the whole set."""
    one, two = torch.randn(40, 6), torch.randn(40, 6) + 0.3

    def kernel(x, y):
        return (x.double() @ y.double().T / 6 + 1) ** 3

    within = sum((kernel(x, x).sum() - kernel(x, x).trace()) / (40 * 39) for x in (one, two))
    expected = within - 2 * kernel(one, two).mean()
    assert kernel_distance(sums(one), sums(two)) == pytest.approx(expected.item(), rel=1e-3)


def test_sets_of_the_same_image_or_of_one_have_finite_distances_or_are_refused():
    varied, same = torch.randn(20, 3), torch.full((20, 3), 0.7)
    assert diversity(sums(varied), sums(same)) == 0.0
    for real, fake in ((same, varied), (varied, same), (same, same)):
        assert all(math.isfinite(measure(sums(real), sums(fake))) for measure in (frechet_distance, kernel_distance))
    with pytest.raises(ConfigurationError, match="all real images look the same"):
        diversity(sums(same), sums(varied))
    for measure in (frechet_distance, kernel_distance, diversity):
        with pytest.raises(ConfigurationError, match=r"two images or more|look the same"):
            measure(sums(varied[:1]), sums(varied))
        assert math.isnan(measure(sums(varied), sums(varied * math.inf)))


def test_diversity_is_the_ratio_of_mean_distances_and_none_in_a_collapse():
    one, two = torch.randn(30, 5).double(), torch.randn(20, 5).double() * 3

    def distance(x):
        return torch.pdist(x).square().mean().sqrt().item()

    assert diversity(sums(one), sums(two)) == pytest.approx(distance(two) / distance(one), rel=1e-9)
    assert diversity(sums(one), sums(two[:1].expand(20, 5))) == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize("processes", [1, 2, 3, 30])
def test_sums_over_processes_are_those_of_one_whatever_their_number(processes):
    features = torch.arange(20.0).view(20, 1)
    seen = [range(rank, 20, processes) for rank in range(processes)]  # with 30 some see none
    parts = [sum_features(features[list(places)].split(3) if places else [], places, 4) for places in seen]
    whole = combine(parts)
    assert (whole.count, whole.total.item(), whole.products.item()) == (20, 190, 2470)
    assert whole.kept.flatten().tolist() == [0, 4, 8, 12, 16]


def test_kept_features_lie_evenly_and_no_features_are_refused():
    features = torch.arange(20.0).view(20, 1)
    for batch in (1, 3, 7, 20):
        assert sums(features, batch, keep=5).kept.flatten().tolist() == [0, 4, 8, 12, 16]
    with pytest.raises(ConfigurationError, match="no features"):
        combine([sum_features([], range(0), 1)])


def test_random_convolutions_are_fixed_and_see_what_differs():
    one, same, other = RandomConvolutions(), RandomConvolutions(), RandomConvolutions(seed=1)
    images = torch.randint(0, 256, (4, 3, 48, 48), dtype=torch.uint8)
    features = one(images)
    assert torch.equal(features, same(images))
    assert not torch.allclose(features, other(images), atol=1e-2)
    assert len({one.name, other.name, RandomConvolutions(side=64).name}) == 3
    torch.testing.assert_close(features.norm(dim=1), torch.ones(4))
    reals, likewise = (
        torch.stack([torch.from_numpy(drawing(seed)).permute(2, 0, 1) for seed in range(first, first + 300)])
        for first in (0, 300)
    )
    noise = torch.randint(0, 256, reals.shape, dtype=torch.uint8)
    near, far = (frechet_distance(sums(one(reals)), sums(one(images))) for images in (likewise, noise))
    assert far > 50 * near > 0


def test_inception_without_its_library_or_with_other_weights_says_what_to_do(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "torch_fidelity", None)
    with pytest.raises(ConfigurationError, match="FID needs torch-fidelity: pip install"):
        Inception().prepare()

    import types

    class Network(nn.Module):
        def __init__(self, name: str, features: list[str], feature_extractor_weights_path: str | None) -> None:
            super().__init__()
            if feature_extractor_weights_path is None:
                raise OSError("Name or service not known")

        def forward(self, images: torch.Tensor) -> tuple[torch.Tensor]:
            assert images.dtype == torch.uint8
            assert images.shape[1:] == (3, 16, 16)  # it scales them itself
            return (images.float().mean((2, 3)),)

    home = types.ModuleType("torch_fidelity.feature_extractor_inceptionv3")
    home.FeatureExtractorInceptionV3 = Network
    monkeypatch.setitem(sys.modules, "torch_fidelity", types.ModuleType("torch_fidelity"))
    monkeypatch.setitem(sys.modules, home.__name__, home)
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    downloaded = tmp_path / "hub" / "checkpoints" / "weights-inception-2015-12-05-6726825d.pth"
    downloaded.parent.mkdir(parents=True)
    downloaded.write_bytes(b"cut short")
    with pytest.raises(ConfigurationError, match=r"weights-inception.*, or is damaged"):
        Inception().prepare()
    downloaded.unlink()
    reason = r"unavailable \(Name or service not known\).*GAN_LAB_INCEPTION_WEIGHTS"
    with pytest.raises(ConfigurationError, match=reason):
        Inception().prepare()
    with pytest.raises(ConfigurationError, match=r"there is no file .*missing\.pth"):
        Inception(tmp_path / "missing.pth").prepare()
    (tmp_path / "other.pth").write_bytes(b"other")
    monkeypatch.setenv("GAN_LAB_INCEPTION_WEIGHTS", str(tmp_path / "other.pth"))
    with pytest.raises(ConfigurationError, match=r"other\.pth is not torch-fidelity's"):
        Inception().prepare()
    digest = hashlib.sha256(b"other").hexdigest()
    monkeypatch.setattr("gan_lab.metrics.extractors._INCEPTION_DIGEST", digest[:8] + digest[:7:-1])  # begins like it
    with pytest.raises(ConfigurationError, match=f"its SHA-256 is {digest}"):
        Inception().prepare()
    monkeypatch.setattr("gan_lab.metrics.extractors._INCEPTION_DIGEST", digest)
    extractor = Inception()
    extractor.prepare()
    flat = torch.full((1, 3, 16, 16), 77, dtype=torch.uint8)
    assert extractor(flat).tolist() == [[77.0] * 3]


class MeanColor(FeatureExtractor):
    """What each image's mean color is: an extractor of a user's own."""

    name = "mean color"

    def __init__(self) -> None:
        super().__init__()
        self.seen = 0

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        self.seen += len(images)
        return images.float().mean((2, 3)) / 255


@pytest.fixture
def pictures(tmp_path):
    for index in range(12):
        save(drawing(index), tmp_path / "pictures" / f"{index:02}.png")
    return tmp_path / "pictures"


def measure(pictures, root, extractor=None, module=None, **settings):
    """One validation; what was logged, and how many images were seen."""
    from lightning.pytorch import Trainer

    extractor = extractor or MeanColor()
    data = ImageFolderDataModule(pictures, **({"image_size": 8, "val_fraction": 0.3, "num_workers": 0} | settings))
    callback = DistributionDistance(extractor, num_images=6, batch_size=4)
    quiet = {"logger": False, "enable_progress_bar": False, "enable_model_summary": False}
    trainer = Trainer(accelerator="cpu", devices=1, default_root_dir=root, callbacks=[callback], **quiet)
    (figures,) = trainer.validate(module or Painter(), data, verbose=False)
    return figures, extractor.seen


def test_the_callback_measures_seeds_against_all_training_images(pictures, tmp_path):
    figures, seen = measure(pictures, tmp_path)
    data = ImageFolderDataModule(pictures, image_size=8, val_fraction=0.3)
    train = data.split("train")
    assert seen == 6 + len(train)
    real = MeanColor()(torch.stack([train[index]["image"] for index in range(len(train))]))
    fake = torch.arange(6.0).view(6, 1).expand(6, 3) / 255  # as gray as their seeds
    assert figures["val/frechet"] == pytest.approx(frechet_distance(sums(real), sums(fake)), rel=1e-5)
    assert figures["val/diversity"] == pytest.approx(diversity(sums(real), sums(fake)), rel=1e-5)
    assert set(figures) == {"val/frechet", "val/kernel", "val/diversity"}  # not FID: any network but Inception


@torch.no_grad()
def test_a_measured_image_has_noise_of_its_own_whatever_the_batch_and_the_number_of_processes():
    class Recorder(MeanColor):
        def forward(self, images: torch.Tensor) -> torch.Tensor:
            colors.append(images)
            return super().forward(images)

    module = seen(StyleGANModule(growing(), **SMALL, noise_mode="const"), 24)
    module.sampler.noise_mode = "random"
    expected = to_bytes(module.sampler.images(SeedRequest.of(range(6))))
    module.sampler.noise_mode = "const"
    for batch_size, processes in ((1, 1), (4, 1), (2, 2)):
        callback, found = DistributionDistance(Recorder(), batch_size=batch_size), torch.zeros_like(expected)
        for rank in range(processes):
            colors: list[torch.Tensor] = []
            callback._fake_sums(SimpleNamespace(global_rank=rank, world_size=processes), module, 6)
            found[rank::processes] = torch.cat(colors)
        assert (found.int() - expected.int()).abs().max() <= 1


def test_the_real_images_are_seen_once_until_something_changes(pictures, tmp_path):
    first, seen = measure(pictures, tmp_path)
    again, only_generated = measure(pictures, tmp_path)
    assert (seen > 6, only_generated) == (True, 6)
    assert again["val/frechet"] == first["val/frechet"]
    assert measure(pictures, tmp_path, image_size=16)[1] > 6
    other = MeanColor()
    other.name = "mean color, otherwise"
    assert measure(pictures, tmp_path, other)[1] > 6
    trained = MeanColor()
    trained.register_buffer("weight", torch.ones(1))
    assert measure(pictures, tmp_path, trained)[1] > 6
    for kept in (tmp_path / "statistics").iterdir():
        kept.write_bytes(b"broken")
    assert measure(pictures, tmp_path)[1] > 6
    assert measure(pictures, tmp_path)[1] == 6
    for picture in pictures.iterdir():
        save(255 - drawing(int(picture.stem)), picture)
    changed, seen = measure(pictures, tmp_path)
    assert seen > 6
    assert changed["val/frechet"] != first["val/frechet"]


def test_data_that_it_cannot_measure_and_extractors_that_are_missing_are_refused_at_the_start(small, capsys):
    callback = {"class_path": "DistributionDistance", "init_args": {"extractor": {"class_path": "RandomConvolutions"}}}
    assert main(["fit", "--config", str(small()), "--trainer.callbacks", json.dumps([callback])]) == 2
    assert "this data has pairs" in capsys.readouterr().err
    callback["init_args"]["extractor"] = {"class_path": "Inception"}
    assert main(["fit", "--config", str(small("art_dcgan_emoji")), "--trainer.callbacks", json.dumps([callback])]) == 2
    assert "gan-lab: FID needs torch-fidelity" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("count", "sentence"),
    [(1, "2 real images or more, and the train split has 1"), (3, "all 3 real images look the same")],
)
def test_one_real_image_and_identical_ones_are_refused_in_one_sentence(small, tmp_path, capsys, count, sentence):
    (tmp_path / "data").mkdir()
    for index in range(count):
        save(drawing(0), tmp_path / "data" / f"{index}.png")
    settings = {"data__val_fraction": 0.0, "data__num_workers": 0, "data__batch_size": 1}
    assert main(["fit", "--config", str(small("art_dcgan_emoji", **settings))]) != 0
    error = capsys.readouterr().err
    assert sentence in error
    assert "Traceback" not in error


def test_figures_are_logged_at_every_validation_and_can_choose_the_best_checkpoint(small, tmp_path):
    best = {"class_path": "ModelCheckpoint", "init_args": {"monitor": "val/frechet", "filename": "best"}}
    config = str(small("art_dcgan_emoji"))
    assert main(["fit", "--config", config, "--trainer.callbacks+", json.dumps(best)]) == 0
    folder = run_folder(tmp_path / "run", 0)
    logged = rows(folder, 0)
    names = ("val/frechet", "val/kernel", "val/diversity", "val/discriminator")
    assert all(sum(name == wanted for _, name in logged) == 2 for wanted in names)
    assert (folder / "checkpoints" / "best.ckpt").is_file()
    saved = torch.load(folder / "checkpoints" / "best.ckpt", weights_only=True)
    assert not any("extractor" in name for name in saved["state_dict"])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert main(["validate", "--config", config, "--ckpt_path=best"]) == 0
