"""Values that expire: codes, and the record of codes that were used."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from typing import Generic, TypeVar

from chatkit.core.time import clock

V = TypeVar("V")
# Whoever asks for one after another must not fill the memory.
MOST = 10_000


class Expiring(Generic[V]):
    """Values by key, each for some seconds, and the newest of too many.

    Strategy: they stand in the order in which they came, which is nearly that in which they end.
    What has ended is looked for at the beginning alone, so that nothing reads all of them.
    """

    def __init__(self, *, most: int = MOST) -> None:
        self._most = most
        self._kept: OrderedDict[str, tuple[float, V]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._kept)

    def put(self, key: str, value: V, *, life_s: float) -> None:
        """Keep a value."""
        self._forget_ended()
        if len(self._kept) >= self._most:
            self._kept.popitem(last=False)
        self._kept[key] = (clock.steady() + life_s, value)

    def get(self, key: str) -> V | None:
        """The value, None when there is none or its time is over."""
        self._forget_ended()
        until, value = self._kept.get(key, (0.0, None))
        return value if until > clock.steady() else None

    def drop(self, key: str) -> None:
        """Forget a value, if it is there."""
        self._kept.pop(key, None)

    def values(self) -> Iterator[V]:
        """What is kept, the oldest first."""
        self._forget_ended()
        return (value for _, value in self._kept.values())

    def _forget_ended(self) -> None:
        now = clock.steady()
        while self._kept and next(iter(self._kept.values()))[0] <= now:
            self._kept.popitem(last=False)
