"""A disk that is full is called that, with the file, and costs nothing that was there."""

import errno
import resource
from contextlib import contextmanager
from types import SimpleNamespace

import pytest
import torch
from lightning.pytorch.loggers import CSVLogger
from PIL import Image

from gan_lab.callbacks.csv_metrics import keep_rows
from gan_lab.cli import main
from gan_lab.cli.failures import guarded
from gan_lab.cli.reports import report_to
from gan_lab.images.sheet import save_image
from gan_lab.training.torch_files import write_torch_file
from tests.test_cli import failure


@contextmanager
def room_for(size):
    """Within it no file can be longer, as if the disk were full there."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def said_of(capsys, work):
    """What the command says if this is its work and there is no room."""

    def run(arguments):
        with room_for(1000):
            work()
        return 0

    assert guarded(run, []) == 1
    return capsys.readouterr().err


def test_torch_says_why_and_where(tmp_path, capsys):
    path = tmp_path / "weights.pt"
    write_torch_file({"a": 1}, path)
    said = said_of(capsys, lambda: write_torch_file({"a": torch.zeros(10_000)}, path))
    assert said == f"gan-lab: File too large: {path}\n"
    assert torch.load(path, weights_only=True) == {"a": 1}
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("kind", ["bmp", "jpg", "png", "ppm", "tif", "webp"])
def test_pictures_of_all_kinds_do(tmp_path, capsys, kind):
    path = tmp_path / f"picture.{kind}"
    noise = Image.frombytes("RGB", (64, 64), torch.randint(256, (64 * 64 * 3,), dtype=torch.uint8).numpy().tobytes())
    save_image(Image.new("RGB", (4, 4)), path)
    before = path.read_bytes()
    assert said_of(capsys, lambda: save_image(noise, path)) == f"gan-lab: File too large: {path}\n"
    assert path.read_bytes() == before


def logger_with_rows(folder):
    logger = CSVLogger(folder, name="", version=0)
    keep_rows(SimpleNamespace(loggers=[logger]))
    logger.log_metrics({"a": 1.0}, step=0)
    logger.save()
    return logger


@pytest.mark.parametrize("more", [{"a": 2 / 3}, {"b": 2 / 3}])
def test_figures_stay_as_they_were(tmp_path, capsys, more):
    logger = logger_with_rows(tmp_path)
    path = tmp_path / "version_0" / "metrics.csv"
    before = path.read_bytes()

    def work():
        for step in range(90):  # fewer than are written by themselves
            logger.log_metrics(more, step=step + 1)
        logger.save()

    assert said_of(capsys, work) == f"gan-lab: File too large: {path}\n"
    assert path.read_bytes() == before


def test_figures_of_other_names_are_added(tmp_path):
    logger = logger_with_rows(tmp_path)
    logger.log_metrics({"b": 2.0}, step=1)
    logger.save()
    logger.log_metrics({"a": 3.0, "b": 4.0}, step=2)
    logger.save()
    text = (tmp_path / "version_0" / "metrics.csv").read_text()
    assert text.split() == ["a,b,step", "1.0,,0", ",2.0,1", "3.0,4.0,2"]


def test_settings_that_cannot_be_written_are_named(tmp_path, capsys):
    logger = logger_with_rows(tmp_path)
    said = said_of(capsys, lambda: logger.log_hyperparams({str(n): "long" * 9 for n in range(100)}))
    assert said == f"gan-lab: File too large: {tmp_path / 'version_0' / 'hparams.yaml'}\n"


def test_who_names_no_file_has_it_in_the_runs_folder(tmp_path, capsys):
    def run(arguments):
        report_to(lambda: tmp_path)
        raise OSError(errno.ENOSPC, "No space left on device")

    assert guarded(run, []) == 1
    assert capsys.readouterr().err == f"gan-lab: No space left on device: {tmp_path}\n"


def test_a_run_that_may_not_be_written_to_is_measured_all_the_same(small, capsys, monkeypatch):
    def refuse(*given, **more):
        raise OSError(errno.EROFS, "Read-only file system", "there")

    monkeypatch.setattr("gan_lab.callbacks.image_logger.save_image", refuse)
    monkeypatch.setattr("gan_lab.callbacks.distribution_distance.write_torch_file", refuse)
    config = ["--config", str(small("art_dcgan_emoji"))]
    assert main(["validate", *config]) == 0
    said = capsys.readouterr().out
    assert said.count("there is not kept (Read-only file system): --trainer.default_root_dir names another") == 2
    assert "val/frechet" in said
    assert "Read-only file system: there" in failure(capsys, ["fit", *config, "--trainer.max_epochs=1"], status=1)
