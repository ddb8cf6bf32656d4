"""How the map looks in a cell: pure functions from journeys to html and to lines.

What is foreign goes through `escape`.
"""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import quote

from chatkit.chat.widgets.foreign_text import NO_TEX, escape, visible
from chatkit.journeys import telling
from chatkit.journeys.journey import LABELS, Journey
from chatkit.journeys.picture import WIDTH, picture, words

LISTED = 8
TITLE = "Map of the chat"
NOTICE = "border-left:4px solid #d9480f;padding:0.3em 0.8em;margin:0.3em 0"
AS_IT_WAS = "The map is as it was last, and goes on by itself when the local cloud is back."
SHOWN = "Seen by the local cloud. Tokens, keys and what stands in private messages are never shown."


def drawing(journey: Journey | None, steps: int | None = None) -> str:
    """The picture as an image, in which no script could run, with what it shows in words."""
    source = quote(picture(journey, steps), safe="")
    return (
        f'<img alt="{escape(words(journey, steps))}" src="data:image/svg+xml,{source}"'
        f' decoding="sync" style="width:100%;max-width:{WIDTH}px">'
    )


def now(journey: Journey | None, steps: int) -> str:
    """What is on its way, and where it is, as a text below the picture."""
    if journey is None:
        return f'<div class="{NO_TEX}">{escape(telling.NOTHING)}</div>'
    title = f"<b><bdi>{escape(journey.title)}</bdi></b>"
    if steps < 1:
        return f'<div class="{NO_TEX}">{title}</div>'
    hop = journey.hops[steps - 1]
    ends = f"{LABELS[hop.source]} → {LABELS[hop.target]}"
    said = f"{steps} of {len(journey.hops)}, after {telling.milliseconds(hop.at_ms)}: {ends}"
    outcome = ""
    if steps >= len(journey.hops):
        outcome = f"<br>{escape(journey.outcome)}"
    # Two lines always, so that nothing below jumps.
    return (
        f'<div class="{NO_TEX}" style="min-height:4.5em;line-height:1.5">{title}<br>'
        f"{said}, <bdi>{escape(hop.words)}</bdi>{outcome}</div>"
    )


def hops(journey: Journey | None) -> str:
    """The hops as a table, folded: the picture as a text."""
    if journey is None:
        return ""
    return (
        f'<details class="{NO_TEX}"><summary>The hops as a table</summary>'
        f"{telling.table(journey)}</details>"
    )


def problem(sentence: str) -> str:
    """Why nothing new comes; empty when it does."""
    if not sentence:
        return ""
    return (
        f'<div role="status" class="{NO_TEX}" style="{NOTICE}"><b><bdi>{escape(sentence)}</bdi></b>'
        f" {AS_IT_WAS}</div>"
    )


def snapshot(journey: Journey | None, journeys: Sequence[Journey], why_old: str = "") -> str:
    """The map as it is now, for a reader without a kernel."""
    ways = "".join(f"<li><bdi>{escape(telling.line(one))}</bdi></li>" for one in journeys[-LISTED:])
    last = now(journey, len(journey.hops) if journey else 0)
    listed = f"<ol>{ways}</ol>" if ways else ""
    return (
        f'<div class="{NO_TEX}"><b>{TITLE}</b>, as it was last<br>'
        f"{problem(why_old)}{drawing(journey)}{last}"
        f"{hops(journey)}{listed}<small>{SHOWN}</small></div>"
    )


def lines(journey: Journey | None, journeys: Sequence[Journey], why_old: str = "") -> str:
    """The newest ways, one a line, and that which is shown with its hops."""
    told = telling.last_lines(journeys, LISTED)
    if why_old:
        told = f"{visible(why_old)}\n{AS_IT_WAS}\n\n{told}"
    if journey is None:
        return told
    return f"{told}\n\n{telling.lines(journey)}"
