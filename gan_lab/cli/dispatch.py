"""The ``gan-lab`` command: a thin dispatcher, so that help and mistakes answer before torch is imported."""

import difflib
import os
import sys

import gan_lab

HELP = """\
usage: gan-lab [--debug] COMMAND --config FILE [--KEY VALUE ...]

GAN papers on PyTorch Lightning: train, resume, measure and use them the same way.

commands:
  fit        train: gan-lab fit --config configs/pix2pix_emoji.yaml
             resume: ... --ckpt_path last (or a file; 'best' where the config saves one)
  validate   measure on the validation split: ... --ckpt_path best
  test       measure on the test split
  predict    use a trained model on a folder of pictures of any size:
             gan-lab predict --ckpt_path runs/NAME/VERSION/checkpoints/last.ckpt \\
                             --data.predict_folder PICTURES --predictions.folder OUT
             or have it make pictures of nothing but seeds: ... --data.seeds 0-63 --predictions.folder OUT
  check      open every file of a config's data and list what is broken, mismatched or odd

options:
  --config FILE            an experiment; configs/ has one for each task. A trained run's is beside its
                           checkpoints, and is taken from there when only --ckpt_path is given
  --print_config           print the whole configuration and stop
  --model.help CLASS       explain a model's options, e.g. --model.help Pix2PixModule (--data.help: a data set's)
  COMMAND --help           list every option
  --debug                  show the traceback of an error
  --version, -h, --help    print the version, or this
"""
COMMANDS = ("fit", "validate", "test", "predict", "check")


def main(arguments: list[str] | None = None) -> int:
    """Runs the command.

    Args:
        arguments: Words after ``gan-lab``; None for those of the process.

    Returns:
        The exit status: 0 done, 1 failed, 2 wrong usage, 130 stopped by Ctrl-C, 143 stopped by SIGTERM.
    """
    arguments = list(sys.argv[1:] if arguments is None else arguments)
    debug = "--debug" in arguments or bool(os.environ.get("GAN_LAB_DEBUG"))
    arguments = [argument for argument in arguments if argument != "--debug"]
    if not arguments or arguments[0] in ("-h", "--help", "help"):
        print(HELP, end="")
        return 0
    if arguments[0] in ("--version", "version"):
        print(f"gan-lab {gan_lab.__version__}")
        return 0
    command = arguments[0]
    if command not in COMMANDS:
        near = difflib.get_close_matches(command, COMMANDS, n=1)
        hint = f"did you mean '{near[0]}'?" if near else f"the commands are {', '.join(COMMANDS)}."
        print(f"gan-lab: there is no command '{command}': {hint}", file=sys.stderr)
        return 2
    from gan_lab.cli.lightning_cli import run

    return run(command, arguments[1:], debug)


def entry_point() -> None:
    """Runs the command and ends the process with its status."""
    sys.exit(main())


if __name__ == "__main__":
    entry_point()
