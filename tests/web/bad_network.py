"""A network between phones and a stage that is slow, loses packets, and brings them late.

Below TCP a lost or overtaken packet is a wait for everything behind it on its connection: it comes
again after the retransmission time (RFC 6298), which doubles when it is lost again. Other
connections overtake meanwhile.
"""

from __future__ import annotations

import asyncio
import random
from contextlib import suppress
from dataclasses import dataclass

from tests.web.own_loop import OwnLoop

CHUNK_BYTES = 1_400  # what a packet of Ethernet holds


@dataclass
class BadNetwork(OwnLoop):
    """A context manager; a port of loopback that leads to another address.

    Attributes:
        target: Host and port that it leads to.
        delay_s: One way, at least.
        jitter_s: Up to so much more.
        lost: Share of the packets that are lost.
        again_s: After how long a lost packet comes again.
        is_gone: Nothing passes, and nobody is told: connections stay open.
        port: Where it listens.
    """

    target: tuple[str, int]
    delay_s: float = 0.0
    jitter_s: float = 0.0
    lost: float = 0.0
    again_s: float = 0.2
    is_gone: bool = False
    port: int = 0

    async def _start(self) -> None:
        self._random = random.Random(17)
        self._tasks: set[asyncio.Task[None]] = set()
        self._server = await asyncio.start_server(self._connect, "127.0.0.1", 0)
        self.port = int(self._server.sockets[0].getsockname()[1])

    async def _stop(self) -> None:
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _connect(self, near: asyncio.StreamReader, back: asyncio.StreamWriter) -> None:
        try:
            far, forth = await asyncio.open_connection(*self.target)
        except OSError:  # nobody is there: the phone learns it as from a network
            back.close()
            return
        for reader, writer in ((near, forth), (far, back)):
            task = asyncio.create_task(self._carry(reader, writer))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while data := await reader.read(CHUNK_BYTES):
                await asyncio.sleep(self._time())
                while self.is_gone:
                    await asyncio.sleep(0.05)
                writer.write(data)
                await writer.drain()
        except OSError:
            return
        finally:
            with suppress(OSError):
                writer.close()

    def _time(self) -> float:
        waits = self.delay_s + self._random.random() * self.jitter_s
        again = self.again_s
        while self._random.random() < self.lost:
            waits += again
            again *= 2
        return waits
