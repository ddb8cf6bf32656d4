"""What a home knows of the class it belongs to, in its folder `class/`.

`joined.json` is who one is there, `outbox.jsonl` what has not reached the board yet, in order.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TypedDict

from chatkit.core.file_lock import FileLock
from chatkit.core.files import private_folder, write_private
from chatkit.core.home.records import read_record
from chatkit.core.system.moving import remove

FOLDER = "class"
LOST = "the class does not hear of this workshop any more until you join it again"
MOST_WAITING = 1_500
"""Events that wait for a board that does not answer: many days of work."""


class Event(TypedDict, total=False):
    """One event that waits; `at` is when it happened, by this machine's clock."""

    id: str
    kind: str
    at: float
    section: str
    passed: bool
    seconds: float
    error: str
    cause: str
    text: str


@dataclass(frozen=True)
class Membership:
    """Who one is in a class.

    Attributes:
        url: Where the board is.
        code: The join code.
        person: Under which number the board knows it.
        ends: When the class ends, seconds since 1970.
        since: When the section that one is in began.
        hand: What one's raised hand says at the board, as far as this home knows.
        lowered: What it said when the instructor lowered it; empty when that was told.
    """

    url: str
    code: str = field(repr=False)
    person: str
    ends: float
    since: float
    hand: str = ""
    lowered: str = ""


class ClassRecords:
    """The files of one home.

    Args:
        home: The home.
    """

    def __init__(self, home: Path) -> None:
        self.folder = home / FOLDER
        self._joined = self.folder / "joined.json"
        self._outbox = self.folder / "outbox.jsonl"

    def membership(self) -> Membership | None:
        """The class that was joined; None when there is none."""
        if not self._joined.exists():
            return None
        found = read_record(self._joined, lost=LOST)
        try:
            return Membership(
                url=str(found["url"]),
                code=str(found["code"]),
                person=str(found["person"]),
                ends=float(str(found["ends"])),
                since=float(str(found["since"])),
                hand=str(found.get("hand", "")),
                lowered=str(found.get("lowered", "")),
            )
        except (KeyError, ValueError):
            return None

    def join(self, membership: Membership) -> None:
        """Remember a class, and nothing of one before.

        Raises:
            NotWritten: The disk is full, or takes no writes.
        """
        known = self.membership()
        with self._alone():
            if known is not None and known.code != membership.code:
                remove(self._outbox)
            write_private(self._joined, json.dumps(asdict(membership)))

    def forget(self) -> None:
        """Forget the class, and what still waits for it."""
        with self._alone():
            remove(self._joined)
            remove(self._outbox)

    def add(self, make: Callable[[Membership], tuple[Membership, Event]]) -> bool:
        """Let an event wait for the board.

        Args:
            make: Makes it, and the membership as it is afterwards.

        Returns:
            False when no class was joined.

        Raises:
            NotWritten: The disk is full, or takes no writes.
        """
        if not self._joined.exists():
            return False
        with self._alone():
            membership = self.membership()
            waiting = self._read()
            if membership is None:
                return False
            after, event = make(membership)
            self._write(_bounded([*waiting, event]))
            self._change(membership, after)
        return True

    def has_waiting(self) -> bool:
        """Whether any event waits."""
        return self._outbox.exists()

    def waiting(self, most: int) -> list[Event]:
        """The oldest events that wait."""
        return self._read()[:most]

    def arrived(self, ids: set[str], hand: str | None = None) -> None:
        """Forget events that the board has.

        Args:
            ids: Theirs.
            hand: What one's hand said at the board before them; None when it does not say.
        """
        with self._alone():
            waiting = self._read()
            membership = self.membership()
            if membership is not None:
                sent = [event for event in waiting if event["id"] in ids]
                self._change(membership, _with_hand(membership, sent, hand))
            self._write([event for event in waiting if event["id"] not in ids])

    def take_lowered(self) -> str:
        """What the hand said that the instructor has lowered, once; empty for none."""
        membership = self.membership()
        if membership is None or not membership.lowered:
            return ""
        with self._alone():
            membership = self.membership()
            if membership is None:
                return ""
            self._change(membership, replace(membership, lowered=""))
        return membership.lowered

    @contextmanager
    def sending(self) -> Iterator[bool]:
        """Whether this process is the one that sends now: events keep their order."""
        private_folder(self.folder)
        with FileLock(self.folder / "sending.lock") as lock:
            yield lock.try_acquire()

    @contextmanager
    def nobody_sends(self) -> Iterator[None]:
        """Let no process send during the block, after the one that does has ended."""
        private_folder(self.folder)
        with FileLock(self.folder / "sending.lock") as lock:
            lock.acquire()
            yield

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Several notebooks share the files."""
        private_folder(self.folder)
        with FileLock(self.folder / "files.lock") as lock:
            lock.acquire()
            yield

    def _change(self, before: Membership, after: Membership) -> None:
        if after != before:
            write_private(self._joined, json.dumps(asdict(after)))

    def _read(self) -> list[Event]:
        try:
            text = self._outbox.read_text(encoding="utf-8")
        except FileNotFoundError:
            return []
        found: list[Event] = []
        for line in text.splitlines():
            event = _event(line)
            if event is not None:
                found.append(event)
        return found

    def _write(self, events: list[Event]) -> None:
        if not events:
            remove(self._outbox)
            return
        write_private(self._outbox, "".join(json.dumps(event) + "\n" for event in events))


def _with_hand(membership: Membership, sent: list[Event], before: str | None) -> Membership:
    """What is known of one's hand after events of one's own have arrived."""
    if membership.hand and before == "":
        membership = replace(membership, hand="", lowered=membership.hand)
    said = [event.get("text", "") for event in sent if event.get("kind") == "hand"]
    return replace(membership, hand=said[-1]) if said else membership


def _bounded(waiting: list[Event]) -> list[Event]:
    """What waits: of too much, the oldest goes that has a newer one like it."""
    if len(waiting) <= MOST_WAITING:
        return waiting
    alike = [(one.get("kind"), one.get("section"), one.get("passed")) for one in waiting]
    oldest = next((at for at, one in enumerate(alike) if one in alike[at + 1 :]), 0)
    return [*waiting[:oldest], *waiting[oldest + 1 :]]


def _event(line: str) -> Event | None:
    """The event of a line; None for one that somebody has damaged."""
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        return None
    if not isinstance(found, dict) or not isinstance(found.get("id"), str):
        return None
    event: Event = {**found}  # type: ignore[typeddict-item]
    if isinstance(found.get("at"), bool) or not isinstance(found.get("at"), int | float):
        event["at"] = time.time()
    return event
