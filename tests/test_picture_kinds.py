"""Pictures in other containers are taken, or it is said that they are not."""

import numpy as np
import pytest
from PIL import BmpImagePlugin, Image, features

from gan_lab.callbacks.pose_writer import PoseWriter
from gan_lab.datasets import PairedFolder
from gan_lab.datasets.folders import holds_images, image_names, is_image, list_images
from gan_lab.datasets.images import images_below, read_image, read_labels
from gan_lab.errors import DatasetNotFoundError, ImageReadError
from tests import fakes

FLAT = np.full((16, 24, 3), (200, 40, 90), np.uint8)


def write(path, kind=None):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(FLAT).save(path, kind)
    return path


@pytest.mark.parametrize("name", ["x.jfif", "x.jpe", "x.GIF", "x.bmp", "x.dib", "x.tif", "x.TIFF", "x.tga", "x.pnm"])
def test_other_containers_are_taken(tmp_path, name):
    path = write(tmp_path / name)
    assert list_images(tmp_path) == [path]
    assert np.abs(read_image(path).astype(int) - FLAT).max() <= 3


def test_gray_and_two_valued_netpbm_files_are_taken(tmp_path):
    gray = np.arange(256, dtype=np.uint8).reshape(16, 16)
    Image.fromarray(gray).save(tmp_path / "gray.pgm")
    Image.fromarray(gray > 100).save(tmp_path / "two.pbm")
    two, one = (read_image(path)[..., 0] for path in reversed(list_images(tmp_path)))
    np.testing.assert_array_equal(one, gray)
    np.testing.assert_array_equal(two, (gray > 100) * 255)


def test_of_an_animation_the_first_frame_is_taken(tmp_path):
    frames = [Image.fromarray(np.full((8, 8, 3), shade, np.uint8)) for shade in (250, 10)]
    for name in ("x.gif", "x.apng"):
        frames[0].save(tmp_path / name, save_all=True, append_images=frames[1:])
        assert read_image(tmp_path / name)[0, 0].tolist() == [250, 250, 250]


@pytest.mark.skipif(not features.check("avif"), reason="Pillow was built without AVIF")
def test_avif_is_taken_where_pillow_reads_it(tmp_path):
    path = write(tmp_path / "x.avif")
    assert list_images(tmp_path) == [path]
    assert np.abs(read_image(path).astype(int) - FLAT).max() <= 4
    with pytest.raises(ImageReadError, match=r"x\.avif: the numbers of labels are not kept by .*AVIF"):
        read_labels(path, FLAT[0])
    path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(ImageReadError, match=r"x\.avif: ."):
        read_image(path)


def test_heic_is_taken_once_a_plugin_reads_it(tmp_path, monkeypatch):
    path = write(tmp_path / "x.heic", "bmp")
    assert not holds_images(tmp_path)
    assert list_images(tmp_path) == []
    Image.init()
    monkeypatch.setitem(Image.EXTENSION, ".heic", BmpImagePlugin.BmpImageFile.format)
    assert list_images(tmp_path) == [path]
    np.testing.assert_array_equal(images_below("pictures", tmp_path)[0].read(), FLAT)


def test_avif_is_passed_over_where_pillow_does_not_read_it(tmp_path, monkeypatch, capsys):
    Image.init()
    monkeypatch.delitem(Image.EXTENSION, ".avif", raising=False)
    (tmp_path / "x.avif").touch()
    with pytest.raises(DatasetNotFoundError):
        images_below("pictures", tmp_path)
    assert "1 .avif, not read here" in capsys.readouterr().out


def test_what_is_passed_over_is_counted_once(tmp_path, capsys):
    for name in ("a.heic", "sub/b.HEIC", "c.CR2", ".hidden.heic", "notes.txt", "d.mat", "e"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    path = write(tmp_path / "x.png")
    assert list_images(tmp_path) == list_images(tmp_path) == [path]
    assert image_names(tmp_path) == {"x.png"}
    assert capsys.readouterr().out.splitlines() == [
        f"gan-lab: passed over below {tmp_path}: 1 .cr2, 2 .heic, not read here: convert them to PNG or JPEG"
    ]
    assert all(map(is_image, ("x.PNG", "x.jfif")))
    assert not any(map(is_image, ("x.heic", "x.txt", "png")))


def test_partners_may_be_of_any_kind(tmp_path):
    for split in ("train", "val"):
        fakes.save(FLAT, tmp_path / split / "A" / "1.png")
        write(tmp_path / split / "B" / "1.jfif")
    assert [pair.b.name for pair in PairedFolder(tmp_path, "train").pairs] == ["1.jfif"]


def test_a_gif_with_poses_is_drawn_as_png(tmp_path):
    writer = PoseWriter(tmp_path / "out", 0.2, None, None)
    assert writer._drawing(str(tmp_path / "x.gif"), "x.gif") == tmp_path / "out" / "x.gif.png"
