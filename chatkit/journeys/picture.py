"""A journey as an SVG picture: where it has been, and the hop that is on its way.

Made of data only, so that a cell, a page and a big screen show the same. It has no background and
no text outside of what it fills: it stands on light and on dark. What is shown by a colour is shown
by a form, too.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from chatkit.core.results import escape
from chatkit.journeys import telling
from chatkit.journeys.journey import LABELS, Hop, Journey, Node

WIDTH: Final = 600
HEIGHT: Final = 400
BOX: Final = (170, 62)
PLACES: Final[Mapping[Node, tuple[int, int]]] = {
    "page": (100, 45),
    "browsers": (100, 200),
    "entra": (100, 355),
    "storage": (500, 45),
    "functions": (500, 200),
    "signalr": (500, 355),
}
# Others (the app asks Entra for a token) are drawn when they are gone.
USUAL: Final[tuple[tuple[Node, Node], ...]] = (
    ("browsers", "page"),
    ("browsers", "functions"),
    ("browsers", "signalr"),
    ("browsers", "entra"),
    ("functions", "storage"),
    ("functions", "signalr"),
)
# Each has a contrast of 3 to 1 or more to white and to the dark theme's #111111.
STYLE: Final = (
    "text{font:600 21px system-ui,sans-serif;fill:#fff}"
    "text{text-anchor:middle;dominant-baseline:central}"
    ".box{fill:#46505c;stroke:#8b95a1;stroke-width:2}"
    ".been{fill:#1864ab;stroke:#74c0fc}"
    ".now{fill:#b3470b;stroke:#ffa94d;stroke-width:4}"
    ".line{stroke:#868e96;stroke-width:2;stroke-dasharray:2 7}"
    ".gone{stroke:#2b82d4;stroke-width:4;stroke-dasharray:none}"
    ".going{stroke:#e8590c;stroke-width:7;stroke-dasharray:16 8}"
    ".failed{stroke:#e03131}"
    ".head{fill:#e8590c}.head.failed{fill:#e03131;stroke:none}"
    ".pill{fill:#1864ab}.pill.going{fill:#b3470b;stroke:none}.pill.failed{fill:#c92a2a;stroke:none}"
)
MOTION: Final = (
    ".line.going{animation:go .8s linear infinite}@keyframes go{to{stroke-dashoffset:-24}}"
)


@dataclass(frozen=True)
class _Segment:
    """A straight line between the borders of two boxes."""

    x1: float
    y1: float
    x2: float
    y2: float

    def at(self, part: float) -> tuple[float, float]:
        """The point after a part of the way."""
        return self.x1 + (self.x2 - self.x1) * part, self.y1 + (self.y2 - self.y1) * part


def picture(journey: Journey | None, steps: int | None = None, *, moves: bool = False) -> str:
    """Draw a journey, or the chat without any.

    Args:
        journey: None for the places alone.
        steps: How many of its hops have begun, of which the last is on its way; by default the
            whole is over.
        moves: Let the line of the hop that is on its way run. Only for people who have not asked
            for less motion: an image does not know what they have asked for.
    """
    begun: Sequence[Hop] = ()
    if journey is not None:
        begun = journey.hops[:steps]
    on_its_way = begun[-1:]
    if steps is None:
        on_its_way = ()
    style = STYLE
    if moves:
        style = f"{STYLE}{MOTION}"
    parts = [_lines(begun, on_its_way), _boxes(begun, on_its_way), _pills(begun, on_its_way)]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" viewBox="0 0 {WIDTH} {HEIGHT}"'
        f' width="{WIDTH}" height="{HEIGHT}"><title>{escape(words(journey, steps))}</title>'
        f"<style>{style}</style>{''.join(parts)}</svg>"
    )


def words(journey: Journey | None, steps: int | None = None) -> str:
    """What the picture shows, in a sentence."""
    if journey is None:
        places = ", ".join(LABELS.values())
        return f"The parts of the chat: {places}. {telling.NOTHING}"
    if steps is None or steps >= len(journey.hops):
        return telling.line(journey)
    if steps == 0:
        return journey.title
    hop = journey.hops[steps - 1]
    return (
        f"{journey.title}, hop {steps} of {len(journey.hops)}:"
        f" {LABELS[hop.source]} to {LABELS[hop.target]}, {hop.words}"
    )


def _lines(begun: Sequence[Hop], on_its_way: Sequence[Hop]) -> str:
    """Every usual way, those that were gone, and the one that is on."""
    drawn = "".join(_line(_segment(*ends), "line") for ends in USUAL)
    for hop in begun[: len(begun) - len(on_its_way)]:
        drawn += _line(_segment(hop.source, hop.target), _classes("line gone", hop))
    for hop in on_its_way:
        segment = _segment(hop.source, hop.target)
        drawn += _line(segment, _classes("line going", hop)) + _head(segment, hop)
    return drawn


def _line(segment: _Segment, classes: str) -> str:
    ends = f'x1="{segment.x1:.0f}" y1="{segment.y1:.0f}" x2="{segment.x2:.0f}"'
    return f'<line class="{classes}" {ends} y2="{segment.y2:.0f}"/>'


def _head(segment: _Segment, hop: Hop) -> str:
    """The arrow's head: which way it goes."""
    angle = math.degrees(math.atan2(segment.y2 - segment.y1, segment.x2 - segment.x1))
    place = f"translate({segment.x2:.0f} {segment.y2:.0f}) rotate({angle:.0f})"
    classes = _classes("head", hop)
    return f'<path class="{classes}" transform="{place}" d="M2 0L-22 -13L-22 13Z"/>'


