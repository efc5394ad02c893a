"""A value that is monitored and that nothing logs is refused before training begins."""

import difflib
from collections.abc import Collection
from typing import Any

from lightning.pytorch import LightningModule, Trainer
from lightning.pytorch.callbacks import Callback, LambdaCallback, ModelCheckpoint

from gan_lab.callbacks.measurement import Measurement
from gan_lab.errors import require
from gan_lab.terminal import say
from gan_lab.training.gan_module import GANModule

_COUNTS = {"epoch", "step"}  # which Lightning offers its checkpoints besides


class KnownMonitors(Callback):
    """Refuses callbacks that monitor what nothing logs, such as a misspelt ``val/l1``: Lightning would never save.

    What validations log is known before the first step, what training logs after it. Where a model or a callback comes
    from elsewhere and does not say what it logs, whatever is monitored may be its own and is let pass.
    """

    def on_fit_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Looks at what validations log."""
        names = validation_names(trainer, pl_module)
        for callback, monitor in _monitors(trainer):
            require(bool(monitor.strip()), f"{callback}.monitor is empty: name a value that is logged, such as val/l1")
            if monitor.startswith("val/") and names is not None:
                _require_logged(callback, monitor, names)
            if monitor.startswith("val/") and trainer.limit_val_batches == 0:
                say(f"{callback} never sees {monitor}: trainer.limit_val_batches is 0")

    def on_train_batch_end(
        self, trainer: Trainer, pl_module: LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Looks at what the first step has logged."""
        names = validation_names(trainer, pl_module) if trainer.global_step == 1 else None
        if names is None or not _is_ours(pl_module):
            return
        for callback, monitor in _monitors(trainer):
            counts = _COUNTS if callback == ModelCheckpoint.__name__ else set()
            _require_logged(callback, monitor, names | trainer.callback_metrics.keys() | counts)


def _monitors(trainer: Trainer) -> list[tuple[str, str]]:
    """Names of callbacks, and of the values that they monitor."""
    found = [(type(callback).__name__, getattr(callback, "monitor", None)) for callback in _callbacks(trainer)]
    return [(name, monitor) for name, monitor in found if isinstance(monitor, str)]


def validation_names(trainer: Trainer, module: LightningModule) -> set[str] | None:
    """What a validation logs; None where not everyone says."""
    if not isinstance(module, GANModule) or not _says_all(module):
        return None
    names = module.validation_names()
    for callback in _callbacks(trainer):
        more = _names_of(callback)
        if more is None:
            return None
        names |= more
    return names


def _names_of(callback: Callback) -> set[str] | None:
    if isinstance(callback, Measurement):
        return callback.validation_names()
    return set() if _is_ours(callback) else None


def _says_all(module: GANModule) -> bool:
    """Whether no class has added to a validation without saying what it logs."""
    lineage = type(module).__mro__

    def home(name: str) -> int:
        return next(place for place, cls in enumerate(lineage) if name in vars(cls))

    return home("validation_names") <= min(home("validation_step"), home("on_validation_epoch_end"))


def _is_ours(part: object) -> bool:
    """Whether it is of this package or of Lightning's, whose callbacks log nothing unseen."""
    home = type(part).__module__.partition(".")[0]
    return home in ("gan_lab", "lightning") and not isinstance(part, LambdaCallback)


def _callbacks(trainer: Trainer) -> list[Callback]:
    callbacks: list[Callback] = trainer.callbacks  # type: ignore[attr-defined]  # Lightning's
    return callbacks


def _require_logged(callback: str, monitor: str, names: Collection[str]) -> None:
    near = difflib.get_close_matches(monitor, names, n=1, cutoff=0.8)
    hint = f"did you mean {near[0]}?" if near else f"there is {', '.join(sorted(names)) or 'none'}"
    require(monitor in names, f"{callback} monitors {monitor}, which nothing logs: {hint}")
