"""How often guests may write: each of them, the whole room, and guests without a cookie."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass

from chatkit.core.time import clock

MAX_KNOWN = 20_000


@dataclass(frozen=True)
class Rate:
    """So many at once, then so many a second."""

    at_once: float
    per_s: float


GUEST = Rate(20, 2)
# All who show no cookie, from one address: that may be a whole room behind one router.
NO_COOKIE = Rate(200, 20)
ROOM_AT_ONCE = 600
ROOM_PER_S = 100


class Bucket:
    """What is left of a rate."""

    def __init__(self, rate: Rate) -> None:
        self._rate = rate
        self._left = rate.at_once
        self._at = clock.elapsed()

    def wait_s(self) -> float:
        """Seconds until there is one; 0 when there is one now."""
        now = clock.elapsed()
        gained = (now - self._at) * self._rate.per_s
        self._left = min(self._rate.at_once, self._left + gained)
        self._at = now
        return max(0.0, (1 - self._left) / self._rate.per_s)

    def take(self) -> None:
        """Take one."""
        self._left -= 1


class Rates:
    """Those of one stage.

    Args:
        people: How many are expected.
    """

    def __init__(self, people: int) -> None:
        self.room_rate = Rate(max(ROOM_AT_ONCE, 2 * people), ROOM_PER_S)
        self._room = Bucket(self.room_rate)
        self._buckets: OrderedDict[str, Bucket] = OrderedDict()
        self._last: OrderedDict[str, float] = OrderedDict()

    def told(self) -> dict[str, float]:
        """The rates, as the control API shows them."""
        return {
            "guest_at_once": GUEST.at_once,
            "guest_per_s": GUEST.per_s,
            "room_at_once": self.room_rate.at_once,
            "room_per_s": self.room_rate.per_s,
        }

    def guest_wait_s(self, writer: str, *, has_cookie: bool) -> float:
        """How long a writer has to wait; 0 for not at all."""
        return self._bucket(writer, GUEST if has_cookie else NO_COOKIE).wait_s()

    def name_wait_s(self, guest: str) -> float:
        """Count a name that a guest takes; returns how long to wait instead when that is often."""
        bucket = self._bucket(f"name of {guest}", GUEST)
        wait_s = bucket.wait_s()
        if not wait_s:
            bucket.take()
        return wait_s

    def _bucket(self, key: str, rate: Rate) -> Bucket:
        if key not in self._buckets:
            self._buckets[key] = Bucket(rate)
            if len(self._buckets) > MAX_KNOWN:
                self._buckets.popitem(last=False)
        self._buckets.move_to_end(key)
        return self._buckets[key]

    def room_wait_s(self) -> float:
        """How long everybody has to wait."""
        return self._room.wait_s()

    def slow_wait_s(self, writer: str, slow_s: float) -> float:
        """How long a writer has to wait in slow mode."""
        last = self._last.get(writer)
        if last is None:
            return 0.0
        return max(0.0, last + slow_s - clock.elapsed())

    def take(self, writer: str) -> None:
        """Count a message; the writer was asked about before."""
        self._buckets[writer].take()
        self._room.take()
        self._last[writer] = clock.elapsed()
        self._last.move_to_end(writer)
        if len(self._last) > MAX_KNOWN:
            self._last.popitem(last=False)

    def give_back(self, writer: str) -> None:
        """The message was not accepted: slow mode does not count it."""
        self._last.pop(writer, None)
