"""Two processes for a test: forked, so that they need not import anything again."""

import multiprocessing
import os
import socket
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch.distributed as dist

from gan_lab.cli import main

_FORK = multiprocessing.get_context("fork")


def in_two(work: Callable[[int], Any], folder: Path) -> list[Any]:
    """What ``work`` gives back in either of two processes that know of each other, by their ranks."""
    pipes = [_FORK.Pipe() for _ in range(2)]

    def run(rank: int) -> None:
        dist.init_process_group("gloo", init_method=f"file://{folder}/store", rank=rank, world_size=2)
        pipes[rank][1].send(work(rank))
        dist.barrier()
        os._exit(0)

    _finish([_FORK.Process(target=run, args=(rank,)) for rank in range(2)])
    assert all(pipe.poll() for pipe, _ in pipes), "a process has failed"
    return [pipe.recv() for pipe, _ in pipes]


def command_in_two(arguments: list[str], folder: Path) -> tuple[list[int | None], str]:
    """Runs a command in two processes, as ``torchrun`` does; gives back their statuses and what both said of errors."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    said = folder / "stderr.txt"

    def run(rank: int) -> None:
        os.environ |= {"RANK": str(rank), "LOCAL_RANK": str(rank), "WORLD_SIZE": "2", "LOCAL_WORLD_SIZE": "2"}
        os.environ |= {"GROUP_RANK": "0", "TORCHELASTIC_RUN_ID": "test"}
        os.environ |= {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port)}
        with said.open("a") as file:
            os.dup2(file.fileno(), 2)
        with Path(os.devnull).open("w") as sys.stdout, os.fdopen(2, "w", buffering=1) as sys.stderr:
            os._exit(main([*arguments, "--trainer.devices=2"]))

    processes = [_FORK.Process(target=run, args=(rank,)) for rank in range(2)]
    _finish(processes)
    return [process.exitcode for process in processes], said.read_text()


def _finish(processes: list[Any]) -> None:
    for process in processes:
        process.start()
    for process in processes:
        process.join(60)
    for process in processes:
        if process.exitcode is None:
            process.kill()
            process.join()
