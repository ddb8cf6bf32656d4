"""Where the board is open to the room: at its address, or at the one that took its place.

Strategy: the board's process looks every second. While this machine has the address, the front
stays there. When a network has changed, the front opens at the new address of the same interface,
else of another local network, never at a public one; until there is one, it waits. When the first
address comes back, the front returns to it: it is the one on paper.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Protocol

from chatkit.core import ports
from chatkit.core.errors import PortInUse
from chatkit.core.listeners import Listener, Server, listen_on
from chatkit.core.running.following import host_now, interface_of
from chatkit.core.running.own_addresses import OwnAddress, own_addresses


class Served(Protocol):
    """What answers the room at one address."""

    def server(self) -> Server:
        """What serves it."""


class Room:
    """The board's place in the room's network.

    Args:
        host: The address that the instructor has named.
        port: The port there.
        front: Makes what answers at an address.
        addresses: Tells the addresses of this machine.
    """

    def __init__(
        self,
        host: str,
        port: int,
        front: Callable[[str, int], Served],
        *,
        addresses: Callable[[], list[OwnAddress]] = own_addresses,
    ) -> None:
        self._host = host
        self._port = port
        self._front = front
        self._addresses = addresses
        self._interface = interface_of(host, addresses())
        self._listener: Listener | None = None
        self.address = ""
        """HOST:PORT that people type now; empty while there is none."""
        self.notice = ""
        """What the instructor has to know of a change; empty for nothing."""

    async def open(self) -> None:
        """Open it where the instructor wants it.

        Raises:
            PortInUse: Another program has the port there.
            OSError: It is no address of this machine, or not for this user.
        """
        await self._open(self._host)

    async def look(self) -> bool:
        """Follow the network; says whether people type something else from now on."""
        before = self.address
        found = await asyncio.to_thread(self._addresses)
        host = host_now(self._host, self._interface, found)
        if host is None:
            await self.close()
            self.notice = f"{self._host} is not this machine's address any more, and it has none"
            self.notice += " for a room. The board opens again when there is one."
        elif self.address != self._at(host):
            await self.close()
            await self._move(host)
        return self.address != before

    async def close(self) -> None:
        """Close it: nobody reaches it."""
        if self._listener is not None:
            await self._listener.close()
        self._listener = None
        self.address = ""

    async def _move(self, host: str) -> None:
        try:
            await self._open(host)
        except (PortInUse, OSError) as error:
            self.notice = f"The board cannot be opened at {self._at(host)}: {error}"
            return
        self.notice = ""
        if host != self._host:
            self.notice = (
                f"The network has changed, and the board is at {self.address} now. Who has joined"
                f" before types: chatkit class join @{self.address} (nothing is lost)."
            )

    async def _open(self, host: str) -> None:
        sockets = ports.bind_at(host, self._port, wanted_for="the board's room")
        server = self._front(host, self._port).server()
        self._listener = await listen_on(sockets, server, is_for_everybody=True)
        self.address = self._at(host)

    def _at(self, host: str) -> str:
        return f"{host}:{self._port}"
