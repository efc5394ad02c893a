"""Growing resolutions: batches of the schedule, the store of small images, faces."""

import numpy as np
import pytest
import torch
import yaml

from gan_lab.cli import main
from gan_lab.datamodules import CelebAHQDataModule, FFHQDataModule
from gan_lab.datasets.growing_batch_sampler import GrowingBatchSampler
from gan_lab.datasets.growing_images import GrowingImages
from gan_lab.datasets.images import images_below
from gan_lab.datasets.loader import ResumableLoader
from gan_lab.datasets.resolution_store import ResolutionStore
from gan_lab.errors import ConfigurationError, DatasetError, DatasetNotFoundError, ImageReadError
from gan_lab.schedules import GrowingSchedule
from tests.fakes import save
from tests.fakes_faces import write_celeba_hq, write_ffhq

SCHEDULE = GrowingSchedule(
    resolution=32, stable_kimg=0.016, fade_kimg=0.008, total_kimg=0, batch_sizes={8: 8, 16: 4, 32: 2}
)


def checkered(seed: int, side: int = 64) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (side, side, 3), dtype=np.uint8)


@pytest.fixture
def pictures(tmp_path):
    folder = tmp_path / "pictures"
    for index in range(7):
        save(checkered(index), folder / f"{index}.png")
    return folder


def images(pictures, tmp_path, resolutions=(8, 16, 32), flip=False, store_side=16, **settings) -> GrowingImages:
    found = images_below("pictures", pictures, "")
    return GrowingImages("pictures", found, resolutions, flip, tmp_path / "store", store_side, **settings)


def keys(steps: int, rank: int = 0, world_size: int = 1, images: int = 0) -> list[list[tuple[int, ...]]]:
    return list(GrowingBatchSampler(7, SCHEDULE, steps, 5, lambda: images, rank, world_size))


def test_batches_have_the_schedules_size_and_resolution():
    batches = keys(13)
    sides = [{side for *_, side in batch} for batch in batches]
    counts = [len(batch) for batch in batches]
    # at 8 pixels to 16 images inclusive; 16 pixels while they fade in to 24 and on to 40 + 24; then 32
    assert sides == [{8}] * 3 + [{16}] * 5 + [{32}] * 5
    assert counts == [8] * 3 + [4] * 5 + [2] * 5


def test_batches_that_cannot_be_shared_later_are_refused_now():
    schedule = GrowingSchedule(16, batch_sizes={8: 4, 16: 3})
    with pytest.raises(ConfigurationError, match="3 images a step at 16 cannot be shared by 2 processes"):
        GrowingBatchSampler(10, schedule, 1, 0, lambda: 0, world_size=2)
    with pytest.raises(ConfigurationError, match="no released batch size for 2048"):
        GrowingBatchSampler(10, GrowingSchedule(2048, batch_sizes={}), 1, 0, lambda: 0)  # none of its own


def test_every_pass_over_the_data_takes_each_image_once_in_another_order():
    stream = [key for batch in keys(20) for key in batch]
    passes: dict[int, list[int]] = {}
    for turn, index, _ in stream:
        passes.setdefault(turn, []).append(index)
    whole = [order for order in passes.values() if len(order) == 7]
    assert len(whole) >= 6
    assert all(sorted(order) == list(range(7)) for order in whole)
    assert len(set(map(tuple, whole))) == len(whole)


def test_processes_share_out_what_one_would_see():
    alone = keys(10)
    shares = [keys(10, rank, 2) for rank in range(2)]
    assert [sorted(one + two) for one, two in zip(*shares, strict=True)] == [sorted(batch) for batch in alone]


@pytest.mark.parametrize("workers", [0, 2])
@pytest.mark.parametrize("start", [0, 3, 5])
def test_loading_resumes_at_any_step_with_any_number_of_workers(pictures, tmp_path, workers, start):
    data = images(pictures, tmp_path, flip=True)

    def load(count: int, images: int = 0, step: int = 0) -> list[torch.Tensor]:
        sampler = GrowingBatchSampler(7, SCHEDULE, 6, 5, lambda: images + sum(map(len, found)))
        loader = ResumableLoader(data, sampler, workers, pin_memory=False)
        loader.load_state_dict({"step": step})
        found: list[torch.Tensor] = []
        for _ in range(count):
            found += [batch["image"] for batch in loader]
        assert loader.state_dict()["step"] == 0
        return found

    whole = load(2)
    assert [len(batch) for batch in whole] == [8, 8, 8, 4, 4, 4, 4, 4, 2, 2, 2, 2]
    rest = load(2, sum(len(batch) for batch in whole[:start]), start)
    for one, two in zip(whole[start:], rest, strict=True):
        assert torch.equal(one, two)


def test_a_resolution_is_the_mean_of_what_it_covers(pictures, tmp_path):
    data = images(pictures, tmp_path)
    for side in (8, 16, 32):
        for index in (0, 6):
            area = 64 // side
            exact = checkered(index).reshape(side, area, side, area, 3).mean((1, 3))
            got = data[index, side]["image"].permute(1, 2, 0).numpy()
            assert np.abs(got - exact).max() <= 1  # rounded once, or twice in the store
            assert data[index, side]["name"] == f"{index}.png"


