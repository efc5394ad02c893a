"""Weights & Biases that never hangs or ends a run: without a key or a network it logs offline."""

import os
import threading
from pathlib import Path
from typing import Any

from lightning.pytorch.loggers import Logger, WandbLogger

_PATIENCE = 4.0  # seconds for the server's first word, names looked up included
_TIMEOUTS = {
    "WANDB_INIT_TIMEOUT": "5",  # seconds; wandb's own 90 s look like a hang
    "WANDB_FINISH_TIMEOUT": "30",  # after which what is not sent stays for `wandb sync`; wandb itself waits for ever
}


def settle_wandb(logger: Logger, settings: dict[str, Any]) -> tuple[Logger, str | None]:
    """Starts a W&B run, or an offline one if that fails.

    Args:
        logger: Any logger; others than W&B's come back as they are.
        settings: What it was made with.

    Returns:
        The logger to use, and why it is offline if it had to be.
    """
    if not isinstance(logger, WandbLogger):
        return logger, None
    for name, seconds in _TIMEOUTS.items():
        os.environ.setdefault(name, seconds)
    mode = settings.get("mode") or os.environ.get("WANDB_MODE", "online")
    if settings.get("offline") or mode != "online":
        return logger, None
    import wandb

    Path(settings.get("save_dir") or ".").mkdir(parents=True, exist_ok=True)  # or wandb goes elsewhere
    try:
        reason = unreachable(wandb.setup().settings.base_url)
        if reason is None:
            if not wandb.login(prompt=False, verify=False):
                raise wandb.errors.UsageError("no API key; `wandb login` stores one")
            _ = logger.experiment  # starts the run
    except Exception as error:  # whatever it is, it is not worth the training
        reason = str(error).strip().partition("\n")[0] or type(error).__name__
    if reason is None:
        return logger, None
    given = {name: value for name, value in settings.items() if value is not None}
    return type(logger)(**{**given, "mode": "offline"}), reason


def unreachable(url: str, patience: float = _PATIENCE) -> str | None:
    """Why there is no W&B server to log to at an address; None if there is one, or only wandb itself can tell.

    wandb asks again and again for as long as its timeouts allow, at several places, each with a timeout of its own.

    Args:
        url: The server's.
        patience: Seconds after which one that has not answered is taken for unreachable.
    """
    found: list[str | None] = []
    asking = threading.Thread(target=lambda: found.append(_ask(url, patience)), daemon=True)
    asking.start()
    asking.join(patience)  # a name's lookup has no timeout of its own
    return found[0] if found else f"{url} does not answer"


def _ask(url: str, patience: float) -> str | None:
    import requests  # wandb needs it too

    try:
        answer = requests.post(f"{url}/graphql", json={"query": "{__typename}"}, timeout=patience)
        if answer.status_code < 500 and isinstance(answer.json(), dict):
            return None  # of whoever asks without a key, W&B's server may complain
        return f"{url} answers as no W&B server does: {answer.status_code} {answer.reason}"
    except requests.exceptions.SSLError:
        return None  # wandb has certificates of its own
    except requests.exceptions.JSONDecodeError:
        return f"{url} answers as no W&B server does"
    except requests.exceptions.RequestException as error:
        return f"{url} cannot be reached ({type(error).__name__})"
