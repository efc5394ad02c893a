import shutil
import unicodedata
from collections import Counter
from datetime import date

import numpy as np
import pytest
from PIL import Image
from scipy.io import loadmat, savemat

from gan_lab.cli import main
from gan_lab.datamodules import AgingDataModule, CACDAgingDataModule, IMDBWIKIAgingDataModule
from gan_lab.datasets import CACD, IMDBWIKI
from gan_lab.datasets.held_out import is_held_out
from gan_lab.datasets.imdb_wiki import age_in
from gan_lab.errors import ConfigurationError, DatasetError, DatasetNotFoundError
from gan_lab.images.transforms import crop
from tests import fakes
from tests.skips import REAL_DATA, needs_real_data

SAMPLES = REAL_DATA
needs_samples = needs_real_data("")

SMALL = {"image_size": 32, "load_size": 36, "num_workers": 0, "val_fraction": 0.3}


def people(faces) -> set[str]:
    return {face.identity for face in faces}


@pytest.mark.parametrize(
    ("birth", "year", "age"),
    [  # MATLAB: datenum(1981, 5, 5) is 723671, datenum(2000, 1, 1) is 730486
        (723671, 2009, 28),
        (730486, 2000, 0),
        (730486 + 182, 2030, 30),  # born on 1 July of a leap year
        (730486 + 183, 2030, 29),  # born on 2 July
        (730486 + 182, 1999, -1),
        (0, 2000, None),
        (366, 2000, None),
        (367, 2000, 1999),  # 1 January of the year 1
        (10**9, 2000, None),
    ],
)
def test_age_is_what_someone_has_reached_by_the_first_of_july(birth, year, age):
    assert age_in(year, birth) == age


def test_faces_of_cacd_are_found_in_either_form_of_unicode(tmp_path):
    names = [unicodedata.normalize(form, "20_Zoë_0001.jpg") for form in ("NFC", "NFD")]
    for saved, listed in (names, reversed(names)):
        path = fakes.save(fakes.drawing(0), tmp_path / str(len(saved)) / "CACD2000" / saved)
        root = path.parent.parent
        columns = {"age": np.uint8([[20]]), "identity": np.uint16([[1]]), "name": fakes.cells([listed]).T}
        savemat(root / "celebrity2000_meta.mat", {"celebrityImageData": columns})
        assert [face.path for face in CACD(root).faces] == [path]


def test_a_box_is_cut_out_and_the_border_repeated_beyond_the_image():
    image = np.arange(48, dtype=np.uint8).reshape(4, 4, 3)
    assert np.array_equal(crop(image, (1, 0, 3, 2)), image[0:2, 1:3])
    assert np.array_equal(crop(image, (-1.6, 2.4, 2, 6)), np.pad(image[2:, :2], ((0, 2), (2, 0), (0, 0)), "edge"))
    assert (crop(image, (9, 9, 11, 11)) == image[3, 3]).all()


def test_rows_that_cannot_be_used_are_left_out_and_counted(tmp_path):
    rows = [
        fakes.imdb_wiki_row("Good One", date(1950, 6, 30), 1980),
        fakes.imdb_wiki_row("No Face", date(1950, 1, 1), 1980, score=-np.inf),
        fakes.imdb_wiki_row("No Face Either", date(1950, 1, 1), 1980, score=-np.inf),
        fakes.imdb_wiki_row("Second Face", date(1950, 1, 1), 1980, second=1.5),
        fakes.imdb_wiki_row("Not Born", date(1981, 1, 1), 1980),
        fakes.imdb_wiki_row("Just Possible", date(1880, 1, 1), 1980),
        fakes.imdb_wiki_row("Too Old", date(1879, 1, 1), 1980),
        fakes.imdb_wiki_row("Gone", date(1950, 1, 1), 1980),
    ]
    root = fakes.write_imdb_wiki_half(tmp_path, "wiki", rows)
    (root / "wiki_crop" / rows[-1]["full_path"]).unlink()
    data = IMDBWIKI(root, ["wiki"])
    assert [(face.identity, face.age) for face in data.faces] == [("Good One", 30), ("Just Possible", 100)]
    assert data.summary() == (
        "IMDB-WIKI: 2 faces of 2 people; left out: 2 with no face, 1 with a second face, 2 of an impossible age, "
        "1 whose file is missing"
    )


