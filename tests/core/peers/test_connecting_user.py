"""Whose program has made a connection, and that a kit's server is one person's."""

from __future__ import annotations

import asyncio
import os
import socket
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager

import pytest

from chatkit.core import accepting, ports
from chatkit.core.accepting import Acceptor
from chatkit.core.peers import connecting_user as module
from chatkit.core.peers.connecting_user import connecting_user, is_of_another_person

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="other systems do not tell")
ANOTHER = 4242


@contextmanager
def connected(host: str = "127.0.0.1") -> Iterator[socket.socket]:
    """The server's end of a connection of this user."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with (
        closing(socket.create_server((host, 0), family=family)) as server,
        closing(socket.create_connection(server.getsockname()[:2])),
    ):
        connection, _ = server.accept()
        with connection:
            yield connection


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.2", "::1"])
def test_the_user_who_connects_is_known(host: str) -> None:
    """Linux tells it of every user's sockets."""
    with connected(host) as connection:
        ends = connection.getpeername()[:2], connection.getsockname()[:2]
        assert module._asked(*ends) == os.stat("/proc/self").st_uid
        assert connecting_user(*ends) == os.stat("/proc/self").st_uid
        assert not is_of_another_person(connection)


def test_a_system_without_netlink_tells_it_in_proc(monkeypatch: pytest.MonkeyPatch) -> None:
    """Some sandboxes have none."""

    def refused(*_ends: object) -> int:
        raise PermissionError

    monkeypatch.setattr(module, "_asked", refused)
    with connected() as connection:
        ends = connection.getpeername()[:2], connection.getsockname()[:2]
        assert connecting_user(*ends) == os.stat("/proc/self").st_uid
        assert connecting_user(("127.0.0.1", 1), ends[1]) is None


@pytest.mark.parametrize(
    ("user", "refused"), [(ANOTHER, True), (0, False), (33, False), (65534, False), (None, False)]
)
def test_another_persons_account_is_told_from_systems(
    user: int | None, refused: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A proxy runs under a system account; where the system does not tell, tokens protect."""
    monkeypatch.setattr(module, "connecting_user", lambda *_ends: user)
    with connected() as connection:
        assert is_of_another_person(connection) is refused


def test_who_comes_over_the_network_is_no_user_of_this_machine(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A port of the other end may be that of anybody here."""
    monkeypatch.setattr(module, "connecting_user", lambda *_ends: ANOTHER)

    class FromOutside:
        def getpeername(self) -> tuple[str, int]:
            return "192.0.2.1", 5000

        def getsockname(self) -> tuple[str, int]:
            return "192.0.2.2", 80

    assert not is_of_another_person(FromOutside())  # type: ignore[arg-type]


class Greeting(asyncio.Protocol):
    """Says hello to whoever is taken."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        transport.write(b"hello")
        transport.close()


@pytest.mark.parametrize(
    ("is_for_everybody", "answer"), [(False, b"HTTP/1.1 403 "), (True, b"hello")]
)
async def test_a_server_takes_another_person_only_where_it_is_for_everybody(
    is_for_everybody: bool, answer: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A stage is; a person is told, who has mistyped a port."""
    monkeypatch.setattr(accepting, "is_of_another_person", lambda _connection: True)
    sockets = ports.bind(0, wanted_for="a test")
    acceptor = Acceptor(sockets, Greeting, None, is_for_everybody=is_for_everybody)
    reader, writer = await asyncio.open_connection("127.0.0.1", ports.port_of(sockets))
    writer.write(b"GET / HTTP/1.1\r\n\r\n")
    said = await reader.read()
    writer.close()
    await acceptor.close()
    assert said.startswith(answer)
    assert is_for_everybody or b"belongs to another user" in said
