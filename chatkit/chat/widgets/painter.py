"""Painting at a person's pace.

Whatever happens meanwhile, widgets are brought up to date ten times a second at most, unless
somebody asks for less.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from chatkit.chat.client.background_loop import BackgroundLoop

EVERY_S = 0.1


class Painter:
    """Calls `paint` soon after something changed: at once after a quiet moment, later in a flood.

    Args:
        background: The loop that `paint` runs on.
        paint: Sets the traits; must not block.
        every_s: The shortest time between two of them.
    """

    def __init__(
        self, background: BackgroundLoop, paint: Callable[[], None], *, every_s: float = EVERY_S
    ) -> None:
        self._background = background
        self._loop = background.loop
        self._paint = paint
        self._every_s = every_s
        self._planned: asyncio.TimerHandle | None = None
        self._painted_at = 0.0
        self._stopped = False

    def soon(self) -> None:
        """Paint before long. For the background loop only."""
        if not self._planned and not self._stopped:
            wait_s = max(0.0, self._painted_at + self._every_s - self._loop.time())
            self._planned = self._loop.call_later(wait_s, self._now)

    def ask(self) -> None:
        """Paint before long. For any thread."""
        self._background.call_soon(self.soon)

    def stop(self) -> None:
        """Never paint again. For the background loop only."""
        self._stopped = True
        if self._planned:
            self._planned.cancel()

    def _now(self) -> None:
        self._planned = None
        self._painted_at = self._loop.time()
        self._paint()
