"""Sending what waits: in order, once, in the background, again and again until the board answers.

A check waits for it a moment while one's hand is up, else never. What a process leaves behind
when it ends, the next one sends.
"""

from __future__ import annotations

import atexit
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from threading import Event as Signal
from threading import Lock, Thread
from typing import Any

from chatkit.classroom.reporting.board_api import BoardApi
from chatkit.classroom.reporting.records import MOST_WAITING, ClassRecords, Event, Membership
from chatkit.core.errors import ChatkitError, ServiceError

BATCH = 25
FIRST_WAIT_S = 2.0
LONGEST_WAIT_S = 60.0
AT_EXIT_S = 1.5
TOLD = ("id", "kind", "section", "passed", "seconds", "error", "cause", "text")
INVALID = (400, 413)
MOST_S = 30 * 24 * 3600.0
"""What a board believes."""
Told = dict[str, Any]
_lock = Lock()
_senders: dict[Path, Sender] = {}


class Sender:
    """Sends what waits in one home, on a thread that ends when nothing does.

    Args:
        home: The home.
    """

    def __init__(self, home: Path) -> None:
        self._records = ClassRecords(home)
        self._wanted = Signal()
        self._lock = Lock()
        self._thread: Thread | None = None

    def wake(self) -> None:
        """Say that something waits."""
        with self._lock:
            self._wanted.set()
            if self._thread is None:
                self._thread = Thread(target=self._run, name="chatkit-class", daemon=True)
                self._thread.start()

    def wait_until_sent(self, limit_s: float) -> None:
        """Wait until nothing waits any more, at most so long."""
        with self._lock:
            thread = self._thread
        if thread is not None:
            thread.join(limit_s)

    def _run(self) -> None:
        pause_s = FIRST_WAIT_S
        while not self._is_over(_flushed(self._records)):
            if self._wanted.wait(pause_s):
                pause_s = FIRST_WAIT_S
            else:
                pause_s = min(pause_s * 2, LONGEST_WAIT_S)
            self._wanted.clear()

    def _is_over(self, is_sent: bool) -> bool:
        """Whether the thread has nothing to do; what is reported from then on starts another."""
        with self._lock:
            is_over = is_sent and not self._wanted.is_set()
            if is_over:
                self._thread = None
            return is_over


def wake(home: Path) -> None:
    """Let this process send what waits in a home."""
    with _lock:
        sender = _senders.setdefault(home, Sender(home))
    sender.wake()


def has_arrived(home: Path, limit_s: float) -> bool:
    """Wait a moment for what this process sends; says whether nothing waits any more."""
    with _lock:
        sender = _senders.get(home)
    if sender is not None:
        sender.wait_until_sent(limit_s)
    return not ClassRecords(home).has_waiting()


def flush(home: Path) -> bool:
    """Send what waits now, on this thread; says whether nothing waits any more."""
    return _flushed(ClassRecords(home))


def _flushed(records: ClassRecords) -> bool:
    """Send all that waits. It never raises: nobody would hear of it."""
    try:
        if records.membership() is None:
            return True
        with records.sending() as is_mine:
            # Read now: who leaves does it while nobody sends.
            membership = records.membership()
            if membership is None:
                return True
            return is_mine and _send_all(records, membership)
    except (ChatkitError, OSError):
        return False


def _send_all(records: ClassRecords, membership: Membership) -> bool:
    api = BoardApi(membership.url, membership.code)
    while events := aged(records.waiting(MOST_WAITING))[:BATCH]:
        try:
            hand = _send(api, events)
        except ServiceError as error:
            if error.status in INVALID and len(events) == 1:
                records.arrived({event["id"] for event in events})
                continue
            if error.status not in INVALID:
                return False
            # One of them is not as the board wants it: the others are not to wait for it.
            _send_singly(records, api, events)
            continue
        records.arrived({event["id"] for event in events}, hand)
    return True


def _send_singly(records: ClassRecords, api: BoardApi, events: list[Told]) -> None:
    for event in events:
        hand = None
        try:
            hand = _send(api, [event])
        except ServiceError as error:
            if error.status not in INVALID:
                raise
        records.arrived({event["id"]}, hand)


def _send(api: BoardApi, events: list[Told]) -> str | None:
    """Send events; returns what the hand said at the board before."""
    answer = api.ask("POST", "results", {"events": events})
    hand = answer.get("hand")
    return hand if isinstance(hand, str) else None


def aged(waiting: Sequence[Event]) -> list[Told]:
    """Events as they go over the wire: how long ago each was, by whatever clock.

    Args:
        waiting: In the order in which they happened. Where the clock was set in between, one says
            what cannot be: then it was as long ago as the one after it.
    """
    found: list[Told] = []
    ago = 0.0
    for event in reversed(waiting):
        by_clock = time.time() - event["at"]
        if ago <= by_clock <= MOST_S:
            ago = by_clock
        known: Mapping[str, Any] = event
        fields = {name: known[name] for name in TOLD if name in known}
        found.append({**fields, "ago": round(ago, 1)})
    return found[::-1]


@atexit.register
def _at_exit() -> None:
    """Give what was reported in the last moment a moment."""
    until = time.monotonic() + AT_EXIT_S
    for sender in _senders.values():
        sender.wait_until_sent(max(0.0, until - time.monotonic()))
