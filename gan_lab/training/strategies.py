"""Which of Lightning's strategies the steps of :class:`GANModule` are right under: one device, and DDP."""

from lightning.pytorch import Trainer
from lightning.pytorch.strategies import DDPStrategy, SingleDeviceStrategy, Strategy, StrategyRegistry

from gan_lab.errors import ConfigurationError, require
from gan_lab.training.lightning_private import (
    settings_of_ddp,
    shares_out_samples,
    start_method_of,
    synchronizes_batch_norm,
)


def require_for_command(strategy: str | Strategy) -> None:
    """Refuses what a command was given as its strategy, before Lightning looks for the libraries that it needs.

    Raises:
        ConfigurationError: If it is neither a single device's nor DDP, or if it starts processes that are no commands.
    """
    starts = "popen"
    if isinstance(strategy, Strategy):
        name = type(strategy).__name__
        _require_ours(type(strategy), name)
        starts = start_method_of(strategy)
    elif (name := strategy) != "auto":
        known = dict(StrategyRegistry).get(name, {"strategy": None, "init_params": {}})
        _require_ours(known["strategy"], name)
        starts = known["init_params"].get("start_method", starts)
    require(
        starts == "popen",
        f"trainer.strategy {name} starts processes by {starts}, which a stopped command leaves behind: set it to ddp",
    )


def require_strategy(trainer: Trainer) -> None:
    """Refuses a run whose weights would not be wholly on every process, or whose gradients others average too.

    Raises:
        ConfigurationError: If the strategy is another one than a single device's or DDP, if it has options that would
            be without effect, if ``torchrun`` or SLURM have started another number of processes, or if samples would be
            shared out twice.
    """
    strategy = trainer.strategy
    _require_ours(type(strategy), type(strategy).__name__)
    if not isinstance(strategy, DDPStrategy):
        return
    if strategy.cluster_environment is not None:
        try:
            strategy.cluster_environment.validate_settings(trainer.num_devices, trainer.num_nodes)
        except ValueError as error:
            raise ConfigurationError(str(error)) from None
    for option in settings_of_ddp(strategy):
        require(
            option not in ("ddp_comm_hook", "model_averaging_period", "static_graph"),
            f"DDPStrategy's {option} is for gradients that DDP averages; gan-lab averages them itself: leave it out",
        )
    require(
        strategy.root_device.type != "cpu" or not synchronizes_batch_norm(trainer),
        "trainer.sync_batchnorm needs GPUs: set it to false on the CPU",
    )
    require(
        not shares_out_samples(trainer) or not hasattr(getattr(trainer, "datamodule", None), "batch_sampler"),
        "every process takes its share of gan-lab's data by itself: give Trainer use_distributed_sampler=False",
    )


def _require_ours(strategy: type[Strategy] | None, name: str) -> None:
    """Refuses all but Lightning's two and what is derived from them outside of Lightning."""
    bases = [] if strategy is None else strategy.__mro__
    of_lightning = next((base for base in bases if base.__module__.startswith("lightning.")), None)
    require(
        of_lightning in (SingleDeviceStrategy, DDPStrategy),
        f"trainer.strategy {name} is none that these models are trained with: set it to auto or ddp, which keep every "
        "network whole on every device",
    )
