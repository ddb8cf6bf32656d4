"""Asking a listener to stop: it finishes what it has begun and gives up what it waits for."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any


class Stop:
    """A request to stop."""

    def __init__(self) -> None:
        self._asked = asyncio.Event()

    def ask(self) -> None:
        """Ask for it."""
        self._asked.set()

    @property
    def is_asked(self) -> bool:
        """Whether somebody has asked."""
        return self._asked.is_set()

    async def wait(self) -> None:
        """Wait until somebody has asked."""
        await self._asked.wait()

    async def unless_stopped(self, work: Coroutine[Any, Any, None]) -> bool:
        """Wait for something; returns False when it was left because of a request to stop."""
        waiting = asyncio.ensure_future(work)
        asked = asyncio.ensure_future(self._asked.wait())
        try:
            await asyncio.wait({waiting, asked}, return_when=asyncio.FIRST_COMPLETED)
            return waiting.done() and not self._asked.is_set()
        finally:
            for task in (waiting, asked):
                task.cancel()
            await asyncio.gather(waiting, asked, return_exceptions=True)
