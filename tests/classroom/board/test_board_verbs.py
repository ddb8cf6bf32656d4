"""The board's verbs, in a cell and typed."""

from __future__ import annotations

import json
import socket
import time
from dataclasses import replace
from pathlib import Path

import pytest

from chatkit.classroom import roster as rosters
from chatkit.classroom.board import admission, app_package, columns
from chatkit.classroom.board import board as boards
from chatkit.classroom.board import record as records
from chatkit.classroom.codes import fingerprint
from chatkit.classroom.reporting import join, sending
from chatkit.classroom.reporting.board_api import BoardApi
from chatkit.cli import app
from chatkit.cloud.provision import storage
from chatkit.core import ports
from chatkit.core.errors import CheckFailed, NotStarted, PortInUse, ServiceError, SetupError
from chatkit.core.processes import wait_until
from chatkit.core.running import room_hosts
from chatkit.core.running.own_addresses import OwnAddress
from chatkit.lesson.exercises import grading
from chatkit.lesson.exercises.grades import not_yet
from chatkit.lesson.sections import SECTIONS, TUTORIAL
from tests.classroom.board.board_testing import OpenBoard
from tests.classroom.board.simulated import MINUTES

LIMIT_S = 20.0


def typed(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    """Type `chatkit …` in the home of the board's workshop; the exit code."""
    monkeypatch.setattr("sys.argv", ["chatkit", *arguments])
    return app.main()


@pytest.fixture
def at_home(board: OpenBoard, monkeypatch: pytest.MonkeyPatch) -> OpenBoard:
    """The board, with the home of its instructor."""
    monkeypatch.setenv("CHATKIT_HOME", str(board.workshop.home))
    return board


def arrived(board: OpenBoard, number: int) -> list[dict[str, object]]:
    """What the board has of a person when nothing waits any more."""
    sending._senders[board.workshop.home].wait_until_sent(LIMIT_S)
    return board.events(number)


def test_checks_and_exercises_report_by_themselves(
    at_home: OpenBoard, number: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From the moment of joining until leaving."""
    workshop = at_home.workshop
    workshop.join_class(at_home.invitation(number))
    workshop.check("00")
    with pytest.raises(CheckFailed):
        workshop.check(5)
    wrong = CheckFailed("The answer", expected="200", got="500", hint="Look.")
    monkeypatch.setattr(grading, "grade", lambda *_: not_yet(TUTORIAL.exercise("05"), wrong))
    workshop.exercise("05")
    told = [
        (event["kind"], event["section"], event["passed"], event["error"])
        for event in arrived(at_home, number)
    ]
    workshop.leave_class()
    assert told == [
        ("check", "00", True, ""),
        ("check", "05", False, "CheckFailed"),
        ("exercise", "05", False, "CheckFailed"),
    ]


def test_a_newcomer_of_the_list_is_let_in_at_the_open_board(
    at_home: OpenBoard, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """And the instructor's page has the name."""
    known = rosters.read(at_home.workshop.home)
    names = tmp_path / "names.csv"
    people = [*(person.name for person in known.people), "Mallory"]
    names.write_text("\n".join(["name", *people]), encoding="utf-8")
    try:
        assert typed(monkeypatch, "class", "roster", str(names), "--hours", "2") == 0
        longer = rosters.read(at_home.workshop.home)
        with at_home.workshop.session.step("Looking") as step:
            service = storage.blobs(replace(step.stack, names=boards.names_of(longer)))
            blob = service.get_blob_client(admission.CONTAINER, admission.PEOPLE)
            callers = json.loads(blob.download_blob().readall())["callers"]
        newcomer = fingerprint(longer.people[-1].code, longer.id)
        assert callers[newcomer] == {"kind": "person", "id": f"p{len(longer.people):02}"}
        record = records.read(at_home.workshop.home)
        assert record is not None and "Mallory" in record.names.values()
    finally:
        rosters.write(at_home.workshop.home, known)
        boards.renew(at_home.workshop.session)


def test_an_exercise_that_was_not_begun_is_no_result(at_home: OpenBoard, number: int) -> None:
    """Nobody fails by looking."""
    workshop = at_home.workshop
    workshop.join_class(at_home.invitation(number))
    assert workshop.exercise("05").state == "open"
    assert join.waiting(workshop.home) == 0
    workshop.leave_class()
    assert at_home.events(number) == []


def test_joining_and_leaving_can_be_typed(
    at_home: OpenBoard,
    number: int,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """With what is sent, before anything is."""
    assert typed(monkeypatch, "class", "join", at_home.invitation(number)) == 0
    assert "the text of an error" in capsys.readouterr().out
    assert typed(monkeypatch, "class", "leave") == 0
    assert typed(monkeypatch, "class", "leave") == 1
    assert "You are in no class." in capsys.readouterr().err


def test_the_status_can_be_typed(
    at_home: OpenBoard, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """With the links; no code and no name is in it."""
    assert typed(monkeypatch, "class", "board", "status", "--json") == 0
    text = capsys.readouterr().out
    assert json.loads(text)["projector, without names"] == at_home.page
    assert "Person" not in text
    assert at_home.people[0].code not in text


def test_who_has_stopped_everything_is_told_how_to_go_on(
    at_home: OpenBoard, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An instructor is not asked for the address, as a participant is."""
    elsewhere = replace(at_home.known, api=f"http://localhost:{ports.any_free()}")
    monkeypatch.setattr(records, "read", lambda _home: elsewhere)
    with pytest.raises(NotStarted, match="functions do not answer. `chatkit class board up`"):
        boards.status(at_home.workshop.session)


def test_the_board_in_a_cell_is_links_and_figures(at_home: OpenBoard) -> None:
    """Its text has no address: stored notebooks stay the same."""
    shown = at_home.workshop.class_board()
    bundle = shown._repr_mimebundle_()
    assert bundle["text/plain"] == "The board is open."
    assert f"{at_home.page}#" in bundle["text/html"]


def test_who_closes_the_board_ends_its_codes(at_home: OpenBoard, number: int) -> None:
    """And opening it again lets the same people in, to the same results."""
    session = at_home.workshop.session
    direct = BoardApi(at_home.known.api, at_home.people[number - 1].code)
    boards.down(session)

    def status() -> int | None:
        try:
            direct.ask("POST", "negotiate")
        except ServiceError as error:
            return error.status
        return None  # the app looks every two seconds who may come in

    until = time.monotonic() + LIMIT_S
    assert wait_until(status, until=until, unless=lambda: False) == 403
    boards.up(session, boards.Wanted())
    reopened = records.read(session.home)
    assert reopened is not None and reopened.address == at_home.room  # it is on paper
    join_again = time.monotonic() + LIMIT_S
    assert wait_until(lambda: (status() is None) or None, until=join_again, unless=lambda: False)


def test_a_place_that_a_neighbour_has_is_named(at_home: OpenBoard) -> None:
    """With what helps; the board that is open stays open."""
    with socket.create_server((at_home.known.host, 0)) as neighbour:
        port = neighbour.getsockname()[1]
        with pytest.raises(PortInUse, match=f"Port {port} is taken by .*`--port`"):
            boards.up(at_home.workshop.session, boards.Wanted(port=port))
    assert boards.is_running(at_home.workshop.session)
    assert records.read(at_home.workshop.home) == at_home.known


@pytest.mark.parametrize("host", ["0.0.0.0", "192.0.2.1", "example.com"])
def test_an_address_of_another_machine_opens_nothing(at_home: OpenBoard, host: str) -> None:
    """Nor does one that means all networks."""
    with pytest.raises(SetupError, match="not an address of this machine"):
        boards.up(at_home.workshop.session, boards.Wanted(host=host))


def test_a_public_address_is_opened_on_demand_alone(
    at_home: OpenBoard, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A machine in a data centre has one."""
    monkeypatch.setattr(room_hosts, "own_addresses", lambda: [OwnAddress("8.8.8.8", "eth0")])
    with pytest.raises(SetupError, match="public"):
        boards.up(at_home.workshop.session, boards.Wanted(host="8.8.8.8"))


def test_the_columns_are_the_notebooks() -> None:
    """With the minutes that they state, on which simulated people rely."""
    found = columns.columns()
    assert [column["number"] for column in found] == [section.number for section in SECTIONS]
    assert all(column["minutes"] and column["title"] for column in found)
    assert tuple(column["minutes"] for column in found[: len(MINUTES)]) == MINUTES


def test_the_package_is_the_same_each_time() -> None:
    """So an app that runs it already is not published again."""
    assert app_package.build() == app_package.build()


def test_the_chat_is_told_without_its_board(board: OpenBoard) -> None:
    """What a board is made of is no part of the learner's chat."""
    assert "Nothing was made yet." in repr(board.workshop.how())
    assert "board" not in repr(board.workshop.how())
