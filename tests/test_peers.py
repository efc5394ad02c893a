"""One of two processes ends too early: the other one ends too, and why is said once."""

import multiprocessing
import os
import queue
import signal
import socket
import threading

import pytest

from gan_lab import peers
from gan_lab.peers import End, Peers
from tests.processes import command_in_two
from tests.test_resume import probe


def ended(small, tmp_path, acting):
    """The statuses of a run in which a probe acts, and what was said in gan-lab's name."""
    config = str(small(data__batch_size=1))
    statuses, said = command_in_two(["fit", "--config", config, "--trainer.callbacks+", acting], tmp_path)
    assert "Traceback" not in said
    return statuses, [line for line in said.splitlines() if line.startswith("gan-lab: ")]


@pytest.mark.parametrize("rank", [0, 1])
def test_a_killed_process_ends_the_other_which_names_it(small, tmp_path, rank):
    statuses, (sentence,) = ended(small, tmp_path, probe("SignalAt", step=2, name="SIGKILL", rank=rank))
    assert statuses[rank] == -signal.SIGKILL
    assert statuses[1 - rank] == 1
    assert f"process {rank} of 2 has ended without a word" in sentence


@pytest.mark.parametrize("rank", [pytest.param(0, marks=pytest.mark.slow), 1])
def test_an_error_of_one_process_is_said_once_and_ends_both(small, tmp_path, rank):
    statuses, (sentence,) = ended(small, tmp_path, probe("FailAt", step=2, message="x.png is cut off", rank=rank))
    assert statuses == [1, 1]
    assert sentence == "gan-lab: x.png is cut off"


@pytest.mark.slow
@pytest.mark.parametrize("rank", [0, 1])
def test_an_error_that_nobody_foresaw_is_said_once_too(small, tmp_path, rank):
    error = probe("RaiseAt", step=2, error="LookupError('no such partner')", rank=rank)
    statuses, (sentence,) = ended(small, tmp_path, error)
    assert statuses == [1, 1]
    assert "not foreseen: LookupError: no such partner" in sentence
    assert len(list((tmp_path / "run" / "version_0").glob("error-*.txt"))) == 1


def test_an_error_of_both_is_said_once(small, tmp_path):
    statuses, (sentence,) = ended(small, tmp_path, probe("PoisonAt", step=2))
    assert statuses == [1, 1]
    assert "is nan at step 2" in sentence


def test_a_signal_to_one_stops_both_and_neither_takes_the_other_for_dead(small, tmp_path):
    statuses, sentences = ended(small, tmp_path, probe("SignalAt", step=2, name="SIGTERM", rank=1))
    assert statuses == [128 + signal.SIGTERM] * 2
    assert sentences == []


@pytest.fixture
def three(monkeypatch):
    """Three processes in one, connected; ``ending`` holds the statuses of those that were ended, as they are."""
    monkeypatch.setattr(peers, "GRACE", 0.1)
    monkeypatch.setattr(peers, "PATIENCE", 5.0)
    ending = queue.Queue()
    monkeypatch.setattr(peers, "end_process", ending.put)
    run = [Peers(rank, 3) for rank in range(3)]
    address = run[0].listen("127.0.0.1")
    for other in run[1:]:
        other.connect("127.0.0.1", address)
    with socket.create_connection(("127.0.0.1", address.port)) as stranger:
        stranger.sendall(b"hello 0123456789abcdef 1\nfailed\n" + b"x" * 1000)
        assert stranger.recv(1) == b""  # it is shown the door, and what it says ends nothing
    yield run, ending
    for process in run:
        process.leave()


def hang_up(process):
    """Closes a process's connection, as the system does when it is killed."""
    for member in process._members:
        member.connection.shutdown(socket.SHUT_RDWR)


@pytest.mark.parametrize("lost", [1, 2])
def test_those_that_wait_for_ever_are_ended_after_one_that_is_lost(three, capfd, lost):
    run, ending = three
    hang_up(run[lost])
    assert [ending.get(timeout=10), ending.get(timeout=10)] == [1, 1]
    others = [process for process in run if process.rank != lost]
    assert all(process.end == End("lost", lost) for process in others)
    assert capfd.readouterr().err.count(f"process {lost} of 3 has ended without a word") == 1


@pytest.mark.parametrize("first", [0, 1, 2])
def test_the_first_error_is_the_one_to_say_and_ends_all(three, first):
    run, ending = three
    assert run[first].fail(perhaps_by_another=False)
    others = [process for process in run if process.rank != first]
    assert not any(process.fail(perhaps_by_another=True) for process in others)
    assert [ending.get(timeout=10), ending.get(timeout=10)] == [1, 1]
    assert all(process.end == End("failed", first) for process in run)


def test_processes_that_have_done_their_part_end_nothing(three):
    run, ending = three
    for process in (run[1], run[0]):
        process.leave()
    assert run[2].fail(perhaps_by_another=False)
    assert run[0].end == End("failed", 2)  # they may still hear of it
    assert ending.empty()


def test_a_process_ends_with_the_one_that_started_it(monkeypatch):
    """Before they are connected, when the others would wait for it for half an hour."""
    monkeypatch.setattr(peers, "GRACE", 0.0)
    monkeypatch.delenv("TORCHELASTIC_RUN_ID", raising=False)
    fork = multiprocessing.get_context("fork")
    ours, theirs = fork.Pipe(duplex=False)

    def started():
        os.environ["LOCAL_RANK"] = "1"
        peers.end_with_starter()
        signal.pause()

    def starter():
        peers.end_with_starter()
        fork.Process(target=started).start()
        theirs.send(None)
        signal.pause()

    process = fork.Process(target=starter)
    process.start()
    theirs.close()
    ours.recv()
    process.kill()
    process.join()
    with pytest.raises(EOFError):  # nobody is left at the other end
        ours.recv()


def test_a_second_command_in_one_process_is_not_its_own_starter(monkeypatch):
    monkeypatch.delenv("TORCHELASTIC_RUN_ID", raising=False)
    monkeypatch.setenv("LOCAL_RANK", "1")
    monkeypatch.setenv("GAN_LAB_STARTER", str(os.getpid()))
    peers.end_with_starter()
    assert "gan-lab-starter" not in [thread.name for thread in threading.enumerate()]
