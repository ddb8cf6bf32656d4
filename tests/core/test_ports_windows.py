"""Ports as on Windows: one's own alone, and refused in two ways."""

from __future__ import annotations

import errno
import socket
from contextlib import closing

import pytest

from chatkit.core import ports
from chatkit.core.errors import PortInUse
from tests.playing import play

EXCLUSIVE = socket.SO_KEEPALIVE
"""Stands in for the option that Windows alone has: any that can be read again will do."""


@pytest.fixture(autouse=True)
def windows(monkeypatch: pytest.MonkeyPatch) -> None:
    """Play Windows."""
    play(monkeypatch, "win32", ports)
    monkeypatch.setattr(socket, "SO_EXCLUSIVEADDRUSE", EXCLUSIVE, raising=False)


@pytest.fixture
def kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """A port that Windows keeps for itself, or that another program has alone (WSAEACCES)."""

    class Refused(socket.socket):
        def bind(self, address: object) -> None:
            raise PermissionError(errno.EACCES, "An attempt was made to access a socket")

    monkeypatch.setattr(socket, "socket", Refused)


def test_a_port_is_shared_with_nobody() -> None:
    """SO_REUSEADDR would let another program listen beside."""
    for sock in ports.bind(0, wanted_for="a test"):
        with closing(sock):
            assert sock.getsockopt(socket.SOL_SOCKET, EXCLUSIVE)
            assert not sock.getsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR)


@pytest.mark.usefixtures("kept")
def test_a_port_that_windows_keeps_is_taken() -> None:
    """Its ranges change with each start of the machine: a server then moves to another port."""
    with pytest.raises(PortInUse):
        ports.bind(8888, wanted_for="a test")
    with pytest.raises(PortInUse):
        ports.bind_at("127.0.0.1", 8888, wanted_for="a test")
    assert not ports.is_free(8888)


@pytest.mark.usefixtures("kept")
def test_who_asked_for_it_hears_where_the_ranges_are_listed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Not that ports below 1024 are for administrators: Windows has no such rule."""
    monkeypatch.setattr(ports, "answers", lambda *_some, **_more: False)
    monkeypatch.setattr(ports, "next_free", lambda _after: 8889)
    with pytest.raises(PortInUse) as caught:
        ports.bind_wanted(8888, wanted_for="a test")
    assert "excludedportrange" in caught.value.hint
