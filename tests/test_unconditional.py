"""What all unconditional models share: square images, seeds, sheets of samples, averaged weights."""

import os
import random
from typing import Any

import numpy as np
import pytest
import torch
from lightning.pytorch.callbacks import LambdaCallback
from PIL import Image
from torch import nn
from torch.utils.data import default_collate

from gan_lab.callbacks import ImageLogger, PredictionWriter, prediction_writer
from gan_lab.datamodules import ImageFolderDataModule
from gan_lab.datasets import Seeds, SquareImages
from gan_lab.datasets.images import images_below, read_image
from gan_lab.datasets.seeds import parse_seeds
from gan_lab.errors import ConfigurationError, DatasetError, ImageReadError
from gan_lab.images.sheet import draw_sheet
from gan_lab.inference.predictions import MadeImages
from gan_lab.modules import GANModule
from gan_lab.samples import ImageSample, SeedRequest
from gan_lab.seeding import normal_from_seeds, seed_generators
from gan_lab.training.ema import averaged_copy, half_life_decay, update_average
from gan_lab.training.optimizers import OptimizersByRole
from tests.fakes import drawing, save


@pytest.fixture
def pictures(tmp_path):
    for index in range(20):
        save(drawing(index), tmp_path / f"{index:02}.png")
    return tmp_path


def squares(folder, size=16, **settings) -> SquareImages:
    return SquareImages("pictures", images_below("pictures", folder, ""), size, **settings)


@pytest.mark.parametrize(
    ("spec", "seeds"), [("0-3", [0, 1, 2, 3]), ("1,5,9-12", [1, 5, 9, 10, 11, 12]), (" 7 , 2-2", [7, 2]), ("5", [5])]
)
def test_seeds_and_ranges_of_them(spec, seeds):
    assert parse_seeds(spec) == seeds
    data = Seeds(spec)
    request = data.request(default_collate([data[index] for index in range(len(data))]))
    assert request.seeds.tolist() == seeds
    assert request.names == [f"seed{seed:04}.png" for seed in seeds]


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("", "given like 0-63"),
        ("a-b", "given like 0-63"),
        ("-1", "given like 0-63"),
        ("1.5", "given like 0-63"),
        ("1,,2", "given like 0-63"),
        ("9-3", "'9-3' does not"),
        ("4294967296", "4294967295 at most"),
        ("0-4294967295", "more than 1,000,000 seeds"),
        ("1-3,2", "a seed twice"),
    ],
)
def test_nonsense_is_refused_in_one_sentence(tmp_path, spec, message):
    with pytest.raises(ConfigurationError, match=message):
        ImageFolderDataModule(tmp_path, seeds=spec)


def test_a_seed_means_the_same_in_every_batch_and_in_numpy():
    alone, among = normal_from_seeds([7], 2, 3), normal_from_seeds([1, 7, 2**32 - 1], 2, 3)
    assert torch.equal(alone[0], among[1])
    assert np.array_equal(alone[0].numpy(), np.random.RandomState(7).standard_normal((2, 3)).astype(np.float32))
    assert not torch.equal(among[0], among[1])


