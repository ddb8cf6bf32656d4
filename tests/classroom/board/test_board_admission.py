"""Who is let in: codes of the class, as long as it lasts, and not too often."""

from __future__ import annotations

import time
from typing import Any

import azure.functions as func
import pytest

from chatkit.classroom import codes
from chatkit.classroom.app.board_app import callers, storage
from chatkit.classroom.app.board_app.answers import Refused
from chatkit.classroom.app.board_app.callers import Admission, Caller

CLASS = "k1m2n3"
ALICE = codes.new_code()
BOB = codes.new_code()


@pytest.fixture
def people(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Who the app is told may come in."""
    known: dict[str, Any] = {
        "class": CLASS,
        "ends": time.time() + 3600,
        "callers": {
            codes.fingerprint(ALICE, CLASS): {"kind": "person", "id": "p01"},
            codes.fingerprint(BOB, CLASS): {"kind": "person", "id": "p02"},
            codes.fingerprint("token", CLASS): {"kind": "board", "id": "board"},
        },
    }
    monkeypatch.setattr(storage, "people", lambda: known)
    return known


def asked(admission: Admission, code: str, address: str = "192.0.2.7") -> Caller:
    """Ask with a code, from an address."""
    headers = {"Authorization": f"Bearer {code}", "X-Forwarded-For": f"203.0.113.9, {address}"}
    return admission.admit(func.HttpRequest("POST", "/api/results", headers=headers, body=b""))


def status(admission: Admission, code: str, address: str = "192.0.2.7") -> int:
    """The status with which it is refused."""
    with pytest.raises(Refused) as refused:
        asked(admission, code, address)
    return refused.value.status


def test_a_code_is_its_person(people: dict[str, Any]) -> None:
    """The app's fingerprint and the kit's are the same."""
    assert asked(Admission(), ALICE).id == "p01"
    assert asked(Admission(), "token").kind == "board"


def test_a_wrong_code_and_none_are_refused(people: dict[str, Any]) -> None:
    """With 401: who it is, is not known."""
    assert status(Admission(), codes.new_code()) == 401
    assert status(Admission(), "") == 401


def test_a_class_that_has_ended_lets_its_people_in_no_more(people: dict[str, Any]) -> None:
    """The instructor still reads what there is."""
    people["ends"] = time.time() - 1
    assert status(Admission(), ALICE) == 403
    assert asked(Admission(), "token").kind == "board"


def test_before_a_class_is_there_nobody_comes_in(people: dict[str, Any]) -> None:
    """Not the instructor either."""
    people.clear()
    assert status(Admission(), ALICE) == 403


def test_guessing_is_slowed_and_stops_nobody(people: dict[str, Any]) -> None:
    """All people of a JupyterHub have one address; 60 bits are not guessed."""
    admission = Admission()
    found = [status(admission, codes.new_code()) for _ in range(callers.WRONG_PER_WINDOW + 1)]
    assert found == [401] * callers.WRONG_PER_WINDOW + [429]
    assert asked(admission, ALICE).id == "p01"
    assert asked(admission, BOB).id == "p02"
    assert status(admission, codes.new_code()) == 429
    assert status(admission, codes.new_code(), "192.0.2.8") == 401


@pytest.mark.parametrize(
    ("forwarded", "address"),
    [
        ("192.0.2.7:50123", "192.0.2.7"),
        ("203.0.113.9, 192.0.2.7:1", "192.0.2.7"),
        ("[2001:db8::7]:443", "[2001:db8::7]"),
        ("2001:db8::7", "2001:db8::7"),
        ("", ""),
    ],
)
def test_an_address_has_no_port(forwarded: str, address: str) -> None:
    """Each connection has another one: nobody gets new guesses with it."""
    headers = {"X-Forwarded-For": forwarded}
    request = func.HttpRequest("POST", "/api/results", headers=headers, body=b"")
    assert callers.address_of(request) == address


def test_who_asks_too_often_waits(people: dict[str, Any]) -> None:
    """And nobody else does."""
    admission = Admission()
    for _ in range(callers.CALLS_PER_WINDOW):
        asked(admission, ALICE)
    assert status(admission, ALICE) == 429
    assert asked(admission, BOB).id == "p02"


def test_addresses_without_end_are_not_all_remembered(people: dict[str, Any]) -> None:
    """The memory of the count is bounded."""
    counts = callers.Counts(3)
    for number in range(callers.MOST_COUNTED + 10):
        counts.add(str(number))
    assert len(counts._windows) == callers.MOST_COUNTED
