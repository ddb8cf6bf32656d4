"""The two times of the local cloud, and the one place from which they are read.

`wall` is what the machine's clock shows. It may jump: a person sets it, or the network does. It
counts for what other programs compare with their own clock: tokens, shared access signatures,
sessions, dates in answers.

`steady` counts on whatever the clock shows, also while the machine is suspended. It counts for how
long something lasts: throttles, leases, codes, operations. It begins at the wall time of the
process's start, so documents keep it as Unix time, and a restarted process goes on with it.
"""

from __future__ import annotations

import sys
import time


def wall() -> float:
    """Unix time in seconds, as the machine's clock shows it."""
    return time.time()


def elapsed() -> float:
    """Seconds since some moment, suspended ones included."""
    if sys.platform == "linux":  # its `time.monotonic` stops while the machine is suspended
        return time.clock_gettime(time.CLOCK_BOOTTIME)
    return time.monotonic()


class _Steady:
    """Unix time that does not jump."""

    def __init__(self) -> None:
        self._began_at = wall()
        self._began = elapsed()

    def now(self) -> float:
        """The start's wall time and what has passed since."""
        return self._began_at + elapsed() - self._began


_steady = _Steady()


def steady() -> float:
    """Unix time in seconds that has only counted on since this process began."""
    return _steady.now()
