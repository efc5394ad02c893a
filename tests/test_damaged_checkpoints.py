"""A hundred damaged checkpoints: each is refused in one sentence, or does no harm."""

from pathlib import Path

import pytest
import torch

from gan_lab.cli import main
from gan_lab.errors import CheckpointError
from gan_lab.training.checkpoint_files import read_checkpoint
from tests.conftest import small_config
from tests.mutations import BYTES, PARTS
from tests.test_resume import differences

QUICK = {
    "weights a list",
    "all weights NaN",
    "settings a text",
    "images seen a text",
    "no loops",
    "a moment of another shape",
    "a callback empty",
    "a score to beat a text",
}


@pytest.fixture(scope="module")
def trained(tmp_path_factory) -> Path:
    """A run of a paper, with the folder of its data and its configuration."""
    folder = tmp_path_factory.mktemp("trained")
    config = small_config(folder, trainer__max_epochs=1)
    assert main(["fit", "--config", str(config)]) == 0
    return folder


def checkpoint_of(trained: Path) -> Path:
    return trained / "run" / "version_0" / "checkpoints" / "last.ckpt"


@pytest.mark.parametrize("name", BYTES)
def test_a_checkpoint_with_wrong_bytes_is_refused_by_name_or_reads_the_same(trained, tmp_path, name):
    mutate, share = BYTES[name]
    whole = checkpoint_of(trained)
    path = tmp_path / "last.ckpt"
    path.write_bytes(mutate(whole.read_bytes(), share))
    assert path.read_bytes() != whole.read_bytes()
    try:
        found = read_checkpoint(path)
    except CheckpointError as error:
        refusal = str(error)
    else:  # what is wrong is read by no one: dates, padding
        assert differences(found, read_checkpoint(whole)) == []
        return
    assert str(path) in refusal
    assert "\n" not in refusal


def use(trained: Path, checkpoint: Path, folder: Path) -> tuple[int, int]:
    """The statuses of predicting from a checkpoint and of training on from it, to ``folder``."""
    ours = ["--config", str(trained / "pix2pix_emoji_coloring.yaml"), "--ckpt_path", str(checkpoint)]
    predicted = main(["predict", *ours, f"--predictions.folder={folder / 'out'}"])
    longer = ["--trainer.max_epochs=2", "--trainer.limit_val_batches=0", f"--trainer.default_root_dir={folder}"]
    return predicted, main(["fit", *ours, *longer])


def made(folder: Path) -> tuple[dict[str, bytes], dict[str, torch.Tensor]]:
    """What :func:`use` has written: pictures and weights."""
    pictures = {path.name: path.read_bytes() for path in sorted((folder / "out").glob("*.png"))}
    path = folder / "version_0" / "checkpoints" / "last.ckpt"
    return pictures, torch.load(path, weights_only=True)["state_dict"] if path.exists() else {}


@pytest.fixture(scope="module")
def expected(trained, tmp_path_factory):
    """What the whole checkpoint makes."""
    folder = tmp_path_factory.mktemp("expected")
    assert use(trained, checkpoint_of(trained), folder) == (0, 0)
    return made(folder)


@pytest.mark.parametrize("name", [pytest.param(n, marks=[] if n in QUICK else pytest.mark.slow) for n in PARTS])
def test_a_checkpoint_with_a_wrong_part_is_refused_in_one_sentence_or_does_no_harm(
    trained, expected, tmp_path, capsys, name
):
    checkpoint = torch.load(checkpoint_of(trained), weights_only=True)
    PARTS[name](checkpoint)
    path = tmp_path / "damaged.ckpt"
    torch.save(checkpoint, path)
    capsys.readouterr()
    statuses = use(trained, path, tmp_path)
    said = [line for line in capsys.readouterr().err.splitlines() if line.startswith("gan-lab: ")]
    assert len(said) == sum(statuses)
    assert all(str(path) in line for line in said)
    for status, found, whole in zip(statuses, made(tmp_path), expected, strict=True):
        assert found == {} if status else differences(found, whole) == []


def test_there_are_a_hundred():
    assert len(BYTES) + len(PARTS) >= 100
