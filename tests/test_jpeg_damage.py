"""JPEGs whose compressed data are damaged, of which decoders say nothing, and what becomes of them in training."""

import io

import numpy as np
import pytest
from PIL import Image

from gan_lab.cli import main
from gan_lab.datasets.broken_files import without_broken
from gan_lab.datasets.images import ImageFile, read_image
from gan_lab.datasets.unpaired_images import UnpairedImages
from gan_lab.errors import DatasetError, ImageReadError
from tests.fakes import drawing, save

KINDS = {
    "usual": {},
    "whole colors": {"subsampling": 0},
    "progressive": {"progressive": True},
    "restarts": {"restart_marker_rows": 1},
    "coarse": {"quality": 30},
}


def jpeg(mode="RGB", size=(72, 120), **options):
    noise = np.random.default_rng(0).integers(0, 60, (*size, 3), dtype=np.uint8)
    pixels = np.uint8(np.indices(size).sum(0)[..., None] // 2) + noise
    file = io.BytesIO()
    Image.fromarray(pixels).convert(mode).save(file, "JPEG", **options)
    return file.getvalue()


def written(folder, data, name="x.jpg"):
    folder.mkdir(exist_ok=True, parents=True)
    (folder / name).write_bytes(data)
    return folder / name


def cut(data, share=0.5):
    """The beginning, and an end marker."""
    return data[: int(share * len(data))] + b"\xff\xd9"


def scrambled(data, seed=0, count=10):
    """Some bytes of the last scan are others."""
    random = np.random.default_rng(seed)
    changed = bytearray(data)
    for place in random.integers(data.rindex(b"\xff\xda") + 14, len(data) - 4, count):
        changed[place] = random.integers(256)
    return bytes(changed)


@pytest.mark.parametrize("mode", ["RGB", "L", "CMYK"])
@pytest.mark.parametrize("kind", KINDS)
def test_a_picture_cut_short_before_its_end_marker_is_refused_and_a_whole_one_taken(tmp_path, kind, mode):
    whole = jpeg(mode, **KINDS[kind])
    assert read_image(written(tmp_path, whole)).shape == (72, 120, 3)
    for share in (0.5, 0.7, 0.9):
        with pytest.raises(ImageReadError, match=r"x\.jpg: (damaged inside|image file is truncated)"):
            read_image(written(tmp_path, cut(whole, share)))


def test_other_bytes_inside_are_noticed_where_the_decoder_loses_its_way(tmp_path):
    whole, found = jpeg(size=(256, 256)), 0
    for seed in range(20):
        try:
            read_image(written(tmp_path, scrambled(whole, seed)))
        except ImageReadError:
            found += 1
    assert found >= 17


@pytest.mark.parametrize("more", [b"", b"\0" * 40, b"\xff\xd8 a second picture \xff\xd9", b"\r\n"])
def test_what_follows_a_whole_picture_does_not_matter(tmp_path, more):
    assert read_image(written(tmp_path, jpeg() + more)).shape == (72, 120, 3)


@pytest.mark.parametrize("extra", [b"\0", b"\0\0\0\0\0\0", b"\x12\x34"])
def test_few_bytes_too_many_before_the_end_as_cameras_write_them_do_not_matter(tmp_path, extra):
    whole = jpeg()
    assert read_image(written(tmp_path, whole[:-2] + extra + whole[-2:])).shape == (72, 120, 3)
    with pytest.raises(ImageReadError, match="the picture ends before the compressed data do"):
        read_image(written(tmp_path, whole[:-2] + whole[-100:]))


def test_a_file_of_several_pictures_is_taken(tmp_path):
    file, pictures = io.BytesIO(), [Image.fromarray(drawing(index, 64)) for index in range(2)]
    pictures[0].save(file, "MPO", save_all=True, append_images=pictures[1:])
    assert read_image(written(tmp_path, file.getvalue())).shape == (64, 64, 3)
    with pytest.raises(ImageReadError, match=r"x\.jpg"):
        read_image(written(tmp_path, cut(file.getvalue(), 0.3)))


def test_a_file_is_looked_through_once(tmp_path, monkeypatch):
    looked = []
    monkeypatch.setattr("gan_lab.datasets.jpeg_damage._look_through", looked.append)
    paths = [written(tmp_path, jpeg(quality=quality)) for quality in (71, 71, 72)]
    for path in (*paths, *paths):
        read_image(path)
    assert len(looked) == 1  # all have the bytes of the last one


def unpaired(folder, fraction):
    for index in range(4):
        save(drawing(index), folder / f"{index}.png")
    written(folder, b"no image", "1.png")
    written(folder, b"no image", "2.png")
    files = [ImageFile(folder / f"{index}.png", f"{index}.png") for index in range(4)]
    return without_broken(UnpairedImages(files, files[:1], load_size=32), fraction)


def test_a_broken_file_of_one_kind_leaves_the_other_kind_as_it_is(tmp_path, capsys):
    data = unpaired(tmp_path, 0.5)
    assert [data[index]["name"] for index in (0, 1, 2, 3, 1)] == ["0.png", "3.png", "3.png", "3.png", "3.png"]
    assert ["domain A: left out" in line for line in capsys.readouterr().out.splitlines()] == [True, True]
    with pytest.raises(DatasetError, match=r"domain A: 2 of 4 files cannot be decoded.*max_broken_fraction"):
        unpaired(tmp_path, 0.25)[1]
    with pytest.raises(ImageReadError, match=r"1\.png"):
        unpaired(tmp_path, 0.0)[1]


@pytest.mark.parametrize(
    ("config", "place", "times"),
    [
        ("pix2pix_inpainting", "train/street", 1),
        pytest.param("cyclegan_folders", "trainA", 1, marks=pytest.mark.slow),
        pytest.param("art_dcgan_emoji", "", 2, marks=pytest.mark.slow),
    ],
)
def test_a_damaged_jpeg_is_named_and_ends_training_or_is_left_out(small, tmp_path, capsys, config, place, times):
    experiment = str(small(config, data__max_broken_fraction=0.0, data__num_workers=0, data__batch_size=1))
    damaged = written(tmp_path / "data" / place, cut(jpeg(size=(64, 64))))
    assert main(["check", "--config", experiment]) == 1
    assert f"broken: {damaged}: damaged inside" in capsys.readouterr().out
    command = ["fit", "--config", experiment, "--trainer.limit_train_batches=1.0", "--data.batch_size=1"]
    assert main(command) == 1
    assert f"{damaged}: damaged inside" in capsys.readouterr().err
    assert main([*command, "--data.max_broken_fraction=0.3"]) == 0
    assert capsys.readouterr().out.count(f"left out {damaged}") == times  # once by each data set that has it


def test_check_names_the_broken_files_of_both_kinds_though_they_share_a_place(tmp_path):
    files = [ImageFile(written(tmp_path, cut(jpeg()), name), name) for name in ("a.jpg", "b.jpg")]
    with pytest.raises(ImageReadError, match=r"a\.jpg: damaged inside.*; .*b\.jpg: damaged inside"):
        list(UnpairedImages(files[:1], files[1:], load_size=32).oddities(0))


@pytest.mark.slow
def test_the_next_person_stands_in_for_one_whose_picture_is_broken(small, tmp_path, capsys):
    experiment = str(small("sagan_pose_lsp", data__num_workers=0))
    image = next((tmp_path / "data" / "lsp_dataset" / "images").iterdir())
    image.write_bytes(b"no image")
    command = ["fit", "--config", experiment, "--trainer.limit_train_batches=1.0", "--data.batch_size=1"]
    assert main(command) == 1
    assert f"{image.name}: no image that can be decoded" in capsys.readouterr().err
    assert main([*command, "--data.max_broken_fraction=0.4"]) == 0
