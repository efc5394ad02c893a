import numpy as np
import pytest
from scipy.io import savemat

from gan_lab.datasets.mat_reader import read_apart

TABLE = {"meta": {"age": np.arange(3.0), "name": np.array([["a", "bc", "def"]], dtype=object)}}


def test_a_variable_is_what_scipy_reads(tmp_path):
    savemat(tmp_path / "a.mat", TABLE)
    meta = read_apart(tmp_path / "a.mat", "meta")
    assert meta.dtype.names == ("age", "name")
    np.testing.assert_array_equal(meta["age"][0, 0], [[0, 1, 2]])
    assert [str(cell[0]) for cell in meta["name"][0, 0].ravel()] == ["a", "bc", "def"]
    assert read_apart(tmp_path / "a.mat", "other") is None


@pytest.mark.parametrize(("place", "byte"), [(256, 255), (257, 255), (364, 9)])
def test_a_damaged_file_does_not_end_the_process(tmp_path, place, byte):
    """Bytes that send SciPy's reader beyond its memory."""
    path = tmp_path / "a.mat"
    savemat(path, TABLE)
    content = bytearray(path.read_bytes())
    content[place] = byte
    path.write_bytes(content)
    with pytest.raises(ValueError, match="damaged: reading it ends the reader"):
        read_apart(path, "meta")
