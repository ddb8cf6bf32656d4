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

    def counted(self, events: Sequence[Event]) -> list[Event]:
        """Events as they are to be kept: those that are there as they are, each new failure with
        how many there are by it.

        What stands before one that is there was sent before, and may not be kept any more: it is no
        new failure.
        """
        known = self.events
        tries = _tries(known.values())
        last = max((at for at, event in enumerate(events) if event["id"] in self.late), default=0)
        for at, event in enumerate(events):
            if event["id"] in known:
                continue
            if event.get("passed") is False:
                key = (event["kind"], event["section"])
                tries[key] += at >= last
                event = {**event, "tries": tries[key]}
            known[event["id"]] = event
        return [known[event["id"]] for event in events]

    def merged(self, events: Sequence[Event]) -> list[Event]:
        """What is beyond the log when these have come, too.

        A part that is sent again takes its place once more: what it ends with stays the newest.
        """
        coming = {event["id"]: event for event in events if event["id"] not in self.log}
        before = [event for event in self.late.values() if event["id"] not in coming]
        return newest([*before, *coming.values()])


def newest(events: Sequence[Event]) -> list[Event]:
    """The newest EACH of each section, kind and result, in their order.

    Besides, what the board takes times from: the first of them that passed, and the first failure
    since anything has passed.
    """
    met: Counter[tuple[object, ...]] = Counter()
    stays = _firsts(events)
    for event in reversed(events):
        key = (event["kind"], event.get("section"), event.get("passed"))
        met[key] += 1
        if met[key] <= EACH:
            stays.add(event["id"])
    return [event for event in events if event["id"] in stays]


def _firsts(events: Sequence[Event]) -> set[str]:
    passed: dict[tuple[str, str], str] = {}
    failed = ""
    for event in events:
        if event.get("passed") is True:
            passed.setdefault((event["kind"], event["section"]), event["id"])
            failed = ""
        elif event.get("passed") is False:
            failed = failed or event["id"]
    return {failed, *passed.values()}


def _tries(events: Iterable[Event]) -> Counter[tuple[str, str]]:
    """How many failures each kind and section has had."""
    found: Counter[tuple[str, str]] = Counter()
    for event in events:
        if event.get("passed") is False:
            key = (event["kind"], event["section"])
            found[key] = max(found[key] + 1, event.get("tries", 0))
    return found


def by_id(events: Iterable[Event]) -> dict[str, Event]:
    """Events by their ids, in their order."""
    return {event["id"]: event for event in events}
