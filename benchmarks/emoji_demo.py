"""``make demo``: trains Pix2Pix on the emoji pairs, colors the held-out drawings by a few dabs and says how well.

The validation L1 (mean absolute error on images in [-1, 1]) is compared with the untrained network's and with that of
leaving the drawing as it is; beside it stands what it is without a dab. The perceptual distance is that of features by
``RandomConvolutions``. The status is 1 if training did not beat both by L1.
"""

import sys
import time
from pathlib import Path

import torch
from torch import Tensor
from torch.nn import functional as F

from gan_lab.cli import main as gan_lab
from gan_lab.cli.lightning_cli import GanLabCLI
from gan_lab.datasets.images import read_image, to_tensor
from gan_lab.metrics.extractors import RandomConvolutions
from gan_lab.samples import PairedSample

CONFIG = "configs/pix2pix_emoji.yaml"
OUT = Path("runs/pix2pix_emoji/predictions")


def main() -> int:
    """Runs the demo from the project's folder."""
    start = time.monotonic()
    untrained, (copied, copied_look) = validation_l1(), copying()
    for command in (["fit"], ["predict", "--ckpt_path=last", f"--predictions.folder={OUT}"]):
        status = gan_lab([*command, "--config", CONFIG])
        if status:
            return status
    trained, alone = validation_l1("--ckpt_path=last"), validation_l1("--ckpt_path=last", "--data.dabs=null")
    data = held_out()
    colored = torch.stack([to_tensor(read_image(OUT / pair["name"])) for pair in data])
    look = perceptual_distance(colored, torch.stack([pair["target"] for pair in data]))
    minutes = (time.monotonic() - start) / 60
    print(f"\nvalidation L1 and perceptual distance on 40 held-out emoji (0 is perfect), {minutes:.1f} minutes:")
    print(f"  {'untrained network':32} {untrained:.3f}")
    print(f"  {'copying the drawing':32} {copied:.3f}  {copied_look:.3f}")
    print(f"  {'trained, drawings without a dab':32} {alone:.3f}")
    print(f"  {'trained, with dabs of color':32} {trained:.3f}  {look:.3f}")
    print(f"\nLook at {OUT.with_name('predictions_sheet.png')}: drawing, coloring, and what the artist chose.")
    print("Your own drawings, with colored strokes or without, about 64 pixels wide:")
    print("  gan-lab predict --ckpt_path runs/pix2pix_emoji/version_0/checkpoints/last.ckpt \\")
    print("                  --data.predict_folder YOUR_FOLDER --predictions.folder OUT")
    return 0 if trained < min(untrained, copied) else 1


def validation_l1(*arguments: str) -> float:
    """The mean absolute error that ``gan-lab validate`` measures."""
    quiet = ["--trainer.enable_progress_bar=false", "--trainer.enable_model_summary=false", "--trainer.callbacks=[]"]
    return GanLabCLI(["validate", "--config", CONFIG, *quiet, *arguments]).trainer.callback_metrics["val/l1"].item()


def held_out(*arguments: str) -> list[PairedSample]:
    """The held-out pairs."""
    command = ["validate", "--config", CONFIG, "--trainer.limit_val_batches=0", *arguments]
    data = GanLabCLI(command).datamodule.validation_data()
    return [data[index] for index in range(len(data))]


def copying() -> tuple[float, float]:
    """The L1 and the perceptual distance of the drawing itself, without a dab."""
    data = held_out("--data.dabs=null")
    sources, targets = torch.stack([pair["source"] for pair in data]), torch.stack([pair["target"] for pair in data])
    return (F.l1_loss(sources.float(), targets.float()) / 127.5).item(), perceptual_distance(sources, targets)


def perceptual_distance(images: Tensor, wanted: Tensor) -> float:
    """The mean distance, from 0 to 2, between the features of images (B, 3, H, W), uint8, and of what they should be.

    Features are those of :class:`RandomConvolutions` at 64 pixels: means and spreads of what fixed random filters see.
    """
    extractor = RandomConvolutions(side=64)
    distances: Tensor = (extractor(images) - extractor(wanted)).norm(dim=1)
    return distances.mean().item()


if __name__ == "__main__":
    sys.exit(main())
