"""The training step of SAGAN-pose (4 stacks, 16 joints, 256 pixels, batch 1) with each form of attention.

    python -m benchmarks.pose_step [STEPS]

``fused, pooled keys`` is the default, and what ``gan-lab fit`` runs. ``explicit`` is the paper's: the shapes of the
release with the softmax of the text, a matrix of 4096 x 4096 weights each. ``none`` is the price of the rest.
"""

from typing import Any

import torch
from torch.utils.data import Dataset

from benchmarks.steps import Figures, StepClock, compare, train_with_lightning
from gan_lab.datamodules import GANDataModule
from gan_lab.modules import SAGANPoseModule
from gan_lab.samples import PoseSample

WARM_UP = 1
SIDE, JOINTS = 256, 16
SETTINGS: dict[str, dict[str, Any]] = {
    "fused, pooled keys": {"attention": "fused", "key_pool": 2},
    "fused": {"attention": "fused", "key_pool": 1},
    "explicit": {"attention": "explicit"},
    "none": {"attention": "none"},
}


def main() -> None:
    """Measures every form, or one when it is named."""
    title = f"sagan_pose, 4 stacks, {JOINTS} joints, {SIDE} pixels, batch 1"
    compare("benchmarks.pose_step", title, list(SETTINGS), measure, steps=2)


def measure(variant: str, steps: int) -> Figures:
    """Runs one variant."""
    clock = StepClock(WARM_UP)
    train_with_lightning(SAGANPoseModule(skeleton="mpii", **SETTINGS[variant]), NoisyPeople(), clock, steps)
    return clock.figures()


class NoisyPeople(GANDataModule):
    """Joints scattered over noise: what they look like makes no difference to the time."""

    def __init__(self) -> None:
        super().__init__(batch_size=1, eval_batch_size=1, num_workers=0, predict_folder=None)

    def training_data(self) -> Dataset[PoseSample]:
        """As many as a long measurement takes."""
        return _Noise()

    validation_data = training_data


class _Noise(Dataset[PoseSample]):
    def __len__(self) -> int:
        return 1000

    def __getitem__(self, index: int) -> PoseSample:
        joints = torch.rand(JOINTS, 2) * (SIDE - 1)
        return {
            "image": torch.randint(256, (3, SIDE, SIDE), dtype=torch.uint8),
            "keypoints": joints,
            "labeled": torch.ones(JOINTS, dtype=torch.bool),
            "to_source": torch.eye(2, 3),
            "truth": joints,
            "reference_length": torch.tensor(25.0),
            "name": str(index),
        }


if __name__ == "__main__":
    main()