@pytest.mark.parametrize("shape", [(32, 64), (64, 32)])
def test_the_central_square_is_scaled(tmp_path, shape):
    image = np.zeros((*shape, 3), np.uint8)
    image[shape[0] // 2 - 16 : shape[0] // 2 + 16, shape[1] // 2 - 16 : shape[1] // 2 + 16] = 200
    save(image, tmp_path / "x.png")
    sample = squares(tmp_path)[0]
    assert sample["image"].shape == (3, 16, 16)
    assert (sample["image"] == 200).all()


def test_half_of_the_images_are_mirrored_and_the_cache_changes_nothing(pictures):
    plain, mirrored, cached = squares(pictures), squares(pictures, flip=True), squares(pictures, flip=True, cache=True)
    flips = 0
    for epoch in range(3):
        for index in range(20):
            samples = []
            for data in (mirrored, cached):
                random.seed(f"{epoch} {index}")
                samples.append(data[index]["image"])
            assert torch.equal(*samples)
            upright = plain[index]["image"]
            assert torch.equal(samples[0], upright) or torch.equal(samples[0], upright.flip(2))
            flips += not torch.equal(samples[0], upright)
    assert 18 <= flips <= 42  # of 60; three standard deviations


def test_a_broken_file_is_named_once_and_the_next_one_stands_in(pictures, capsys):
    (pictures / "03.png").write_bytes((pictures / "03.png").read_bytes()[:60])
    data = squares(pictures, max_broken_fraction=0.05)
    samples = [data[3], data[3], data[4]]
    assert [sample["name"] for sample in samples] == ["04.png"] * 3
    (said,) = capsys.readouterr().out.splitlines()
    assert str(pictures / "03.png") in said
    assert "1 of 20 files" in said


def test_too_many_broken_files_are_an_error(pictures):
    for index in range(2, 6):
        (pictures / f"{index:02}.png").write_bytes(b"no image")
    with pytest.raises(ImageReadError, match=r"02\.png"):
        squares(pictures)[2]
    with pytest.raises(DatasetError, match=r"pictures: 2 of 20 files cannot be decoded.*03\.png.*max_broken_fraction"):
        squares(pictures, max_broken_fraction=0.05)[2]
    assert squares(pictures, max_broken_fraction=0.2)[2]["name"] == "06.png"


def test_a_folder_of_nothing_but_broken_files_is_an_error(tmp_path):
    (tmp_path / "x.png").write_bytes(b"no image")
    with pytest.raises(DatasetError, match="1 of 1 files"):
        squares(tmp_path, max_broken_fraction=0.9)[0]


def test_a_large_jpeg_is_decoded_small_with_the_same_content(tmp_path):
    rows, columns = np.mgrid[:1024, :1536]
    colors = np.stack([rows / 4, columns / 6, (rows + columns) / 10], axis=2).astype(np.uint8)
    rotated = Image.Exif()
    rotated[0x0112] = 6  # to be turned clockwise for display
    for name, image in (("rgb", Image.fromarray(colors)), ("gray", Image.fromarray(colors[..., 0]))):
        image.save(tmp_path / f"{name}.jpg", quality=95, exif=rotated)
        small, whole = read_image(tmp_path / f"{name}.jpg", 64), read_image(tmp_path / f"{name}.jpg")
        assert whole.shape == (1536, 1024, 3)
        assert small.shape == (192, 128, 3)
        mean = whole.reshape(192, 8, 128, 8, 3).mean((1, 3))
        assert np.abs(small - mean).max() < 3  # of 255
        assert read_image(tmp_path / f"{name}.jpg", 300).shape == (1536, 1024, 3)


def test_images_beyond_the_usual_limit_are_taken_to_twice_of_it(tmp_path, monkeypatch):
    save(drawing(0), tmp_path / "x.png")  # 1,024 pixels
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 600)
    with pytest.raises(ImageReadError, match="pixels"):
        read_image(tmp_path / "x.png")
    assert len(squares(tmp_path)) == 1
    assert squares(tmp_path)[0]["image"].shape == (3, 16, 16)
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 500)
    with pytest.raises(ImageReadError, match="pixels"):
        squares(tmp_path)[0]


def test_a_fingerprint_tells_other_files_and_other_sizes_apart(pictures):
    first = squares(pictures).fingerprint()
    assert squares(pictures).fingerprint() == first
    assert squares(pictures, size=8).fingerprint() != first
    os.utime(pictures / "07.png", (0, 0))
    touched = squares(pictures).fingerprint()
    assert touched != first
    (pictures / "08.png").unlink()
    assert squares(pictures).fingerprint() not in (first, touched)


def test_a_picture_is_trained_on_or_held_out_whatever_else_there_is(pictures):
    def held_out() -> tuple[set[str], set[str]]:
        data = ImageFolderDataModule(pictures, val_fraction=0.3)
        return tuple({image.name for image in data.split(split).images} for split in ("train", "val"))

    train, val = held_out()
    assert not train & val
    assert len(train | val) == 20
    assert 2 <= len(val) <= 10
    save(drawing(99), pictures / "new.png")
    assert all(before <= after for before, after in zip((train, val), held_out(), strict=True))


def test_without_a_val_fraction_all_are_trained_on_and_measured(pictures):
    data = ImageFolderDataModule(pictures, val_fraction=0, flip=True)
    assert [len(data.split(split)) for split in ("train", "val")] == [20, 20]
    assert data.training_data().flip
    assert not data.validation_data().flip


@pytest.mark.parametrize(("share", "missing"), [(1e-9, "held out"), (1 - 1e-9, "left to train on")])
def test_a_split_without_images_is_refused(pictures, share, missing):
    data = ImageFolderDataModule(pictures, val_fraction=share)
    with pytest.raises(DatasetError, match=missing):
        data.splits()
    with pytest.raises(ConfigurationError, match=r"data\.val_fraction must be at least 0 and below 1, got 1\.5"):
        ImageFolderDataModule(pictures, val_fraction=1.5)


def test_a_part_of_each_file_can_be_the_image(tmp_path):
    save(np.concatenate([np.zeros((8, 8, 3), np.uint8), np.full((8, 8, 3), 90, np.uint8)], axis=1), tmp_path / "x.png")
    data = ImageFolderDataModule(tmp_path, box=(8, 0, 16, 8), image_size=8, val_fraction=0)
    assert (data.training_data()[0]["image"] == 90).all()


def test_single_images_fill_a_grid():
    rows = [{"generated": Image.new("RGB", (10, 10), (index, 0, 0))} for index in range(1, 6)]
    sheet = np.asarray(draw_sheet(rows))
    assert sheet.shape == (18 + 3 * 4 + 2 * 10, 4 * 4 + 3 * 10, 3)  # a title, two rows, three columns
    centers = [(18 + 4 + 5 + 14 * row, 4 + 5 + 14 * column) for row in range(2) for column in range(3)]
    assert [sheet[center][0] for center in centers] == [1, 2, 3, 4, 5, 255]


