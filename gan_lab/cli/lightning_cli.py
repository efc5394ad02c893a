"""What the command does once it needs torch: LightningCLI with gan-lab's guarantees, and errors in one sentence."""

import logging
import os
import signal
import sys
import traceback
import warnings
from argparse import ArgumentError
from pathlib import Path
from typing import Any

import cv2
from lightning.pytorch import Callback, LightningModule, Trainer
from lightning.pytorch.cli import LightningArgumentParser, LightningCLI, SaveConfigCallback
from lightning.pytorch.loggers import CSVLogger, Logger
from lightning.pytorch.utilities.exceptions import SIGTERMException

from gan_lab.callbacks import PredictionWriter, StopOnSignal
from gan_lab.callbacks.run_directory import run_directory
from gan_lab.cli.config_files import require_readable, with_config_of_checkpoint, with_configs_first
from gan_lab.cli.hints import explain, explain_arguments
from gan_lab.cli.shared_settings import shared_settings
from gan_lab.cli.wandb_fallback import settle_wandb
from gan_lab.errors import ConfigurationError
from gan_lab.files import written_whole
from gan_lab.training.allocator import keep_freed_pages
from gan_lab.training.checkpoints import AtomicCheckpointIO, find_checkpoint, require_match


class SaveConfig(SaveConfigCallback):
    """Writes the resolved configuration beside the checkpoints when training starts; other commands leave it alone."""

    def setup(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:
        """Does nothing yet: the run's folder is not settled."""

    def on_fit_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Writes ``config.yaml``, whole or not at all."""
        if not trainer.is_global_zero:
            return
        target = run_directory(trainer) / self.config_filename
        with written_whole(target) as partial:
            self.parser.save(self.config, partial, skip_none=False, overwrite=True, multifile=False)


class GanLabCLI(LightningCLI):
    """LightningCLI in which the command line always wins, checkpoints hold no code, and predictions go to files."""

    def __init__(self, arguments: list[str], *callbacks: Callback) -> None:
        super().__init__(
            save_config_callback=SaveConfig,
            trainer_defaults={
                "use_distributed_sampler": False,
                "num_sanity_val_steps": 0,
                "callbacks": list(callbacks),
            },
            seed_everything_default=0,
            parser_kwargs={"exit_on_error": False, "allow_abbrev": False}
            | {name: {"exit_on_error": False, "allow_abbrev": False} for name in self.subcommands()},
            args=arguments,
            auto_configure_optimizers=False,
        )

    @staticmethod
    def subcommands() -> dict[str, set[str]]:
        """Lightning's, without the options that are not the user's to choose here."""
        ours = {"weights_only", "return_predictions"}  # never code in a checkpoint; never all predictions in memory
        return {name: skipped | ours for name, skipped in LightningCLI.subcommands().items()}

    def add_arguments_to_parser(self, parser: LightningArgumentParser) -> None:
        """Adds ``predictions.*``: where and how ``predict`` writes."""
        parser.add_lightning_class_args(PredictionWriter, "predictions")

    def _parse_ckpt_path(self) -> None:
        """Lightning would let the checkpoint's settings replace those of the command line."""

    def instantiate_classes(self) -> None:
        """Builds model, data and trainer; what they refuse is the configuration's fault."""
        try:
            with shared_settings(self.config[self.subcommand]):
                super().instantiate_classes()
        except (ValueError, TypeError, ImportError) as error:
            raise ConfigurationError(explain_arguments(error)) from error

    def instantiate_trainer(self, **kwargs: Any) -> Trainer:
        """Adds atomic checkpoints, and for training a CSV logger where no other is asked for."""
        config = self._get(self.config_init, "trainer")
        plugins = _as_list(config.plugins)
        logger = config.logger
        if logger is None or logger is True:
            logger = CSVLogger(config.default_root_dir or ".", name="") if self.subcommand == "fit" else False
        elif logger:
            logger = self._settled(logger)
        return super().instantiate_trainer(plugins=[*plugins, AtomicCheckpointIO()], logger=logger, **kwargs)

    def before_instantiate_classes(self) -> None:
        """Has W&B keep its files, and so the checkpoints, in the experiment's folder unless it is told where."""
        trainer = self._get(self.config, "trainer")
        for spec in _as_list(trainer.logger):
            if getattr(spec, "class_path", "").endswith("WandbLogger") and spec.init_args.save_dir == ".":
                spec.init_args.save_dir = trainer.default_root_dir or "."

    def _settled(self, loggers: Any) -> list[Logger]:
        """The loggers, W&B's started, or offline if it cannot reach its server."""
        settled = []
        for logger, spec in zip(_as_list(loggers), _as_list(self._get(self.config, "trainer").logger), strict=False):
            settings = spec.init_args.as_dict() if hasattr(spec, "init_args") else {}
            logger, reason = settle_wandb(logger, settings)
            if reason:
                say(f"W&B is not to be had ({reason}): logging offline; `wandb sync` uploads it later")
            settled.append(logger)
        return settled

    def fit(self, ckpt_path: str | None = None, **kwargs: Any) -> None:
        """Trains, from a checkpoint if one is asked for."""
        keep_freed_pages()
        cv2.setNumThreads(0)  # a worker decodes one image at a time; more threads would only contend with training
        self.trainer.fit(ckpt_path=self._checkpoint(ckpt_path), **kwargs)

    def validate(self, ckpt_path: str | None = None, **kwargs: Any) -> None:
        """Measures on the validation split."""
        self.trainer.validate(ckpt_path=self._checkpoint(ckpt_path), **kwargs)

    def test(self, ckpt_path: str | None = None, **kwargs: Any) -> None:
        """Measures on the test split."""
        self.trainer.test(ckpt_path=self._checkpoint(ckpt_path), **kwargs)

    def predict(self, ckpt_path: str | None = None, **kwargs: Any) -> None:
        """Writes predictions to files."""
        self.trainer.predict(ckpt_path=self._checkpoint(ckpt_path), return_predictions=False, **kwargs)

    def _checkpoint(self, wanted: str | None) -> Path | None:
        """Finds the checkpoint, refuses a foreign one, and says what the command line changes about it."""
        if wanted is None:
            return None
        path = find_checkpoint(str(wanted), Path(self.trainer.default_root_dir))
        changed = require_match(path, self.model)
        note = ", ".join(f"{name} {old} -> {new}" for name, (old, new) in changed.items())
        say(f"from {path}" + (f" with {note}" if note else ""))
        return path


def run(command: str, arguments: list[str], debug: bool) -> int:
    """Runs a command and turns its failure into one sentence on the standard error, and a status."""
    _quiet()
    stopper = StopOnSignal()
    try:
        if command == "check":
            from gan_lab.cli.check import check

            return check(arguments)
        arguments = with_configs_first(with_config_of_checkpoint(arguments))
        require_readable(arguments)
        GanLabCLI([command, *arguments], stopper)
    except SIGTERMException:
        return 128 + (stopper.received or signal.SIGTERM)
    except KeyboardInterrupt:
        return 128 + signal.SIGINT
    except SystemExit as ending:  # --help and --print_config
        return int(ending.code or 0)
    except Exception as error:
        if debug:
            traceback.print_exc()
        sentence = explain(error)
        if sentence is None:
            raise
        print(f"gan-lab: {sentence}", file=sys.stderr)
        return 2 if isinstance(error, ArgumentError | ConfigurationError) else 1
    return 0


def _as_list(value: Any) -> list[Any]:
    if value is None or isinstance(value, bool):
        return []
    return list(value) if isinstance(value, list | tuple) else [value]


def say(message: str) -> None:
    """Prints a line, once for all processes."""
    if os.environ.get("LOCAL_RANK", "0") == "0":
        print(f"gan-lab: {message}")


def _quiet() -> None:
    """Silences advice that does not apply here."""
    for message in (
        ".*does not have many workers.*",
        ".*Consider setting `persistent_workers.*",
        ".*log_every_n_steps.*",
        ".*The dirpath has changed from.*",
        ".*no pre-optimization state was saved.*",  # a checkpoint after the step is what is wanted
        ".*Starting from v1.9.0, `tensorboardX`.*",
        ".*isinstance.treespec, LeafSpec.*",
        ".*LightningCLI's args parameter is intended to run.*",
    ):
        warnings.filterwarnings("ignore", message=message)
    for handler in logging.getLogger("lightning.pytorch").handlers:
        handler.addFilter(_is_news)


def _is_news(record: logging.LogRecord) -> bool:
    return not any(phrase in record.getMessage() for phrase in ("litlogger", "TPU available", "`weights_only` was not"))
