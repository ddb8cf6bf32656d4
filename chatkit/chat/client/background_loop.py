"""One background thread with one event loop, for everything asynchronous that outlives a cell.

A kernel's own loop stands still while a cell computes, and widget callbacks run on a thread that
depends on the kernel's version; this loop never blocks and can be reached from all of them.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeout
from functools import cache
from typing import Any, TypeVar

from chatkit.core.errors import ChatkitError
from chatkit.core.running.interrupts import held

T = TypeVar("T")
log = logging.getLogger("chatkit.background_loop")


class BackgroundLoop:
    """A daemon thread that runs an event loop until `stop`."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(
            target=self._run, name="chatkit-background-loop", daemon=True
        )
        self._thread.start()

    def call(self, work: Coroutine[Any, Any, T], *, timeout_s: float = 30) -> T:
        """Do work and return its result. Callable from any thread except the loop's own.

        Raises:
            ChatkitError: It took longer than `timeout_s`; the work is cancelled.
        """
        begun: list[Future[T]] = []
        try:
            with held():  # work that has begun is known, so that an interrupt ends it
                begun.append(asyncio.run_coroutine_threadsafe(work, self.loop))
            return _result(begun[0], timeout_s)
        except KeyboardInterrupt:
            for future in begun:
                future.cancel()
            if not begun:
                work.close()  # else Python warns that nobody has awaited it
            raise

    def start(self, work: Coroutine[Any, Any, object]) -> None:
        """Start work that nobody waits for. An exception that ends it is logged.

        Callable from any thread.
        """
        asyncio.run_coroutine_threadsafe(work, self.loop).add_done_callback(log_failure)

    def call_soon(self, callback: Callable[[], object]) -> None:
        """Run a callback on the loop's thread before long. Callable from any thread."""
        self.loop.call_soon_threadsafe(callback)

    def stop(self) -> None:
        """Cancel what is running, end the loop and its thread."""
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join(5)

    def _run(self) -> None:
        asyncio.set_event_loop(self.loop)
        try:
            self.loop.run_forever()
            self._cancel_tasks()
        finally:
            self.loop.close()

    def _cancel_tasks(self) -> None:
        tasks = asyncio.all_tasks(self.loop)
        for task in tasks:
            task.cancel()
        self.loop.run_until_complete(asyncio.gather(*tasks, return_exceptions=True))


def _result(future: Future[T], timeout_s: float) -> T:
    """Wait for the result of work; what takes longer is cancelled."""
    try:
        return future.result(timeout_s)
    except FutureTimeout:
        # The work itself may have raised a TimeoutError: that one is the caller's.
        if future.done():
            raise
        future.cancel()
        raise ChatkitError(f"Nothing came back within {timeout_s:g} s.") from None


def log_failure(done: Future[Any] | asyncio.Future[Any]) -> None:
    """Log the exception of work whose result nobody takes."""
    if done.cancelled():
        return
    error = done.exception()
    if error is not None:
        log.error("Work on the background loop failed.", exc_info=error)


@cache
def background_loop() -> BackgroundLoop:
    """The loop of this process, started on first use."""
    return BackgroundLoop()
