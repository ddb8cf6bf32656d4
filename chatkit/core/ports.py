"""Ports: is one free, who holds it, which is the next free one, and binding it.

They are loopback's, but for `bind_at`.

Importing this takes the standard library only: servers that start at once use it.
"""

from __future__ import annotations

import errno
import random
import socket
import sys
from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from chatkit.core.errors import PortInUse, SetupError

LOCALHOST = ("127.0.0.1", "::1")
BACKLOG = 4096
NEAR = 50
# Below the ports that Linux, macOS and Windows give to outgoing connections: a server that comes
# back to its port finds it free.
FOR_SERVERS = range(20000, 32768)
TRIES = 100
HIGHEST = 65535
LAST_RESERVED = 1023
# What binding ::1 fails with where the machine has no IPv6, or has it switched off.
NO_IPV6 = (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT)
Socket = socket.socket
Sockets = list[Socket]
AddressInfo = tuple[int | socket.AddressFamily, int | socket.SocketKind, int, str, tuple[Any, ...]]
"""What `socket.getaddrinfo` returns of one address."""


@dataclass(frozen=True)
class Holder:
    """The program that listens on a port, as far as this user may see it.

    Attributes:
        pid: Its process id, None when it cannot be seen.
        name: Its name, empty when it cannot be seen.
    """

    pid: int | None = None
    name: str = ""

    def __str__(self) -> str:
        if self.pid is None:
            return "another program"
        if not self.name:
            return f"process {self.pid}"
        return f"{self.name} (process {self.pid})"


def bind(port: int, *, ipv4_only: bool = False, wanted_for: str) -> Sockets:
    """Listen on a loopback port on IPv4 and, where the machine has it, IPv6.

    Args:
        port: The port; 0 for any free one, the same for both families.
        ipv4_only: Leave ::1 alone.
        wanted_for: Who needs the port, for the error.

    Raises:
        PortInUse: Another program listens there.
    """
    while not port:
        with suppress(PortInUse):  # another program was faster
            return bind(any_free(), ipv4_only=ipv4_only, wanted_for=wanted_for)
    sockets: Sockets = []
    hosts = LOCALHOST[:1] if ipv4_only else LOCALHOST
    for host in hosts:
        try:
            sock = _bound(host, port)
        except OSError as error:
            if host == "::1" and error.errno in NO_IPV6:
                continue
            for opened in sockets:
                opened.close()
            if _is_taken(error):
                raise PortInUse(port, wanted_for=wanted_for) from error
            raise
        sockets.append(sock)
    return sockets


def bind_at(host: str, port: int, *, wanted_for: str) -> Sockets:
    """Listen at one address of this machine that a person has named, beyond loopback, too.

    Args:
        host: An IPv4 address.
        port: The port; 0 for any free one.
        wanted_for: Who needs the port, for the error.

    Raises:
        PortInUse: Another program listens there.
        OSError: The address is not this machine's.
    """
    try:
        return [_bound(host, port or any_free())]
    except OSError as error:
        if _is_taken(error):
            raise PortInUse(port, wanted_for=wanted_for) from error
        raise


def is_free(port: int) -> bool:
    """Say whether `bind` would get a port now.

    A port that an outgoing connection uses is not free either, until that
    connection ends.
    """
    for host in LOCALHOST:
        try:
            _bound(host, port, listen=False).close()
        except OSError as error:
            if host == "::1" and error.errno in NO_IPV6:
                continue
            return False
    return True


def answers(port: int, *, host: str = "127.0.0.1", timeout_s: float = 0.5) -> bool:
    """Say whether a program accepts connections on a port.

    Unlike `is_free` this also finds a program that listens on every address of the machine: macOS
    and Windows would let another one bind the loopback address beside it.
    """
    try:
        socket.create_connection((host, port), timeout=timeout_s).close()
    except OSError:
        return False
    return True


def next_free(after: int) -> int:
    """The next free port, close to the wanted one so that it is easy to recognise."""
    for port in range(after + 1, min(after + NEAR, HIGHEST + 1)):
        if is_free(port):
            return port
    return any_free()


