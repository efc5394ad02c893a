import os
import pickle
import resource
import signal
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
import torch

from gan_lab.errors import CheckpointError
from gan_lab.modules import Pix2PixModule
from gan_lab.training.checkpoint_files import find_checkpoint, read_checkpoint
from gan_lab.training.checkpoints import AtomicCheckpointIO, require_match
from gan_lab.training.old_checkpoints import in_present_form
from gan_lab.training.renamed import RENAMES
from tests.conftest import PROJECT
from tests.skips import needs_machine

IO = AtomicCheckpointIO()
OLD = {"state_dict": {"weight": torch.zeros(1000)}, "global_step": 1}
NEW = {"state_dict": {"weight": torch.ones(100_000)}, "global_step": 2}


class Malicious:
    def __reduce__(self):
        return os.mkdir, ("executed",)


@pytest.fixture
def target(tmp_path: Path) -> Path:
    path = tmp_path / "folder" / "last.ckpt"
    IO.save_checkpoint(OLD, path)
    return path


def is_old_and_alone(path: Path) -> bool:
    return read_checkpoint(path)["global_step"] == 1 and list(path.parent.iterdir()) == [path]


def test_what_is_saved_is_read_back(target):
    IO.save_checkpoint(NEW, target)
    assert torch.equal(IO.load_checkpoint(target)["state_dict"]["weight"], torch.ones(100_000))
    assert list(target.parent.iterdir()) == [target]


def test_reading_needs_no_lightning(target):
    program = (
        "import sys; from pathlib import Path\n"
        "from gan_lab.training.checkpoint_files import find_checkpoint, read_checkpoint\n"
        "step = read_checkpoint(find_checkpoint('last', Path(sys.argv[1])))['global_step']\n"
        "print(step, *{'lightning', 'pytorch_lightning', 'jsonargparse'} & sys.modules.keys())"
    )
    command = [sys.executable, "-c", program, str(target.parent)]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("1\n", "")  # and no library's name


def test_a_kill_while_writing_leaves_the_old_file(target, monkeypatch):
    child = os.fork()
    if child == 0:  # dies in the middle of its write, as a job that is out of time does

        def half(checkpoint, file):
            file.write(b"half of a file")
            file.flush()
            os.kill(os.getpid(), signal.SIGKILL)

        monkeypatch.setattr(torch, "save", half)
        IO.save_checkpoint(NEW, target)
    assert os.WTERMSIG(os.waitpid(child, 0)[1]) == signal.SIGKILL
    assert read_checkpoint(target)["global_step"] == 1
    assert find_checkpoint("last", target.parent) == target


def test_a_full_disk_is_an_error_and_leaves_the_old_file(target):
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, limits[1]))
    try:
        with pytest.raises(
            CheckpointError, match=r"cannot write checkpoint .*last\.ckpt: .+; the previous one is intact"
        ):
            IO.save_checkpoint(NEW, target)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert is_old_and_alone(target)


