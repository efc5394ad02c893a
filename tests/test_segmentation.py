"""Scores of label maps against hand-counted cases, plain loops and torchmetrics."""

import numpy as np
import pytest
import torch
from PIL import Image
from torchmetrics.functional.classification import multiclass_confusion_matrix
from torchvision.datasets import Cityscapes

from gan_lab.errors import ConfigurationError
from gan_lab.images.palettes import CITYSCAPES
from gan_lab.metrics.segmentation import (
    SCORES,
    VOID,
    SegmentationScore,
    class_accuracy,
    class_iou,
    confusion_matrix,
    nearest_color,
    pixel_accuracy,
    predicted_classes,
    target_classes,
)
from gan_lab.modules import Pix2PixModule
from tests.skips import REAL_DATA, needs_real_data
from tests.training import train

SAMPLES = REAL_DATA / "cityscapes"
needs_samples = needs_real_data("cityscapes")

SMALL = {"image_size": 32, "generator_channels": 4, "discriminator_channels": 4, "receptive_field": 16}
ROAD, POLE, CAR = 0, 5, 13


def as_image(colors: np.ndarray) -> torch.Tensor:
    """Colors (H, W, 3) from 0 to 255 as a batch of one image in [-1, 1]."""
    return torch.from_numpy(colors.astype(np.float32)).permute(2, 0, 1)[None] / 127.5 - 1


def real_label_ids() -> list[np.ndarray]:
    """The twenty real label maps at a quarter of their size."""
    paths = sorted(SAMPLES.rglob("*_labelIds.png"))
    assert len(paths) == 20
    return [np.asarray(Image.open(path))[::4, ::4] for path in paths]


def test_the_palette_has_the_nineteen_evaluation_classes_in_their_order():
    assert CITYSCAPES.names[:6] == ("road", "sidewalk", "building", "wall", "fence", "pole")
    assert CITYSCAPES.names[-3:] == ("train", "motorcycle", "bicycle")
    assert len(CITYSCAPES.names) == len(set(CITYSCAPES.colors)) == 19
    assert len(CITYSCAPES.id_colors) == 34
    assert CITYSCAPES.colors[ROAD] == CITYSCAPES.id_colors[7] == (128, 64, 128)
    assert CITYSCAPES.colors[CAR] == CITYSCAPES.id_colors[26] == (0, 0, 142)
    assert not set(CITYSCAPES.void_colors) & set(CITYSCAPES.colors)


def test_scores_of_a_case_counted_by_hand():
    target = torch.tensor([0, 0, 0, 1, 1, 2, VOID, VOID])
    predicted = torch.tensor([0, 0, 1, 1, 2, 2, 0, 3])
    confusion = confusion_matrix(predicted, target, 4)
    assert confusion.tolist() == [[2, 1, 0, 0], [0, 1, 1, 0], [0, 0, 1, 0], [0, 0, 0, 0]]
    assert pixel_accuracy(confusion).item() == pytest.approx(4 / 6)
    assert class_accuracy(confusion).item() == pytest.approx((2 / 3 + 1 / 2 + 1) / 3)  # class 3 does not occur
    assert class_iou(confusion).item() == pytest.approx((2 / 3 + 1 / 3 + 1 / 2) / 3)


def test_a_class_that_is_only_predicted_counts_for_iou():
    confusion = torch.tensor([[3, 1], [0, 0]])
    assert class_accuracy(confusion).item() == 0.75
    assert class_iou(confusion).item() == pytest.approx((0.75 + 0) / 2)


def test_a_score_is_of_all_pixels_and_not_a_mean_over_images():
    score = SegmentationScore("pixel_accuracy", 2)
    score.update(torch.tensor([0]), torch.tensor([0]))
    score.update(torch.tensor([1, 1, 1]), torch.tensor([0, 0, 1]))
    assert score.compute().item() == 0.5  # of the images 1 and a third
    score.reset()
    score.update(torch.tensor([0]), torch.tensor([1]))
    assert score.compute().item() == 0


def test_the_nearest_color_is_that_of_a_plain_search():
    pixels = np.random.default_rng(0).integers(0, 256, (12, 10, 3))
    colors = CITYSCAPES.colors
    expected = [
        [min(range(19), key=lambda index: sum((a - b) ** 2 for a, b in zip(pixel, colors[index], strict=True)))
         for pixel in row]
        for row in pixels.tolist()
    ]  # fmt: skip
    found = nearest_color(as_image(pixels), colors)
    assert found.shape == (1, 12, 10)
    distances = ((pixels[:, :, None] - np.array(colors)) ** 2).sum(-1)
    rows, columns = np.indices((12, 10))
    assert (distances[rows, columns, found[0].numpy()] == distances[rows, columns, expected]).all()  # ties are equal


