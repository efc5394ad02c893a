"""Every command ends when it is told to, with the signal's status and a sentence, and leaves nothing half done."""

import atexit
import gc
import multiprocessing
import os
import signal
import sys

import pytest
import torch

from gan_lab.cli import main
from gan_lab.cli.commands import check, configs
from gan_lab.cli.failures import guarded
from gan_lab.stopping import SIGNALS, end
from tests.test_resume import LAST, probe, run_folder

STATUS = {"SIGTERM": 143, "SIGINT": 130}
NAME = {"SIGTERM": "SIGTERM", "SIGINT": "Ctrl-C"}


def stop_in(hook, *names, **when):
    return ["--trainer.callbacks+", probe("SignalIn", hook=hook, names=list(names), **when)]


@pytest.mark.parametrize(
    ("command", "hook", "name"),
    [
        ("fit", "setup", "SIGTERM"),
        ("fit", "on_sanity_check_start", "SIGINT"),
        ("validate", "on_validation_batch_start", "SIGTERM"),
        ("validate", "on_validation_epoch_end", "SIGINT"),
        ("test", "on_test_batch_start", "SIGTERM"),
        ("predict", "on_predict_start", "SIGINT"),
        ("predict", "on_predict_batch_start", "SIGTERM"),
    ],
)
def test_a_command_of_lightnings_stops_where_it_is(small, tmp_path, capsys, command, hook, name):
    config = str(small(trainer__num_sanity_val_steps=1))
    assert main([command, "--config", config, *stop_in(hook, name)]) == STATUS[name]
    said = capsys.readouterr()
    assert f"gan-lab: stopped by {NAME[name]}" in said.out
    assert "Traceback" not in said.err
    assert not list((tmp_path / "run").rglob("*.ckpt"))
    assert not list((tmp_path / "run").rglob("*.partial*"))


def test_predictions_made_before_a_signal_are_whole_and_none_comes_after(small, tmp_path):
    config = str(small(data__eval_batch_size=1))
    stopping = stop_in("on_predict_batch_start", "SIGTERM", call=2)
    assert main(["predict", "--config", config, *stopping, f"--predictions.folder={tmp_path / 'out'}"]) == 143
    assert len(list((tmp_path / "out").iterdir())) == 1


@pytest.mark.parametrize(("module", "name"), [(check, "_examine"), (configs, "find_config")])
def test_other_commands_stop_where_they_are(small, monkeypatch, capsys, module, name):
    done = []

    def stop(*_):
        done.append(1)
        os.kill(os.getpid(), signal.SIGINT)
        return [], [], {}

    monkeypatch.setattr(module, name, stop)
    arguments = {check: ["check", "--config", str(small())], configs: ["configs", "copy", "pix2pix_emoji"]}[module]
    assert main(arguments) == 130
    assert capsys.readouterr().out == "gan-lab: stopped by Ctrl-C\n"
    assert len(done) < 6  # of as many samples


def test_a_second_interrupt_stops_in_the_middle_of_a_step_which_is_not_saved(small, tmp_path, capsys):
    stopping = stop_in("on_before_backward", "SIGINT", "SIGINT", step=2)
    every_step = ["--trainer.callbacks.every_n_steps=1"]
    assert main(["fit", "--config", str(small()), "--trainer.callbacks=LastCheckpoint", *every_step, *stopping]) == 130
    assert "stopped by Ctrl-C: step 2 is saved" in capsys.readouterr().out
    assert torch.load(run_folder(tmp_path / "run", 0) / LAST, weights_only=True)["global_step"] == 2


def test_a_signal_to_all_processes_of_a_run_leaves_its_workers_to_it(small, tmp_path):
    stopping = ["--trainer.callbacks+", probe("SignalAllAt", step=2)]
    assert main(["fit", "--config", str(small(data__num_workers=2)), *stopping]) == 143
    gc.collect()
    assert multiprocessing.active_children() == []
    assert torch.load(run_folder(tmp_path / "run", 0) / LAST, weights_only=True)["global_step"] == 2


def test_handlers_are_as_they_were_when_a_command_has_ended(small, tmp_path):
    handlers = [signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)]
    assert main(["validate", "--config", str(small())]) == 0
    assert [signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)] == handlers


def test_a_second_interrupt_while_a_checkpoint_is_written_leaves_the_one_before(small, tmp_path, monkeypatch, capsys):
    save = torch.save

    def interrupted(checkpoint, file):
        if checkpoint["global_step"] == 2:
            os.kill(os.getpid(), signal.SIGINT)
        save(checkpoint, file)

    monkeypatch.setattr(torch, "save", interrupted)
    every_step = ["--trainer.callbacks=LastCheckpoint", "--trainer.callbacks.every_n_steps=1"]
    stopping = stop_in("on_before_backward", "SIGINT", step=1)
    assert main(["fit", "--config", str(small()), *every_step, *stopping]) == 130
    assert "gan-lab: stopped by Ctrl-C" in capsys.readouterr().out
    (path,) = (run_folder(tmp_path / "run", 0) / "checkpoints").iterdir()
    assert torch.load(path, weights_only=True)["global_step"] == 1


def test_a_checkpoint_that_cannot_be_written_when_a_run_stops_is_news(small, monkeypatch, capsys):
    monkeypatch.setattr(torch, "save", lambda *_: (_ for _ in ()).throw(OSError(28, "No space left on device")))
    assert main(["fit", "--config", str(small()), *stop_in("on_before_backward", "SIGTERM", step=1)]) == 1
    assert "No space left on device" in capsys.readouterr().err


def test_an_error_in_the_wake_of_a_signal_is_no_error(capsys):
    def run(_):
        try:
            os.kill(os.getpid(), signal.SIGTERM)
        finally:
            raise RuntimeError("unexpected end of file")

    assert guarded(run, []) == 143
    assert capsys.readouterr().out == "gan-lab: stopped by SIGTERM\n"


def test_a_stop_that_python_goes_on_after_is_noted_without_a_traceback(monkeypatch):
    class Stopping:
        def __del__(self):
            signal.raise_signal(signal.SIGTERM)

    class Failing:
        def __del__(self):
            raise ValueError("of another kind")

    reported = []
    monkeypatch.setattr("sys.unraisablehook", lambda unraisable: reported.append(str(unraisable.exc_value)))
    hook = sys.unraisablehook
    SIGNALS.listen()
    try:
        Stopping()
        Failing()
        assert SIGNALS.received == signal.SIGTERM
    finally:
        SIGNALS.release()
    assert reported == ["of another kind"]
    assert sys.unraisablehook is hook


def test_a_stopped_process_does_what_is_to_be_done_at_its_end(tmp_path):
    child = os.fork()
    if child == 0:
        atexit.register((tmp_path / "done").touch)
        end(143)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 143
    assert (tmp_path / "done").exists()
