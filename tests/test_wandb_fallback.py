"""A W&B server that is none is told before wandb asks it again and again."""

import socket
import struct
import threading

import pytest

from gan_lab.cli.wandb_fallback import unreachable


def served(answer):
    """The address of a server that does something with each connection, and keeps it."""
    server = socket.create_server(("127.0.0.1", 0))
    kept = []

    def serve():
        while True:
            connection, _ = server.accept()
            kept.append(connection)
            answer(connection)

    threading.Thread(target=serve, daemon=True).start()
    return f"http://127.0.0.1:{server.getsockname()[1]}"


def http(status, body):
    def answer(connection):
        connection.recv(65536)
        connection.sendall(f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode())

    return answer


def reset(connection):
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (lambda connection: None, "does not answer"),
        (reset, "cannot be reached (ConnectionError)"),
        (http("200 OK", "<html>sign in</html>"), "answers as no W&B server does"),
        (http("500 Internal Server Error", "{}"), "answers as no W&B server does: 500 Internal Server Error"),
        (http("401 Unauthorized", '{"errors": []}'), None),  # wandb knows the key
        (http("200 OK", '{"data": {}}'), None),
    ],
)
def test_what_is_behind_an_address_is_told(monkeypatch, answer, said):
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    url = served(answer)
    reason = unreachable(url, patience=0.2 if said == "does not answer" else 5.0)
    assert reason is None if said is None else f"{url} {said}" == reason


def test_a_name_that_is_never_found_is_not_waited_for(monkeypatch):
    found = threading.Event()
    monkeypatch.setattr("socket.getaddrinfo", lambda *given, **more: found.wait(30))
    assert unreachable("http://wandb.invalid", patience=0.1) == "http://wandb.invalid does not answer"
    found.set()
