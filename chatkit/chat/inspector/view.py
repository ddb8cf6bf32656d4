"""How the inspector looks: pure functions from events to html.

What is foreign goes through `escape`.
"""

from __future__ import annotations

import time
from collections.abc import Sequence

from chatkit.chat.inspector.events import WireEvent
from chatkit.chat.inspector.latency import sparkline, summary
from chatkit.chat.widgets.foreign_text import NO_TEX, escape, visible

SNAPSHOT = 40
EMPTY = (
    "<p style='opacity:.7'>Nothing yet. Send a message in the panel, or drop a connection to see"
    " how one is made.</p>"
)
PRE = (
    "margin:2px 0 8px 1em;white-space:pre-wrap;overflow-wrap:anywhere;line-height:1.35;"
    "font-size:12px"
)


def event_rows(events: Sequence[WireEvent], is_newest: bool) -> str:
    """Some neighbouring events, oldest first, each with what it holds folded away."""
    rows = "".join(_row(event) for event in events)
    if is_newest and not rows:
        return EMPTY
    return rows


def latency(seconds: Sequence[float]) -> str:
    """The chart, and its summary in words."""
    return f'<div style="line-height:1.4">{sparkline(seconds)}<div>{summary(seconds)}</div></div>'


def snapshot(title: str, events: Sequence[WireEvent], seconds: Sequence[float]) -> str:
    """The inspector as it is now, for a reader without a kernel."""
    left_out = len(events) - SNAPSHOT
    more = f"<p>{left_out} earlier events are left out.</p>" if left_out > 0 else ""
    return (
        f'<div class="{NO_TEX}"><b>{escape(title)}</b>, as it was last{latency(seconds)}{more}'
        f"{event_rows(events[-SNAPSHOT:], True)}</div>"
    )


def lines(events: Sequence[WireEvent]) -> str:
    """The newest events as plain text, one a line."""
    shown = [_line(event) for event in events[-SNAPSHOT:]]
    return "\n".join(shown) or "Nothing yet."


def status(sentence: str) -> str:
    """What a button did, as a sentence."""
    if not sentence:
        return ""
    return f'<span role="status">{escape(sentence)}</span>'


def _row(event: WireEvent) -> str:
    way = "to" if event.direction == "sent" else "from"
    size = "1 byte" if event.size_bytes == 1 else f"{event.size_bytes:,} bytes"
    head = (
        f"<code>{_clock(event.at)}</code> <b><bdi>{escape(event.user)}</bdi></b>"
        f" {way} {event.peer}: "
        f"<i>{event.kind}</i> <bdi>{escape(event.summary)}</bdi> <small>{size}</small>"
    )
    return (
        f'<details style="line-height:1.5"><summary>{head}</summary>'
        f'<pre style="{PRE}">{escape(event.detail)}</pre></details>'
    )


def _line(event: WireEvent) -> str:
    way = "to" if event.direction == "sent" else "from"
    said = f"{event.user} {way} {event.peer}: {event.kind} {event.summary}"
    return f"{_clock(event.at)} {visible(said)}"


def _clock(at: float) -> str:
    return f"{time.strftime('%H:%M:%S', time.localtime(at))}.{int(at * 1000) % 1000:03}"
