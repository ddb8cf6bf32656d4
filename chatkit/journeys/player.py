"""Which journey is shown, and which of its hops: slowly enough to follow by eye.

A message takes some milliseconds on its way; nobody could follow that. Each hop is lit for a time
of its own, and what it took is written beside it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from typing import Final

from chatkit.journeys.checking import was_checking
from chatkit.journeys.journey import Journey

KEPT: Final = 50
HOP_S: Final = 0.6
SLOW_HOP_S: Final = 2.5
# A whole journey stays for a moment before the next one begins.
REST_S: Final = 1.5
# More than these are waiting: older ones are not played, only listed.
WAITING: Final = 3
# What is told so late (the local run that answered is gone) is listed, not played; so are checks.
LATE_S: Final = 5.0


class Player:
    """Plays journeys one after the other.

    Attributes:
        journeys: Those that are known, in the order in which they were told.
        shown: The one that is played now, or was last.
        steps: How many of its hops have begun.
        is_paused: Nothing moves but by `step_on`.
        is_slow: Hops take four times as long.
    """

    def __init__(self) -> None:
        self.journeys: deque[Journey] = deque(maxlen=KEPT)
        self.shown: Journey | None = None
        self.steps = 0
        self.is_paused = False
        self.is_slow = False
        self._waiting: deque[Journey] = deque(maxlen=WAITING)
        self._due = 0.0

    def add(self, journeys: Iterable[Journey]) -> None:
        """Journeys that are new: they will be played."""
        for journey in journeys:
            newest = max((one.at for one in tuple(self.journeys)), default=journey.at)
            self.journeys.append(journey)
            if journey.at < newest - LATE_S or _is_trial(journey):
                continue
            if journey.is_message:  # what people look for; other requests give way to it
                messages = [one for one in self._waiting if one.is_message]
                self._waiting = deque(messages, maxlen=WAITING)
            self._waiting.append(journey)

    def show_last(self) -> None:
        """Show the newest message, else the newest journey, as a whole; nothing waits any more."""
        self._waiting.clear()
        self.shown = self.last()
        if self.shown is not None:
            self.steps = len(self.shown.hops)

    def last(self) -> Journey | None:
        """The newest message of people, else of a check, else any way; None before the first."""
        known = tuple(self.journeys)  # a cell that is run asks on another thread
        messages = [journey for journey in known if journey.is_message]
        of_people = [journey for journey in messages if not _is_trial(journey)]
        return max(of_people or messages or known, key=_began, default=None)

    def listed(self) -> list[Journey]:
        """Those that are known, in the order in which they began."""
        return sorted(tuple(self.journeys), key=_began)

    def play(self, number: int, now: float) -> None:
        """Play a known journey anew."""
        for journey in self.journeys:
            if journey.number == number:
                self._begin(journey, now)

    def forget(self) -> None:
        """The local cloud was started anew: its journeys count from 1 again."""
        self.journeys.clear()
        self._waiting.clear()

    def tick(self, now: float) -> bool:
        """Go on when it is time to; say whether there is something new to see.

        Args:
            now: Any clock that does not jump.
        """
        if self.is_paused:
            return False
        if self._is_message_waiting():
            self._begin(self._waiting.popleft(), now)
            return True
        if now < self._due:
            return False
        if self.shown is not None and self.steps < len(self.shown.hops):
            self._step(now)
            return True
        if not self._waiting:
            return False
        self._begin(self._waiting.popleft(), now)
        return True

    def step_on(self, now: float) -> None:
        """Show the next hop at once, or the next journey after the last."""
        if self.shown is not None and self.steps < len(self.shown.hops):
            self._step(now)
        elif self._waiting:
            self._begin(self._waiting.popleft(), now)
        elif self.shown is not None:
            self._begin(self.shown, now)

    def _is_message_waiting(self) -> bool:
        """Whether a message waits for the end of a request that nobody looks for."""
        if not self._waiting or self.shown is None:
            return False
        return self._waiting[0].is_message and not self.shown.is_message

    def _begin(self, journey: Journey, now: float) -> None:
        self.shown = journey
        self.steps = 0
        self._step(now)

    def _step(self, now: float) -> None:
        assert self.shown is not None
        self.steps += 1
        self._due = now + (SLOW_HOP_S if self.is_slow else HOP_S)
        if self.steps >= len(self.shown.hops):
            self._due += REST_S


def _is_trial(journey: Journey) -> bool:
    """Whether no person has sent it; a check of another process is known by its mark alone."""
    return journey.is_trial or was_checking(journey.at)


def _began(journey: Journey) -> tuple[float, int]:
    return journey.at, journey.number
