"""The page's server: connections that never end, and its log."""

from __future__ import annotations

import http.client
import json
import socket
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from threading import Thread

import pytest

from chatkit.steps import page_server
from chatkit.steps.page_server import PageServer
from tests.attacks.chat_map import OF_A_LOCAL_RUN
from tests.attacks.limits import PAGE_HALF_OPEN

LIMIT_S = 20.0


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[PageServer]:
    """A page's server that waits for nobody."""
    monkeypatch.setattr(page_server, "HEAD_WITHIN_S", 0.1)
    (tmp_path / "index.html").write_text("hello", encoding="utf-8")
    server = PageServer(str(tmp_path), 0)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def port(server: PageServer) -> int:
    """Its port."""
    return server.server_port


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


def ask(port: int, path: str, **headers: str) -> tuple[int, bytes]:
    """Status and body of an answer."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=LIMIT_S)
    connection.request("GET", path, headers=headers)
    got = connection.getresponse()
    body = got.read()
    connection.close()
    return got.status, body


def test_the_local_cloud_is_shown_which_pages_were_asked_for(server: PageServer) -> None:
    """In the form of its own trace, without the query; asking for it leaves none."""
    port = server.server_port
    assert ask(port, "/?code=c2VjcmV0")[0] == 200 and ask(port, "/gone")[0] == 404
    with socket.create_connection(("127.0.0.1", port), timeout=LIMIT_S) as connection:
        connection.sendall(b"nonsense\r\n\r\n")
        answer(connection)
    status, body = ask(port, "/", **{"x-chatkit-token": server.reachable.token})
    events = json.loads(body)["events"]
    told = [(one["number"], one["detail"]["path"], one["detail"]["status"]) for one in events]
    assert status == 200 and told[:2] == [(1, "/", 200), (2, "/gone", 404)]
    assert all(one["source"] == "website/local" for one in events) and len(events) == 3


@pytest.mark.parametrize("name", OF_A_LOCAL_RUN)
def test_the_pages_server_shows_its_requests_to_nobody_else(server: PageServer, name: str) -> None:
    """Who does not know the token meets the page."""
    token = server.reachable.token
    shown = {
        key: value.format(token=token, half=token[:20])
        for key, value in OF_A_LOCAL_RUN[name].items()
    }
    assert ask(server.server_port, "/", **shown) == (200, b"hello")
