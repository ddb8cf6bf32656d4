"""Background tasks: kept while they run, logged when they fail, awaited when their owner stops."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine
from typing import Any


class BackgroundTasks:
    """The background tasks of one owner."""

    def __init__(self, owner: str, log: logging.Logger) -> None:
        self._owner = owner
        self._log = log
        # The event loop keeps weak references only: a task that nobody holds may vanish before it
        # is done.
        self._tasks: set[asyncio.Task[None]] = set()
        self._closed = False

    def start(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None] | None:
        """Run a coroutine beside the caller.

        Returns:
            The task, for those who wait for its end; None after `close`, when nothing starts.
        """
        if self._closed:
            work.close()
            return None

        def forget(task: asyncio.Task[None]) -> None:
            self._tasks.discard(task)
            work.close()  # a task that is cancelled before its first step has not awaited it

        task = asyncio.get_running_loop().create_task(self._logged(work))
        self._tasks.add(task)
        task.add_done_callback(forget)
        return task

    async def close(self) -> None:
        """Cancel what runs and wait until all of it has ended."""
        self._closed = True
        tasks = [*self._tasks]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _logged(self, work: Coroutine[Any, Any, None]) -> None:
        try:
            await work
        except Exception:
            self._log.exception("%s: work in the background failed", self._owner)
