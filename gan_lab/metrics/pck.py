"""The percentage of correct keypoints: PCK on Leeds Sports Pose, PCKh on MPII.

A joint is found if it is no farther from its label than ``threshold`` times a length of its person: the torso, from the
left shoulder to the right hip, on LSP (threshold 0.2); 0.6 times the diagonal of the head's rectangle on MPII (0.5, and
0.1 for the strict figure). Only joints with labels count, occluded ones among them.

Two means are published as "the mean", and differ by about half a percent where joints are labeled unequally often: the
mean over joints (the authors' toolkits) and over labels (HRNet and the toolboxes after it). Both are here.
"""

import torch
from torch import Tensor
from torchmetrics import Metric

from gan_lab.errors import require, require_numbers
from gan_lab.pose.skeletons import Skeleton
from gan_lab.precision import at_least_float32

STEPS = 20  # of the curve whose area is taken: 0.01 each up to 0.2 on LSP, as the published areas have it


def relative_distances(predicted: Tensor, truth: Tensor, length: Tensor) -> Tensor:
    """How far joints are from their labels, in lengths of their persons.

    Args:
        predicted: (B, K, 2), in pixels.
        truth: (B, K, 2), in the same.
        length: (B,), in the same.

    Returns:
        (B, K); infinite or NaN where the length is 0.
    """
    return (at_least_float32(predicted) - truth).square().sum(-1).sqrt() / length[:, None]


def percent_found(found: Tensor, labels: Tensor) -> Tensor:
    """The percentage of labels that were found; NaN where there are none.

    Args:
        found: Counts (..., K).
        labels: Counts (K,).
    """
    return 100 * found / labels  # 0 / 0 is NaN


def area_under_curve(percent: Tensor) -> Tensor:
    """The mean height of a curve over its thresholds at equal steps, by the trapezoidal rule.

    Args:
        percent: (T, K), one row for each threshold.

    Returns:
        (K,).
    """
    return torch.trapezoid(percent, dim=0) / (len(percent) - 1)


class PCK(Metric):
    """The table of a pose paper, over all people and processes.

    A person of unknown length is passed over. To score predictions from elsewhere::

        metric = PCK(SKELETONS["mpii"], threshold=0.5)
        metric.update(predicted, truth, labeled, 0.6 * head_diagonal)  # (B, 16, 2), (B, 16, 2), (B, 16), (B,)
        table = metric.compute()  # {"head": ..., "shoulder": ..., ..., "mean": ..., "weighted_mean": ..., "auc": ...}

    Args:
        skeleton: The joints, which of them make up a row and which the means take.
        threshold: The distance up to which a joint is found, in lengths of its person.

    Raises:
        ConfigurationError: If ``threshold`` is not above 0.
    """

    is_differentiable = False
    higher_is_better = True
    full_state_update = False
    found: Tensor
    labels: Tensor

    def __init__(self, skeleton: Skeleton, threshold: float) -> None:
        super().__init__()
        require_numbers({"threshold": threshold}, above=0)
        self.skeleton = skeleton
        self.threshold = threshold
        joints = len(skeleton.joints)
        self.add_state("found", torch.zeros(STEPS + 1, joints, dtype=torch.int64), dist_reduce_fx="sum")
        self.add_state("labels", torch.zeros(joints, dtype=torch.int64), dist_reduce_fx="sum")

    def update(self, predicted: Tensor, truth: Tensor, labeled: Tensor, length: Tensor) -> None:
        """Adds people.

        Args:
            predicted: Joints (B, K, 2) in the source image's pixels.
            truth: Their labels (B, K, 2) in the same; of any value where there is none.
            labeled: Whether a joint has a label, (B, K) bool.
            length: What distances are divided by, (B,), in the same pixels; 0 where it is not known.

        Raises:
            ConfigurationError: If the shapes do not fit the skeleton or each other.
        """
        joints = len(self.skeleton.joints)
        require(
            predicted.ndim == 3 and predicted.shape[1:] == (joints, 2) and truth.shape == predicted.shape,
            f"predicted and truth must be (B, {joints}, 2), got {tuple(predicted.shape)} and {tuple(truth.shape)}",
        )
        people = predicted.shape[:1]
        require(
            labeled.dtype == torch.bool and labeled.shape == (*people, joints) and length.shape == people,
            f"labeled must be bool (B, {joints}) and length (B,), got {labeled.dtype} {tuple(labeled.shape)} "
            f"and {tuple(length.shape)}",
        )
        scored = labeled & (length > 0)[:, None]
        distances = relative_distances(predicted, truth, length)
        steps = torch.arange(STEPS + 1, device=distances.device, dtype=distances.dtype)
        within = distances <= self.threshold * steps[:, None, None] / STEPS
        self.found += (within & scored).sum(1)
        self.labels += scored.sum(0)

    def compute(self) -> dict[str, Tensor]:
        """The table in percent.

        Returns:
            For each row of the skeleton the mean over its joints; ``mean`` over the joints scored, ``weighted_mean``
            over their labels, and ``auc``, the mean over thresholds from 0 to ``threshold`` of ``mean``. NaN where
            nothing is labeled.
        """
        curve = percent_found(self.found, self.labels)
        joints = curve[-1]
        scored = list(self.skeleton.scored)
        table = {name: joints[list(group)].nanmean() for name, group in self.skeleton.groups.items()}
        table["mean"] = joints[scored].nanmean()
        table["weighted_mean"] = percent_found(self.found[-1, scored].sum(), self.labels[scored].sum())
        table["auc"] = area_under_curve(curve)[scored].nanmean()
        return table
