from itertools import pairwise
from types import SimpleNamespace

import pytest
import torch

from gan_lab.datamodules import EmojiPairsDataModule, FacadesDataModule, PairedFolderDataModule
from gan_lab.datasets.loader import EpochBatchSampler, EpochSampler, ResumableLoader, ShardSampler
from gan_lab.errors import ConfigurationError, DatasetError
from gan_lab.images.transforms import Jitter
from tests import fakes


def epoch_of(sampler: EpochSampler, epoch: int) -> list[int]:
    sampler.set_epoch(epoch)
    return [index for _, index in sampler]


def test_an_epoch_is_a_permutation_of_seed_and_epoch_alone():
    first = epoch_of(EpochSampler(20, seed=1), 3)
    assert sorted(first) == list(range(20))
    assert first == epoch_of(EpochSampler(20, seed=1), 3)
    assert first != epoch_of(EpochSampler(20, seed=1), 4)
    assert first != epoch_of(EpochSampler(20, seed=2), 3)


def test_processes_share_an_epoch_without_overlap():
    shares = [epoch_of(EpochSampler(11, seed=1, rank=rank, world_size=2), 0) for rank in range(2)]
    whole = epoch_of(EpochSampler(11, seed=1), 0)
    assert [len(share) for share in shares] == [5, 5]
    assert [index for pair in zip(*shares, strict=True) for index in pair] == whole[:10]  # batches of the union


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"image_size": 0}, "data.image_size must be at least 1 and at most 16384, got 0"),
        ({"num_workers": -1}, "data.num_workers must be at least 0, got -1"),
        ({"eval_batch_size": 0}, "data.eval_batch_size must be at least 1 and at most 100000000, got 0"),
    ],
)
def test_options_out_of_range_are_refused(tmp_path, options, message):
    with pytest.raises(ConfigurationError, match=message):
        EmojiPairsDataModule(tmp_path, **options)


def test_more_processes_than_there_is_to_predict_are_refused(tmp_path):
    data = EmojiPairsDataModule(fakes.write_emoji_pairs(tmp_path / "emoji"))
    data.trainer = SimpleNamespace(global_rank=0, world_size=1000)
    with pytest.raises(ConfigurationError, match=r"there are 1000 processes to predict \d+ samples: lower trainer"):
        data.predict_dataloader()


def test_an_evaluation_has_every_sample_once():
    shares = [list(ShardSampler(7, rank, 3)) for rank in range(3)]
    assert sorted(index for share in shares for index in share) == list(range(7))


class _Jittered(torch.utils.data.Dataset):
    def __init__(self) -> None:
        rows, columns = torch.meshgrid(torch.arange(40), torch.arange(40), indexing="ij")
        self.image = torch.stack([rows, columns, rows], dim=2).to(torch.uint8).numpy()
        self.jitter = Jitter(8, flip=True)

    def __len__(self) -> int:
        return 12

    def __getitem__(self, index: int) -> tuple[int, torch.Tensor]:
        return index, torch.from_numpy(self.jitter(self.image, self.image)[0].copy()).sum((0, 1)).long()


def batches(workers: int, epochs: range, start: int = 0) -> list[list]:
    data = _Jittered()
    loader = ResumableLoader(data, EpochBatchSampler(EpochSampler(12, seed=5), 3), workers, pin_memory=False)
    loader.load_state_dict({"batch": start})
    found = []
    for epoch in epochs:
        loader.batches.sampler.set_epoch(epoch)
        found += [(index.tolist(), image.tolist()) for index, image in loader]
    return found


def test_augmentation_depends_on_neither_workers_nor_resuming():
    whole = batches(0, range(2))
    assert len(whole) == 8
    assert batches(2, range(2)) == whole
    assert batches(0, range(1, 2), start=2) == whole[6:]
    assert batches(2, range(2), start=3) == whole[3:]
    crops = {tuple(crop) for _, images in whole for crop in images}
    assert len(crops) > 20  # of 24 samples: no two workers and no two epochs repeat each other


def test_a_loader_saved_at_an_epochs_end_begins_the_next_one():
    loader = ResumableLoader(_Jittered(), EpochBatchSampler(EpochSampler(12, seed=5), 3), 0, pin_memory=False)
    list(loader)
    state = loader.state_dict()
    assert state["batch"] == 4
    loader.load_state_dict(state)
    assert len(list(loader)) == 4


def test_paired_folders_of_both_layouts_give_the_same_samples(tmp_path):
    apart = PairedFolderDataModule(fakes.write_paired_folder(tmp_path / "apart"), image_size=32, load_size=32)
    together = PairedFolderDataModule(
        fakes.write_side_by_side(tmp_path / "together", {"train": 6, "val": 3}), image_size=32, load_size=32
    )
    for index in range(3):
        one, two = apart.split("train", 32)[index], together.split("train", 32)[index]
        assert torch.equal(one["source"], two["source"])
        assert torch.equal(one["target"], two["target"])


def test_batches_become_floats_between_minus_one_and_one(tmp_path):
    data = EmojiPairsDataModule(fakes.write_emoji_pairs(tmp_path), image_size=32, load_size=36, num_workers=0)
    batch = next(iter(data.train_dataloader()))
    assert batch["source"].dtype == torch.uint8
    moved = data.on_after_batch_transfer(batch, 0)
    assert moved["source"].min() == -1.0
    assert moved["source"].max() == 1.0
    assert moved["source"].shape == (1, 3, 32, 32)
    assert moved["name"] == batch["name"]


def test_the_test_split_falls_back_to_validation(tmp_path):
    facades = FacadesDataModule(fakes.write_facades(tmp_path / "f"))
    emoji = EmojiPairsDataModule(fakes.write_emoji_pairs(tmp_path / "e"))
    assert [len(data) for data in facades.splits().values()] == [6, 3, 2]
    assert [len(data) for data in emoji.splits().values()] == [6, 3, 3]


def test_a_batch_that_cannot_be_filled_is_refused(tmp_path):
    data = EmojiPairsDataModule(fakes.write_emoji_pairs(tmp_path), batch_size=7)
    with pytest.raises(DatasetError, match=r"6 training samples .* lower data\.batch_size, which is 7"):
        data.train_dataloader()


def test_a_crop_larger_than_the_image_is_refused(tmp_path):
    with pytest.raises(ConfigurationError, match=r"data\.load_size must be at least data\.image_size, 64, .* got 32"):
        EmojiPairsDataModule(tmp_path, image_size=64, load_size=32)


def test_evaluation_is_in_order_and_whole(tmp_path):
    data = FacadesDataModule(fakes.write_facades(tmp_path), image_size=32, load_size=32, eval_batch_size=2)
    names = [name for batch in data.val_dataloader() for name in batch["name"]]
    assert names == ["1.jpg", "2.jpg", "3.jpg"]
    assert all(one < two for one, two in pairwise(names))
