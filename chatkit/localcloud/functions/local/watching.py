"""Notice that an app's files changed, by looking at their times a few times a second."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator
from pathlib import Path

PERIOD_S = 0.25
SETTLED_S = 0.1
LONGEST_WAIT_S = 5.0
NAMES = {"host.json", "local.settings.json", "requirements.txt"}
IGNORED = {"__pycache__", "node_modules", ".venv", "venv", "env", ".git", ".python_packages"}
Snapshot = dict[str, tuple[int, int]]


def snapshot(folder: Path) -> Snapshot:
    """Time and size of every file that matters, by path relative to the folder."""
    found: Snapshot = {}
    waiting = [str(folder)]
    while waiting:
        try:
            entries = [*os.scandir(waiting.pop())]
        except OSError:
            continue
        for entry in entries:
            try:
                if entry.is_dir(follow_symlinks=False):
                    if entry.name not in IGNORED and not entry.name.startswith("."):
                        waiting.append(entry.path)
                elif entry.name.endswith(".py") or entry.name in NAMES:
                    status = entry.stat()
                    found[os.path.relpath(entry.path, folder)] = (
                        status.st_mtime_ns,
                        status.st_size,
                    )
            except OSError:
                continue
    return found


class Watch:
    """What an app's files were when it was loaded, and which of them have changed since.

    Args:
        folder: The app.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._known = snapshot(folder)
        self._looking = asyncio.Lock()
        self._next_look: asyncio.Task[Snapshot] | None = None
        self._wanted = asyncio.Event()
        self._is_loaded = asyncio.Event()
        self._is_loaded.set()

    async def changes(self) -> AsyncIterator[list[str]]:
        """Yield the names of files that have changed, once they have settled.

        Who asks for the next ones has loaded these.
        """
        while True:
            self._is_loaded.set()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(PERIOD_S):
                    await self._wanted.wait()
            self._wanted.clear()
            seen = await self._seen()
            if seen == self._known:
                continue
            self._is_loaded.clear()
            seen = await self._settled(seen)
            names = sorted({*self._known, *seen})
            changed = [name for name in names if self._known.get(name) != seen.get(name)]
            self._known = seen
            if changed:
                yield changed

    async def until_loaded(self) -> None:
        """Wait until what was saved before this moment is loaded.

        A person saves and calls in one breath, and what answers is what they have saved. A file
        that something writes all the time holds nobody up for long.
        """
        if await self._seen() != self._known:
            self._is_loaded.clear()
            self._wanted.set()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(LONGEST_WAIT_S):
                await self._is_loaded.wait()

    async def _settled(self, seen: Snapshot) -> Snapshot:
        """The files as they are once nobody writes them any more."""
        while True:
            await asyncio.sleep(SETTLED_S)
            again = await self._seen()
            if again == seen:
                return again
            seen = again

    async def _seen(self) -> Snapshot:
        """The files after this moment. Who asks before a look begins shares it."""
        if self._next_look is None:
            self._next_look = asyncio.create_task(self._look())
        return await asyncio.shield(self._next_look)

    async def _look(self) -> Snapshot:
        async with self._looking:
            # A look that has begun may have passed a file that is saved now.
            self._next_look = None
            return await asyncio.to_thread(snapshot, self._folder)
