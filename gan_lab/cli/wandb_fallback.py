"""Weights & Biases that never hangs or ends a run: without a key or a network it logs offline."""

import os
from pathlib import Path
from typing import Any

from lightning.pytorch.loggers import Logger, WandbLogger

_INIT_TIMEOUT_SECONDS = "15"  # wandb's own 90 s look like a hang


def settle_wandb(logger: Logger, settings: dict[str, Any]) -> tuple[Logger, str | None]:
    """Starts a W&B run, or an offline one if that fails.

    Args:
        logger: Any logger; others than W&B's come back as they are.
        settings: What it was made with.

    Returns:
        The logger to use, and why it is offline if it had to be.
    """
    mode = settings.get("mode") or os.environ.get("WANDB_MODE", "online")
    if not isinstance(logger, WandbLogger) or settings.get("offline") or mode != "online":
        return logger, None
    import wandb

    Path(settings.get("save_dir") or ".").mkdir(parents=True, exist_ok=True)  # or wandb goes elsewhere
    os.environ.setdefault("WANDB_INIT_TIMEOUT", _INIT_TIMEOUT_SECONDS)
    try:
        if not wandb.login(prompt=False, verify=False):
            raise wandb.errors.UsageError("no API key; `wandb login` stores one")
        _ = logger.experiment  # starts the run
    except Exception as error:  # whatever it is, it is not worth the training
        given = {name: value for name, value in settings.items() if value is not None}
        return type(logger)(**{**given, "mode": "offline"}), str(error).splitlines()[0]
    return logger, None
