"""``gan-lab predict``: uses a trained model."""

from gan_lab.cli import help_page
from gan_lab.cli.help_page import HelpPage, Option

_PREDICT = "gan-lab predict --ckpt_path runs/NAME/version_0/checkpoints/last.ckpt"

PAGE = HelpPage(
    "Uses a trained model: translates pictures, finds people's joints in them, or makes pictures of nothing but seeds.",
    (
        (
            "pictures of any size; the configuration is taken from beside the checkpoint",
            f"{_PREDICT} \\\n                --data.predict_folder PICTURES --predictions.folder OUT",
        ),
        (
            "images of the seeds 0 to 63",
            f"{_PREDICT} \\\n                --data.seeds 0-63 --predictions.folder OUT",
        ),
        (
            "the samples held out, by the best checkpoint of an experiment's newest run",
            "gan-lab predict --config pix2pix_emoji --ckpt_path best",
        ),
    ),
    (
        help_page.CONFIG,
        help_page.checkpoint("what to use; the data of its config.yaml is taken where no --config is given"),
        help_page.TRUST,
        Option("--data.predict_folder", "FOLDER|FILE", "pictures, or one, to work on; of poses also a video", "file"),
        Option("--data.seeds", "A-B,C", "seeds to make images of, for unconditional models"),
        Option("--predictions.folder", "FOLDER", "where to write", "folder"),
        Option("--predictions.broken", "HOW", "broken pictures: name them at the end, or stop", ("skip", "stop")),
        Option("--predictions.score_threshold", "X", "of poses: joints with lower scores are not drawn"),
        help_page.BATCH_SIZE,
        help_page.DEVICES,
        help_page.ACCELERATOR,
        help_page.PRECISION,
        *help_page.EXPLAINED,
    ),
)


def run(arguments: list[str]) -> int:
    """Predicts."""
    from gan_lab.cli.lightning_cli import run_lightning

    return run_lightning("predict", arguments, PAGE)
