"""What nobody foresaw is one sentence, and all about it lies in the file that the sentence names."""

import json
import re
from pathlib import Path

import pytest

import gan_lab.modules.pix2pix
from gan_lab.cli import main
from gan_lab.cli.failures import guarded
from gan_lab.cli.hints import explain
from gan_lab.cli.reports import original
from gan_lab.datasets import PairedImages
from tests.test_cli import failure

PASSED_ON = """Caught KeyError in DataLoader worker process 0.
Original Traceback (most recent call last):
  File "x.py", line 3, in __getitem__
    raise KeyError
"""


def unforeseen(capsys, arguments, status=1):
    """The sentence of a command that fails, and the file that it names."""
    sentence = failure(capsys, arguments, status)
    named = re.fullmatch(
        r"gan-lab: an error that was not foreseen: (.+); all about it is in (.+)\. Please .+", sentence
    )
    assert named, sentence
    return named[1], Path(named[2])


def failing(error="RuntimeError('one\\ntwo')"):
    return ["--trainer.callbacks+", json.dumps({"class_path": "tests.probes.RaiseAt", "init_args": {"error": error}})]


def test_a_wrong_call_of_ours_is_not_the_configurations_fault(small, capsys, monkeypatch):
    monkeypatch.setattr(gan_lab.modules.pix2pix, "patch_discriminator", lambda settings: None)
    said, path = unforeseen(capsys, ["validate", "--config", str(small())])
    assert said.startswith("TypeError: ")
    assert "takes 1 positional argument but 2 were given" in path.read_text()


def test_a_wrong_call_in_the_data_is_not_either(small, capsys, monkeypatch):
    monkeypatch.setattr("gan_lab.datamodules.base.BuiltSplits", lambda splits: None)
    said, _ = unforeseen(capsys, ["validate", "--config", str(small())])
    assert "missing 1 required positional argument" in said


def test_of_an_error_in_a_run_all_lies_in_its_folder(small, tmp_path, capsys):
    said, path = unforeseen(capsys, ["fit", "--config", str(small()), *failing()])
    assert said.startswith("RuntimeError: one two (in ")
    assert said.endswith(f"{Path('tests/probes.py').absolute()}, line {_line_of('raise error')})")
    assert path.parent == tmp_path / "run" / "version_0"
    report = path.read_text()
    assert "Traceback (most recent call last)" in report
    assert "on_train_batch_end" in report
    assert "gan-lab 0." in report


def _line_of(text):
    lines = Path("tests/probes.py").read_text().splitlines()
    return next(number for number, line in enumerate(lines, start=1) if text in line)


def test_the_terminal_shows_the_traceback_only_when_asked(small, capsys):
    assert main(["fit", "--debug", "--config", str(small()), *failing()]) == 1
    said = capsys.readouterr().err
    assert "Traceback" in said
    assert said.count("gan-lab: an error that was not foreseen: RuntimeError: one two") == 1


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("raise ZeroDivisionError('mine')", "ZeroDivisionError: mine (in {file}, line 1)"),
        ("import no_such_module", "ModuleNotFoundError: No module named 'no_such_module' (in {file}, line 1)"),
        ("\nclass Mine(", "SyntaxError: '(' was never closed"),
    ],
)
def test_a_class_of_the_users_that_cannot_be_imported_says_where(small, tmp_path, capsys, monkeypatch, text, said):
    name = f"mine_{abs(hash(text))}"
    file = tmp_path / f"{name}.py"
    file.write_text(text)
    monkeypatch.syspath_prepend(tmp_path)
    for way in ("--trainer.callbacks+=", "--trainer.callbacks=", "--trainer.logger="):
        named, path = unforeseen(capsys, ["fit", "--config", str(small()), f"{way}{name}.Mine"], status=2)
        assert said.format(file=file) in named
        assert str(file) in path.read_text()


def test_an_error_within_a_worker_is_the_original_one(small, capsys, monkeypatch):
    def read(self, index):
        raise LookupError("no such partner")

    monkeypatch.setattr(PairedImages, "__getitem__", read)
    config = str(small(data__num_workers=1, data__cache=False))
    said, path = unforeseen(capsys, ["validate", "--config", config])
    assert said.startswith("LookupError: no such partner")
    assert "in read" in path.read_text()


def test_the_original_error_may_have_lines():
    assert original(ValueError(f"{PASSED_ON}ValueError: a: b\nand more\n")) == ("ValueError", "a: b\nand more")
    assert original(ValueError("alone")) is None


@pytest.mark.parametrize(
    ("last", "said"),
    [
        ("OSError: [Errno 24] Too many open files: '/a/b.png'", "Too many open files: /a/b.png"),
        ("OSError: [Errno 5] Input/output error", "Input/output error"),
        ("gan_lab.errors.DatasetNotFoundError: CUHK: /a holds no image. Get it", "CUHK: /a holds no image. Get it"),
    ],
)
def test_what_a_user_can_mend_is_told_as_such_from_a_worker_too(capsys, last, said):
    def run(arguments):
        raise RuntimeError(PASSED_ON + last + "\n")

    assert guarded(run, []) == 1
    assert capsys.readouterr().err == f"gan-lab: {said}\n"


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (MemoryError(), "the memory is full"),
        (RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried"), "the memory is full"),
        (
            RuntimeError("DataLoader worker (pid 3) is killed by signal: Killed. "),
            "a worker of the data loader was killed",
        ),
        (RuntimeError("Bus error. ... insufficient shared memory (shm)."), "/dev/shm"),
        (RuntimeError("received 0 items of ancdata"), "ulimit -n"),
    ],
)
def test_what_the_machine_lacks_is_said(error, said):
    assert said in str(explain(error))


def test_an_exit_with_words_is_a_failure_with_them(capsys):
    def run(arguments):
        raise SystemExit("not today")

    assert guarded(run, []) == 1
    assert capsys.readouterr().err == "gan-lab: not today\n"


def test_where_no_file_can_be_written_the_terminal_has_it_all(capsys, monkeypatch):
    def run(arguments):
        raise LookupError("lost\x1b")

    monkeypatch.setenv("XDG_STATE_HOME", "/dev/null")
    monkeypatch.setattr("tempfile.tempdir", "/dev/null")
    assert guarded(run, []) == 1
    said = capsys.readouterr().err
    assert "LookupError: lost\\x1b (in " in said
    assert "all about it is above" in said
    assert "Traceback" in said
