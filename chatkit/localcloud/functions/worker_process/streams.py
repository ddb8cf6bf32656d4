"""The host's end of an HTTP request that a function takes, and answers, piece by piece."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from chatkit.localcloud.functions.worker_process.calls import Exchange

# What a child says about a stream.
OPERATIONS = {"want", "head", "chunk", "end"}
Send = Callable[[dict[str, Any], bytes], None]


class Stream:
    """Carries pieces between a client and the child, each only when the other side wants it."""

    def __init__(self, call_id: str, exchange: Exchange, send: Send) -> None:
        self._id = call_id
        self._exchange = exchange
        self._send = send
        self._messages: asyncio.Queue[tuple[dict[str, Any], bytes]] = asyncio.Queue()
        self._reading: asyncio.Task[None] | None = None
        self._watching: asyncio.Task[None] | None = None

    def take(self, header: dict[str, Any], body: bytes) -> None:
        """A message of the child."""
        self._messages.put_nowait((header, body))

    async def carry(self) -> None:
        """Carry until the child has ended its answer."""
        while True:
            header, body = await self._messages.get()
            match header["op"]:
                case "want":
                    # Beside the answer: a function may wait for more and answer meanwhile.
                    self._reading = asyncio.create_task(self._read())
                case "head":
                    pairs = [(str(name), str(value)) for name, value in header["headers"]]
                    await self._write(self._exchange.begin(int(header["status"]), pairs))
                    # From here on, as web servers do: a function that has not begun to answer
                    # finishes what it was asked for.
                    self._watching = asyncio.create_task(self._watch())
                case "chunk":
                    await self._write(self._exchange.write(body, is_last=header["last"]))
                    self._tell({"op": "sent"})
                case "end":
                    return

    def leave(self) -> None:
        """Nobody waits for the answer any more."""
        for task in (self._reading, self._watching):
            if task is not None:
                task.cancel()
        self._tell({"op": "gone"})

    async def _write(self, work: Any) -> None:
        try:
            await work
        except OSError:
            self._tell_gone()

    async def _watch(self) -> None:
        """A client that leaves between two pieces is noticed, too."""
        await self._exchange.left()
        self._tell_gone()

    def _tell_gone(self) -> None:
        """Say that the client has left, unless it has the whole answer: then everyone leaves."""
        if not self._exchange.is_complete:
            self._tell({"op": "gone"})

    async def _read(self) -> None:
        try:
            piece = await self._exchange.read()
        except OSError:
            self._tell({"op": "gone"})
            return
        self._tell({"op": "body", "more": bool(piece)}, piece)

    def _tell(self, header: dict[str, Any], body: bytes = b"") -> None:
        with suppress(Exception):  # the child is gone, which whoever waits for it learns
            self._send({**header, "id": self._id}, body)
