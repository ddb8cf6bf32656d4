"""What arrived in a rehearsal, where, and how late."""

from __future__ import annotations

import re
import time
from array import array
from collections import Counter
from dataclasses import dataclass, field

from chatkit.core.errors import ChatkitError
from chatkit.wire.check_marks import check_text, new_run

NAME = "of rehearsal"
MESSAGE = re.compile(r"A check is running: message (\d{1,9}) of rehearsal ([0-9a-f]{8}) \(")
DIGITS = re.compile(r"\d+")
# Of each frame and packet around a message: SignalR's invocation, WebSocket (RFC 6455 §5.2), and
# Ethernet, IPv4 and TCP with timestamps.
AROUND_BYTES = 52 + 4 + 66


@dataclass
class Tally:
    """Counts of one rehearsal.

    Attributes:
        run: Tells its messages from those of any other.
        sent: When each message was sent that the app has taken.
        live_ms: How late messages came that came by themselves.
        by_history: How many deliveries a phone had to read in the history.
        joined_s: How long each phone took from the first request to being connected.
        awake_s: How long each phone took that woke until it had caught up.
        refused: Why something was refused, by its sentence.
        message_bytes: Of one message on the network.
    """

    run: str = field(default_factory=new_run)
    sent: dict[int, float] = field(default_factory=dict)
    begun: dict[int, float] = field(default_factory=dict)
    live_ms: array[float] = field(default_factory=lambda: array("d"))
    by_history: int = 0
    joined_s: list[float] = field(default_factory=list)
    joined_at: list[float] = field(default_factory=list)
    awake_s: list[float] = field(default_factory=list)
    refused: Counter[str] = field(default_factory=Counter)
    message_bytes: int = 0
    _reasons: dict[str, str] = field(default_factory=dict)

    def text(self, number: int) -> str:
        """The text of a message, to be sent now: as of a check, which no page and panel shows."""
        return check_text(f"message {number} {NAME} {self.run}", self.run)

    def number_of(self, text: str) -> int | None:
        """Which message a text is; None for one that is not of this rehearsal."""
        found = MESSAGE.match(text)
        if found is None or found[2] != self.run:
            return None
        return int(found[1])

    def begin(self, number: int) -> None:
        """A message is about to be sent."""
        self.begun[number] = time.perf_counter()

    def taken(self, number: int) -> None:
        """The app has taken it."""
        self.sent[number] = self.begun[number]

    def came(self, number: int) -> None:
        """A phone has got a message by itself."""
        begun = self.begun.get(number)
        if begun is not None:
            self.live_ms.append((time.perf_counter() - begun) * 1000)

    def refuse(self, error: BaseException) -> None:
        """Something was refused, or failed."""
        sentence = error.message if isinstance(error, ChatkitError) else str(error)
        sentence = sentence or type(error).__name__
        # "You are number 4 in line" and "number 5" are one reason.
        known = self._reasons.setdefault(DIGITS.sub("", sentence), sentence)
        self.refused[known] += 1


def percentile(values: list[float] | array[float], percent: float) -> float | None:
    """The smallest value that so many percent do not exceed; None of none."""
    if not values:
        return None
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * percent / 100))]
