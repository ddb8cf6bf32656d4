"""How long a message takes until its own sender receives it: a small chart, and a sentence."""

from __future__ import annotations

import json
import statistics
from collections import OrderedDict, deque
from collections.abc import Sequence

from chatkit.chat.client.tap import Answer
from chatkit.wire.framing import SEPARATOR

WIDTH = 240
HEIGHT = 40
LATEST = 100
PENDING = 200


class Echoes:
    """Pairs what a client sends with what it hears, by the message's id.

    The answer to the request tells the id.

    Attributes:
        times: When each message was heard, and how many seconds after its sending; the latest only.
    """

    def __init__(self) -> None:
        self.times: deque[tuple[float, float]] = deque(maxlen=LATEST)
        self._sent: OrderedDict[str, float] = OrderedDict()
        self._heard: OrderedDict[str, float] = OrderedDict()

    def sent(self, answer: Answer, at: float) -> None:
        """A message that went out at a time has been answered."""
        try:
            body = json.loads(answer.body)
        except ValueError:
            return
        if 200 <= answer.status < 300 and isinstance(body, dict) and body.get("id"):
            self._note(self._sent, str(body["id"]), at)

    def heard(self, frame: bytes, at: float) -> None:
        """A WebSocket message arrived."""
        for body in frame.split(SEPARATOR):
            if b'"arguments"' in body:
                self._note(self._heard, _id(body), at)

    def _note(self, times: OrderedDict[str, float], message_id: str, at: float) -> None:
        times.setdefault(message_id, at)
        if message_id in self._sent and message_id in self._heard:
            self.times.append(
                (self._heard[message_id], self._heard[message_id] - self._sent[message_id])
            )
        while len(times) > PENDING:
            times.popitem(last=False)


def _id(body: bytes) -> str:
    try:
        return str(json.loads(body)["arguments"][0]["id"])
    except (ValueError, LookupError, TypeError):
        return ""


def summary(seconds: Sequence[float]) -> str:
    """What the chart shows, as a sentence."""
    if not seconds:
        return "No message has come back to its sender yet."
    count = "1 message" if len(seconds) == 1 else f"the last {len(seconds)} messages"
    p50 = _ms(quantile(seconds, 50))
    p95 = _ms(quantile(seconds, 95))
    return f"From sending to hearing oneself, {count}: p50 {p50}, p95 {p95}."


def quantile(seconds: Sequence[float], percent: int) -> float:
    """The time within which so many percent of the messages were back."""
    if len(seconds) == 1:
        return seconds[0]
    return statistics.quantiles(seconds, n=100, method="inclusive")[percent - 1]


def sparkline(seconds: Sequence[float]) -> str:
    """The times as inline SVG, oldest on the left, from 0 to the slowest.

    Empty for fewer than two.
    """
    if len(seconds) < 2:
        return ""
    top = max(seconds) or 1.0
    step = WIDTH / (len(seconds) - 1)
    points = " ".join(
        f"{number * step:.1f},{HEIGHT - 2 - (HEIGHT - 4) * value / top:.1f}"
        for number, value in enumerate(seconds)
    )
    return (
        f'<svg role="img" width="{WIDTH}" height="{HEIGHT}" viewBox="0 0 {WIDTH} {HEIGHT}">'
        f"<title>Time from sending to hearing oneself</title><desc>{summary(seconds)} The slowest"
        f" took {_ms(top)}.</desc>"
        f'<polyline points="{points}" fill="none" stroke="currentColor" stroke-width="1.5"/></svg>'
    )


def _ms(seconds: float) -> str:
    digits = 0 if seconds >= 0.01 else 1
    return f"{seconds * 1000:.{digits}f} ms"
