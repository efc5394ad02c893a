"""A run folder that came from elsewhere is refused in one sentence or does no harm; see received_runs.py."""

import pickle
import shutil
import sys

import pytest
import yaml

from gan_lab.cli import main
from tests.fakes import WRITERS
from tests.received_runs import RARE, USUAL, Received
from tests.test_old_runs import OLD_RUNS

RUNS = [pytest.param(name, id=name) for name in USUAL] + [
    pytest.param(name, id=name, marks=pytest.mark.slow) for name in RARE
]


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """The data sets of the runs, by their papers."""
    home = tmp_path_factory.mktemp("data")
    classes = {paper: config(paper)["data"]["class_path"] for paper in ("pix2pix", "art_dcgan", "stylegan")}
    return {paper: WRITERS[path.rpartition(".")[2]](home / paper) for paper, path in classes.items()}


@pytest.fixture
def places(tmp_path, monkeypatch):
    """What an enemy may be after, by its name in received_runs.py; the user works in ``work``."""
    names = ("work", "victim", "modules")
    for name in names:
        (tmp_path / name).mkdir()
    (tmp_path / "victim" / "metrics.csv").write_text("epoch,val/l1\n0,0.5\n")
    (tmp_path / "secret.yaml").write_bytes(pickle.dumps("hunter2"))
    (tmp_path / "secret.yaml").write_text("hunter2: hunter2\n")
    (tmp_path / "modules" / "evil_module.py").write_text("import pathlib\npathlib.Path(__file__ + '.mark').touch()\n")
    monkeypatch.syspath_prepend(str(tmp_path / "modules"))
    monkeypatch.chdir(tmp_path / "work")
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    return {
        "evil": "evil_module",
        "mark": str(tmp_path / "work" / "mark"),
        "secret": str(tmp_path / "secret.yaml"),
        "victim": str(tmp_path / "victim"),
    }


def config(paper):
    return yaml.safe_load((OLD_RUNS / paper / "version_0" / "config.yaml").read_text())


def filled(value, places):
    """What is put into a configuration, with the places in it."""
    if isinstance(value, dict):
        return {filled(key, places): filled(item, places) for key, item in value.items()}
    if isinstance(value, list):
        return [filled(item, places) for item in value]
    for name, place in places.items() if isinstance(value, str) else ():
        value = value.replace(f"{{{name}}}", place)
    return value


def hand_over(run: Received, folder, data, places):
    """The run's folder, changed; its checkpoint."""
    shutil.copytree(OLD_RUNS / run.paper / "version_0", folder)
    tree = config(run.paper)
    tree["data"]["init_args"]["root"] = str(data[run.paper])
    for place, value in run.changes.items():
        *between, last = place.split(".") if "~" not in place else [place.removesuffix("~")]
        section = tree
        for name in between:
            section = section[name]
        section[last] = filled(value, places)
    text = (yaml.safe_dump(tree) if run.changes else "") + filled(run.text, places)
    (folder / "config.yaml").write_text(text)
    return folder / "checkpoints" / "last.ckpt"


def contents(folder):
    return {path: path.read_bytes() if path.is_file() else None for path in folder.rglob("*")}


@pytest.mark.parametrize("name", RUNS)
def test_a_received_run_is_refused_in_a_sentence_or_does_no_harm(name, data, places, tmp_path, capfd):
    run = (USUAL | RARE)[name]
    home = tmp_path / "theirs"
    checkpoint = hand_over(run, home / "version_0", data, places)
    before = contents(tmp_path)
    files_of_data = set(data[run.paper].rglob("*"))
    capfd.readouterr()
    status = main([run.command, "--ckpt_path", str(checkpoint)])
    said = capfd.readouterr()

    assert (status != 0) == run.refused, said
    assert filled(run.says, places) in (said.err if run.refused else said.out + said.err)
    assert sum(line.startswith("gan-lab: ") for line in said.err.splitlines()) == run.refused
    assert not {"\x1b", "\x07", "\x9b"} & set(said.out + said.err)
    assert not [word for word in ("Traceback", "hunter2") if word in said.out + said.err]
    assert "evil_module" not in sys.modules
    after = contents(tmp_path)
    assert {path: after[path] for path in before} == before
    assert set(data[run.paper].rglob("*")) == files_of_data
    made = {path.relative_to(home).parts[0] if home in path.parents else path for path in after.keys() - before.keys()}
    if run.command == "predict":
        assert made == (set() if run.refused else {"predictions", "predictions_sheet.png"})
    else:
        assert made <= (set() if run.refused else {"images", "statistics"})
