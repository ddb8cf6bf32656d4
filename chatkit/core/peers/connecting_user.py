"""Whose program has made a loopback connection, as Linux tells it.

All users of a machine share its loopback ports. A kit's server is one person's: it takes no
connections of other people's accounts. System accounts may connect, for proxies that run under
one. Where the system does not tell (macOS, Windows) everybody may, and tokens alone protect.
"""

from __future__ import annotations

import ipaddress
import os
import socket
import struct
import sys

from chatkit.core.peers.socket_tables import (
    ANSWER,
    ERROR,
    HEADER,
    NETLINK_SOCK_DIAG,
    SOCK_DIAG_BY_FAMILY,
    rows_in_proc,
)

# struct inet_diag_req_v2 with its inet_diag_sockid: family, protocol, states; ports, addresses,
# interface and cookie of the one socket that is looked for.
REQUEST = struct.Struct("=BBxxI2s2s16s16sI8s")
NO_COOKIE = b"\xff" * 8
REQUEST_ONE = 1  # NLM_F_REQUEST
EVERY_STATE = 0xFFFFFFFF
BUFFER_BYTES = 1 << 12
FIRST_PERSON, NOBODY = 1000, 65534
"""Ids of people's accounts begin with 1000 (login.defs(5), UID_MIN); 65534 is no person's."""


def is_of_another_person(connection: socket.socket) -> bool:
    """Whether the program at the other end of a connection is another person's of this machine."""
    if sys.platform != "linux":
        return False
    try:
        peer, own = connection.getpeername(), connection.getsockname()
        if not _address(peer[0]).is_loopback:
            return False
    except (OSError, ValueError):  # it has left
        return False
    user = connecting_user(peer, own)
    return user is not None and _is_person(user) and user != os.getuid()


def connecting_user(peer: tuple[str, int], own: tuple[str, int]) -> int | None:
    """The id of the user whose socket has one address and is connected to the other.

    Args:
        peer: That socket's own address and port.
        own: Those that it is connected to.

    Returns:
        None where the system does not tell.
    """
    try:
        return _asked(peer, own)
    except OSError:  # some sandboxes have no netlink
        return _in_proc(peer[1], own[1])


def _is_person(user: int) -> bool:
    return user >= FIRST_PERSON and user != NOBODY


def _address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    """An address, that of IPv4 where a socket for both shows it in IPv6's form."""
    address = ipaddress.ip_address(text)
    mapped = getattr(address, "ipv4_mapped", None)
    return address if mapped is None else mapped


def _asked(peer: tuple[str, int], own: tuple[str, int]) -> int | None:
    """What the kernel answers about that one socket (sock_diag(7)).

    Raises:
        OSError: It cannot be asked, or knows no such socket.
    """
    if sys.platform != "linux":
        return None
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_SOCK_DIAG) as kernel:
        kernel.send(_request(peer, own))
        answer = kernel.recv(BUFFER_BYTES)
    _, kind, _, _, _ = HEADER.unpack_from(answer)
    if kind == ERROR:
        raise OSError("the kernel knows no such socket")
    port, user = ANSWER.unpack_from(answer, HEADER.size)
    if port != _port(peer):
        raise OSError("the kernel tells of another socket")
    return int(user)


def _request(peer: tuple[str, int], own: tuple[str, int]) -> bytes:
    ends = (_address(peer[0]), _address(own[0]))
    family = socket.AF_INET if ends[0].version == 4 else socket.AF_INET6
    content = REQUEST.pack(
        family,
        socket.IPPROTO_TCP,
        EVERY_STATE,
        _port(peer),
        _port(own),
        ends[0].packed,
        ends[1].packed,
        0,
        NO_COOKIE,
    )
    return HEADER.pack(HEADER.size + len(content), SOCK_DIAG_BY_FAMILY, REQUEST_ONE, 0, 0) + content


def _port(end: tuple[str, int]) -> bytes:
    return end[1].to_bytes(2, "big")


def _in_proc(peer: int, own: int) -> int | None:
    """What proc(5) says about a socket of one port that is connected to another."""
    for row in rows_in_proc():
        if (row.own_port, row.peer_port) == (peer, own):
            return row.user
    return None
