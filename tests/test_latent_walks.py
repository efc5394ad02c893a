"""Predictions along the latent space: grids of mixed styles, films on a closed path."""

import numpy as np
import pytest
import torch
from PIL import Image
from torch.utils.data import default_collate

from gan_lab.cli import main
from gan_lab.datamodules import GrowingFolderDataModule
from gan_lab.datasets.latent_walks import ClosedPath, StyleMixes, parse_layers
from gan_lab.errors import ConfigurationError
from gan_lab.schedules import GrowingSchedule


def test_a_grid_has_margins_of_its_rows_and_columns_own_images():
    grid = StyleMixes([3, 5], [7, 8, 9], (0, 3))
    request = grid.request(default_collate([grid[index] for index in range(len(grid))]))
    assert request.places == [(row, column) for row in range(3) for column in range(4) if row or column]
    assert request.layers == (0, 3)
    seeds = zip(request.seeds.tolist(), request.style_seeds.tolist(), request.names, strict=True)
    by_place = dict(zip(request.places, seeds, strict=True))
    assert by_place[0, 2] == (8, 8, "column0008.png")
    assert by_place[2, 0] == (5, 5, "row0005.png")
    assert by_place[1, 3] == (3, 9, "row0003_column0009.png")
    assert len(set(request.names)) == len(grid)


@pytest.mark.parametrize(
    ("spec", "layers"),
    [("coarse", (0, 3)), ("middle", (4, 7)), ("fine", (8, 17)), ("4-7", (4, 7)), ("9", (9, 9)), ("0-17", (0, 17))],
)
def test_layers_have_names_and_numbers(spec, layers):
    assert parse_layers(spec, 18) == layers


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"mixed_layers": "some"}, "coarse, middle, fine, or given like 4-7, not 'some'"),
        ({"mixed_layers": "7-4"}, "not among the 18 layers"),
        ({"mixed_layers": "4-18"}, "not among the 18 layers, 0 to 17"),
        ({"schedule": GrowingSchedule(resolution=32), "mixed_layers": "fine"}, "'fine' are not among the 8 layers"),
        ({"predict": "mixing"}, "needs data.column_seeds"),
        ({"column_seeds": "1-3"}, "columns of data.predict 'mixing'"),
        ({"predict": "interpolation", "seeds": 5}, "at least two seeds"),
        ({"predict": "interpolation", "seeds": "0-9", "frames": 9}, "at least one a seed, 10, got 9"),
        ({"steps_per_epoch": 0}, "data.steps_per_epoch must be at least 1, got 0"),
    ],
)
def test_predictions_that_do_not_fit_together_are_refused(tmp_path, settings, message):
    with pytest.raises(ConfigurationError, match=message):
        GrowingFolderDataModule(tmp_path, **{"schedule": GrowingSchedule()} | settings)


def predict(small, tmp_path, *arguments: str) -> None:
    config = str(small("stylegan_ffhq"))
    out = f"--predictions.folder={tmp_path / 'out'}"
    assert main(["predict", "--config", config, f"--trainer.default_root_dir={tmp_path}", out, *arguments]) == 0


def test_predict_makes_a_grid_of_mixed_styles(small, tmp_path):
    predict(
        small,
        tmp_path,
        "--data.predict=mixing",
        "--data.seeds=1,2",
        "--data.column_seeds=5-7",
        "--data.mixed_layers=0-2",
    )
    names = sorted(path.name for path in (tmp_path / "out").iterdir())
    assert names == sorted(
        [f"row000{row}.png" for row in (1, 2)]
        + [f"column000{column}.png" for column in (5, 6, 7)]
        + [f"row000{row}_column000{column}.png" for row in (1, 2) for column in (5, 6, 7)]
    )
    with Image.open(tmp_path / "out_sheet.png") as sheet, Image.open(tmp_path / "out/row0002_column0005.png") as cell:
        assert sheet.size == (4 * 20 + 4, 3 * 20 + 4)
        box = (4 + 20, 4 + 2 * 20, 4 + 20 + 16, 4 + 2 * 20 + 16)
        assert np.array_equal(np.asarray(sheet.crop(box)), np.asarray(cell))
        assert np.asarray(sheet.crop((0, 0, 20, 20))).min() == 255


def test_predict_makes_a_film_along_a_closed_path(small, tmp_path, capsys):
    predict(small, tmp_path, "--data.predict=interpolation", "--data.seeds=1-3", "--data.frames=7")
    frames = sorted((tmp_path / "out").iterdir())
    assert [path.name for path in frames] == [f"frame{index:05}.png" for index in range(7)]
    with Image.open(tmp_path / "out.gif") as film:
        assert film.n_frames == 7
        assert film.info["duration"] == 30  # milliseconds: 30 a second in whole hundredths
        assert film.info["loop"] == 0
        assert film.size == (16, 16)
    assert "the film is" in capsys.readouterr().out
    import cv2

    mp4 = cv2.VideoCapture(str(tmp_path / "out.mp4"))
    assert int(mp4.get(cv2.CAP_PROP_FRAME_COUNT)) == 7


def test_a_path_is_the_periodic_cubic_spline():
    """Of one coordinate, against the spline through its values."""
    from scipy.interpolate import CubicSpline

    values = np.array([0.3, -1.0, 2.0, 0.5])
    path = ClosedPath([1, 2, 3, 4], frames=20)
    along = path.request({"frame": torch.arange(20)}).weights.double().numpy() @ values
    spline = CubicSpline(range(5), [*values, values[0]], bc_type="periodic")
    np.testing.assert_allclose(along, spline(np.arange(20) / 5), atol=1e-6)
