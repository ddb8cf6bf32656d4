"""Waiting for something that becomes true on its own: ask often at first, then less."""

from __future__ import annotations

from collections.abc import Iterator
from time import monotonic, sleep

from chatkit.calls import Calls

FIRST_POLL_S, LAST_POLL_S = 0.1, 5.0


def waiting(limit_s: float, calls: Calls) -> Iterator[int]:
    """Count up until a time limit, with growing pauses between."""
    until, wait_s, count = monotonic() + limit_s, FIRST_POLL_S, 0
    while True:
        yield count
        if monotonic() > until:
            return
        sleep(wait_s)
        calls.tick()
        wait_s, count = min(wait_s * 1.5, LAST_POLL_S), count + 1
