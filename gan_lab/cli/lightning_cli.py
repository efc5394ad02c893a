"""LightningCLI with gan-lab's guarantees: what ``fit``, ``validate``, ``test`` and ``predict`` share."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import cv2
from lightning.pytorch import Callback, Trainer
from lightning.pytorch.cli import LightningArgumentParser, LightningCLI
from lightning.pytorch.loggers import CSVLogger, Logger

from gan_lab import peers
from gan_lab.callbacks import BestOfHistory, KnownMonitors, PredictionWriter, StopOnSignal
from gan_lab.callbacks.progress_lines import lines_in_place_of_a_bar
from gan_lab.callbacks.run_directory import run_directory
from gan_lab.callbacks.unfit import require_fit
from gan_lab.cli.config_files import prepared
from gan_lab.cli.help_page import HelpPage
from gan_lab.cli.hints import arguments_explained
from gan_lab.cli.memory import within_memory
from gan_lab.cli.parser import GanLabParser, parser_settings
from gan_lab.cli.renamed import PresentNames
from gan_lab.cli.reports import report_to
from gan_lab.cli.required_values import require_values
from gan_lab.cli.run_folders import own_run_folders
from gan_lab.cli.save_config import SaveConfig
from gan_lab.cli.shared_settings import shared_settings
from gan_lab.cli.silence import silence_advice
from gan_lab.cli.wandb_fallback import settle_wandb
from gan_lab.errors import require
from gan_lab.terminal import say, take_rank
from gan_lab.training.allocator import keep_freed_pages
from gan_lab.training.checkpoint_files import find_checkpoint
from gan_lab.training.checkpoints import AtomicCheckpointIO, require_match, require_resumable, restoring
from gan_lab.training.lightning_private import keep_whole_numbers
from gan_lab.training.precisions import require_precision
from gan_lab.training.strategies import require_for_command, require_strategy


def run_lightning(command: str, arguments: list[str], page: HelpPage) -> int:
    """Runs a command of Lightning's.

    Args:
        command: ``fit``, ``validate``, ``test`` or ``predict``.
        arguments: The words after it.
        page: The beginning of its help.

    Returns:
        0.
    """
    silence_advice()
    peers.end_with_starter()
    GanLabCLI([command, *arguments], StopOnSignal(), page=page)
    return 0


class GanLabCLI(LightningCLI):
    """LightningCLI in which the command line always wins, checkpoints hold no code, and predictions go to files.

    Args:
        arguments: The command and the words after it.
        callbacks: Added to those of the configuration.
        page: The beginning of the command's help.
    """

    def __init__(self, arguments: list[str], *callbacks: Callback, page: HelpPage | None = None) -> None:
        command, *options = arguments
        self._command = command
        names = PresentNames()
        settings = parser_settings(command, page or HelpPage("", ()), names)
        self._wanted_checkpoint: str | None = None
        super().__init__(
            save_config_callback=SaveConfig,
            trainer_defaults={
                "use_distributed_sampler": False,
                "num_sanity_val_steps": 0,
                "callbacks": [*callbacks, KnownMonitors(), BestOfHistory()],
            },
            seed_everything_default=0,
            parser_kwargs=settings | dict.fromkeys(self.subcommands(), settings),
            parser_class=GanLabParser,
            args=[command, *prepared(command, options, names)],
            auto_configure_optimizers=False,
        )

    def subcommands(self) -> dict[str, set[str]]:  # type: ignore[override]  # an instance has the one that it runs
        """The command, and those of its options that are not the user's to choose here, or are ours: ``ckpt_path``."""
        ours = {"weights_only", "return_predictions", "ckpt_path"}  # never code or all predictions in memory
        return {self._command: LightningCLI.subcommands()[self._command] | ours}

    def add_arguments_to_parser(self, parser: LightningArgumentParser) -> None:
        """Adds ``predictions.*``, where and how ``predict`` writes, and ``ckpt_path``."""
        parser.add_lightning_class_args(PredictionWriter, "predictions")
        about = "a checkpoint; or last or best of the newest run in trainer.default_root_dir, best of its whole history"
        parser.add_argument("--ckpt_path", type=str | None, default=None, help=about)
        keep_whole_numbers(parser)

    def parse_arguments(self, parser: LightningArgumentParser, args: Any) -> None:
        """Parses, looks at the seed, and puts the checkpoint aside.

        Lightning would next let the settings in a checkpoint that it sees replace those of the command line.

        Raises:
            ConfigurationError: If NumPy cannot be seeded with it.
        """
        super().parse_arguments(parser, args)
        seed = self._settings().seed_everything
        require(0 <= seed < 2**32, f"seed_everything must be from 0 to {2**32 - 1}, got {seed}")
        self._wanted_checkpoint = self._settings().pop("ckpt_path", None)

    def before_instantiate_classes(self) -> None:
        """Puts the checkpoint back; has W&B keep its files, and so the checkpoints, in the experiment's folder.

        Predictions go to files alone: no logger is made for them.
        """
        self._settings().ckpt_path = self._wanted_checkpoint
        trainer = self._settings().trainer
        if self._command == "predict":
            trainer.logger = False
        require_precision(trainer.precision, trainer.accelerator)
        for spec in _as_list(trainer.logger):
            if getattr(spec, "class_path", "").endswith("WandbLogger") and spec.init_args.save_dir == ".":
                spec.init_args.save_dir = trainer.default_root_dir or "."

    def instantiate_classes(self) -> None:
        """Builds model, data and trainer; what they refuse is the configuration's fault, a wrong call of ours is not.

        Raises:
            ConfigurationError: Saying what they refuse.
        """
        require_values(self._settings())
        with arguments_explained(self._has_unchecked_options()), shared_settings(self._settings()), within_memory():
            super().instantiate_classes()

    def instantiate_trainer(self, **kwargs: Any) -> Trainer:
        """Adds atomic checkpoints, for training a CSV logger where no other is asked for, and lines for log files."""
        config = self.config_init[self.subcommand].trainer
        require_for_command(config.strategy)
        require(not config.barebones, "trainer.barebones keeps nothing of a run but its speed: set it to false")
        require(config.profiler != "xla", "trainer.profiler xla is for TPUs: set it to simple, advanced or pytorch")
        plugins = _as_list(config.plugins)
        logger = config.logger
        if logger is None or logger is True:
            logger = CSVLogger(config.default_root_dir or ".", name="") if self.subcommand == "fit" else False
        elif logger:
            logger = self._settled(logger)
        callbacks = _as_list(config.callbacks)
        kwargs |= {"callbacks": [*callbacks, *lines_in_place_of_a_bar(callbacks, config)], "logger": logger}
        trainer = super().instantiate_trainer(plugins=[*plugins, AtomicCheckpointIO()], **kwargs)
        require_fit(trainer)
        require_strategy(trainer)  # before it starts other processes
        if trainer.world_size > 1:
            take_rank(trainer.global_rank)
        return trainer

    def fit(self, **kwargs: Any) -> None:
        """Trains, from a checkpoint if one is asked for."""
        keep_freed_pages()
        report_to(lambda: run_directory(self.trainer))
        cv2.setNumThreads(0)  # a worker decodes one image at a time; more threads would only contend with training
        with own_run_folders(self.trainer), self._checkpoint() as path:
            self.trainer.fit(ckpt_path=path, **kwargs)

    def validate(self, **kwargs: Any) -> None:
        """Measures on the validation split."""
        with own_run_folders(self.trainer), self._checkpoint() as path:
            self.trainer.validate(ckpt_path=path, **kwargs)

    def test(self, **kwargs: Any) -> None:
        """Measures on the test split."""
        with own_run_folders(self.trainer), self._checkpoint() as path:
            self.trainer.test(ckpt_path=path, **kwargs)

    def predict(self, **kwargs: Any) -> None:
        """Writes predictions to files."""
        with own_run_folders(self.trainer), self._checkpoint() as path:
            self.trainer.predict(ckpt_path=path, return_predictions=False, **kwargs)

    def _settings(self) -> Any:
        """What was parsed for the command."""
        return self.config[self.config.subcommand]

    def _has_unchecked_options(self) -> bool:
        """Whether classes are given options that the parser does not know."""
        return any("dict_kwargs" in (self._settings().get(section) or ()) for section in ("model", "data"))

    def _settled(self, loggers: Any) -> list[Logger]:
        """The loggers, W&B's started, or offline if it cannot reach its server."""
        settled = []
        for logger, spec in zip(_as_list(loggers), _as_list(self._settings().trainer.logger), strict=False):
            settings = spec.init_args.as_dict() if hasattr(spec, "init_args") else {}
            logger, reason = settle_wandb(logger, settings)
            if reason:
                say(f"W&B is unavailable ({reason}): logging offline; `wandb sync` uploads it later")
            settled.append(logger)
        return settled

    @contextmanager
    def _checkpoint(self) -> Iterator[Path | None]:
        """Finds the checkpoint, refuses a foreign one, says what the command line changes about it, and has it used."""
        if self._wanted_checkpoint is None:
            if self.subcommand != "fit" and self.model.hparams.get("generator_weights") is None:
                say("no --ckpt_path is given: the weights are those that training begins with")
            yield None
            return
        path = find_checkpoint(self._wanted_checkpoint, Path(self.trainer.default_root_dir))
        changed = require_match(path, self.model)
        if self.subcommand == "fit":
            require_resumable(path, self.trainer)
        if self.model.hparams.get("generator_weights") is None:
            changed.pop("generator_weights", None)  # to start from, not asked for once there is a checkpoint
        note = ", ".join(f"{name} {old} -> {new}" for name, (old, new) in changed.items())
        say(f"from {path}" + (f" with {note}" if note else ""))
        with restoring(path):
            yield path


def _as_list(value: Any) -> list[Any]:
    if value is None or isinstance(value, bool):
        return []
    return list(value) if isinstance(value, list | tuple) else [value]