def test_cropped_faces_are_whole_files_and_others_are_cut_out(tmp_path):
    row = fakes.imdb_wiki_row("Someone", date(1950, 1, 1), 1980)  # the face is pixels 9 to 24 by 5 to 20, from 1
    fakes.write_imdb_wiki_half(tmp_path, "wiki", [row])
    fakes.write_imdb_wiki_half(tmp_path, "wiki", [row], folder="wiki")
    whole = np.asarray(Image.open(tmp_path / "wiki" / row["full_path"]))
    wide = np.pad(whole, ((8, 8), (8, 8), (0, 0)), "edge")[8 + 4 - 6 : 8 + 20 + 6, 8 + 8 - 6 : 8 + 24 + 6]
    for cropped, margin, load_size, expected in (
        (True, 0.4, 32, whole),
        (False, 0.0, 16, whole[4:20, 8:24]),
        (False, 0.4, 28, wide),  # 0.4 x 16 pixels is 6.4 on each side
    ):
        sample = IMDBWIKI(tmp_path, ["wiki"], cropped, margin, load_size)[0]
        assert np.array_equal(sample["source"].permute(1, 2, 0).numpy(), expected)
        assert sample["name"] == ("wiki_crop/" if cropped else "wiki/") + row["full_path"]
        assert sample["age"] == 30


def test_a_person_in_both_halves_is_one(tmp_path):
    data = IMDBWIKI(fakes.write_imdb_wiki(tmp_path))
    assert Counter(face.identity for face in data.faces) == {f"Person {index}": 2 for index in range(12)}
    assert data.left_out == {"with no face": 1}


def test_nameless_people_are_told_apart_by_the_page_they_come_from(tmp_path):
    rows = [
        fakes.imdb_wiki_row("", date(1950, 1, 1), 1980) | {"full_path": f"00/{page}_1950-01-01_{year}.jpg"}
        for page, year in ((100, 1980), (100, 1981), (200, 1980))
    ]
    data = IMDBWIKI(fakes.write_imdb_wiki_half(tmp_path, "wiki", rows), ["wiki"])
    assert [face.identity for face in data.faces] == ["100", "100", "200"]


def test_cacd_takes_ages_and_people_from_its_metadata(tmp_path):
    data = CACD(fakes.write_cacd(tmp_path, people=2))
    assert [(face.name, face.age, face.identity) for face in data.faces] == [
        ("20_Person_Nr._1_0020.jpg", 20, "1"),
        ("51_Person_Nr._1_0051.jpg", 51, "1"),
        ("21_Person_Nr._2_0021.jpg", 21, "2"),
        ("52_Person_Nr._2_0052.jpg", 52, "2"),
    ]
    assert data.left_out == {"whose file is missing": 1}


@pytest.mark.parametrize(
    ("make", "write"), [(CACDAgingDataModule, fakes.write_cacd), (IMDBWIKIAgingDataModule, fakes.write_imdb_wiki)]
)
def test_nobody_is_in_both_splits_and_everybody_is_in_one(tmp_path, make, write):
    data: AgingDataModule = make(write(tmp_path), **SMALL)
    splits = data.splits()
    trained = [*splits["train"].faces_a, *splits["train"].faces_b]
    held_out = [*splits["val"].faces_a, *splits["val"].faces_b]
    assert people(trained).isdisjoint(people(held_out))
    assert len(people(trained) | people(held_out)) == 12
    assert len(trained) + len(held_out) == 24
    for split in splits.values():
        assert all(18 <= face.age <= 30 for face in split.faces_a)
        assert all(50 <= face.age <= 100 for face in split.faces_b)


def test_who_is_held_out_depends_on_no_one_else_and_on_the_seed():
    names = [f"Person {index}" for index in range(4000)]
    held_out = [name for name in names if is_held_out(name, 0.1, seed=0)]
    assert 320 < len(held_out) < 480  # within four standard deviations, 19 each, of 400
    assert {name for name in names if is_held_out(name, 0.05, seed=0)} < set(held_out)
    both = [name for name in held_out if is_held_out(name, 0.1, seed=1)]
    assert len(both) < 80  # 40 by chance


def test_samples_carry_both_ages_and_old_faces_are_drawn_anew(tmp_path):
    data = CACDAgingDataModule(fakes.write_cacd(tmp_path), **SMALL)
    training, validation = data.training_data(), data.validation_data()
    ages = {face.name: face.age for face in data.faces.faces}
    drawn = [training[0] for _ in range(30)]
    assert {sample["age_a"] for sample in drawn} == {ages[drawn[0]["name"]]}
    assert len({sample["age_b"] for sample in drawn}) > 3
    assert [validation[0]["age_b"] for _ in range(3)] == [validation.faces_b[0].age] * 3
    for sample in drawn:  # the young are drawn in black and white, the old in blue and yellow
        assert (sample["a"][0].int() - sample["a"][2].int()).abs().float().mean() < 10
        assert (sample["b"][0].int() - sample["b"][2].int()).abs().float().mean() > 80
    batch = next(iter(data.val_dataloader()))
    assert data.on_after_batch_transfer(batch, 0)["age_a"].tolist() == [validation.faces_a[0].age]


