"""What lasts: an import or a function that has not ended after a while, and the line where it is.

An endless loop says nothing by itself. Microsoft's worker has nothing of the kind.
"""

from __future__ import annotations

import asyncio
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from . import invoking

AFTER_S = 10.0
PERIOD_S = 1.0


def _task() -> asyncio.Task[Any] | None:
    try:
        return asyncio.current_task()
    except RuntimeError:  # a thread without an event loop
        return None


@dataclass
class Work:
    """Something that a thread does.

    Attributes:
        name: Of the function; empty for the import of the app.
    """

    name: str
    thread: int = field(default_factory=threading.get_ident)
    began: float = field(default_factory=time.monotonic)
    task: asyncio.Task[Any] | None = field(default_factory=_task)

    def is_at_work(self) -> bool:
        """Whether its thread is in it now; an event loop's is in one task of many."""
        return self.task is None or asyncio.current_task(self.task.get_loop()) is self.task


class Lasting:
    """What this process does, looked at once a second while it does something.

    Args:
        tell: Sends a message to the host.
    """

    def __init__(self, tell: Callable[[dict[str, Any]], object]) -> None:
        self._tell = tell
        self._work = dict[int, Work]()
        self._lock = threading.Lock()
        self._is_looking = False

    @contextmanager
    def noted(self, name: str) -> Iterator[None]:
        """Tell the host where this thread is, should the block not end."""
        work = Work(name)
        with self._lock:
            self._work[id(work)] = work
            starts = not self._is_looking
            self._is_looking = True
        if starts:
            threading.Thread(target=self._look, name="lasting", daemon=True).start()
        try:
            yield
        finally:
            with self._lock:
                self._work.pop(id(work), None)

    def _look(self) -> None:
        goes_on = True
        while goes_on:
            time.sleep(PERIOD_S)
            late, goes_on = self._late()
            for work in late:
                stack = _stack(work.thread)
                if stack:
                    said = {"name": work.name, "seconds": AFTER_S, "stack": stack}
                    self._tell({"op": "lasts", **said})

    def _late(self) -> tuple[list[Work], bool]:
        """What has not ended, each once; and whether anything is left to look at."""
        now = time.monotonic()
        with self._lock:
            long = [work for work in self._work.values() if now - work.began >= AFTER_S]
            late = [work for work in long if work.is_at_work()]
            for work in late:
                del self._work[id(work)]
            self._is_looking = bool(self._work)
            return late, self._is_looking


def _stack(thread: int) -> str:
    """The app's lines in which a thread is, as `traceback` writes them; empty for none."""
    innermost = sys._current_frames().get(thread)
    frames = [*traceback.walk_stack(innermost)][::-1] if innermost else []
    own = [(frame, line) for frame, line in frames if invoking.is_of_app(frame.f_code.co_filename)]
    lines = traceback.StackSummary.extract(iter(own)).format()
    return "".join(("Traceback (most recent call last):\n", *lines)) if lines else ""
