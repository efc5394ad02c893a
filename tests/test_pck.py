"""The percentage of correct keypoints, on predictions whose scores are published."""

import numpy as np
import pytest
import torch
from scipy.io import loadmat

from gan_lab.datasets.lsp import read_joints, torso
from gan_lab.metrics.pck import PCK, area_under_curve
from gan_lab.pose.skeletons import LSP, MPII
from tests.skips import REAL_DATA, needs_real_data

SAMPLES = REAL_DATA
needs_samples = needs_real_data("")

ROWS = ["head", "shoulder", "elbow", "wrist", "hip", "knee", "ankle"]
LSP_OF_MPII = [0, 1, 2, 3, 4, 5, 10, 11, 12, 13, 14, 15, 8, 9]  # LSP's joints among MPII's


def lsp_test_labels(file: str) -> tuple[torch.Tensor, torch.Tensor]:
    """Joints (1000, 14, 2) and torsos of the test images."""
    joints = read_joints(SAMPLES / "lsp" / "lsp_dataset" / file)[1000:, :, :2]
    lengths = [torso(points, np.ones(14, bool)) for points in joints]
    return torch.from_numpy(joints), torch.tensor(lengths, dtype=torch.float64)


def lsp_predictions() -> torch.Tensor:
    """The authors' predictions (1000, 16, 2). HDF5 keeps an array as it is; this file's begins at byte 2144."""
    file = SAMPLES / "lsp" / "preds" / "hgsagan_pred_multiscale_1_best.h5"
    predicted = np.fromfile(file, "<f8", 1000 * 16 * 2, offset=2144).reshape(1000, 16, 2)
    return torch.from_numpy(predicted[:, LSP_OF_MPII])


def mpii_validation() -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]:
    """Labels (2958, 16, 2), whether there is one, 0.6 x head diagonals, and Tompson's predictions."""
    content = loadmat(SAMPLES / "mpii" / "annot" / "gt_valid.mat")
    labels, tompson = (torch.from_numpy(content[name].transpose(2, 0, 1)) for name in ("pos_gt_src", "pos_pred_src"))
    boxes = content["headboxes_src"]
    lengths = torch.from_numpy(0.6 * np.hypot(*(boxes[1] - boxes[0])))
    return labels, torch.from_numpy(content["jnt_missing"].T == 0), lengths, tompson


def scores(metric: PCK, predicted, truth, labeled, length) -> dict[str, float]:
    for part in torch.arange(len(predicted)).split(700):  # not all at once
        metric.update(predicted[part], truth[part], labeled[part], length[part])
    return {name: value.item() for name, value in metric.compute().items()}


@needs_samples
def test_lsp_predictions_of_the_authors_score_as_published():
    truth, length = lsp_test_labels("joints.mat")
    found = scores(PCK(LSP, 0.2), lsp_predictions(), truth, torch.ones(1000, 14, dtype=torch.bool), length)
    assert [found[row] for row in ROWS] == pytest.approx([98.30, 95.10, 92.60, 89.85, 94.65, 95.05, 94.50], abs=0.005)
    assert found["mean"] == pytest.approx(94.29, abs=0.005)
    assert found["weighted_mean"] == pytest.approx(found["mean"])  # all joints are labeled
    assert found["auc"] == pytest.approx(67.2, abs=0.05)


@needs_samples
def test_lsp_predictions_score_less_under_observer_centric_labels():
    truth, length = lsp_test_labels("joints-OC.mat")
    found = scores(PCK(LSP, 0.2), lsp_predictions(), truth, torch.ones(1000, 14, dtype=torch.bool), length)
    assert found["mean"] == pytest.approx(74.09, abs=0.005)


@needs_samples
@pytest.mark.parametrize(
    ("predictions", "rows", "mean", "weighted_mean"),
    [
        ("bearpaw-hg_s2_b1", [95.80, 94.57, 88.12, 83.31, 86.24, 80.88, 77.44], 86.76, 87.30),
        ("bearpaw-hg_s8_b1", [96.79, 95.19, 90.08, 85.32, 87.48, 84.26, 80.73], 88.64, 89.09),
        ("tompson", [95.60, 92.71, 83.36, 76.74, 81.93, 73.36, 65.45], 81.46, 82.34),
    ],
)
def test_mpii_predictions_score_as_published(predictions, rows, mean, weighted_mean):
    truth, labeled, length, predicted = mpii_validation()
    if predictions != "tompson":
        predicted = torch.from_numpy(loadmat(SAMPLES / "mpii" / "preds" / f"{predictions}.mat")["preds"]).double()
    found = scores(PCK(MPII, 0.5), predicted, truth, labeled, length)
    assert [found[row] for row in ROWS] == pytest.approx(rows, abs=0.01)
    assert found["mean"] == pytest.approx(mean, abs=0.01)
    assert found["weighted_mean"] == pytest.approx(weighted_mean, abs=0.01)


