"""Has the processes of a run notice each other's end: see :mod:`gan_lab.peers`."""

import os

from lightning.pytorch import LightningModule, Trainer
from lightning.pytorch.callbacks import Callback

from gan_lab import peers
from gan_lab.errors import GanLabError
from gan_lab.terminal import take_rank
from gan_lab.training.distributed import gather
from gan_lab.training.lightning_private import stop_killing_for_children


class ProcessWatch(Callback):
    """Ends a process within seconds of another one's end that was not in good order.

    A process that fails says why, one that is killed is named by another, and the rest end without a word. Starting it
    joins the processes, which all do it together, as early as they can talk to each other.

    Args:
        trainer: The run's, with more than one process.
    """

    def __init__(self, trainer: Trainer) -> None:
        trainer.strategy.setup_environment()  # Lightning does it next: it is the same to do it twice
        take_rank(trainer.global_rank)
        here = trainer.num_nodes == 1
        mine = peers.Peers(trainer.global_rank, trainer.world_size)
        address = gather(mine.listen("127.0.0.1" if here else "") if trainer.is_global_zero else None)[0]
        if address is not None and not trainer.is_global_zero:
            try:
                mine.connect("127.0.0.1" if here else os.environ["MASTER_ADDR"], address)
            except OSError:
                return  # behind a firewall its end is noticed by what it fails to send
        peers.enter(mine)
        stop_killing_for_children()

    def on_exception(self, trainer: Trainer, pl_module: LightningModule, exception: BaseException) -> None:
        """Tells the others of an error; takes leave where all have been told to stop."""
        if isinstance(exception, SystemExit):  # Lightning's SIGTERMException is one
            peers.leave()
        else:
            peers.fail(perhaps_by_another=isinstance(exception, Exception) and not isinstance(exception, GanLabError))

    def teardown(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:
        """Takes leave."""
        peers.leave()
