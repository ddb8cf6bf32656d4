"""Ends an app's process when nobody has called the app for a while, until the next call.

As on Azure's Consumption plans: "If your function app has been idle for a few minutes, the platform
might decide to scale the number of instances on which your app runs down to zero."
https://learn.microsoft.com/azure/azure-functions/event-driven-scaling#cold-start
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from time import monotonic
from typing import ClassVar

IDLE_AFTER_S = 60.0
"""Azure says "a few minutes". Here it is one: memory is scarce where a class shares a machine, and
the process starts again in about a second.
"""
OTHERS_IDLE_AFTER_S = 10.0
"""The same for an app of which another one in this process was called later: people try their
functions on this machine, or the deployed ones.
"""


class IdlePause:
    """The pause of one app: without calls its process is ended, and started by the next one.

    Args:
        after_s: How long nobody calls the app before the pause; None for no pauses.

    Attributes:
        is_on: Whether the app pauses now.
    """

    _called_last: ClassVar[IdlePause | None] = None

    def __init__(self, after_s: float | None) -> None:
        self._after_s = after_s
        self._used_at = monotonic()
        self._wanted = asyncio.Event()
        self.is_on = False

    def note_use(self) -> None:
        """Count the time from now on."""
        self._used_at = monotonic()
        IdlePause._called_last = self

    async def is_due(self, ended: asyncio.Event, is_busy: Callable[[], bool]) -> bool:
        """Wait until the process has ended by itself, or a pause may begin.

        Args:
            ended: The process has ended.
            is_busy: Whether a call is open.

        Returns:
            Whether a pause may begin.
        """
        if self._after_s is None:
            await ended.wait()
            return False
        left_s = self._after_s
        while True:
            try:
                # Another app may be called meanwhile, which makes the time shorter.
                async with asyncio.timeout(min(left_s, OTHERS_IDLE_AFTER_S)):
                    await ended.wait()
                return False
            except TimeoutError:
                left_s = self._used_at + self._limit_s(self._after_s) - monotonic()
                if is_busy():
                    left_s = self._after_s
                elif left_s <= 0:
                    return True

    def _limit_s(self, after_s: float) -> float:
        if IdlePause._called_last is self:
            return after_s
        return min(after_s, OTHERS_IDLE_AFTER_S)

    async def until_called(self) -> None:
        """Pause until somebody calls."""
        self.is_on = True
        self._wanted.clear()
        await self._wanted.wait()

    def call(self) -> None:
        """Let the process start again, if the app pauses."""
        self._wanted.set()

    def end(self) -> bool:
        """Note that the process runs; returns whether the app has paused."""
        has_paused = self.is_on
        self.is_on = False
        self.note_use()
        return has_paused