def any_free(*, taken: Collection[int] = ()) -> int:
    """A free port, one of `FOR_SERVERS` where it can be.

    Args:
        taken: Ports that are promised to others, whether they listen or not.
    """
    for port in random.sample(FOR_SERVERS, TRIES):
        if port not in taken and is_free(port):
            return port
    while True:
        with _bound(LOCALHOST[0], 0, listen=False) as probe:
            port = int(probe.getsockname()[1])
        if port not in taken:
            return port


def bind_wanted(port: int, *, wanted_for: str) -> Sockets:
    """Listen on a port that a person has asked for with `--port`.

    Raises:
        PortInUse: Another program has it; the error names it and two ways on.
        SetupError: This user may not have it.
    """
    try:
        if port and any(answers(port, host=host) for host in LOCALHOST):
            raise PortInUse(port, wanted_for=wanted_for)
        return bind(port, wanted_for=wanted_for)
    except PortInUse as error:
        raise error.with_holder(
            str(who_holds(port)),
            hint="End that program (`chatkit stop` ends what this home runs),"
            f" or choose another port: --port {next_free(port)}.{_windows_own()}",
        ) from None
    except PermissionError:
        raise not_allowed(port, wanted_for=wanted_for) from None


def _is_taken(error: OSError) -> bool:
    """Whether another program has a port; Windows keeps ranges of them for itself, too."""
    # WSAEACCES: one with exclusive use has it, or nobody may.
    is_refused = sys.platform == "win32" and error.errno == errno.EACCES
    return error.errno == errno.EADDRINUSE or is_refused


def _windows_own() -> str:
    if sys.platform != "win32":
        return ""
    return (
        " `netsh interface ipv4 show excludedportrange protocol=tcp` lists the ports that Windows"
        " keeps for itself."
    )


def not_allowed(port: int, *, wanted_for: str) -> SetupError:
    """The error for a port that this user may not have."""
    other = next_free(max(port, LAST_RESERVED))
    return SetupError(
        f"Port {port} is not for ordinary users; {wanted_for} needs another.",
        hint=f"Choose one from {LAST_RESERVED + 1} on: --port {other}.",
    )


def who_holds(port: int) -> Holder:
    """Name the program that listens on a port, as far as this user may see it."""
    return who_hold([port])[port]


def who_hold(wanted: Collection[int]) -> dict[int, Holder]:
    """Name the programs that listen on some ports, in one look at all connections there are."""
    import psutil

    found = dict.fromkeys(wanted, Holder())
    try:
        connections = psutil.net_connections("tcp")
    except psutil.Error:  # macOS shows other processes' sockets to root only
        return found
    for connection in connections:
        if connection.status != psutil.CONN_LISTEN or not connection.laddr:
            continue
        port = connection.laddr.port
        if port not in found or connection.pid is None:  # None: another user's process
            continue
        found[port] = _named(connection.pid)
    return found


def _named(pid: int) -> Holder:
    import psutil

    try:
        return Holder(pid, psutil.Process(pid).name())
    except psutil.Error:
        return Holder(pid)


def unconnected(address: AddressInfo) -> Socket:
    """A socket for a connection to an address, for an event loop."""
    family, kind, protocol, _, _ = address
    made = socket.socket(family, kind, protocol)
    made.setblocking(False)
    return made


def hang_up(connection: socket.socket) -> None:
    """End a connection; another thread that reads of it hears that at once."""
    with suppress(OSError):  # it has ended already
        connection.shutdown(socket.SHUT_RDWR)


def port_of(sockets: Sockets) -> int:
    """The port that sockets of `bind` have."""
    return int(sockets[0].getsockname()[1])


def _bound(host: str, port: int, *, listen: bool = True) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_STREAM)
    try:
        if sys.platform == "win32":
            # Else another program may take the port from under this one (Microsoft's page "Using
            # SO_REUSEADDR and SO_EXCLUSIVEADDRUSE").
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)
        else:
            # Take a port over from connections that linger in TIME_WAIT.
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        sock.bind((host, port))
        if listen:
            sock.listen(BACKLOG)
            sock.setblocking(False)
    except OSError:
        sock.close()
        raise
    return sock