@pytest.mark.parametrize(("direction", "domain"), [("AtoB", "young"), ("BtoA", "old")])
def test_prediction_takes_the_held_out_faces_of_the_age_wanted(small, tmp_path, direction, domain):
    out, config = tmp_path / "out", small("cyclegan_aging")
    ways = [f"--model.predict_direction={direction}", f"--data.predict_domain={domain}"]
    assert main(["predict", "--config", str(config), *ways, f"--predictions.folder={out}"]) == 0
    ages = {"young": range(18, 31), "old": range(50, 101)}[domain]
    held_out = [
        path.with_suffix("").name
        for path in (tmp_path / "data" / "CACD2000").iterdir()
        if int(path.name.split("_")[0]) in ages and is_held_out(path.name.split("_")[3], 0.3, seed=0)
    ]
    assert sorted(path.with_suffix("").name for path in out.iterdir()) == sorted(held_out) != []


def test_the_faces_left_out_are_told_in_one_line(small, capsys):
    assert main(["fit", "--config", str(small("cyclegan_aging")), "--trainer.max_epochs=1"]) == 0
    lines = [line for line in capsys.readouterr().out.splitlines() if "left out" in line]
    assert lines == ["gan-lab: CACD: 24 faces of 12 people; left out: 1 whose file is missing"]


@pytest.mark.parametrize(
    ("settings", "complaint"),
    [
        ({"young": (30, 18)}, r"data\.young and data\.old must be ranges .* got \[30, 18\] and \[50, 100\]"),
        ({"young": (18, 50)}, r"all of the young below the old, got \[18, 50\]"),
        ({"val_fraction": 1.0}, r"data\.val_fraction must be above 0 and below 1, got 1\.0"),
        ({"load_size": 16}, r"data\.load_size must be at least data\.image_size, 32, to crop from, got 16"),
    ],
)
def test_settings_that_make_no_sense_are_refused(tmp_path, settings, complaint):
    with pytest.raises(ConfigurationError, match=complaint):
        CACDAgingDataModule(tmp_path, **(SMALL | settings))


def test_halves_and_margins_that_make_no_sense_are_refused(tmp_path):
    with pytest.raises(ConfigurationError, match=r"data\.halves must name imdb, wiki or both, got none"):
        IMDBWIKI(tmp_path, [])
    with pytest.raises(ConfigurationError, match=r"data\.face_margin must be at least 0, got -0\.1"):
        IMDBWIKI(tmp_path, ["wiki"], cropped=False, face_margin=-0.1)


def test_ages_that_nobody_has_are_refused(tmp_path):
    data = CACDAgingDataModule(fakes.write_cacd(tmp_path), **SMALL, old=(70, 80))
    with pytest.raises(
        DatasetError, match=r"CACD: no face among the people to train on is aged 70 to 80, .* to 61: chang"
    ):
        data.training_data()
    data = CACDAgingDataModule(fakes.write_cacd(tmp_path), **SMALL | {"val_fraction": 1e-9})
    with pytest.raises(DatasetError, match=r"aged 18 to 30, there is nobody: change data\.young, data\.val_fraction"):
        data.validation_data()


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"", "no MATLAB file that can be read"),
        (b"<html>not found</html>" * 20, "no MATLAB file that can be read"),
        ({"something": 1}, "celebrityImageData has no name, identity, age"),
        ({"celebrityImageData": {"age": [1], "identity": [1]}}, "celebrityImageData has no name"),
        ({"celebrityImageData": {"age": [1, 2], "identity": [1], "name": ["x"]}}, "its columns differ in length"),
        ({"celebrityImageData": {"age": [1], "identity": [1], "name": ["x"]}}, "0 faces .* 1 whose file is missing"),
    ],
)
def test_bad_metadata_are_refused_in_one_sentence(tmp_path, content, complaint):
    path = fakes.write_cacd(tmp_path) / "celebrity2000_meta.mat"
    path.write_bytes(content) if isinstance(content, bytes) else savemat(path, content)
    with pytest.raises(DatasetError, match=complaint) as raised:
        CACD(tmp_path)
    assert "\n" not in str(raised.value)


