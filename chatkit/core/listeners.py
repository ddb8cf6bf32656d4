"""What listens on this machine, loopback only, and which service has which port over restarts.

This module turns a service into an open port; nothing else in the package makes a server's socket.
A service is a factory of protocols (`Server`), so that a test drives the same factory over a
transport in memory.
"""

from __future__ import annotations

import asyncio
import logging
import ssl
from collections.abc import Collection
from dataclasses import dataclass
from typing import Protocol

from chatkit.core import ports
from chatkit.core.accepting import Acceptor, ProtocolFactory
from chatkit.core.errors import PortInUse

log = logging.getLogger("chatkit.local.ports")
RECOVER_TRIES = 20
RECOVER_PAUSE_S = 0.05
PREFERRED_TRIES = 21


class Server(Protocol):
    """A service as listeners and in-memory transports see it."""

    async def start(self) -> ProtocolFactory:
        """Get ready, and return what makes the protocol of each new connection."""

    async def stop(self) -> None:
        """End the connections that are open."""


class RememberedPorts(Protocol):
    """Which owner has which port, kept over restarts."""

    def get(self, owner: str) -> int | None:
        """The owner's port, None when it has none yet."""

    def put(self, owner: str, port: int) -> None:
        """Remember the owner's port."""

    def delete(self, owner: str) -> None:
        """Forget the owner's port."""

    def taken(self) -> Collection[int]:
        """The ports of all owners."""


class Listener(Protocol):
    """One server that is open."""

    async def close(self) -> None:
        """Take no more connections and end those that are open."""


class Listen(Protocol):
    """Opens a server at a port."""

    async def __call__(
        self,
        server: Server,
        *,
        port: int,
        tls: ssl.SSLContext | None = None,
        ipv4_only: bool = False,
        wanted_for: str,
    ) -> Listener:
        """Open it."""


@dataclass(frozen=True)
class _Listener:
    server: Server
    acceptor: Acceptor

    async def close(self) -> None:
        """Take no more connections and end those that are open."""
        await self.acceptor.close()
        await self.server.stop()


async def listen(
    server: Server,
    *,
    port: int,
    tls: ssl.SSLContext | None = None,
    ipv4_only: bool = False,
    wanted_for: str,
) -> Listener:
    """Serve on loopback.

    Args:
        server: What to serve.
        port: The port.
        tls: Server context for https; None for plain http.
        ipv4_only: Serve 127.0.0.1 only (static websites: a different site than localhost).
        wanted_for: Who needs the port, for the error.

    Raises:
        PortInUse: Another program listens there.
    """
    sockets = ports.bind(port, ipv4_only=ipv4_only, wanted_for=wanted_for)
    return await listen_on(sockets, server, tls=tls)


async def listen_on(
    sockets: ports.Sockets, server: Server, *, tls: ssl.SSLContext | None = None
) -> Listener:
    """Serve on sockets of `ports.bind`.

    For a service that has to know its port before it can be made.
    """
    try:
        factory = await server.start()
    except BaseException:
        for sock in sockets:
            sock.close()
        raise
    return _Listener(server, Acceptor(sockets, factory, tls))


class Listeners:
    """Opens and closes the local cloud's ports.

    Each owner ("resource-manager", "signalr/chatkit-x1y2") keeps the port it was first given for as
    long as it exists, because connection strings, web pages and browsers hold on to it. Only a port
    that another program took while the local cloud was down is given up for a new one: an address
    that is wrong is better than one where another program answers.

    Args:
        remembered: Which owner has which port.
        open_port: Opens a server at a port; in a test, in memory.
    """

    def __init__(self, remembered: RememberedPorts, *, open_port: Listen = listen) -> None:
        self._remembered = remembered
        self._open_port = open_port
        self._open: dict[str, Listener] = {}

    def remembered(self, owner: str) -> int | None:
        """The owner's port, None when it has none yet."""
        return self._remembered.get(owner)

    def reserve(self, owner: str, *, preferred: int = 0, movable: bool = False) -> int:
        """Return the owner's port, choosing one on first use.

        Args:
            owner: Name of the service instance.
            preferred: Port to try first on first use, then the 20 after it; 0 for any free port.
            movable: Give another port when a program has taken the remembered one; for addresses
                that clients look up at each start and nobody writes down.
        """
        known = self._remembered.get(owner)
        if known and (not movable or owner in self._open or ports.is_free(known)):
            return known
        port = self._choose(preferred)
        self._remembered.put(owner, port)
        return port

    def _choose(self, preferred: int) -> int:
        taken = self._remembered.taken()
        if preferred:
            for port in range(preferred, preferred + PREFERRED_TRIES):
                if port not in taken and ports.is_free(port):
                    return port
        return ports.any_free(taken=taken)

    async def recover(self, owner: str, *, preferred: int = 0) -> int:
        """Return the owner's port after a restart.

        It is the remembered one, unless another program has taken that and keeps it.

        Args:
            owner: Name of the service instance.
            preferred: As for `reserve`.
        """
        known = self._remembered.get(owner)
        for _ in range(RECOVER_TRIES):  # as in `open`
            if known is None or ports.is_free(known):
                break
            await asyncio.sleep(RECOVER_PAUSE_S)
        port = self.reserve(owner, preferred=preferred, movable=True)
        if known and port != known:
            log.warning("%s has moved to port %d: another program has port %d.", owner, port, known)
        return port

    def release(self, owner: str) -> None:
        """Forget the owner's port."""
        self._remembered.delete(owner)

    async def open(
        self,
        owner: str,
        server: Server,
        *,
        port: int,
        tls: ssl.SSLContext | None = None,
        ipv4_only: bool = False,
    ) -> None:
        """Serve on loopback.

        Args:
            owner: Name of the service instance; `close` takes the same.
            server: What to serve.
            port: The port, usually from `reserve`.
            tls: Server context for https; None for plain http.
            ipv4_only: Serve 127.0.0.1 only (static websites: a different site than localhost).

        Raises:
            PortInUse: Another program listens there.
        """
        for remaining in reversed(range(RECOVER_TRIES)):
            try:
                self._open[owner] = await self._open_port(
                    server, port=port, tls=tls, ipv4_only=ipv4_only, wanted_for=owner
                )
                return
            except PortInUse:
                # Another program's outgoing call may pass through the port for a moment; nothing
                # tells when it has ended.
                if not remaining:
                    raise
            await asyncio.sleep(RECOVER_PAUSE_S)

    async def close(self, owner: str) -> None:
        """Stop serving; nothing happens when the owner serves nothing."""
        listener = self._open.pop(owner, None)
        if listener is not None:
            await listener.close()

    async def close_all(self) -> None:
        """Stop serving everything."""
        for owner in [*self._open]:
            await self.close(owner)
