"""Dabs of color as hints: where they lie, of what color, how many, and that they are the same ones again."""

from random import Random

import cv2
import numpy as np
import pytest
import torch
from PIL import Image

from gan_lab.cli import main
from gan_lab.datamodules import DegradedFolderDataModule, EmojiPairsDataModule
from gan_lab.images.dabs import Dabs
from gan_lab.images.degradations import Gray
from gan_lab.seeding import Purpose, derive_seed
from tests import fakes

WHITE, BLACK, RED, BLUE = (255, 255, 255), (0, 0, 0), (220, 20, 40), (20, 90, 230)


@pytest.fixture
def pair() -> tuple[np.ndarray, np.ndarray]:
    """A drawing of two boxes, the left one empty and the right one black, and both in color."""
    drawing, colored = (np.full((64, 64, 3), 255, np.uint8) for _ in range(2))
    drawing[16:48, 4:30], drawing[19:45, 7:27] = BLACK, WHITE
    drawing[16:48, 34:60] = BLACK
    colored[16:48, 4:30], colored[16:48, 34:60] = RED, BLUE
    return drawing, colored


def painted(source: np.ndarray, dabbed: np.ndarray) -> np.ndarray:
    return (source != dabbed).any(2)


def test_dabs_have_the_targets_colors_and_all_else_is_the_source(pair):
    drawing, colored = pair
    before = drawing.copy()
    dabbed = Dabs()(drawing, colored, Random(0), training=False)
    where = painted(drawing, dabbed)
    assert (drawing == before).all()
    assert set(map(tuple, dabbed[where].tolist())) == {RED, BLUE}
    inside = (colored != WHITE).any(2)
    assert inside[where].all()
    assert {tuple(color) for color in dabbed[~where].tolist()} == {WHITE, BLACK}


def test_held_out_pictures_have_as_many_discs_as_asked_for_each_of_the_radius(pair):
    far_apart = Dabs(most=2, radius=3.2 / 64)
    where = painted(pair[0], far_apart(*pair, Random(0), training=False))
    dabs, _, boxes, _ = cv2.connectedComponentsWithStats(where.astype(np.uint8), connectivity=4)
    assert dabs - 1 == 2  # besides the ground
    disc = sum(x * x + y * y <= 3.2**2 for x in range(-4, 5) for y in range(-4, 5))
    assert boxes[1:, cv2.CC_STAT_AREA].tolist() == [disc, disc]
    assert boxes[1:, cv2.CC_STAT_WIDTH].tolist() == boxes[1:, cv2.CC_STAT_HEIGHT].tolist() == [7, 7]


def test_two_dabs_tell_both_colors(pair):
    """The second goes where place and color are far from the first's."""
    told = [Dabs(most=2)(*pair, Random(seed), training=False) for seed in range(40)]
    both = [{RED, BLUE} <= set(map(tuple, image.reshape(-1, 3).tolist())) for image in told]
    assert sum(both) >= 38


def test_dabs_cover_no_more_than_they_may(pair):
    for training in (False, True):
        for seed in range(50):
            dabbed = Dabs(most=100, coverage=0.05)(*pair, Random(seed), training=training)
            assert painted(pair[0], dabbed).mean() <= 0.05
    assert painted(pair[0], dabbed).any()


def test_training_draws_from_none_to_the_most():
    """On a target that is all of another color, in which dabs cannot touch: their pixels tell how many there are."""
    source, target = np.full((400, 400, 3), 255, np.uint8), np.full((400, 400, 3), 40, np.uint8)
    counts = set()
    for seed in range(60):
        where = painted(source, Dabs(most=3, radius=0.01)(source, target, Random(seed), training=True))
        counts.add(cv2.connectedComponents(where.astype(np.uint8))[0] - 1)
    assert counts == {0, 1, 2, 3}


