"""What ``gan-lab COMMAND --help`` begins with: examples, and the options that people change."""

import textwrap
from dataclasses import dataclass
from typing import Literal

Completed = Literal["config", "checkpoint", "file", "folder"]


@dataclass(frozen=True)
class Option:
    """An option that people change, for help and for completion.

    Attributes:
        flag: With its dashes.
        value: What stands for its value; empty for none.
        about: What it does, in a few words.
        completed: What shells complete its value with: a kind of thing, or the values themselves.
    """

    flag: str
    value: str
    about: str
    completed: Completed | tuple[str, ...] = ()


@dataclass(frozen=True)
class HelpPage:
    """The beginning of a command's help.

    Attributes:
        summary: What the command does, in a sentence or two.
        examples: What for, and the command; it may have line ends.
        options: The options that people change.
    """

    summary: str
    examples: tuple[tuple[str, str], ...]
    options: tuple[Option, ...] = ()

    def text(self) -> str:
        """The page, ready to print."""
        lines = [textwrap.fill(self.summary, 110), "", "examples:"]
        for purpose, command in self.examples:
            lines += [f"  # {purpose}", *(f"  {line}" for line in command.splitlines())]
        if self.options:
            lines += ["", "what people change:"]
            width = max(len(f"{option.flag} {option.value}") for option in self.options)
            lines += [f"  {f'{option.flag} {option.value}':<{width}}  {option.about}" for option in self.options]
        return "\n".join(lines)


CONFIG = Option("--config", "NAME|FILE", "an experiment of `gan-lab configs`, or a YAML file of yours", "config")
ROOT = Option("--data.root", "FOLDER", "where the data set's files lie", "folder")
BATCH_SIZE = Option("--data.batch_size", "N", "images a step, on each device")
WORKERS = Option("--data.num_workers", "N", "processes that read images")
DEVICES = Option("--trainer.devices", "N", "GPUs, or processes on the CPU", ("1", "2", "4", "8", "auto"))
ACCELERATOR = Option("--trainer.accelerator", "NAME", "cpu, gpu, or auto: the best there is", ("auto", "cpu", "gpu"))
PRECISION = Option(
    "--trainer.precision",
    "P",
    "32-true, or bf16-mixed: faster on GPUs",
    ("32-true", "64-true", "bf16-mixed", "16-mixed"),
)
HOME = Option("--trainer.default_root_dir", "FOLDER", "the experiment's home; runs/NAME in ours", "folder")
LOGGER = Option(
    "--trainer.logger",
    "CLASS",
    "WandbLogger or TensorBoardLogger instead of CSV files; false for none",
    ("CSVLogger", "WandbLogger", "TensorBoardLogger", "false"),
)
SEED = Option("--seed_everything", "N", "what all random numbers come from")
PRINT_CONFIG = Option("--print_config", "", "print the whole configuration and stop")
MODEL_HELP = Option("--model.help", "CLASS", "explain a model's options, e.g. of Pix2PixModule")
DATA_HELP = Option("--data.help", "CLASS", "explain a data set's options, e.g. of FacadesDataModule")
EXPLAINED = (SEED, PRINT_CONFIG, MODEL_HELP, DATA_HELP)

TRUST = Option("--trust", "", "take the config.yaml beside the checkpoint whole, with the code that it may name")


def checkpoint(about: str) -> Option:
    """``--ckpt_path`` of a command, with what it does there."""
    return Option("--ckpt_path", "last|best|FILE", about, "checkpoint")


def measuring(command: str, split: str) -> HelpPage:
    """The page of a command that measures a trained model on a split."""
    newest = f"gan-lab {command} --config pix2pix_facades --ckpt_path best"
    return HelpPage(
        f"Measures a trained model on the {split} split and prints a table.",
        (
            (
                "measure a checkpoint; its configuration is taken from beside it",
                f"gan-lab {command} --ckpt_path runs/pix2pix_facades/version_0/checkpoints/best.ckpt",
            ),
            ("the best checkpoint of an experiment's newest run", newest),
            ("with another setting", f"{newest} --model.test_dropout false"),
        ),
        (
            CONFIG,
            checkpoint("what to measure; the data of its config.yaml is taken where no --config is given"),
            TRUST,
            ROOT,
            BATCH_SIZE,
            WORKERS,
            DEVICES,
            ACCELERATOR,
            PRECISION,
            HOME,
            *EXPLAINED,
        ),
    )
