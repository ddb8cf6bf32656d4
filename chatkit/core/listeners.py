"""What listens on this machine, and which service has which port over restarts.

It is loopback only, but for sockets that `listen_on` is given.

This module turns a service into an open port; nothing else in the package makes a server's socket.
A service is a factory of protocols (`Server`), so that a test drives the same factory over a
transport in memory.
"""

from __future__ import annotations

import asyncio
import logging
import ssl
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from time import monotonic, sleep
from typing import Protocol

from chatkit.core import ports
from chatkit.core.accepting import Acceptor, ProtocolFactory
from chatkit.core.errors import PortInUse

log = logging.getLogger("chatkit.local.ports")
SETTLE_S = 1.0
OPEN_TRIES = 20
PAUSE_S = 0.05
PREFERRED_TRIES = 21


class Server(Protocol):
    """A service as listeners and in-memory transports see it."""

    async def start(self) -> ProtocolFactory:
        """Get ready, and return what makes the protocol of each new connection."""

    async def stop(self) -> None:
        """End the connections that are open."""


@dataclass(frozen=True)
class Move:
    """A port that was given up at the start, because another program keeps it.

    Attributes:
        owner: Whose port it was.
        before: The port.
        now: The owner's port from now on.
        holder: The program that has the port, as far as this user may see it.
    """

    owner: str
    before: int
    now: int
    holder: str


class RememberedPorts(Protocol):
    """Which owner has which port, kept over restarts."""

    def get(self, owner: str) -> int | None:
        """The owner's port, None when it has none yet."""

    def put(self, owner: str, port: int) -> None:
        """Remember the owner's port."""

    def delete(self, owner: str) -> None:
        """Forget the owner's port."""

    def all(self) -> Mapping[str, int]:
        """The ports of all owners."""

    def move(self, moves: Sequence[Move]) -> None:
        """Remember new ports, all or none of them."""

    def moved(self) -> Mapping[int, int]:
        """The present port by each port that an owner had before, and that nobody has now."""


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
    sockets: ports.Sockets,
    server: Server,
    *,
    tls: ssl.SSLContext | None = None,
    is_for_everybody: bool = False,
) -> Listener:
    """Serve on sockets of `ports.bind`.

    For a service that has to know its port before it can be made.

    Args:
        sockets: Where to serve.
        server: What to serve.
        tls: Server context for https; None for plain http.
        is_for_everybody: Answer the machine's other users, too, where the system tells who asks.
    """
    try:
        factory = await server.start()
    except BaseException:
        for sock in sockets:
            sock.close()
        raise
    return _Listener(server, Acceptor(sockets, factory, tls, is_for_everybody=is_for_everybody))


class Listeners:
    """Opens and closes the local cloud's ports.

    Each owner ("resource-manager", "signalr/chatkit-x1y2") keeps the port it was first given for as
    long as it exists, because connection strings, web pages and browsers hold on to it. Only a port
    that another program took while the local cloud was down is given up for a new one: an address
    that is wrong is better than one where another program answers.

    A port that an owner was told is held until its server opens: nobody else can take it meanwhile.

    Args:
        remembered: Which owner has which port.
        open_port: Opens a server at a port; in a test, in memory.
    """

    def __init__(self, remembered: RememberedPorts, *, open_port: Listen = listen) -> None:
        self._remembered = remembered
        self._open_port = open_port
        # Ports in memory cannot be taken by another program.
        self._holds_ports = open_port is listen
        # Whoever was told that such a port has moved would take a new owner's address for the old.
        self._moved_away: frozenset[int] = frozenset()
        self._held: dict[str, ports.Sockets] = {}
        self._open: dict[str, Listener] = {}

    def remembered(self, owner: str) -> int | None:
        """The owner's port, None when it has none yet."""
        return self._remembered.get(owner)

    def settle(self) -> list[Move]:
        """At the start, hold every remembered port, and give up those that other programs keep.

        A call of another program may pass through a port for a moment, and a server that was asked
        to end may still have it: so there is a second in which they may leave it.

        Returns:
            The owners that have another port now.
        """
        waiting = dict(self._remembered.all())
        until = monotonic() + SETTLE_S
        while True:
            waiting = {own: port for own, port in waiting.items() if not self._hold(own, port)}
            if not waiting or monotonic() > until:
                break
            sleep(PAUSE_S)
        moves: list[Move] = []
        if waiting:
            holders = ports.who_hold(waiting.values())
            moves = [
                Move(owner, port, self._choose(owner, port + 1), str(holders[port]))
                for owner, port in waiting.items()
            ]
            self._remembered.move(moves)
        self._moved_away = frozenset(self._remembered.moved())
        for move in moves:
            log.warning(
                "%s has moved to port %d: %s has port %d.",
                move.owner,
                move.now,
                move.holder,
                move.before,
            )
        return moves

    def reserve(self, owner: str, *, preferred: int = 0) -> int:
        """Return the owner's port, choosing one on first use.

        Args:
            owner: Name of the service instance.
            preferred: Port to try first on first use, then the 20 after it; 0 for any free port.
        """
        known = self._remembered.get(owner)
        if known:
            return known
        port = self._choose(owner, preferred)
        self._remembered.put(owner, port)
        return port

    def leave_unopened(self) -> None:
        """At the end of the start, leave the ports that nothing was opened at.

        Whoever connects there should be refused, and not wait for an answer.
        """
        for owner in [*self._held]:
            self._let_go(owner)

    def release(self, owner: str) -> None:
        """Forget the owner's port."""
        self._let_go(owner)
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
        self._let_go(owner)
        for remaining in reversed(range(OPEN_TRIES)):
            try:
                self._open[owner] = await self._open_port(
                    server, port=port, tls=tls, ipv4_only=ipv4_only, wanted_for=owner
                )
                return
            except PortInUse as error:
                # Another program's outgoing call may pass through the port for a moment; nothing
                # tells when it has ended.
                if not remaining:
                    raise error.with_holder(str(ports.who_holds(port))) from None
            await asyncio.sleep(PAUSE_S)

    async def close(self, owner: str) -> None:
        """Stop serving; nothing happens when the owner serves nothing."""
        self._let_go(owner)
        listener = self._open.pop(owner, None)
        if listener is not None:
            await listener.close()

    async def close_all(self) -> None:
        """Stop serving everything."""
        for owner in [*self._held, *self._open]:
            await self.close(owner)

    def _choose(self, owner: str, preferred: int) -> int:
        """Find a port that nobody has, and hold it."""
        self._let_go(owner)
        taken = {
            *self._moved_away,
            *self._remembered.all().values(),
            *map(ports.port_of, self._held.values()),
        }
        if preferred:
            for port in range(preferred, min(preferred + PREFERRED_TRIES, ports.HIGHEST + 1)):
                if port not in taken and self._hold(owner, port):
                    return port
        while True:
            port = ports.any_free(taken=taken)
            if self._hold(owner, port):
                return port

    def _hold(self, owner: str, port: int) -> bool:
        """Say whether a port can be had, and keep others from it until `open`."""
        if not self._holds_ports:
            return ports.is_free(port)
        try:
            self._held[owner] = ports.bind(port, wanted_for=owner)
        except (PortInUse, OSError):
            return False
        return True

    def _let_go(self, owner: str) -> None:
        for sock in self._held.pop(owner, ()):
            sock.close()
