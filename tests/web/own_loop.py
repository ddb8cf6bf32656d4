"""A server of a test, with a loop and a thread of its own."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine
from types import TracebackType
from typing import Any, Self, TypeVar

from aiohttp import web

WAIT_S = 10.0
TURNS = 5  # of the loop: an accepted connection has its protocol after three
T = TypeVar("T")


class OwnLoop:
    """A context manager; what it serves is opened by `_start` and closed by `_stop`."""

    def __enter__(self) -> Self:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self.do(self._start())
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.do(self._stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(WAIT_S)
        self._loop.close()

    def do(self, work: Coroutine[Any, Any, T]) -> T:
        """Run something on its loop and wait for it."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(WAIT_S)

    async def _start(self) -> None:
        raise NotImplementedError

    async def _stop(self) -> None:
        raise NotImplementedError


async def closed(runner: web.BaseRunner) -> None:
    """Take no more connections, let those that were taken arrive, and end all of them.

    A server that is closed between these leaves a connection open that a browser has begun at that
    moment: asyncio cannot attach it to a closed server any more, and forgets it.
    """
    loop = asyncio.get_running_loop()
    for site in runner.sites:
        assert isinstance(site._server, asyncio.Server)
        for sock in site._server.sockets:
            loop.remove_reader(sock.fileno())
    for _ in range(TURNS):
        await asyncio.sleep(0)
    await runner.cleanup()
