"""One background thread with one event loop, for everything asynchronous that outlives a cell.

A kernel's own loop stands still while a cell computes, and widget callbacks run on a thread that depends on the kernel's
version; this loop never blocks and can be reached from all of them.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeout
from functools import cache
from typing import Any, TypeVar

from chatkit.core.errors import ChatkitError

T = TypeVar("T")


class Portal:
    """A daemon thread that runs an event loop until `stop`."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name="chatkit-portal", daemon=True)
        self._thread.start()

    def submit(self, work: Coroutine[Any, Any, T]) -> Future[T]:
        """Start work and return at once. Callable from any thread."""
        return asyncio.run_coroutine_threadsafe(work, self.loop)

    def call(self, work: Coroutine[Any, Any, T], *, timeout_s: float = 30) -> T:
        """Do work and return its result. Callable from any thread except the portal's own.

        Raises:
            ChatkitError: It took longer than `timeout_s`; the work is cancelled.
        """
        future = self.submit(work)
        try:
            return future.result(timeout_s)
        except FutureTimeout:
            if future.done():
                raise
            future.cancel()
            raise ChatkitError(f"Nothing came back within {timeout_s:g} s.") from None
        except KeyboardInterrupt:
            future.cancel()
            raise

    def stop(self) -> None:
        """End the loop and its thread."""
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join(5)

    def _run(self) -> None:
        asyncio.set_event_loop(self.loop)
        try:
            self.loop.run_forever()
        finally:
            self.loop.close()


@cache
def portal() -> Portal:
    """The portal of this process, started on first use."""
    return Portal()
