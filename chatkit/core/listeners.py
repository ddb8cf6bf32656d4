"""Ports of the local cloud: which service has which, remembered over restarts, loopback only."""

from __future__ import annotations

import asyncio
import logging
import ssl
import time
from collections.abc import Callable
from functools import partial

from aiohttp import web

from chatkit.core import ports
from chatkit.localcloud.core.store import Store

log = logging.getLogger("chatkit.local.ports")
Front = Callable[[Callable[[], asyncio.Protocol]], asyncio.Protocol]
# Kestrel's MaxRequestHeadersTotalSize; sign-in cookies and long filters need more than aiohttp's 8 KB.
MAX_HEAD_BYTES = 32 * 1024
RECOVER_WITHIN_S = 1


class Listeners:
    """Opens and closes the local cloud's ports.

    Each owner ("resource-manager", "signalr/chatkit-x1y2") keeps the port it was first given for as long as it exists,
    because connection strings, web pages and browsers hold on to it. Only a port that another program took while the
    local cloud was down is given up for a new one: an address that is wrong is better than one where a stranger answers.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._open: dict[str, tuple[web.AppRunner | None, list[asyncio.Server]]] = {}

    def reserve(self, owner: str, *, preferred: int = 0, movable: bool = False) -> int:
        """Return the owner's port, choosing one on first use.

        Args:
            owner: Name of the service instance.
            preferred: Port to try first on first use, then the 20 after it; 0 for any free port.
            movable: Give another port when a program has taken the remembered one; for addresses that clients look up
                at each start and nobody writes down.
        """
        known = self._store.get("ports", owner)
        if known and (not movable or owner in self._open or ports.is_free(int(known["port"]))):
            return int(known["port"])
        taken = {int(value["port"]) for _, value in self._store.items("ports")}
        candidates = [*range(preferred, preferred + 21)] if preferred else []
        port = next(
            (p for p in candidates if p not in taken and ports.is_free(p)), 0
        ) or ports.any_free(taken=taken)
        self._store.put("ports", owner, {"port": port})
        return port

    async def recover(self, owner: str, *, preferred: int = 0) -> int:
        """Return the owner's port after a restart: the remembered one, and another when a program has taken and keeps it.

        Args:
            owner: Name of the service instance.
            preferred: As for `reserve`.
        """
        known = self._store.get("ports", owner)
        deadline = time.monotonic() + RECOVER_WITHIN_S
        while known and not ports.is_free(int(known["port"])) and time.monotonic() < deadline:
            await asyncio.sleep(0.05)  # another program's call may pass through it
        port = self.reserve(owner, preferred=preferred, movable=True)
        if known and port != int(known["port"]):
            log.warning(
                "%s has moved to port %d: another program has port %d.",
                owner,
                port,
                int(known["port"]),
            )
        return port

    def release(self, owner: str) -> None:
        """Forget the owner's port."""
        self._store.delete("ports", owner)

    async def open(
        self,
        owner: str,
        app: web.Application | web.AppRunner,
        *,
        port: int,
        tls: ssl.SSLContext | None = None,
        ipv4_only: bool = False,
        front: Front | None = None,
    ) -> None:
        """Serve an application on loopback.

        Args:
            owner: Name of the service instance; `close` takes the same.
            app: The application, or a runner already set up by a service with its own needs.
            port: The port, usually from `reserve`.
            tls: Server context for https; None for plain http.
            ipv4_only: Serve 127.0.0.1 only (static websites: a different site than localhost).
            front: Makes the protocol that meets each new connection, given a function that makes the HTTP protocol.

        Raises:
            PortInUse: Another program listens there.
        """
        runner = app if isinstance(app, web.AppRunner) else plain_runner(app)
        if runner.server is None:
            await runner.setup()
        http: Callable[[], asyncio.Protocol] = runner.server  # type: ignore[assignment]
        meet = http if front is None else partial(front, http)
        sockets = ports.bind(port, ipv4_only=ipv4_only, wanted_for=owner)
        loop = asyncio.get_running_loop()
        servers = [
            await loop.create_server(meet, sock=sock, ssl=tls, backlog=ports.BACKLOG)
            for sock in sockets
        ]
        self._open[owner] = runner, servers

    async def close(self, owner: str) -> None:
        """Stop serving; nothing happens when the owner serves nothing."""
        runner, servers = self._open.pop(owner, (None, []))
        for server in servers:
            server.close()
        if runner is not None:
            await runner.cleanup()

    async def close_all(self) -> None:
        """Stop serving everything."""
        for owner in [*self._open]:
            await self.close(owner)


def plain_runner(app: web.Application) -> web.AppRunner:
    """A runner that hands bodies on as they came, compressed or not, and takes headers up to the limit of Azure's own server."""
    return web.AppRunner(
        app,
        access_log=None,
        shutdown_timeout=1,
        auto_decompress=False,
        max_line_size=MAX_HEAD_BYTES,
        max_field_size=MAX_HEAD_BYTES,
    )
