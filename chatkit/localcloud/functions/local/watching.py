"""Notice that an app's files changed, by looking at their times a few times a second."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from pathlib import Path

PERIOD_S = 0.25
SETTLED_S = 0.1
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


async def changes(folder: Path, known: Snapshot) -> AsyncIterator[list[str]]:
    """Yield the names of files that changed since a snapshot, once they have settled."""
    while True:
        await asyncio.sleep(PERIOD_S)
        seen = await asyncio.to_thread(snapshot, folder)
        if seen == known:
            continue
        while True:
            await asyncio.sleep(SETTLED_S)
            again = await asyncio.to_thread(snapshot, folder)
            if again == seen:
                break
            seen = again
        changed = sorted(name for name in {*known, *seen} if known.get(name) != seen.get(name))
        known = seen
        yield changed
