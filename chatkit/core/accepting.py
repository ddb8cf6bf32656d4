"""Takes new connections of listening sockets while there is room for them.

asyncio's own server takes connections until the process has no descriptor left: then nothing else
can be opened either, and Python 3.11 logs thousands of lines a second. Here a connection waits as
soon as descriptors are scarce, and with it those behind it, which the system keeps.
"""

from __future__ import annotations

import asyncio
import errno
import logging
import socket
import ssl
from collections.abc import Callable, Sequence
from contextlib import suppress

from chatkit.core import descriptors
from chatkit.core.peers.connecting_user import is_of_another_person

log = logging.getLogger("chatkit.local.ports")
ProtocolFactory = Callable[[], asyncio.BaseProtocol]
HANDSHAKE_WITHIN_S = 15
ROOM_PAUSE_S = 0.1
NO_ROOM = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)
REFUSAL_WITHIN_S = 2
REFUSAL_READS_BYTES = 1 << 16
REFUSAL = b"This server belongs to another user of this machine, and answers that user alone.\n"
REFUSED = (
    b"HTTP/1.1 403 Forbidden\r\nContent-Type: text/plain; charset=utf-8\r\n"
    b"Content-Length: %d\r\nConnection: close\r\n\r\n%s" % (len(REFUSAL), REFUSAL)
)
FULL = "No more connections now: the limit of open files is reached. New ones wait."


class Acceptor:
    """Connections of some listening sockets, each with a protocol of its own.

    Args:
        sockets: They listen, and do not block.
        factory: Makes the protocol of a connection.
        tls: Server context for https; None for plain http.
        is_for_everybody: Take connections of the machine's other users, too.
    """

    def __init__(
        self,
        sockets: Sequence[socket.socket],
        factory: ProtocolFactory,
        tls: ssl.SSLContext | None,
        *,
        is_for_everybody: bool = False,
    ) -> None:
        self._is_for_everybody = is_for_everybody
        self._sockets = sockets
        self._factory = factory
        self._tls = tls
        # The event loop itself keeps only weak references.
        self._beginning: set[asyncio.Task[None]] = set()
        loop = asyncio.get_running_loop()
        self._loops = [loop.create_task(self._accept(sock)) for sock in sockets]

    async def close(self) -> None:
        """Take no more connections. Those that are open are left alone."""
        tasks = [*self._loops, *self._beginning]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for sock in self._sockets:
            sock.close()

    async def _accept(self, listening: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        while True:
            try:
                connection, _ = await loop.sock_accept(listening)
            except OSError as error:
                # Any other error is one connection's, which ended before it was taken.
                if error.errno in NO_ROOM:
                    log.warning(FULL)
                await asyncio.sleep(ROOM_PAUSE_S)
                continue
            try:
                await self._wait_for_room(connection)
            except asyncio.CancelledError:
                connection.close()
                raise
            task = loop.create_task(self._begin(connection))
            self._beginning.add(task)
            task.add_done_callback(self._beginning.discard)
            await asyncio.sleep(0)  # many that come at once do not hold up those that are open

    async def _wait_for_room(self, connection: socket.socket) -> None:
        if not descriptors.is_scarce(connection.fileno()):
            return
        while _is_full():
            log.warning(FULL)
            await asyncio.sleep(ROOM_PAUSE_S)

    async def _begin(self, connection: socket.socket) -> None:
        if not self._is_for_everybody and is_of_another_person(connection):
            await self._refuse(connection)
            return
        handshake_s = None
        if self._tls is not None:
            handshake_s = HANDSHAKE_WITHIN_S
        with suppress(OSError):  # a failed handshake, or a client that left during it
            await asyncio.get_running_loop().connect_accepted_socket(
                self._factory, connection, ssl=self._tls, ssl_handshake_timeout=handshake_s
            )

    async def _refuse(self, connection: socket.socket) -> None:
        """End a connection; over plain http with a sentence, for who has mistyped a port."""
        loop = asyncio.get_running_loop()
        with connection, suppress(OSError, TimeoutError):
            if self._tls is None:
                async with asyncio.timeout(REFUSAL_WITHIN_S):
                    # What is left unread when a socket closes takes the answer along.
                    await loop.sock_recv(connection, REFUSAL_READS_BYTES)
                    await loop.sock_sendall(connection, REFUSED)


def _is_full() -> bool:
    with suppress(OSError):
        return descriptors.is_scarce(descriptors.next_descriptor())
    return True
