"""``gan-lab fit``: trains."""

from gan_lab.cli import help_page
from gan_lab.cli.help_page import HelpPage, Option

PAGE = HelpPage(
    "Trains a model, from the start or from a checkpoint. Any value of the experiment can be changed by its option.",
    (
        (
            "train a shipped experiment on your copy of its data",
            "gan-lab fit --config pix2pix_facades --data.root FACADES",
        ),
        ("resume it where it was stopped", "gan-lab fit --config pix2pix_facades --data.root FACADES --ckpt_path last"),
        (
            "try a change for an epoch, in a folder of its own",
            "gan-lab fit --config pix2pix_facades --data.root FACADES --model.l1_weight 10 \\\n"
            "            --trainer.max_epochs 1 --trainer.default_root_dir runs/try",
        ),
    ),
    (
        help_page.CONFIG,
        help_page.checkpoint("resume from it; last: the newest one of default_root_dir"),
        help_page.TRUST,
        help_page.ROOT,
        help_page.BATCH_SIZE,
        help_page.WORKERS,
        Option("--model.lr", "X", "learning rate"),
        Option("--trainer.max_epochs", "N", "how long to train; --trainer.max_steps counts steps"),
        help_page.DEVICES,
        help_page.PRECISION,
        help_page.HOME,
        help_page.LOGGER,
        *help_page.EXPLAINED,
    ),
)


def run(arguments: list[str]) -> int:
    """Trains."""
    from gan_lab.cli.lightning_cli import run_lightning

    return run_lightning("fit", arguments, PAGE)
