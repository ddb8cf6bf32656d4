"""What is kept of one person: a log, and beyond its end the newest events of each section alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from .events import Event

MAX_LOG = 600
"""Events of one person's log: a day of work has some dozens, and the board reads all of it."""
EACH = 3
"""Beyond the log: of each section, kind and result. Two failures are a person who is stuck."""


@dataclass(frozen=True)
class Kept:
    """One person's events, as they were when they were looked at, or written, the last time.

    Attributes:
        size: Of the log, in bytes.
        log: Events by id, in the order in which they came.
        late: Those that came when the log was full.
        etag: Of the blob with those; empty when there is none.
    """

    size: int
    log: dict[str, Event]
    late: dict[str, Event] = field(default_factory=dict)
    etag: str = ""

    @property
    def events(self) -> dict[str, Event]:
        """All by id, in the order in which they came."""
        return {**self.log, **self.late}

    @property
    def hand(self) -> str:
        """What the hand says, by its last word; empty when it is down."""
        said = [event["text"] for event in self.events.values() if event["kind"] == "hand"]
        return said[-1] if said else ""

    def merged(self, events: Sequence[Event]) -> list[Event]:
        """What is beyond the log when these have come, too.

        A part that is sent again takes its place once more: what it ends with stays the newest.
        """
        coming = {event["id"]: event for event in events if event["id"] not in self.log}
        before = [event for event in self.late.values() if event["id"] not in coming]
        return newest([*before, *coming.values()])


def newest(events: Sequence[Event]) -> list[Event]:
    """The newest EACH of each section, kind and result, in their order."""
    met: Counter[tuple[object, ...]] = Counter()
    found = []
    for event in reversed(events):
        key = (event["kind"], event.get("section"), event.get("passed"))
        met[key] += 1
        if met[key] <= EACH:
            found.append(event)
    return found[::-1]


def by_id(events: Iterable[Event]) -> dict[str, Event]:
    """Events by their ids, in their order."""
    return {event["id"]: event for event in events}
