"""Statistics of real images that were kept and are damaged."""

import pytest
import torch

from gan_lab.errors import DatasetError
from tests.fakes import drawing, save
from tests.test_distribution import measure


@pytest.fixture
def pictures(tmp_path):
    for index in range(12):
        save(drawing(index), tmp_path / "pictures" / f"{index:02}.png")
    return tmp_path / "pictures"


def statistics(folder):
    (path,) = (folder / "statistics").iterdir()
    return path, torch.load(path, weights_only=True)


DAMAGE = {
    "another count": lambda kept: kept | {"count": kept["count"] + 1},
    "a text for a count": lambda kept: kept | {"count": "8"},
    "a cut sum": lambda kept: kept | {"total": kept["total"][:2]},
    "a sum that is a list": lambda kept: kept | {"total": kept["total"].tolist()},
    "NaN": lambda kept: kept | {"products": kept["products"] * float("nan")},
    "another type of number": lambda kept: kept | {"kept": kept["kept"].long()},
    "no features": lambda kept: kept | {"kept": kept["kept"][:0]},
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_statistics_of_another_shape_are_refused_by_name(pictures, tmp_path, damage):
    measure(pictures, tmp_path)
    path, kept = statistics(tmp_path)
    torch.save(DAMAGE[damage](kept), path)
    with pytest.raises(DatasetError, match=rf"{path} holds other statistics .*: delete {path.parent}$"):
        measure(pictures, tmp_path)


def test_statistics_of_other_features_are_refused_by_name(pictures, tmp_path):
    measure(pictures, tmp_path)
    path, kept = statistics(tmp_path)
    torch.save(
        kept | {"total": torch.ones(2).double(), "products": torch.eye(2).double(), "kept": torch.ones(3, 2)}, path
    )
    with pytest.raises(DatasetError, match=rf"are of 2 features, and .* sees 3: delete {path.parent}$"):
        measure(pictures, tmp_path)


def test_statistics_with_a_wrong_bit_are_made_anew(pictures, tmp_path):
    first, _ = measure(pictures, tmp_path)
    path, kept = statistics(tmp_path)
    damaged = bytearray(path.read_bytes())
    damaged[damaged.index(kept["total"].numpy().tobytes())] ^= 1
    path.write_bytes(damaged)
    again, seen = measure(pictures, tmp_path)
    assert (again, seen > 6) == (first, True)
