"""Whose programs listen on a port, as Linux tells it.

The kernel is asked for the listening sockets of one port (sock_diag(7)). /proc/net/tcp says the
same, but to read it takes tens of milliseconds on a machine with much memory: the kernel walks
through the table of all connections.
"""

from __future__ import annotations

import os
import socket
import struct
import sys
from collections.abc import Iterator

from chatkit.core.peers.socket_tables import (
    ANSWER,
    ERROR,
    HEADER,
    NETLINK_SOCK_DIAG,
    SOCK_DIAG_BY_FAMILY,
    rows_in_proc,
)

# struct inet_diag_req_v2: family, protocol, states, and the source port of its inet_diag_sockid.
REQUEST = struct.Struct("=BBxxI2s46x")
STATUS = struct.Struct("=i")
SUCCESS = (0,)
REQUEST_AND_DUMP = 0x301
DONE = 3
LISTENING = 1 << 10  # TCP_LISTEN in a set of states
LISTENING_IN_PROC = "0A"
BUFFER_BYTES = 1 << 16
ROOT = 0


def listening_users(port: int) -> set[int]:
    """The ids of the users whose programs listen on a port.

    It is empty where the system does not tell (macOS, Windows).
    """
    try:
        return _asked(port)
    except OSError:  # some sandboxes have no netlink
        return _in_proc(port)


def is_anothers(port: int) -> bool:
    """Whether a program of another user listens on a port, as far as this system tells.

    What root runs (Docker's proxy, for example) may do everything anyway.
    """
    if sys.platform == "win32":
        return False
    return bool(listening_users(port) - {os.getuid(), ROOT})


def _asked(port: int) -> set[int]:
    """What the kernel answers.

    Raises:
        OSError: It cannot be asked.
    """
    found: set[int] = set()
    if sys.platform != "linux":
        return found
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_SOCK_DIAG) as kernel:
        for family in (socket.AF_INET, socket.AF_INET6):
            kernel.send(_request(family, port))
            for answer in answers(kernel):
                found_port, user = ANSWER.unpack_from(answer)
                if found_port == port.to_bytes(2, "big"):
                    found.add(user)
    return found


def _request(family: int, port: int) -> bytes:
    content = REQUEST.pack(family, socket.IPPROTO_TCP, LISTENING, port.to_bytes(2, "big"))
    length = HEADER.size + len(content)
    return HEADER.pack(length, SOCK_DIAG_BY_FAMILY, REQUEST_AND_DUMP, 0, 0) + content


def answers(kernel: socket.socket) -> Iterator[bytes]:
    """The contents of the messages up to the one that ends them.

    Raises:
        OSError: The kernel refuses.
    """
    while True:
        rest = kernel.recv(BUFFER_BYTES)
        while rest:
            length, kind, _, _, _ = HEADER.unpack_from(rest)
            # Both carry an error number; a kernel without tcp_diag ends an empty list with one.
            if kind in (DONE, ERROR) and STATUS.unpack_from(rest, HEADER.size) != SUCCESS:
                raise OSError("the kernel does not list sockets")
            if kind == DONE:
                return
            yield rest[HEADER.size : length]
            rest = rest[(length + 3) & ~3 :]  # NLMSG_ALIGN


def _in_proc(port: int) -> set[int]:
    """What proc(5) says; empty where there is none."""
    return {
        row.user
        for row in rows_in_proc()
        if row.state == LISTENING_IN_PROC and row.own_port == port
    }