def test_half_the_images_are_mirrored(pictures, tmp_path):
    data, plain = images(pictures, tmp_path, flip=True), images(pictures, tmp_path)
    for side in (8, 32):
        straight = plain[0, side]["image"]
        drawn = [data[0, side]["image"] for _ in range(200)]
        mirrored = sum(torch.equal(image, straight.flip(2)) for image in drawn)
        assert mirrored + sum(torch.equal(image, straight) for image in drawn) == 200
        assert 70 < mirrored < 130


def test_the_store_is_made_once_and_anew_when_a_file_changes(pictures, tmp_path, monkeypatch):
    data = images(pictures, tmp_path)
    data.prepare()
    (made,) = (tmp_path / "store").iterdir()
    assert sorted(path.name for path in made.iterdir()) == ["16.npy", "8.npy"]
    monkeypatch.setattr(ResolutionStore, "_write", None)  # would fail
    assert torch.equal(images(pictures, tmp_path)[2, 8]["image"], data[2, 8]["image"])
    monkeypatch.undo()
    save(255 - checkered(2), pictures / "2.png")
    assert not torch.equal(images(pictures, tmp_path)[2, 8]["image"], data[2, 8]["image"])
    assert len(list((tmp_path / "store").iterdir())) == 2


def test_a_store_that_cannot_be_finished_leaves_nothing(pictures, tmp_path):
    (pictures / "3.png").write_bytes(b"broken")
    with pytest.raises(ImageReadError, match=r"3\.png"):
        images(pictures, tmp_path).prepare()
    assert list((tmp_path / "store").iterdir()) == []
    images(pictures, tmp_path, max_broken_fraction=0.2).prepare()


def array(count=7, side=8, dtype=np.uint8):
    return np.zeros((count, side, side, 3), dtype)


@pytest.mark.parametrize(
    "damage",
    [
        lambda path: path.unlink(),
        lambda path: path.write_bytes(path.read_bytes()[:-1]),
        lambda path: path.write_bytes(path.read_bytes()[1:]),
        lambda path: path.write_bytes(b""),
        lambda path: np.save(path, array(count=1)),
        lambda path: np.save(path, array(side=9)),
        lambda path: np.save(path, array(dtype=np.float32)),
        lambda path: np.save(path, np.array([{"pickled": 1}]), allow_pickle=True),
    ],
)
def test_a_damaged_store_is_refused_by_name(pictures, tmp_path, damage):
    images(pictures, tmp_path).prepare()
    (folder,) = (tmp_path / "store").iterdir()
    damage(folder / "8.npy")
    for use in (lambda data: data.prepare(), lambda data: data[0, 8], lambda data: data[0, 16]):
        with pytest.raises(DatasetError, match=rf"pictures: 8\.npy of the store .* damaged: delete {folder}, and"):
            use(images(pictures, tmp_path))


def test_a_store_without_room_or_a_place_is_refused(pictures, tmp_path, monkeypatch):
    monkeypatch.setattr("shutil.disk_usage", lambda _: type("Usage", (), {"free": 1000}))
    with pytest.raises(DatasetError, match=r"takes 0.0 GB, and .*store has 0.0 GB free: set data.store"):
        images(pictures, tmp_path).prepare()
    monkeypatch.undo()
    (tmp_path / "store").rmdir()
    (tmp_path / "store").write_text("a file")
    with pytest.raises(DatasetError, match=r"cannot write the store of small images .*: set data\.store"):
        images(pictures, tmp_path).prepare()


def test_ffhq_is_the_smallest_official_folder_that_is_large_enough_or_the_pictures_themselves(tmp_path):
    root = write_ffhq(tmp_path / "ffhq")
    for resolution, folder in ((128, "thumbnails128x128"), (256, "images1024x1024"), (1024, "images1024x1024")):
        found = FFHQDataModule(root, GrowingSchedule(resolution)).source.images
        assert [image.name for image in found][3:5] == ["00000/00003.png", "01000/00004.png"]
        assert all(folder in str(image.path) for image in found)
    assert len(FFHQDataModule(root / "images1024x1024", GrowingSchedule()).source.images) == 6
    (root / "images1024x1024").rename(tmp_path / "elsewhere")
    with pytest.raises(DatasetError, match="nothing larger than thumbnails128x128, and 1024 pixels are wanted"):
        _ = FFHQDataModule(root, GrowingSchedule()).source.images
    (root / "images1024x1024").mkdir()  # empty, as before a download
    assert len(FFHQDataModule(root, GrowingSchedule(128)).source.images) == 6
    next((root / "thumbnails128x128").rglob("*.png")).rename(root / "images1024x1024" / "a.jpg")
    assert [image.name for image in FFHQDataModule(root, GrowingSchedule()).source.images] == ["a.jpg"]  # not PNG alone
    (tmp_path / "wild" / "in-the-wild-images").mkdir(parents=True)
    with pytest.raises(DatasetError, match="the photographs that faces were cut out of, not the faces"):
        _ = FFHQDataModule(tmp_path / "wild", GrowingSchedule()).source.images
    with pytest.raises(DatasetNotFoundError, match=r"github\.com/NVlabs/ffhq-dataset"):
        _ = FFHQDataModule(tmp_path / "nothing", GrowingSchedule()).source.images


