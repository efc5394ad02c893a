"""Two processes measure what one does, where there are fewer samples than processes too."""

import json

import pytest

from gan_lab.cli import main
from tests.processes import command_in_two
from tests.test_resume import probe


def figures(config, folder, processes):
    saved = folder / f"figures-{processes}.json"
    seen = ["validate", "--config", str(config), "--trainer.callbacks+", probe("SaveMetrics", path=str(saved))]
    seen.append(f"--trainer.default_root_dir={folder / str(processes)}")
    if processes == 1:
        assert main(seen) == 0
    else:
        statuses, said = command_in_two(seen, folder)
        assert statuses == [0, 0], said
    return json.loads(saved.read_text())


@pytest.mark.parametrize("samples", [1, pytest.param(3, marks=pytest.mark.slow)])
def test_of_pairs(small, tmp_path, samples):
    config = small(model__norm="instance", model__dropout=False)
    for picture in sorted((tmp_path / "data" / "val").iterdir())[samples:]:
        picture.unlink()
    alone = figures(config, tmp_path, 1)
    assert {"val/l1", "val/psnr", "val/ssim"} <= alone.keys()
    assert figures(config, tmp_path, 2) == pytest.approx(alone, rel=1e-5)


@pytest.mark.parametrize("samples", [pytest.param(1, marks=pytest.mark.slow), 3])
def test_of_poses(small, tmp_path, samples):
    config = small("sagan_pose_figures", data__val_count=samples)
    alone = figures(config, tmp_path, 1)
    assert "val/pck" in alone
    assert figures(config, tmp_path, 2) == pytest.approx(alone, rel=1e-5, nan_ok=True)


@pytest.mark.parametrize("num_images", [pytest.param(2, marks=pytest.mark.slow), 5])
def test_of_distributions(small, tmp_path, num_images, monkeypatch):
    """More features than are kept; the noise of val/discriminator differs from process to process."""
    monkeypatch.setattr("gan_lab.callbacks.distribution_distance.MOST_KEPT", 3)
    monkeypatch.setattr("gan_lab.metrics.distribution.KERNEL_SUBSET_SIZE", 2)
    config = small("art_dcgan_emoji")
    text = config.read_text().replace("num_images: 6", f"num_images: {num_images}")
    config.write_text(text)
    alone, together = (figures(config, tmp_path, processes) for processes in (1, 2))
    for name in ("val/frechet", "val/kernel", "val/diversity"):
        assert together[name] == pytest.approx(alone[name], rel=1e-5, abs=1e-9)
