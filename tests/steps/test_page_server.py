"""The page's server: connections that never end, and its log."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from threading import Thread

import pytest

from chatkit.steps import page_server
from tests.attacks.limits import PAGE_HALF_OPEN

LIMIT_S = 20.0


@pytest.fixture
def port(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """The port of a page's server that waits for nobody."""
    monkeypatch.setattr(page_server, "HEAD_WITHIN_S", 0.1)
    (tmp_path / "index.html").write_text("hello", encoding="utf-8")
    server = page_server.PageServer(str(tmp_path), 0)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield int(server.socket.getsockname()[1])
    server.shutdown()
    thread.join()
    server.server_close()


def answer(connection: socket.socket) -> bytes:
    """Everything until the server ends the connection."""
    received = b""
    while data := connection.recv(1 << 16):
        received += data
    return received


@pytest.mark.parametrize("name", PAGE_HALF_OPEN)
def test_a_request_that_never_ends_is_ended(port: int, name: str) -> None:
    """Each would take a thread for ever."""
    with socket.create_connection(("127.0.0.1", port), timeout=LIMIT_S) as connection:
        connection.sendall(PAGE_HALF_OPEN[name])
        assert answer(connection) == b""


def test_too_many_connections_are_refused(
    port: int, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """Later ones are served again, and nothing is printed about it."""
    monkeypatch.setattr(page_server, "MAX_CONNECTIONS", 3)
    monkeypatch.setattr(page_server, "HEAD_WITHIN_S", LIMIT_S)
    address = ("127.0.0.1", port)
    with ExitStack() as stack:
        for _ in range(3):
            stack.enter_context(socket.create_connection(address, timeout=LIMIT_S))
        with socket.create_connection(address, timeout=LIMIT_S) as refused:
            assert answer(refused) == b""
    served = b""
    while not served:
        with socket.create_connection(address, timeout=LIMIT_S) as connection:
            connection.sendall(b"GET / HTTP/1.0\r\nHost: localhost\r\n\r\n")
            served = answer(connection)
    assert served.endswith(b"hello")
    assert "Traceback" not in capfd.readouterr().err
