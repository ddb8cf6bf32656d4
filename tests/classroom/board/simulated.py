"""A class of people who are none: with paces, mistakes and networks as a room has them.

Each uses the kit's own reporting in a home of its own. A stated minute of a notebook takes a part
of a second.
"""

from __future__ import annotations

import random
import time
import uuid
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path
from threading import Thread, local
from unittest.mock import patch

from chatkit.classroom.reporting import join, reports, sending
from chatkit.classroom.reporting.records import ClassRecords
from chatkit.core.errors import CheckFailed, NotStarted, ServiceError
from tests.classroom.board.board_testing import OpenBoard

ERRORS: Sequence[Exception] = (
    CheckFailed("The message", expected="two clients", got="one", hint="Look at the target."),
    CheckFailed("The token", expected="hub chat", got="hub chats", hint="Look at hubName."),
    ServiceError(404, "ResourceNotFound", "The Resource was not found."),
    KeyError("AzureSignalRConnectionString"),
    ConnectionRefusedError(111, "Connection refused"),
)
SECTIONS = tuple(f"{number:02}" for number in range(11))
MINUTES = (5, 5, 8, 8, 10, 12, 15, 12, 8, 20, 12)
"""As the notebooks state them; `test_board_columns.py` compares."""
QUESTION = "Is this right?"
ARRIVE_S = 120.0
JOIN_TRIES = 30
_mine = local()


@dataclass
class SimulatedPerson:
    """Somebody in the class.

    Attributes:
        number: In the roster.
        home: Where the kit keeps what it knows.
        minute_s: How long a stated minute takes here.
        told: Ids of what was reported, in order.
        passed: Sections that passed.
        has_left: Whether the class was left at the end.
    """

    number: int
    home: Path
    minute_s: float
    told: list[str] = field(default_factory=list)
    passed: list[str] = field(default_factory=list)
    has_left: bool = False

    def run(self, board: OpenBoard, times: dict[str, float]) -> None:
        """Be in the class from the first section to where the time is over."""
        chance = random.Random(self.number)
        # Most people take 0.7 to 1.6 times as long as a notebook states.
        pace = chance.lognormvariate(0.05, 0.3)
        offline = set(chance.sample(SECTIONS, 3)) if self.number % 5 == 2 else set()
        _mine.told = self.told
        self._join(board.invitation(self.number))
        last = len(SECTIONS) - chance.choice((0, 0, 1, 3))
        for section, minutes in [*zip(SECTIONS, MINUTES, strict=True)][:last]:
            _mine.times = None if section in offline else times
            with ExitStack() as stack:
                if section in offline:
                    stack.enter_context(_NoNetwork(self.home))
                self._section(chance, section, minutes * pace)
            if self.number % 7 == 3:
                self._send_again(section)
        if self.number % 6 == 5:
            self._leave()

    def _join(self, invitation: str) -> None:
        """Try again while the board does not answer, as a person does."""
        for _ in range(JOIN_TRIES):
            with suppress(NotStarted):
                join.join(self.home, invitation)
                return
            time.sleep(1.0)
        raise NotStarted("The board did not answer.")

    def _section(self, chance: random.Random, section: str, minutes: float) -> None:
        """Work, fail a few times, perhaps ask, pass."""
        failures = chance.choices((0, 1, 2, 4), (6, 3, 2, 1))[0]
        for _ in range(failures):
            time.sleep(minutes * self.minute_s / (failures + 1))
            reports.result(self.home, "check", section, chance.choice(ERRORS))
        if failures == 4:
            reports.hand(self.home, QUESTION)
        time.sleep(minutes * self.minute_s / (failures + 1))
        reports.result(self.home, "check", section, None)
        self.passed.append(section)
        if failures == 4:
            reports.hand(self.home, "")
        if int(section) >= 4 and chance.random() < 0.5:
            reports.result(self.home, "exercise", section, None)

    def _send_again(self, section: str) -> None:
        """An answer that got lost: everything of a section goes twice."""
        records = ClassRecords(self.home)
        outbox = records.folder / "outbox.jsonl"
        with _NoNetwork(self.home):
            reports.result(self.home, "check", section, None)
            content = outbox.read_bytes()
        self.settle()
        outbox.write_bytes(content)
        sending.wake(self.home)
        self.settle()

    def _leave(self) -> None:
        self.settle()
        join.leave(self.home)
        self.has_left = True
        self.told.clear()

    def settle(self) -> None:
        """Wait until everything that was reported has arrived."""
        reports.resume(self.home)
        if self.home in sending._senders:
            sending._senders[self.home].wait_until_sent(ARRIVE_S)


_offline: set[Path] = set()


class _NoNetwork:
    """Nothing of a home is sent in the block."""

    def __init__(self, home: Path) -> None:
        self._home = home

    def __enter__(self) -> None:
        sender = sending._senders.get(self._home)
        if sender is not None:
            sender.wait_until_sent(ARRIVE_S)
        _offline.add(self._home)

    def __exit__(self, *_: object) -> None:
        _offline.discard(self._home)
        sending.wake(self._home)


def run_class(
    board: OpenBoard, homes: Path, numbers: Sequence[int], *, minute_s: float
) -> tuple[list[SimulatedPerson], dict[str, float]]:
    """Let people be in a class, all at the same time, until everything has arrived.

    Args:
        board: Their class's.
        homes: A folder for their homes.
        numbers: Who they are in the roster.
        minute_s: How long a stated minute takes.

    Returns:
        The people, and when each result was reported while its network was there: by id, seconds
        since 1970.
    """
    times: dict[str, float] = {}
    people = [SimulatedPerson(number, homes / f"p{number}", minute_s) for number in numbers]
    failed: list[BaseException] = []

    def run(person: SimulatedPerson) -> None:
        try:
            person.run(board, times)
        except BaseException as error:
            failed.append(error)

    real_wake = sending.wake

    def wake(home: Path) -> None:
        if home not in _offline:
            real_wake(home)

    def noted() -> str:
        made = uuid.uuid4().hex
        _mine.told.append(made)
        if _mine.times is not None:
            _mine.times[made] = time.time()
        return made

    with (
        patch.object(sending, "wake", wake),
        patch.object(reports, "new_id", noted),
    ):
        threads = [Thread(target=run, args=(person,)) for person in people]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if failed:
            raise failed[0]
        for person in people:
            person.settle()
    return people, times
