"""The proxy of one child process: to this machine, to the internet, never to Azure."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from urllib.parse import urlsplit

import pytest

from chatkit.cloud.tools import tunnel as module
from chatkit.cloud.tools.tunnel import Via, is_of_azure, tunnel
from tests.attacks import tools

LIMIT_S = 10


@contextmanager
def listening(answer: bytes) -> Iterator[tuple[int, list[bytes]]]:
    """A server that takes one connection, keeps what comes first, answers, and echoes the rest."""
    seen: list[bytes] = []

    def serve(server: socket.socket) -> None:
        with suppress(OSError), closing(server.accept()[0]) as sock:  # nobody may come
            seen.append(sock.recv(65536))
            sock.sendall(answer)
            while more := sock.recv(65536):
                sock.sendall(more)

    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(LIMIT_S)
        thread = threading.Thread(target=serve, args=(server,), daemon=True)
        thread.start()
        yield server.getsockname()[1], seen


def connected(proxy: str) -> socket.socket:
    """A connection to a proxy."""
    at = urlsplit(proxy)
    return socket.create_connection((at.hostname or "", at.port or 0), LIMIT_S)


def password(proxy: str) -> str:
    """The header with which the child asks."""
    via = Via.parse(proxy)
    assert via is not None
    return f"Proxy-Authorization: {via.authorization}"


def ask(proxy: str, target: str) -> tuple[socket.socket, bytes]:
    """Ask for a tunnel; the connection, and the first bytes of the answer."""
    sock = connected(proxy)
    sock.sendall(f"CONNECT {target} HTTP/1.1\r\n{password(proxy)}\r\n\r\n".encode())
    return sock, sock.recv(65536)


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "[::1]", "chat.blob.core.localhost"])
def test_names_of_this_machine_lead_to_it(host: str) -> None:
    """Also below localhost, which not every system resolves; bytes pass in both directions."""
    with listening(b"hello") as (port, seen), tunnel() as proxy:
        sock, answer = ask(proxy, f"{host}:{port}")
        with sock:
            assert answer.startswith(b"HTTP/1.1 200 ")
            sock.sendall(b"first")
            assert sock.recv(100) == b"hello" and seen == [b"first"]
            sock.shutdown(socket.SHUT_WR)
            assert sock.recv(100) == b""


@pytest.mark.parametrize("host", tools.IN_AZURE)
def test_nothing_leaves_for_azure(host: str) -> None:
    """403 at once, without a look at the name server."""
    with tunnel() as proxy:
        sock, answer = ask(proxy, f"{host}:443")
    sock.close()
    assert answer.startswith(b"HTTP/1.1 403 ")


@pytest.mark.parametrize(
    "host",
    [
        "pypi.org",
        "notazure.com",
        "azcliextensionsync.blob.core.windows.net",
        "aka.ms",
        "github.com",
    ],
)
def test_what_az_needs_for_itself_may_pass(host: str) -> None:
    """Its extensions come from the internet."""
    assert not is_of_azure(host)


def test_the_internet_is_reached_by_the_persons_proxy() -> None:
    """With its password, which the child does not learn."""
    with listening(b"HTTP/1.1 200 OK\r\n\r\n") as (port, seen):
        via = Via.parse(f"http://alice:pass%40word@127.0.0.1:{port}")
        with tunnel(via) as proxy:
            sock, answer = ask(proxy, "pypi.org:443")
            with sock:
                assert answer.startswith(b"HTTP/1.1 200 ")
                sock.sendall(b"through")
                assert sock.recv(100) == b"through"
    request = seen[0].decode()
    assert request.startswith("CONNECT pypi.org:443 HTTP/1.1\r\n")
    assert "Proxy-Authorization: Basic YWxpY2U6cGFzc0B3b3Jk\r\n" in request


def test_a_proxy_that_refuses_is_passed_on() -> None:
    """az says then what it says."""
    refusal = b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n"
    with listening(refusal) as (port, _), tunnel(Via("127.0.0.1", port)) as proxy:
        sock, answer = ask(proxy, "pypi.org:443")
        sock.close()
    assert answer.startswith(b"HTTP/1.1 407 ")


def test_a_head_that_trickles_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each byte in time is not enough: the whole head has one limit."""
    monkeypatch.setattr(module, "CONNECT_LIMIT_S", 0.2)
    with tunnel() as proxy, connected(proxy) as sock:
        sock.settimeout(0.05)
        until = time.monotonic() + LIMIT_S
        is_open = True
        while is_open and time.monotonic() < until:
            try:
                sock.sendall(b"X")
                is_open = sock.recv(1) != b""
            except TimeoutError:
                continue
            except OSError:
                is_open = False
    assert not is_open


def test_a_port_where_nobody_listens_is_a_bad_gateway() -> None:
    """As other proxies answer."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    with tunnel() as proxy:
        sock, answer = ask(proxy, f"localhost:{port}")
        sock.close()
    assert answer.startswith(b"HTTP/1.1 502 ")


@pytest.mark.parametrize("name", tools.STRANGERS)
def test_a_stranger_gets_nothing_through_the_tunnel(name: str) -> None:
    """Every user of the machine can connect; the password is in the child's environment only."""
    request, status = tools.STRANGERS[name]
    with listening(b"secret") as (port, seen), tunnel() as proxy:
        with connected(proxy) as sock:
            sock.sendall(request.replace("{port}", str(port)).encode("latin-1"))
            assert sock.recv(65536).startswith(f"HTTP/1.1 {status} ".encode())
        assert seen == []


def test_the_tunnel_ends_with_its_block() -> None:
    """Nothing listens any more."""
    with tunnel() as proxy:
        connected(proxy).close()
    with pytest.raises(OSError):
        connected(proxy)


@pytest.mark.parametrize("url", ["", "socks5://127.0.0.1:1", "http://[::1", "https://proxy:1"])
def test_other_kinds_of_proxies_are_none(url: str) -> None:
    """Then the internet is asked directly."""
    assert Via.parse(url) is None