def test_only_the_target_has_void_pixels():
    ego_vehicle, caravan, car, nearly_car = (0, 0, 0), (0, 0, 90), (0, 0, 142), (3, 4, 138)
    image = as_image(np.array([[ego_vehicle, caravan, car, nearly_car]]))
    assert target_classes(image, CITYSCAPES).tolist() == [[[VOID, VOID, CAR, CAR]]]
    truck = CITYSCAPES.names.index("truck")
    assert predicted_classes(image, CITYSCAPES).tolist() == [[[truck, truck, CAR, CAR]]]


@needs_samples
def test_classes_of_real_label_maps_are_the_official_ones():
    train_ids = np.array([VOID if label.ignore_in_eval else label.train_id for label in Cityscapes.classes[:34]])
    train_ids[18] = POLE  # a pole group has the color of a pole
    for ids in real_label_ids():
        found = target_classes(as_image(np.array(CITYSCAPES.id_colors)[ids]), CITYSCAPES)
        assert np.array_equal(found[0].numpy(), train_ids[ids])


@needs_samples
def test_scores_of_real_label_maps_are_those_of_torchmetrics_and_of_plain_sets():
    """Each scene is predicted to be the one before it."""
    scenes = [target_classes(as_image(np.array(CITYSCAPES.id_colors)[ids]), CITYSCAPES) for ids in real_label_ids()]
    target = torch.cat(scenes)
    predicted = torch.cat([scenes[-1], *scenes[:-1]]).clamp(min=0)
    metrics = {name: SegmentationScore(name, 19) for name in SCORES}
    for one, two in zip(predicted, target, strict=True):
        for metric in metrics.values():
            metric.update(one, two)
    theirs = multiclass_confusion_matrix(predicted, target, 19, ignore_index=VOID)
    assert torch.equal(metrics["class_iou"].confusion, theirs)

    scored = target != VOID
    right, accuracies, ious = (predicted == target)[scored], [], []
    for index in range(19):
        mine, wanted = (predicted == index) & scored, target == index
        accuracies += [((mine & wanted).sum() / wanted.sum()).item()] if wanted.any() else []
        ious += [((mine & wanted).sum() / (mine | wanted).sum()).item()] if (mine | wanted).any() else []
    assert metrics["pixel_accuracy"].compute().item() == pytest.approx(right.float().mean().item(), rel=1e-5)
    assert metrics["class_accuracy"].compute().item() == pytest.approx(np.mean(accuracies), rel=1e-5)
    assert metrics["class_iou"].compute().item() == pytest.approx(np.mean(ious), rel=1e-5)


def test_validation_scores_label_maps(monkeypatch):
    """Left half road, right half car above the ego vehicle; all is taken for road."""
    colors = np.zeros((32, 32, 3), np.uint8)
    colors[:, :16] = CITYSCAPES.colors[ROAD]
    colors[:16, 16:] = CITYSCAPES.colors[CAR]
    target = as_image(colors)
    batch = {"source": target, "target": target, "name": ["scene"]}
    module = Pix2PixModule(**SMALL, palette="cityscapes")
    road = torch.tensor(CITYSCAPES.colors[ROAD]).view(1, 3, 1, 1) / 127.5 - 1
    monkeypatch.setattr(module, "translate", lambda source: (road + 0.02).expand_as(source))
    found = train(module, [batch, batch], validation=[batch, batch]).callback_metrics
    assert found["val/pixel_accuracy"].item() == pytest.approx(2 / 3)  # 512 of 768 pixels
    assert found["val/class_accuracy"].item() == pytest.approx((1 + 0) / 2)
    assert found["val/class_iou"].item() == pytest.approx((2 / 3 + 0) / 2)


def test_without_a_palette_no_classes_are_scored():
    batch = {"source": torch.zeros(1, 3, 32, 32), "target": torch.zeros(1, 3, 32, 32), "name": ["scene"]}
    found = train(Pix2PixModule(**SMALL), [batch], validation=[batch]).callback_metrics
    assert {name for name in found if name.startswith("val/")} == {"val/l1", "val/psnr", "val/ssim"}


def test_a_palette_needs_rgb():
    with pytest.raises(ConfigurationError, match="palette 'cityscapes' is of RGB colors: set out_channels to 3, not 1"):
        Pix2PixModule(**SMALL, out_channels=1, palette="cityscapes")