@pytest.mark.parametrize("target", ["the source", "one pixel"])
def test_where_there_is_little_to_say_little_is_said(pair, target):
    drawing, wanted = pair[0], pair[0].copy()
    if target == "one pixel":
        wanted[3, 5] = RED
    dabbed = Dabs(radius=0.01)(drawing, wanted, Random(0), training=False)
    assert painted(drawing, dabbed).sum() == (target == "one pixel")


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"most": -1}, r"data\.dabs\.most must be at least 0 and at most 1000, got -1"),
        ({"radius": 0.0}, r"data\.dabs\.radius must be above 0 and at most 1, got 0"),
        ({"coverage": 1.5}, r"data\.dabs\.coverage must be above 0 and at most 1, got 1.5"),
    ],
)
def test_numbers_that_make_no_sense_are_refused(settings, message):
    with pytest.raises(ValueError, match=message):
        Dabs(**settings)


def emoji(root, dabs):
    return EmojiPairsDataModule(fakes.write_emoji_pairs(root), dabs=dabs, image_size=64, load_size=64, num_workers=0)


def photographs(root, dabs):
    root = fakes.write_photographs(root)
    return DegradedFolderDataModule(root, Gray(), dabs=dabs, image_size=64, load_size=64, num_workers=0)


@pytest.mark.parametrize("make", [emoji, photographs])
def test_held_out_dabs_are_those_of_the_index_and_training_ones_of_seed_epoch_and_index(tmp_path, make):
    import random

    with_dabs, plain = make(tmp_path / "a", Dabs()), make(tmp_path / "b", None)
    held_out = with_dabs.validation_data()
    assert torch.equal(held_out[1]["source"], held_out[1]["source"])
    assert not torch.equal(held_out[1]["source"], plain.validation_data()[1]["source"])
    assert torch.equal(held_out[1]["target"], plain.validation_data()[1]["target"])

    def trained_on(data, epoch):
        random.seed(derive_seed(Purpose.AUGMENTATION, 0, epoch, 1))  # as the loader does
        return data.training_data()[1]

    sources = [trained_on(with_dabs, epoch)["source"] for epoch in range(6)]
    assert all(torch.equal(trained_on(with_dabs, epoch)["source"], sources[epoch]) for epoch in range(6))
    targets = [trained_on(plain, epoch)["target"] for epoch in range(6)]
    assert all(torch.equal(trained_on(with_dabs, epoch)["target"], targets[epoch]) for epoch in range(6))
    assert len({source.numpy().tobytes() for source in sources}) > 2


def test_gray_photographs_get_dabs_of_their_own_colors(tmp_path):
    sample = photographs(tmp_path, Dabs(most=3, radius=0.05)).validation_data()[0]
    source, target = (sample[key].permute(1, 2, 0).numpy() for key in ("source", "target"))
    where = painted(Gray()(target, Random(0)), source)
    assert 0 < where.mean() <= 0.05
    assert (source[where].min(1) != source[where].max(1)).any()


def test_a_drawing_with_colored_strokes_is_colored_by_them_and_one_without_is_colored_too(small, tmp_path):
    drawing = np.full((32, 32, 3), 255, np.uint8)
    drawing[8:24, 8], drawing[8:24, 23], drawing[8, 8:24], drawing[23, 8:24] = BLACK, BLACK, BLACK, BLACK
    stroked = drawing.copy()
    stroked[12:15, 12:20] = RED
    for name, image in (("plain", drawing), ("stroked", stroked)):
        fakes.save(image, tmp_path / "own" / f"{name}.png")
    command = ["--config", str(small("pix2pix_emoji"))]
    assert main(["fit", *command, "--trainer.max_epochs=1"]) == 0
    asked = [f"--data.predict_folder={tmp_path / 'own'}", f"--predictions.folder={tmp_path / 'out'}"]
    assert main(["predict", *command, "--ckpt_path=last", *asked]) == 0
    plain, colored = (np.asarray(Image.open(tmp_path / "out" / f"{name}.png")) for name in ("plain", "stroked"))
    assert plain.shape == colored.shape == (32, 32, 3)
    assert (plain != colored).any()
