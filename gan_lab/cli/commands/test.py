"""``gan-lab test``: measures on the test split."""

from gan_lab.cli import help_page
from gan_lab.cli.help_page import HelpPage

PAGE = HelpPage(
    "Measures a trained model on the test split and prints a table.",
    (
        (
            "measure a checkpoint; its configuration is taken from beside it",
            "gan-lab test --ckpt_path runs/pix2pix_facades/version_0/checkpoints/best.ckpt",
        ),
        ("the newest best.ckpt of an experiment", "gan-lab test --config pix2pix_facades --ckpt_path best"),
        ("with another setting", "gan-lab test --config pix2pix_facades --ckpt_path best --model.test_dropout false"),
    ),
    (
        help_page.CONFIG,
        help_page.checkpoint("what to measure; its config.yaml is taken where no --config is given"),
        help_page.ROOT,
        help_page.BATCH_SIZE,
        help_page.WORKERS,
        help_page.DEVICES,
        help_page.ACCELERATOR,
        help_page.PRECISION,
        help_page.HOME,
        help_page.SEED,
        help_page.PRINT_CONFIG,
        help_page.MODEL_HELP,
        help_page.DATA_HELP,
    ),
)


def run(arguments: list[str]) -> int:
    """Measures."""
    from gan_lab.cli.lightning_cli import run_lightning

    return run_lightning("test", arguments, PAGE)
