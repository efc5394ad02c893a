"""``make demo``: trains Pix2Pix on the emoji pairs, colors the held-out drawings and says how well.

The validation L1 (mean absolute error on images in [-1, 1]) is compared with the untrained network's and with that of
leaving the drawing as it is. The status is 1 if training did not beat both.
"""

import sys
import time
from pathlib import Path

import torch
from torch.nn import functional as F

from gan_lab.cli import main as gan_lab
from gan_lab.cli.lightning_cli import GanLabCLI

CONFIG = "configs/pix2pix_emoji.yaml"
OUT = Path("runs/pix2pix_emoji/predictions")


def main() -> int:
    """Runs the demo from the project's folder."""
    start = time.monotonic()
    untrained, copied = validation_l1(), copying_l1()
    for command in (["fit"], ["predict", "--ckpt_path=last", f"--predictions.folder={OUT}"]):
        status = gan_lab([*command, "--config", CONFIG])
        if status:
            return status
    trained = validation_l1("--ckpt_path=last")
    print(f"\nvalidation L1 on 40 held-out emoji (0 is perfect), {(time.monotonic() - start) / 60:.1f} minutes:")
    for name, value in (("untrained network", untrained), ("copying the drawing", copied), ("trained", trained)):
        print(f"  {name:20} {value:.3f}")
    print(f"\nLook at {OUT.with_name('predictions_sheet.png')}: drawing, coloring, and what the artist chose.")
    print("Your own drawings: gan-lab predict --ckpt_path runs/pix2pix_emoji/version_0/checkpoints/last.ckpt \\")
    print("                       --data.predict_folder YOUR_FOLDER --predictions.folder OUT")
    return 0 if trained < min(untrained, copied) else 1


def validation_l1(*arguments: str) -> float:
    """The mean absolute error that ``gan-lab validate`` measures."""
    quiet = ["--trainer.enable_progress_bar=false", "--trainer.enable_model_summary=false", "--trainer.callbacks=[]"]
    return GanLabCLI(["validate", "--config", CONFIG, *quiet, *arguments]).trainer.callback_metrics["val/l1"].item()


def copying_l1() -> float:
    """The same error of the drawing itself."""
    data = GanLabCLI(["validate", "--config", CONFIG, "--trainer.limit_val_batches=0"]).datamodule.validation_data()
    errors = [F.l1_loss(data[i]["source"].float(), data[i]["target"].float()) / 127.5 for i in range(len(data))]
    return torch.stack(errors).mean().item()


if __name__ == "__main__":
    sys.exit(main())
