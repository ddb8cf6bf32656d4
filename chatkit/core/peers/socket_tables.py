"""What Linux tells of the machine's TCP sockets: sock_diag(7) messages, and tables of proc(5)."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

# struct nlmsghdr (netlink(7)): length, type, flags, sequence number, port id.
HEADER = struct.Struct("=IHHII")
# struct inet_diag_msg: the source port of its inet_diag_sockid, and the user.
ANSWER = struct.Struct("=4x2s46x12xI4x")
NETLINK_SOCK_DIAG = 4
SOCK_DIAG_BY_FAMILY = 20
ERROR = 2
TABLES = ("/proc/net/tcp", "/proc/net/tcp6")


@dataclass(frozen=True)
class Row:
    """One socket in a table of proc(5).

    Attributes:
        own_port: The port that it is bound to.
        peer_port: The port that it is connected to; 0 for one that listens.
        state: Its state in hexadecimal, as in the kernel's tcp_states.h.
        user: The id of its user.
    """

    own_port: int
    peer_port: int
    state: str
    user: int


def rows_in_proc() -> Iterator[Row]:
    """All TCP sockets of the machine; none where there is no such table."""
    for table in TABLES:
        try:
            with open(table, encoding="ascii") as lines:
                rows = [line.split() for line in lines]
        except OSError:
            continue
        for row in rows[1:]:  # the first one has the names of the columns
            yield Row(_port(row[1]), _port(row[2]), row[3], int(row[7]))


def _port(end: str) -> int:
    """The port of ADDRESS:PORT, both in hexadecimal."""
    return int(end.rpartition(":")[2], 16)