def test_imdb_numbers_beyond_its_names_are_refused(tmp_path):
    path = fakes.write_imdb_wiki(tmp_path) / "imdb_crop" / "imdb.mat"
    struct = loadmat(path)["imdb"][0, 0]
    savemat(path, {"imdb": {key: struct[key] for key in struct.dtype.names} | {"celeb_id": struct["celeb_id"] + 1}})
    with pytest.raises(DatasetError, match=r"imdb\.mat is not the official metadata: celeb_id goes beyond celeb_names"):
        IMDBWIKI(tmp_path)


def test_missing_folders_and_metadata_are_named_with_a_remedy(tmp_path):
    with pytest.raises(DatasetNotFoundError, match=r"CACD2000 does not exist\. .*data\.root"):
        CACD(tmp_path)
    (fakes.write_cacd(tmp_path) / "celebrity2000_meta.mat").unlink()
    with pytest.raises(DatasetNotFoundError, match=r"celebrity2000_meta\.mat does not exist\. .*data\.root"):
        CACD(tmp_path)
    shutil.rmtree(fakes.write_imdb_wiki(tmp_path) / "imdb_crop")
    with pytest.raises(DatasetNotFoundError, match=r"imdb_crop does not exist\. .*data\.halves"):
        IMDBWIKI(tmp_path)


@needs_samples
def test_real_cacd_files_tell_the_ages_of_the_metadata():
    data = CACD(SAMPLES / "cacd")
    assert len(data) == 72
    assert data.left_out == {"whose file is missing": 163_446 - 72}
    assert [face.age for face in data.faces] == [int(face.name.split("_")[0]) for face in data.faces]
    assert Counter(face.age for face in data.faces) == {14: 9, 15: 2, 16: 8, 17: 36, 18: 6, 19: 4, 20: 7}
    stars = {"_".join(face.name.split("_")[1:-1]) for face in data.faces}
    assert len(people(data.faces)) == len(stars)
    splits = CACDAgingDataModule(SAMPLES / "cacd", young=(14, 16), old=(17, 20), val_fraction=0.2).splits()
    assert sum(len(split.faces_a) for split in (splits["train"], splits["val"])) == 19
    assert splits["val"][0]["a"].shape == (3, 256, 256)
    assert splits["val"][0]["a"].float().std() > 20  # a photograph, no flat color


@needs_samples
def test_real_wiki_faces_are_those_with_one_face():
    data = IMDBWIKI(SAMPLES / "imdb_wiki", ["wiki"], load_size=64)
    assert len(data) == 603
    assert data.left_out == {"with no face": 23, "with a second face": 17}
    for face in data.faces:  # ID_DOB_YEAR.jpg
        _, birth, year = face.path.stem.split("_")
        birth_year, month, day = map(int, birth.split("-"))
        assert face.age == int(year) - birth_year - (month > 7 or (month == 7 and day > 1))
    assert all(sample["source"].shape == (3, 64, 64) for sample in (data[index] for index in range(0, 603, 50)))


@needs_samples
def test_the_complete_wiki_metadata_leave_out_what_has_no_face_two_or_no_age(tmp_path):
    shutil.copytree(SAMPLES / "imdb_wiki" / "wiki_crop", tmp_path / "wiki_crop", copy_function=shutil.copyfile)
    shutil.copyfile(SAMPLES / "imdb_wiki" / "official_meta" / "wiki.mat", tmp_path / "wiki_crop" / "wiki.mat")
    data = IMDBWIKI(tmp_path, ["wiki"])
    assert data.left_out["with no face"] == 18_016
    assert data.left_out["with a second face"] == 4_096
    assert len(data) + data.left_out.total() == 62_328
    assert people(data.faces) == people(IMDBWIKI(SAMPLES / "imdb_wiki", ["wiki"]).faces)


@needs_samples
def test_real_faces_train_and_are_translated(small, tmp_path):
    config = small("cyclegan_aging_imdb_wiki", data__halves=["wiki"])
    wiki = ["--config", str(config), f"--data.root={SAMPLES / 'imdb_wiki'}"]
    assert main(["fit", *wiki, "--trainer.max_steps=2", "--trainer.limit_val_batches=1"]) == 0
    out = tmp_path / "out"
    options = ["--trainer.limit_predict_batches=3", "--model.predict_direction=both", f"--predictions.folder={out}"]
    assert main(["predict", *wiki, "--ckpt_path=last", *options]) == 0
    for way in ("AtoB", "BtoA"):
        images = [Image.open(path) for path in (out / way / "wiki_crop").rglob("*.*")]
        assert [image.size for image in images] == [(32, 32)] * 24  # three batches of eight
