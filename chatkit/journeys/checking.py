"""When checks of this process ran, so that their messages are told from people's.

A map lists them, and goes on showing what somebody was looking at.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager

KEPT = 100
_running: list[float] = []
_over: deque[tuple[float, float]] = deque(maxlen=KEPT)


@contextmanager
def checking() -> Iterator[None]:
    """A check runs in the block."""
    begun = time.time()
    _running.append(begun)
    try:
        yield
    finally:
        _running.remove(begun)
        _over.append((begun, time.time()))


def was_checking(at: float) -> bool:
    """Whether a check ran at that time.

    Args:
        at: Unix time.
    """
    runs = any(begun <= at for begun in tuple(_running))
    return runs or any(begun <= at <= ended for begun, ended in tuple(_over))
