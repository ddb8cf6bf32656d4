"""Readers that follow what an app and its host write, from now on."""

from __future__ import annotations

import asyncio

# What one reader may be behind, in characters. A slower reader misses lines.
MOST_WAITING = 1_000_000


class Follower:
    """One reader of a console."""

    def __init__(self) -> None:
        self._lines: list[str] = []
        self._size = 0
        self._missing = 0
        self._new = asyncio.Event()
        self._has_ended = False

    def put(self, line: str) -> None:
        """Take a line of the console."""
        if self._size + len(line) > MOST_WAITING:
            self._missing += 1
        else:
            self._lines.append(line)
            self._size += len(line)
        self._new.set()

    def end(self) -> None:
        """The console is closed."""
        self._has_ended = True
        self._new.set()

    async def read(self) -> list[str]:
        """Wait for lines, and take all that wait; none once the console is closed."""
        await self._new.wait()
        lines = self._lines
        if self._missing:
            lines.append(f"({self._missing} lines are missing here: they were read too slowly.)")
        self._lines = []
        self._size = 0
        self._missing = 0
        if not self._has_ended:
            self._new.clear()
        return lines