def test_celeba_hq_holds_out_its_validation_folder_or_a_share(tmp_path):
    root = write_celeba_hq(tmp_path / "celeba")
    held_out = CelebAHQDataModule(root, GrowingSchedule(), val_fraction=0.1)
    assert [image.name for image in held_out.split("val").images] == ["val/female/000000.jpg", "val/male/000000.jpg"]
    assert len(held_out.split("train").images) == 6
    assert len(CelebAHQDataModule(root / "celeba_hq", GrowingSchedule()).split("train").images) == 8
    for index in range(20):
        save(checkered(index), tmp_path / "flat" / f"{index:05}.png")
    flat = CelebAHQDataModule(tmp_path / "flat", GrowingSchedule(), val_fraction=0.3)
    names = [{image.name for image in flat.split(split).images} for split in ("train", "val")]
    assert not names[0] & names[1]
    assert len(names[0] | names[1]) == 20


def test_check_opens_the_files_of_growing_data(tmp_path, capsys, small):
    config = str(small("stylegan_celebahq"))
    assert main(["check", "--config", config]) == 0
    assert "train: 8 samples, 0 broken" in capsys.readouterr().out
    next((tmp_path / "data").rglob("*.jpg")).write_bytes(b"broken")
    assert main(["check", "--config", config]) == 1
    assert not list((tmp_path / "data").rglob(".gan-lab"))


@pytest.mark.parametrize("steps", [3, 4])  # in the middle of the first epoch, and at its end
def test_a_checkpoint_with_a_second_count_of_images_resumes_by_the_models(small, tmp_path, steps):
    """As checkpoints were before: a count under the datamodule's name, and one in the state of its loader."""
    config = str(small("stylegan_ffhq"))
    straight, half, rest = (f"--trainer.default_root_dir={tmp_path / name}" for name in ("straight", "half", "rest"))
    run = ["fit", "--config", config, "--trainer.max_epochs=-1", "--trainer.limit_val_batches=0"]
    last = "version_0/checkpoints/last.ckpt"
    assert main([*run, straight, "--trainer.max_steps=7"]) == 0
    assert main([*run, half, f"--trainer.max_steps={steps}"]) == 0
    checkpoint = torch.load(tmp_path / "half" / last, weights_only=True)
    assert "FFHQDataModule" not in checkpoint
    fit_loop = checkpoint["loops"]["fit_loop"]["state_dict"]
    (loader,) = fit_loop.setdefault("combined_loader", [{"step": 0}])  # at an epoch's end there is none
    assert loader == {"step": steps % 4}
    checkpoint["FFHQDataModule"] = {"images": 999}
    loader["images"] = 999
    torch.save(checkpoint, tmp_path / "old.ckpt")
    assert main([*run, rest, "--trainer.max_steps=7", f"--ckpt_path={tmp_path / 'old.ckpt'}"]) == 0
    ends = [torch.load(tmp_path / name / last, weights_only=True)["state_dict"] for name in ("straight", "rest")]
    assert all(torch.equal(torch.as_tensor(ends[0][key]), torch.as_tensor(ends[1][key])) for key in ends[0])


def test_growing_data_is_refused_by_a_model_of_one_size(small, capsys):
    tree = yaml.safe_load(small("art_dcgan_28").read_text())
    path = small("stylegan_emoji")
    path.write_text(yaml.safe_dump(yaml.safe_load(path.read_text()) | {"model": tree["model"]}))
    assert main(["fit", "--config", str(path), "--trainer.callbacks=null"]) == 2
    assert "the data gives images of 8 x 8 pixels" in capsys.readouterr().err


def test_epochs_that_are_cut_short_all_begin_anew():
    seen = 0
    batches = GrowingBatchSampler(7, SCHEDULE, 6, 5, lambda: seen)
    starts = []
    for _ in range(4):
        for step, batch in zip(range(4), batches, strict=False):
            if step == 0:
                turn, *_ = batch[0]
                starts.append((turn, len(batch), seen))
            batches.handed_out()
            seen += len(batch)
    # epochs of 8 + 8 + 8 + 4, 4 x 4 and 4 x 2 images; passes over the data have 7
    assert starts == [(0, 8, 0), (28 // 7, 4, 28), (44 // 7, 2, 44), (52 // 7, 2, 52)]
    assert len(list(batches)) == 6


def test_an_epoch_goes_on_after_the_steps_that_the_model_has_counted():
    whole = keys(6)
    seen = sum(map(len, whole[:4]))
    batches = GrowingBatchSampler(7, SCHEDULE, 6, 5, lambda: seen)
    batches.load_state_dict({"images": 999, "step": 4})  # as older checkpoints have it: the model's count is the one
    assert list(batches) == whole[4:]
    assert batches.state_dict() == {"step": 4}
