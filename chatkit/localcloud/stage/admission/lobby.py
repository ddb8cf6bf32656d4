"""The lobby: who waits while SignalR Service is full, and who comes in next.

Strategy: guests ask again and again, those in front once a second, those far behind less often. The
line goes by the order in which guests first asked, so somebody who has lost the connection is
ahead of who came later. A guest comes in when there are more places than guests ahead who still
ask: who sleeps keeps the place in the line, and holds up nobody. A place is kept for a guest who
was told to come in, and for one whose connection broke; who closes the page leaves it at once.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from chatkit.core.time import clock
from chatkit.localcloud.signalr.core.connection import Connection, State
from chatkit.localcloud.signalr.core.instance import Instance

FIRST_AGAIN_S = 1.0
EACH_BEHIND_S = 0.03
LONGEST_AGAIN_S = 10.0
STALE_AFTER = 2.0  # times as long as somebody was to wait before asking again
IN_LINE_S = 60.0
COME_IN_S = 10.0
KEPT_S = 20.0
# Clients send a ping every 15 s: one that is silent for longer has a connection that is gone.
SILENT_S = 20.0
LOOK_EVERY_S = 0.25
MOST_KNOWN = 50_000
MOST_TABS = 5
GONE = "The client came again by another connection."


@dataclass(frozen=True)
class Place:
    """Somebody's place in the line.

    Attributes:
        place: 1 for the guest who comes in next.
        waiting: How many wait.
        holds: How many are in when it is full.
        again_ms: After which time to ask again.
    """

    place: int
    waiting: int
    holds: int
    again_ms: int

    @property
    def sentence(self) -> str:
        """What a guest reads."""
        where = "You are next" if self.place == 1 else f"You are number {self.place} in line"
        return (
            f"The room is full: {self.holds} of {self.holds} are in."
            f" {where}, and get in by yourself when somebody leaves."
        )

    def document(self) -> dict[str, Any]:
        """As a page reads it."""
        return {"error": self.sentence, "lobby": asdict(self)}


@dataclass
class _Waiting:
    """Somebody in the line: when they asked last, and how long they were to wait then."""

    asked: float
    again_s: float

    def is_asking(self, now: float) -> bool:
        """Whether they are still there, as far as one can know."""
        return now < self.asked + STALE_AFTER * self.again_s + FIRST_AGAIN_S


class Lobby:
    """The line of one stage.

    Args:
        instance: Finds the SignalR Service instance, as it is now.
        hub: The stage's hub.
    """

    def __init__(self, instance: Callable[[], Instance | None], hub: str) -> None:
        self._instance = instance
        self._hub = hub
        self._next = 1
        self._came: dict[str, int] = {}
        self._line: dict[str, _Waiting] = {}
        self._told: dict[str, float] = {}
        self._in: dict[str, list[Connection]] = {}
        self._kept: set[str] = set()
        self._looked = -math.inf
        self._out_until = -math.inf

    @property
    def waiting(self) -> int:
        """How many wait."""
        now = clock.elapsed()
        return sum(one.is_asking(now) for one in self._line.values())

    def ask(self, guest: str) -> Place | None:
        """Whether a guest may come in: None, or a place in the line."""
        instance = self._instance()
        if instance is None:
            return None
        now = clock.elapsed()
        self._look(instance, now)
        self._end_silent(guest)
        number = self._number(guest)
        if guest not in self._told and not self._has_room(instance, guest, number, now):
            return self._wait(guest, instance, now)
        self._told[guest] = now + COME_IN_S
        self._kept.discard(guest)
        self._line.pop(guest, None)
        return None

    def may_connect(self, guest: str) -> bool:
        """Whether a guest may open a connection: who was told so, and anybody while nobody waits.

        Args:
            guest: Empty for somebody whom the stage does not know.
        """
        instance = self._instance()
        if instance is None:
            return True
        if sum(one.state is not State.CLOSED for one in self._connections(guest)) >= MOST_TABS:
            return False
        if self._told.pop(guest, None) is not None:
            return True
        self._look(instance, clock.elapsed())
        return self._free(instance) - len(self._kept) > self.waiting

    def entered(self, guest: str, connection: Connection) -> None:
        """Note a connection that a guest has opened."""
        if guest:
            open_ones = [one for one in self._connections(guest) if one.state is not State.CLOSED]
            self._in[guest] = [*open_ones, connection]
            self._kept.discard(guest)

    def _has_room(self, instance: Instance, guest: str, number: int, now: float) -> bool:
        free = self._free(instance)
        if guest in self._kept:
            return free > 0
        return free - len(self._kept) > self._asking_before(number, now)

    def _asking_before(self, number: int, now: float) -> int:
        return sum(
            self._came[other] < number and one.is_asking(now) for other, one in self._line.items()
        )

    def _wait(self, guest: str, instance: Instance, now: float) -> Place:
        number = self._came[guest]
        place = 1 + self._asking_before(number, now)
        again_s = min(FIRST_AGAIN_S + EACH_BEHIND_S * (place - 1), LONGEST_AGAIN_S)
        self._line[guest] = _Waiting(now, again_s)
        holds = instance.quotas.max_connections
        return Place(place, self.waiting, holds, round(1000 * again_s))

    def _free(self, instance: Instance) -> int:
        """How many places nobody has, and nobody was told to take."""
        taken = len(instance.connections) + len(self._told)
        return instance.quotas.max_connections - taken

    def _number(self, guest: str) -> int:
        """Who came when; it lasts as long as the stage."""
        if guest not in self._came:
            if len(self._came) >= MOST_KNOWN:  # somebody makes guests without end
                known = {*self._line, *self._in}
                self._came = {one: self._came[one] for one in known if one in self._came}
            self._came[guest] = self._next
            self._next += 1
        return self._came[guest]

    def _look(self, instance: Instance, now: float) -> None:
        """Now and then: forget who does not come any more, and find whose connections broke."""
        if now < self._looked + LOOK_EVERY_S:
            return
        self._looked = now
        if instance.is_out(self._hub):
            self._out_until = time.monotonic()
        self._told = {guest: until for guest, until in self._told.items() if now < until}
        self._line = {
            guest: one for guest, one in self._line.items() if now < one.asked + IN_LINE_S
        }
        self._kept = {guest for guest in self._in if self._is_kept(guest)} - {*self._told}
        self._in = {
            guest: found
            for guest, found in self._in.items()
            if guest in self._kept or self._is_here(guest)
        }

    def _is_here(self, guest: str) -> bool:
        return any(one.state is not State.CLOSED for one in self._connections(guest))

    def _is_kept(self, guest: str) -> bool:
        """Whether the connections of a guest broke, and not long ago."""
        return not self._is_here(guest) and any(
            one.close_error is not None and self._gone_for(one) < KEPT_S
            for one in self._connections(guest)
        )

    def _gone_for(self, connection: Connection) -> float:
        ended = connection.suspended_at or connection.last_received
        return time.monotonic() - max(ended, self._out_until)

    def _end_silent(self, guest: str) -> None:
        """A phone that slept asks anew before anybody knows that its old connection is gone."""
        for connection in self._connections(guest):
            silent_s = time.monotonic() - connection.last_received
            if connection.state is not State.CLOSED and silent_s > SILENT_S:
                connection.abort(GONE)
                self._kept.add(guest)

    def _connections(self, guest: str) -> Sequence[Connection]:
        return self._in.get(guest, ())
