"""The commands, a row each."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Command:
    """A row of the table.

    Attributes:
        name: What a user types.
        group: The heading that it stands under in ``gan-lab --help``.
        help: What it does, in a line.
        examples: What ``gan-lab --help`` shows of it; the command's own help has more.
    """

    name: str
    group: str
    help: str
    examples: tuple[str, ...] = ()

    @property
    def module(self) -> str:
        """What is imported when the command is run, and not before."""
        return f"gan_lab.cli.commands.{self.name}"


COMMANDS = (
    Command(
        "fit",
        "train",
        "train, or resume with --ckpt_path last",
        ("gan-lab fit --config pix2pix_emoji", "gan-lab fit --config pix2pix_emoji --ckpt_path last"),
    ),
    Command(
        "validate",
        "measure",
        "measure on the validation split",
        ("gan-lab validate --config pix2pix_emoji --ckpt_path best",),
    ),
    Command("test", "measure", "measure on the test split"),
    Command(
        "predict",
        "use",
        "translate pictures, find joints, or make pictures of seeds",
        (
            "gan-lab predict --ckpt_path runs/NAME/version_0/checkpoints/last.ckpt \\\n"
            "                --data.predict_folder PICTURES --predictions.folder OUT",
            "gan-lab predict --ckpt_path ... --data.seeds 0-63 --predictions.folder OUT",
        ),
    ),
    Command(
        "configs", "prepare", "list the experiments, or copy one to edit", ("gan-lab configs copy pix2pix_folder",)
    ),
    Command(
        "check",
        "prepare",
        "open every file of an experiment's data and list what is broken, mismatched or odd",
        ("gan-lab check --config pix2pix_facades --data.root FACADES",),
    ),
    Command("completion", "shell", "print a script that completes names in bash or zsh"),
)
