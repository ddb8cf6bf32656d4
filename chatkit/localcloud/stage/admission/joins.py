"""How many guests may come from one address in a minute.

A whole room is behind one router, and so at one address: the limit is above what a room does.
"""

from __future__ import annotations

from collections import OrderedDict, deque

from chatkit.core.time import clock

A_MINUTE = 300
PERIOD_S = 60.0
MAX_ADDRESSES = 1_000


class Joins:
    """Guests who have come in the last minute, by address.

    Args:
        people: How many are expected; each of them may come twice.
    """

    def __init__(self, people: int) -> None:
        self.limit = max(A_MINUTE, 2 * people)
        self._times: OrderedDict[str, deque[float]] = OrderedDict()

    def take(self, address: str) -> float:
        """Count one guest; returns how many seconds to wait instead when there are too many."""
        now = clock.elapsed()
        times = self._times.setdefault(address, deque())
        self._times.move_to_end(address)
        while times and times[0] <= now - PERIOD_S:
            times.popleft()
        if len(times) >= self.limit:
            return times[0] + PERIOD_S - now
        times.append(now)
        while len(self._times) > MAX_ADDRESSES:
            self._times.popitem(last=False)
        return 0.0
