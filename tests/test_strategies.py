"""One device and DDP are trained under; every other strategy is refused before anything is read."""

import pytest
from lightning.pytorch import Trainer
from lightning.pytorch.strategies import (
    DDPStrategy,
    DeepSpeedStrategy,
    FSDPStrategy,
    ModelParallelStrategy,
    SingleDeviceStrategy,
    XLAStrategy,
)

from gan_lab.cli import main
from gan_lab.datamodules import EmojiPairsDataModule
from gan_lab.errors import ConfigurationError
from gan_lab.modules import SAGANPoseModule
from gan_lab.training.strategies import require_for_command, require_strategy
from tests.test_sagan_pose import SMALL, people
from tests.training import train


class OwnDDP(DDPStrategy):
    """Derived outside of Lightning."""


OfLightning = type("OfLightning", (SingleDeviceStrategy,), {"__module__": "lightning.to.come"})


def of_two(strategy, **settings):
    return Trainer(accelerator="cpu", devices=2, strategy=strategy, logger=False, **settings)


@pytest.mark.parametrize(
    "name",
    ["fsdp", "fsdp_cpu_offload", "deepspeed", "deepspeed_stage_3", "xla", "single_xla", "single_tpu", "dp", "horovod"],
)
def test_other_strategies_are_refused_by_name_before_any_data_are_read(small, capsys, name):
    assert main(["fit", "--config", str(small()), "--trainer.strategy", name, "--data.root", "/nowhere"]) == 2
    (sentence,) = capsys.readouterr().err.strip().splitlines()[-1:]
    assert sentence.startswith(f"gan-lab: trainer.strategy {name} is none that")


@pytest.mark.parametrize("cls", [FSDPStrategy, ModelParallelStrategy, DeepSpeedStrategy, XLAStrategy, OfLightning])
def test_so_are_their_objects_although_some_are_derived_from_ddp(cls):
    with pytest.raises(ConfigurationError, match=f"{cls.__name__} is none that"):
        require_for_command(object.__new__(cls))


def test_so_are_those_given_to_a_trainer_in_python():
    with pytest.raises(ConfigurationError, match="OfLightning is none that"):
        train(SAGANPoseModule(**SMALL), [people()], strategy=OfLightning("cpu"))


@pytest.mark.parametrize("name", ["auto", "ddp", "ddp_find_unused_parameters_true", "ddp_find_unused_parameters_false"])
def test_one_device_and_ddp_are_trained_under(name):
    require_for_command(name)
    require_for_command(OwnDDP(find_unused_parameters=True))
    for strategy in (name, OwnDDP(), "ddp_spawn", "ddp_notebook"):
        require_strategy(of_two(strategy))


@pytest.mark.parametrize("strategy", ["ddp_spawn", "ddp_fork", "ddp_notebook", DDPStrategy(start_method="forkserver")])
def test_a_command_starts_its_processes_as_commands(strategy):
    with pytest.raises(ConfigurationError, match="leaves behind: set it to ddp"):
        require_for_command(strategy)


@pytest.mark.parametrize(
    ("option", "value"), [("static_graph", True), ("ddp_comm_hook", print), ("model_averaging_period", 4)]
)
def test_options_for_gradients_that_ddp_averages_are_refused(option, value):
    with pytest.raises(ConfigurationError, match=option):
        require_strategy(of_two(DDPStrategy(**{option: value})))


def test_batch_norm_over_all_processes_is_refused_on_the_cpu():
    with pytest.raises(ConfigurationError, match=r"trainer\.sync_batchnorm needs GPUs"):
        require_strategy(of_two("ddp", sync_batchnorm=True))


def test_samples_are_not_shared_out_twice(tmp_path):
    trainer = of_two("ddp")
    trainer.datamodule = EmojiPairsDataModule(root=tmp_path)
    with pytest.raises(ConfigurationError, match="use_distributed_sampler=False"):
        require_strategy(trainer)
    trainer = of_two("ddp", use_distributed_sampler=False)
    trainer.datamodule = EmojiPairsDataModule(root=tmp_path)
    require_strategy(trainer)


def test_overfitting_to_some_batches_is_refused_since_each_epoch_has_others():
    with pytest.raises(ConfigurationError, match="overfit_batches would train on other batches in each epoch"):
        train(SAGANPoseModule(**SMALL), [people()], overfit_batches=1)


def test_processes_that_were_not_asked_for_are_refused_before_they_are_connected(monkeypatch):
    for name in ("RANK", "LOCAL_RANK", "GROUP_RANK"):
        monkeypatch.setenv(name, "0")
    monkeypatch.setenv("TORCHELASTIC_RUN_ID", "test")
    monkeypatch.setenv("WORLD_SIZE", "3")
    with pytest.raises(ConfigurationError, match=r"does not match the world size \(3\)"):
        require_strategy(of_two("ddp"))
