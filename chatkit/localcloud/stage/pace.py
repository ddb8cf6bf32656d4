"""How many messages a second guests send."""

from __future__ import annotations

from collections import deque

from chatkit.core.time import clock

OVER_S = 10.0


class Pace:
    """Messages of the last ten seconds."""

    def __init__(self) -> None:
        self._times: deque[float] = deque()

    def note(self) -> None:
        """Count one."""
        self._forget()
        self._times.append(clock.elapsed())

    @property
    def per_second(self) -> float:
        """Messages a second, over the last ten."""
        self._forget()
        return round(len(self._times) / OVER_S, 1)

    def _forget(self) -> None:
        before = clock.elapsed() - OVER_S
        while self._times and self._times[0] <= before:
            self._times.popleft()
