"""Journeys as texts: lines for a terminal and a screen reader, a table of hops for a cell."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from chatkit.core.results import elapsed, escape
from chatkit.journeys.journey import LABELS, Hop, Journey

NOTHING = "No message has passed through the local cloud yet."
HEAD = ("", "from", "to", "what", "after", "took")


def line(journey: Journey) -> str:
    """A journey in one line, without times: the places it has passed, and how it ended."""
    return f"{journey.title}: {way(journey)}. {journey.outcome}"


def way(journey: Journey) -> str:
    """The places in the order of the hops; a comma where the next hop begins elsewhere."""
    parts: list[str] = []
    before: Hop | None = None
    for hop in journey.hops:
        if before is not None and (hop.source, hop.target) == (before.source, before.target):
            continue  # storage is asked several times in a row
        if before is None or hop.source != before.target:
            parts.append(LABELS[hop.source])
        parts[-1] = f"{parts[-1]} -> {LABELS[hop.target]}"
        before = hop
    return ", ".join(parts)


def lines(journey: Journey) -> str:
    """A journey with its hops, one a line, with times."""
    rows = [row(number, hop) for number, hop in enumerate(journey.hops, start=1)]
    told = [
        f"{number:>3}  {source:<9} -> {target:<9}  {after:>8}  {words}{took and f' ({took})'}"
        for number, source, target, words, after, took in rows
    ]
    return "\n".join([journey.title, *told, f"     {journey.outcome}"])


def row(number: int, hop: Hop) -> tuple[str, str, str, str, str, str]:
    """The cells of a hop's row: number, from, to, what, after, took."""
    words = f"✕ {hop.words}" if hop.failed else hop.words
    took = "" if hop.took_ms is None else milliseconds(hop.took_ms)
    after = milliseconds(hop.at_ms)
    return (str(number), LABELS[hop.source], LABELS[hop.target], words, after, took)


def milliseconds(value: float) -> str:
    """A time as people read it."""
    digits = 0 if value >= 10 else 1
    return f"{value:.{digits}f} ms"


def table(journey: Journey) -> str:
    """The hops as an html table, with a caption that says how it ended."""
    head = "".join(f'<th scope="col" style="text-align:left">{cell}</th>' for cell in HEAD)
    body = "".join(
        f"<tr>{_cells(row(number, hop))}</tr>" for number, hop in enumerate(journey.hops, start=1)
    )
    caption = f"{escape(journey.title)}. {escape(journey.outcome)}"
    style = "text-align:left;font-weight:bold;overflow-wrap:anywhere"
    return (
        f'<table><caption style="{style}">{caption}</caption>'
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
    )


def _cells(cells: Sequence[str]) -> str:
    *words, after, took = cells
    told = [f'<td style="text-align:left"><bdi>{escape(cell)}</bdi></td>' for cell in words]
    times = [f"<td>{elapsed(cell)}</td>" for cell in (after, took)]
    return "".join([*told, *times])


def last_lines(journeys: Iterable[Journey], count: int) -> str:
    """The last journeys, one a line; a sentence without any."""
    told = [line(journey) for journey in journeys][-count:]
    return "\n".join(told) or NOTHING
