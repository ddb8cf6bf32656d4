"""The two times of the local cloud, and the one place from which they are read.

`wall` is what the machine's clock shows. It may jump: a person sets it, or the network does. It
counts for what other programs compare with their own clock: tokens, shared access signatures,
sessions, dates in answers.

`steady` counts on whatever the clock shows, also while the machine is suspended. It counts for how
long something lasts: throttles, leases, codes, operations. It begins at the wall time of the
process's start, so documents keep it as Unix time. A process that is started anew goes on from the
mark of the one before, so that a clock that was set meanwhile does not move it either.
"""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass
from pathlib import Path

BOOT_ID = Path("/proc/sys/kernel/random/boot_id")  # proc(5); Linux alone has it


def wall() -> float:
    """Unix time in seconds, as the machine's clock shows it."""
    return time.time()


def elapsed() -> float:
    """Seconds since some moment, suspended ones included."""
    # `time.monotonic` stops while Linux or macOS is suspended; these clocks go on.
    if sys.platform == "linux":
        return time.clock_gettime(time.CLOCK_BOOTTIME)
    if sys.platform == "darwin":
        return time.clock_gettime(time.CLOCK_MONOTONIC)
    return time.monotonic()


@dataclass(frozen=True)
class Mark:
    """Where steady time was.

    Attributes:
        steady: Unix time in seconds.
        elapsed: Of the same moment.
        boot: Which start of the machine it was; empty where that cannot be known.
    """

    steady: float
    elapsed: float
    boot: str


class _Steady:
    """Unix time that does not jump."""

    def __init__(self) -> None:
        self._began_at = wall()
        self._began = elapsed()

    def now(self) -> float:
        """The start's wall time and what has passed since."""
        return self._began_at + elapsed() - self._began

    def go_on_from(self, mark: Mark) -> None:
        now = elapsed()
        if mark.boot and mark.boot == _boot() and mark.elapsed <= now:
            self._began_at = mark.steady + now - mark.elapsed
        else:  # nobody knows how long the machine was off, but it was not less than nothing
            self._began_at = max(self.now(), mark.steady)
        self._began = now


_steady = _Steady()


def steady() -> float:
    """Unix time in seconds that has only counted on, in this process and in those before it."""
    return _steady.now()


def mark() -> Mark:
    """Where steady time is now, for a process that goes on from there."""
    now = elapsed()
    return Mark(steady(), now, _boot())


def go_on_from(mark: Mark) -> None:
    """Let steady time go on from where an earlier process had it.

    When the machine has not started anew meanwhile, it is where it would be in that process.
    """
    _steady.go_on_from(mark)


def steady_of(mark: Mark) -> float:
    """Steady time of the process that made a mark, now; wall time after a start of the machine."""
    passed = elapsed() - mark.elapsed
    if mark.boot == _boot() and passed >= 0:
        return mark.steady + passed
    return wall()


def _boot() -> str:
    try:
        return BOOT_ID.read_text(encoding="ascii").strip()
    except (OSError, ValueError):
        return ""
