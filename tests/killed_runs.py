"""Starts a run again and again and kills it each time: ``python -m tests.killed_runs KILLS ROOT ARGUMENTS...``.

A run is a fork of one process that has imported everything, which saves seconds. A third of them are killed while they
write a checkpoint, a third some time after they have begun to, a third at any moment. Each goes on from what the one
before has left, and one more, which is not killed, for two steps.
"""

import os
import random
import signal
import sys
import time
from pathlib import Path

import gan_lab.cli.lightning_cli  # noqa: F401 - whatever a run needs, before it is forked
from gan_lab.cli import main
from gan_lab.errors import CheckpointError
from gan_lab.training.checkpoint_files import find_checkpoint, read_checkpoint

_LONGEST = 1.0  # seconds
_PATIENCE = 120.0


def run(kills: int, root: Path, arguments: list[str]) -> None:
    moments = random.Random(kills)
    done = 0
    for number in range(kills):
        child = _start(root, arguments)
        if number % 3 < 2:
            _wait_for_writing(root, child, moments.randint(2, 6) if number % 3 == 0 else 1)
        if number % 3 > 0:
            time.sleep(moments.uniform(0, _LONGEST))
        os.kill(child, signal.SIGKILL)
        assert os.waitpid(child, 0)[1] == signal.SIGKILL, "it ended by itself: give it more to do"
        steps = [read_checkpoint(path)["global_step"] for path in root.rglob("*.ckpt") if path.name[0] != "."]
        assert max(steps, default=0) >= done, "steps are lost"
        done = max(steps, default=0)
    assert done, "no run has saved anything"
    assert os.waitpid(_start(root, [*arguments, f"--trainer.max_steps={done + 2}"]), 0)[1] == 0


def _start(root: Path, arguments: list[str]) -> int:
    """A run in a process of its own, from the last checkpoint if there is one."""
    try:
        arguments = [*arguments, f"--ckpt_path={find_checkpoint('last', root)}"]
    except CheckpointError:
        assert not list(root.rglob("last.ckpt"))
    child = os.fork()
    if child == 0:
        os._exit(main(arguments))
    return child


def _wait_for_writing(root: Path, child: int, times: int) -> None:
    """Until a process has begun to write a checkpoint so many times."""
    until, seen = time.monotonic() + _PATIENCE, set()
    while len(seen) < times:
        assert time.monotonic() < until, "it writes nothing"
        seen.update(root.glob(f"version_*/checkpoints/.last.*-{child}-*.partial.ckpt"))


if __name__ == "__main__":
    run(int(sys.argv[1]), Path(sys.argv[2]), sys.argv[3:])
