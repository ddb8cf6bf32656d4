"""Whose programs listen on a port."""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager

import pytest

from chatkit.core import ports
from chatkit.core.peers import listening_users as module
from chatkit.core.peers.listening_users import listening_users
from chatkit.core.peers.socket_tables import HEADER

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="other systems do not tell")


@contextmanager
def listening() -> Iterator[int]:
    """A port at which this user listens, with a client connected."""
    sockets = ports.bind(0, wanted_for="a test")
    port = ports.port_of(sockets)
    with closing(socket.create_connection(("127.0.0.1", port))):
        yield port
    for sock in sockets:
        sock.close()


def test_the_user_who_listens_is_known() -> None:
    """Linux tells it of every user's sockets; those that only connect do not count."""
    with listening() as port:
        assert listening_users(port) == {os.stat("/proc/self").st_uid}
    assert listening_users(port) == set()


def test_a_system_without_netlink_tells_it_in_proc(monkeypatch: pytest.MonkeyPatch) -> None:
    """An unknown user would be taken for this one."""

    def refused(_: int) -> set[int]:
        raise PermissionError

    monkeypatch.setattr(module, "_asked", refused)
    with listening() as port:
        assert listening_users(port) == {os.stat("/proc/self").st_uid}


def test_a_list_that_ends_with_an_error_is_none() -> None:
    """A kernel without tcp_diag answers so: an empty list would mean that nobody listens."""
    mine, kernel = socket.socketpair(type=socket.SOCK_DGRAM)
    with mine, kernel:
        content = module.STATUS.pack(-2)
        length = HEADER.size + len(content)
        kernel.send(HEADER.pack(length, module.DONE, 0, 0, 0) + content)
        with pytest.raises(OSError, match="does not list"):
            [*module.answers(mine)]