def _boxes(begun: Sequence[Hop], on_its_way: Sequence[Hop]) -> str:
    been = _ends(begun)
    now = _ends(on_its_way)
    width, height = BOX
    drawn: list[str] = []
    for node, (x, y) in PLACES.items():
        classes = "box"
        if node in now:
            classes = "box now"
        elif node in been:
            classes = "box been"
        box = f'x="{x - width // 2}" y="{y - height // 2}" width="{width}" height="{height}"'
        drawn.append(f'<rect class="{classes}" {box} rx="10"/>')
        drawn.append(f'<text x="{x}" y="{y}">{LABELS[node]}</text>')
    return "".join(drawn)


def _ends(hops: Sequence[Hop]) -> set[Node]:
    """The nodes at both ends of hops."""
    return {hop.source for hop in hops} | {hop.target for hop in hops}


def _pills(begun: Sequence[Hop], on_its_way: Sequence[Hop]) -> str:
    """On each way the numbers of its hops; on the one that is on, its time, too."""
    numbers: dict[frozenset[Node], list[int]] = {}
    for number, hop in enumerate(begun, start=1):
        numbers.setdefault(frozenset((hop.source, hop.target)), []).append(number)
    drawn = ""
    for of_way in numbers.values():
        last = begun[of_way[-1] - 1]
        x, y = _label_place(last)
        text = _numbers(of_way)
        classes = "pill"
        if on_its_way and of_way[-1] == len(begun):
            classes = "pill going"
            text = f"{text}: {telling.milliseconds(last.at_ms)}"
        if any(begun[number - 1].failed for number in of_way):
            classes = f"{classes} failed"
            text = f"✕ {text}"
        drawn += _pill(x, y, text, classes)
    return drawn


def _numbers(of_way: Sequence[int]) -> str:
    """The numbers of hops on one way; of many the first and the last."""
    if len(of_way) > 3:
        return f"{of_way[0]} … {of_way[-1]}"
    return ", ".join(str(number) for number in of_way)


def _pill(x: float, y: float, text: str, classes: str) -> str:
    width = 22 + 12 * len(text)
    box = f'x="{x - width / 2:.0f}" y="{y - 17:.0f}" width="{width}" height="34"'
    label = f'<text x="{x:.0f}" y="{y:.0f}">{escape(text)}</text>'
    return f'<rect class="{classes}" {box} rx="17"/>{label}'


def _label_place(hop: Hop) -> tuple[float, float]:
    """Where a way has its numbers; two of them cross in the middle."""
    left, right = sorted((hop.source, hop.target), key=lambda node: PLACES[node][0])
    (x1, y1), (x2, y2) = PLACES[left], PLACES[right]
    segment = _segment(left, right)
    is_slanted = x1 != x2 and y1 != y2
    return segment.at(0.3 if is_slanted else 0.5)


def _segment(source: Node, target: Node) -> _Segment:
    """The line between two boxes, without what they cover."""
    (x1, y1), (x2, y2) = PLACES[source], PLACES[target]
    dx, dy = x2 - x1, y2 - y1
    part = 0.0
    if dx or dy:
        part = min(
            (BOX[0] / 2 + 4) / abs(dx) if dx else 1.0, (BOX[1] / 2 + 4) / abs(dy) if dy else 1.0
        )
    return _Segment(x1 + dx * part, y1 + dy * part, x2 - dx * part, y2 - dy * part)


def _classes(base: str, hop: Hop) -> str:
    if hop.failed:
        return f"{base} failed"
    return base
