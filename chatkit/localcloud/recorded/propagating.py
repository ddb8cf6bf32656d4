"""Changes that are acknowledged and not yet known everywhere, as on Azure.

What was acknowledged is kept at once; only looking at it is late. The times end with the process:
after a restart all is known.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from chatkit.core.time import clock
from chatkit.core.time.propagation import drawn_s

MOST_KEPT = 1000


@dataclass
class Propagating:
    """What is on its way.

    Attributes:
        length_s: Says how long a change of a kind takes, for the seconds that were drawn.
    """

    length_s: Callable[[float], float]
    _counts: Counter[str] = field(default_factory=Counter)
    _until: dict[tuple[str, str], float] = field(default_factory=dict)

    def begin_anew(self) -> None:
        """Know everything now, and draw from the first time on."""
        self._counts.clear()
        self._until.clear()

    def draw_s(self, kind: str, seed: int) -> float:
        """How long the next change of a kind takes."""
        number = self._counts[kind]
        self._counts[kind] += 1
        return self.length_s(drawn_s(kind, number, seed))

    def begin(self, kind: str, names: tuple[str, ...], takes_s: float) -> None:
        """Let a change be unknown for some seconds, under each of its names."""
        self._forget_ended()
        for name in names:
            self._until[kind, name.lower()] = clock.steady() + takes_s

    def __bool__(self) -> bool:
        return bool(self._until)

    def end(self, kind: str, name: str) -> None:
        """Let a change be known now."""
        self._until.pop((kind, name.lower()), None)

    def has(self, kind: str, name: str) -> bool:
        """Whether a change is still unknown."""
        if not self._until:  # nearly always, and asked for each request
            return False
        until = self._until.get((kind, name.lower()))
        return until is not None and clock.steady() < until

    def names(self, kind: str) -> Iterator[str]:
        """The names of a kind that are still unknown."""
        return (name for known, name in [*self._until] if known == kind and self.has(kind, name))

    def _forget_ended(self) -> None:
        if len(self._until) >= MOST_KEPT:
            now = clock.steady()
            self._until = {key: until for key, until in self._until.items() if until > now}