@needs_samples
def test_the_labels_themselves_score_100():
    truth, labeled, length, _ = mpii_validation()
    for threshold in (0.5, 0.1):
        assert set(scores(PCK(MPII, threshold), truth, truth, labeled, length).values()) == {100.0}
    truth, length = lsp_test_labels("joints.mat")
    everything = torch.ones(1000, 14, dtype=torch.bool)
    assert set(scores(PCK(LSP, 0.2), truth, truth, everything, length).values()) == {100.0}


def test_rows_and_both_means_by_hand():
    """Two people; one wrist of the second has no label. All else is right but both right wrists and one ankle."""
    truth = torch.rand(2, 14, 2) * 100
    predicted, labeled = truth.clone(), torch.ones(2, 14, dtype=torch.bool)
    predicted[:, 6] += torch.tensor([30.0, 40.0])  # 50 away: a length
    predicted[0, 0, 0] += 11
    labeled[1, 11] = False
    found = scores(PCK(LSP, 0.2), predicted, truth, labeled, torch.full((2,), 50.0))
    assert found["wrist"] == pytest.approx((0 + 100) / 2)
    assert found["ankle"] == pytest.approx((50 + 100) / 2)
    assert found["mean"] == pytest.approx(100 * (12 + 0 + 0.5) / 14)
    assert found["weighted_mean"] == pytest.approx(100 * 24 / 27)


def test_pelvis_and_thorax_of_mpii_are_in_no_mean():
    truth = torch.rand(3, 16, 2)
    predicted = truth.clone()
    predicted[:, 6:8] += 100
    found = scores(PCK(MPII, 0.5), predicted, truth, torch.ones(3, 16, dtype=torch.bool), torch.ones(3))
    assert set(found.values()) == {100.0}


def test_the_area_is_that_of_a_line():
    """Distances spread evenly over 0 to the threshold make a curve that rises evenly to 100."""
    truth = torch.zeros(1000, 14, 2, dtype=torch.float64)
    predicted = truth.clone()
    predicted[..., 0] = torch.linspace(0, 0.2, 1001, dtype=torch.float64)[1:, None]
    length = torch.ones(1000, dtype=torch.float64)
    found = scores(PCK(LSP, 0.2), predicted, truth, torch.ones(1000, 14, dtype=torch.bool), length)
    assert found["mean"] == 100
    assert found["auc"] == pytest.approx(50, abs=0.2)
    assert area_under_curve(torch.tensor([[0.0], [100.0], [100.0]])).item() == 75


def test_a_person_of_unknown_length_is_passed_over():
    truth = torch.rand(2, 14, 2)
    predicted = truth + torch.tensor([0.0, 9.0])[:, None, None]
    everything = torch.ones(2, 14, dtype=torch.bool)
    found = scores(PCK(LSP, 0.2), predicted, truth, everything, torch.tensor([1.0, 0.0]))
    assert set(found.values()) == {100.0}
    nobody = scores(PCK(LSP, 0.2), truth, truth, everything, torch.zeros(2))
    assert all(np.isnan(value) for value in nobody.values())


def test_processes_are_added_up():
    """As torchmetrics merges them: the table of two halves is that of the whole."""
    truth = torch.rand(9, 14, 2)
    predicted = truth + 0.2 * torch.randn(9, 14, 2)
    labeled, length = torch.rand(9, 14) < 0.7, torch.ones(9)
    whole, half, other = (PCK(LSP, 0.2) for _ in range(3))
    whole.update(predicted, truth, labeled, length)
    half.update(predicted[:4], truth[:4], labeled[:4], length[:4])
    other.update(predicted[4:], truth[4:], labeled[4:], length[4:])
    half.merge_state(other)
    assert half.compute() == whole.compute()
    assert whole.compute()["mean"] < 100


def test_what_does_not_fit_is_refused():
    metric = PCK(LSP, 0.2)
    everything = torch.ones(1, 14, dtype=torch.bool)
    with pytest.raises(ValueError, match=r"must be \(B, 14, 2\), got \(1, 16, 2\)"):
        metric.update(torch.zeros(1, 16, 2), torch.zeros(1, 16, 2), everything, torch.ones(1))
    with pytest.raises(ValueError, match=r"labeled must be bool \(B, 14\) and length \(B,\), got torch.float32"):
        metric.update(torch.zeros(1, 14, 2), torch.zeros(1, 14, 2), everything.float(), torch.ones(1))
    with pytest.raises(ValueError, match="threshold must be above 0, got 0"):
        PCK(LSP, 0)