def test_titles_of_narrow_columns_do_not_run_into_each_other():
    names = ("real young", "made old", "young again")
    one = {name: Image.new("RGB", (4, 4), (index, 0, 0)) for index, name in enumerate(names, start=1)}
    title = np.asarray(draw_sheet([one]))[:18].min(axis=(0, 2))  # black somewhere in a column where a letter is
    gaps = "".join("." if column == 255 else "#" for column in title).split("." * 4)
    assert len([letters for letters in gaps if letters.strip(".")]) >= 3


def test_an_average_has_its_half_life_and_the_networks_buffers():
    network = nn.Sequential(nn.Linear(2, 2), nn.BatchNorm1d(2))
    average = averaged_copy(network)
    before = [parameter.clone() for parameter in average.parameters()]
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.zero_()
    network[1].running_mean.fill_(3)
    for _ in range(5):  # 5 steps of 20 images
        update_average(average, network, half_life_decay(20, 100))
    for start, now in zip(before, average.parameters(), strict=True):
        torch.testing.assert_close(now, start / 2)
        assert not now.requires_grad
    assert average[1].running_mean.tolist() == [3, 3]
    assert all(parameter.requires_grad for parameter in network.parameters())


class Painting:
    """Makes an image of each seed, as gray as the seed."""

    def __init__(self) -> None:
        self.seen: list[list[int]] = []

    def images(self, request: SeedRequest) -> torch.Tensor:
        self.seen.append(request.seeds.tolist())
        return (request.seeds / 127.5 - 1).view(-1, 1, 1, 1).expand(-1, 3, 8, 8)

    samples = images


class Painter(GANModule):
    learns_from = ImageSample

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(1))
        self.sampler = Painting()

    def adversarial_step(self, batch: Any) -> None:
        pass

    def build_optimizers(self) -> OptimizersByRole:
        return OptimizersByRole(torch.optim.SGD([self.weight]))

    def render(self, batch: Any, first: int = 0) -> dict[str, torch.Tensor]:
        return {"generated": self.sampler.images(SeedRequest.of(range(first, first + len(batch["image"]))))}

    def predict_step(self, request: SeedRequest, batch_idx: int = 0) -> MadeImages:
        return MadeImages({"generated": self.sampler.images(request)})


def trainer(tmp_path, callback):
    from lightning.pytorch import Trainer

    quiet = {"logger": False, "enable_progress_bar": False, "enable_model_summary": False}
    return Trainer(accelerator="cpu", devices=1, default_root_dir=tmp_path, callbacks=[callback], **quiet)


@pytest.mark.parametrize("command", ["validate", "test"])
def test_a_paper_that_measures_nothing_is_shown_all_the_same(pictures, tmp_path, command):
    data = ImageFolderDataModule(pictures, image_size=8, val_fraction=0, eval_batch_size=4, num_workers=0)
    seen = []
    callback = LambdaCallback(
        on_validation_epoch_end=lambda *_: seen.append("validate"), on_test_epoch_end=lambda *_: seen.append("test")
    )
    assert getattr(trainer(tmp_path, callback), command)(Painter(), data, verbose=False) == [{}]
    assert seen == [command]


def test_the_logger_shows_the_same_seeds_at_every_validation(pictures, tmp_path):
    data = ImageFolderDataModule(pictures, image_size=8, val_fraction=0, eval_batch_size=4, num_workers=0)
    module = Painter()
    for _ in range(2):
        seed_generators(5)
        trainer(tmp_path, ImageLogger(num_rows=10)).validate(module, data, verbose=False)
    assert module.sampler.seen == 2 * [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9, 10, 11]]
    sheet = np.asarray(Image.open(tmp_path / "images" / "validate.png"))
    assert sheet[18 + 4 + 4, 4 + 4 :: 12][:4, 0].tolist() == [0, 1, 2, 3]  # ten images are four columns wide


def test_predict_writes_a_numbered_file_for_each_seed_and_a_grid(pictures, tmp_path):
    data = ImageFolderDataModule(pictures, seeds="3,10-12", eval_batch_size=3, num_workers=0)
    out = tmp_path / "out"
    trainer(tmp_path, PredictionWriter(out)).predict(Painter(), data, return_predictions=False)
    assert sorted(path.name for path in out.iterdir()) == [f"seed{seed:04}.png" for seed in (3, 10, 11, 12)]
    assert np.unique(np.asarray(Image.open(out / "seed0011.png"))).tolist() == [11]
    assert Image.open(tmp_path / "out_sheet.png").size == (3 * 4 + 2 * 8, 18 + 3 * 4 + 2 * 8)


def test_what_processes_made_comes_together_in_the_order_of_the_data(monkeypatch):
    others = ["seed1", "seed3"]
    monkeypatch.setattr(prediction_writer, "gather", lambda mine: [mine, others])
    assert prediction_writer._of_all(["seed0", "seed2", "seed4"]) == ["seed0", "seed1", "seed2", "seed3", "seed4"]