def test_a_folder_that_cannot_be_written_is_an_error(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(CheckpointError, match=r"cannot write checkpoint .*file/last\.ckpt"):
        IO.save_checkpoint(NEW, tmp_path / "file" / "last.ckpt")


@needs_machine(os.name == "posix" and os.geteuid() != 0, "root may write everywhere")
def test_a_read_only_folder_is_an_error_and_leaves_the_old_file(target):
    target.parent.chmod(0o555)
    try:
        with pytest.raises(CheckpointError, match="Permission denied; the previous one is intact"):
            IO.save_checkpoint(NEW, target)
    finally:
        target.parent.chmod(0o755)
    assert is_old_and_alone(target)


def test_the_temporary_folder_is_never_used(target, monkeypatch):
    monkeypatch.setenv("TMPDIR", "/nonexistent")
    IO.save_checkpoint(NEW, target)
    assert read_checkpoint(target)["global_step"] == 2


@pytest.mark.filterwarnings("ignore:Detected pickle protocol")
def test_pickled_code_is_refused_and_not_run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "bad.ckpt"
    torch.save({"state_dict": {}, "surprise": Malicious()}, path)
    with pytest.raises(CheckpointError, match=r"bad\.ckpt holds pickled code"):
        IO.load_checkpoint(path, weights_only=False)
    path.write_bytes(pickle.dumps(Malicious()))
    with pytest.raises(CheckpointError, match=r"bad\.ckpt"):
        IO.load_checkpoint(path)
    assert not (tmp_path / "executed").exists()


@pytest.mark.parametrize("kept", [0, 100, -100])
def test_a_truncated_file_is_refused(target, kept):
    target.write_bytes(target.read_bytes()[:kept])
    with pytest.raises(CheckpointError, match=r"last\.ckpt is (truncated|broken) or not a checkpoint"):
        read_checkpoint(target)


def test_a_whole_file_is_read_for_its_checksums_once(target, monkeypatch):
    read_checkpoint(target)
    monkeypatch.setattr("zipfile.ZipFile.testzip", lambda archive: "everything")
    read_checkpoint(target)
    IO.save_checkpoint(NEW, target)
    with pytest.raises(CheckpointError, match="everything is not as it was written"):
        read_checkpoint(target)


def test_a_checkpoint_without_checksums_is_refused(tmp_path):
    torch.save(OLD, tmp_path / "x.ckpt", _use_new_zipfile_serialization=False)
    with pytest.raises(CheckpointError, match=r"before 1\.6, without checksums"):
        read_checkpoint(tmp_path / "x.ckpt")


def test_a_compressed_archive_is_refused_unread(tmp_path, monkeypatch):
    """A megabyte of it could be a gigabyte."""
    torch.save(OLD, tmp_path / "whole.ckpt")
    packed = zipfile.ZipFile(tmp_path / "x.ckpt", "w", zipfile.ZIP_DEFLATED)
    with zipfile.ZipFile(tmp_path / "whole.ckpt") as whole, packed:
        for name in whole.namelist():
            packed.writestr(name, whole.read(name))
    monkeypatch.setattr("zipfile.ZipFile.testzip", None)  # would fail
    with pytest.raises(CheckpointError, match=r"x\.ckpt is truncated or not a checkpoint"):
        read_checkpoint(tmp_path / "x.ckpt")


def test_growing_networks_without_a_count_of_images_are_refused(tmp_path):
    settings = {"schedule": {"resolution": 16}}
    IO.save_checkpoint(OLD | {"hyper_parameters": settings}, tmp_path / "x.ckpt")
    with pytest.raises(CheckpointError, match="it has no 'images_seen'"):
        read_checkpoint(tmp_path / "x.ckpt")
    IO.save_checkpoint(OLD | {"hyper_parameters": settings, "images_seen": 3}, tmp_path / "x.ckpt")
    assert read_checkpoint(tmp_path / "x.ckpt")["images_seen"] == 3


def test_a_file_of_weights_alone_is_no_checkpoint(tmp_path):
    torch.save({"weight": torch.zeros(1)}, tmp_path / "x.ckpt")
    with pytest.raises(CheckpointError, match="no training checkpoint"):
        read_checkpoint(tmp_path / "x.ckpt")


def test_last_is_the_newest_that_can_be_read(tmp_path, capsys):
    paths = [tmp_path / f"version_{version}" / "checkpoints" / "last.ckpt" for version in range(3)]
    for age, path in enumerate(paths):
        IO.save_checkpoint(OLD, path)
        os.utime(path, (1e9 + age, 1e9 + age))
    assert find_checkpoint("last", tmp_path) == paths[2]
    assert capsys.readouterr().out == ""
    damaged = bytearray(paths[2].read_bytes())
    damaged[damaged.index(bytes(400))] = 1  # in the weights, which are zeros
    paths[2].write_bytes(damaged)
    os.utime(paths[2], (2e9, 2e9))
    assert find_checkpoint("last", tmp_path) == paths[1]
    said = capsys.readouterr().out.splitlines()
    assert said[0].startswith(f"gan-lab: skipped: {paths[2]} is damaged: ")
    assert said[1].startswith(f"gan-lab: taken in its place: {paths[1]}")
    with pytest.raises(CheckpointError, match=r"no readable best\.ckpt below"):
        find_checkpoint("best", tmp_path)


def test_a_checkpoint_of_other_networks_is_refused_with_what_differs(tmp_path):
    there = Pix2PixModule(image_size=32, generator_channels=4, discriminator_channels=4)
    here = Pix2PixModule(image_size=64, generator_channels=8, discriminator_channels=4, norm="instance", lr=1.0)
    path = tmp_path / "x.ckpt"
    IO.save_checkpoint({"state_dict": there.state_dict(), "hyper_parameters": dict(there.hparams)}, path)
    advice = "image_size 32, model.generator_channels 4, model.norm batch"
    with pytest.raises(
        CheckpointError, match=rf"other networks than .* \d+ other tensors differ.* model\.{advice}$"
    ) as said:
        require_match(path, here)
    assert str(said.value).count(" there, ") == 3
    assert require_match(path, there) == {}


def test_a_checkpoint_of_another_paper_is_refused_by_name(tmp_path):
    module = Pix2PixModule(image_size=32, generator_channels=4, discriminator_channels=4)
    settings = {"_class_path": "gan_lab.modules.OtherModule"}
    IO.save_checkpoint({"state_dict": {}, "hyper_parameters": settings}, tmp_path / "x.ckpt")
    with pytest.raises(CheckpointError, match="a checkpoint of OtherModule, not of Pix2PixModule"):
        require_match(tmp_path / "x.ckpt", module)


@pytest.mark.parametrize(("phase", "kept"), [(1, True), (0, False)])
def test_counts_that_were_buffers_are_counted_on_the_host(phase, kept):
    """With 12 images the fade has begun: a step of phase 0 was the last before it, and Adam was about to forget."""
    schedule = {"resolution": 16, "start_resolution": 8, "stable_kimg": 0.008, "fade_kimg": 0.016, "total_kimg": 0}
    moments = [{"state": {0: {"step": torch.tensor(3.0)}}, "param_groups": [{"lr": 0.1}]}]
    old = {
        "state_dict": {"images_seen": torch.tensor(12), "phase": torch.tensor(phase), "generator.x": torch.ones(1)},
        "hyper_parameters": {"schedule": schedule},
        "optimizer_states": moments,
    }
    present = in_present_form(old, RENAMES)
    assert present["images_seen"] == 12
    assert list(present["state_dict"]) == ["generator.x"]
    assert present["optimizer_states"] == (moments if kept else [{"state": {}, "param_groups": [{"lr": 0.1}]}])
    assert "phase" in old["state_dict"]
