"""A class with a board, for as long as tests need it."""

from __future__ import annotations

import http.client
import json
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from chatkit.classroom import codes, roster
from chatkit.classroom.board import board, record
from chatkit.classroom.board.record import BoardRecord
from chatkit.classroom.reporting.board_api import BoardApi
from chatkit.classroom.roster import Person, Roster
from chatkit.core import ports
from chatkit.core.running.presence import BOARD
from chatkit.workshop import Workshop
from tests.homes import workshop_in

CLASS = "k1m2n3"
LIMIT_S = 30
SCRIPT = "<img src=x onerror=document.title=1>"


@dataclass(frozen=True)
class OpenBoard:
    """A board that is open.

    Attributes:
        workshop: The instructor's.
        people: The class.
        known: What the instructor's home knows of the board.
    """

    workshop: Workshop
    people: tuple[Person, ...]
    known: BoardRecord

    @property
    def room(self) -> str:
        """The address in the room."""
        return f"{self.known.host}:{self.known.port}"

    @property
    def page(self) -> str:
        """Where the page is, without the token."""
        return board.links(self.workshop.session)["projector"]

    @property
    def token(self) -> str:
        """What opens the instructor's page."""
        return board.links(self.workshop.session)["instructor"].partition("#")[2]

    def by(self, number: int) -> BoardApi:
        """The way to the board of one person, the first is 1."""
        return BoardApi(f"http://{self.room}", self.people[number - 1].code)

    @property
    def instructor(self) -> BoardApi:
        """The way to the app with the board's own token."""
        return BoardApi(self.known.api, self.known.board_token)

    @property
    def screen(self) -> BoardApi:
        """The way to the app with the screen's token."""
        return BoardApi(self.known.api, self.known.screen_token)

    def events(self, number: int) -> list[dict[str, Any]]:
        """What the board has of a person."""
        told = self.instructor.ask("GET", "results")["people"]
        return list(told.get(f"p{number:02}", []))

    def invitation(self, number: int) -> str:
        """What a person types."""
        return f"{self.people[number - 1].code}@{self.room}"


def a_class(count: int, *, hours: float = 2.0) -> Roster:
    """A roster of so many people."""
    people = tuple(
        Person(number, f"Person {number} {SCRIPT}", "", "eastus2", f"abc{number}", "chat", "", code)
        for number, code in enumerate((codes.new_code() for _ in range(count)), start=1)
    )
    now = datetime.now(UTC)
    return Roster(CLASS, "Monday", "local", now, now + timedelta(hours=hours), people)


@contextmanager
def open_board(home: Path, count: int) -> Iterator[OpenBoard]:
    """Open a class's board in a home of its own."""
    with workshop_in(home) as workshop:
        known = a_class(count)
        roster.write(home, known)
        try:
            board.up(workshop.session, board.Wanted(port=ports.any_free()))
            opened = record.read(home)
            assert opened is not None
            yield OpenBoard(workshop, known.people, opened)
        finally:
            workshop.session.servers.stop(BOARD)


def a_result(**changes: Any) -> dict[str, Any]:
    """A result as it goes over the wire."""
    event = {
        "id": uuid.uuid4().hex,
        "kind": "check",
        "section": "05",
        "passed": False,
        "seconds": 61.5,
        "error": "CheckFailed",
        "cause": "",
        "ago": 0,
    }
    return {**event, **changes}


def a_hand(text: str, **changes: Any) -> dict[str, Any]:
    """A raised hand as it goes over the wire."""
    return {"id": uuid.uuid4().hex, "kind": "hand", "text": text, "ago": 0, **changes}


def raw(
    address: str,
    method: str,
    target: str,
    *,
    body: bytes = b"",
    headers: Mapping[str, str] | None = None,
) -> tuple[int, str]:
    """Send one request exactly so, and return status and text of the answer."""
    connection = http.client.HTTPConnection(address, timeout=LIMIT_S)
    try:
        connection.request(method, target, body=body or None, headers=dict(headers or {}))
        answer = connection.getresponse()
        return answer.status, answer.read().decode(errors="replace")
    finally:
        connection.close()


def refusal(answer: tuple[int, str]) -> tuple[int, str]:
    """Status and sentence of a refusal."""
    status, text = answer
    return status, str(json.loads(text)["error"])
