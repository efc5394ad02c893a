"""The configuration that a run leaves beside its checkpoints."""

from lightning.pytorch import LightningModule, Trainer
from lightning.pytorch.cli import SaveConfigCallback

from gan_lab.callbacks.run_directory import run_directory, share_versions
from gan_lab.files import atomic_write


class SaveConfig(SaveConfigCallback):
    """Writes the resolved configuration beside the checkpoints when training starts; other commands leave it alone."""

    def setup(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:
        """Writes nothing yet; has all processes take the first one's folder for the run's."""
        share_versions(trainer)

    def on_fit_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Writes ``config.yaml``, whole or not at all."""
        if not trainer.is_global_zero:
            return
        target = run_directory(trainer) / self.config_filename
        with atomic_write(target) as partial:
            self.parser.save(self.config, partial, skip_none=False, overwrite=True, multifile=False)
