"""Results on a board that runs: each counts once, none is lost, and each is its sender's."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor

import jwt
import pytest

from chatkit.classroom import codes
from chatkit.classroom.app.board_app import kept
from chatkit.classroom.board import board as boards
from chatkit.classroom.reporting.board_api import BoardApi
from chatkit.core.errors import ServiceError
from tests.classroom.board.board_testing import OpenBoard, a_hand, a_result, raw, refusal


def status(api: BoardApi, method: str, path: str, body: object = None) -> int:
    """The status with which something is refused."""
    with pytest.raises(ServiceError) as refused:
        api.ask(method, path, body)  # type: ignore[arg-type]
    return refused.value.status


def test_joining_is_a_negotiate(board: OpenBoard, number: int) -> None:
    """It gives a token for the person's own user in hub board, at the room's address."""
    info = board.by(number).ask("POST", "negotiate")
    claims = jwt.decode(info["accessToken"], options={"verify_signature": False})
    assert info["url"] == f"http://{board.room}/client/?hub=board"
    assert claims["asrs.s.uid"] == info["person"] == f"p{number:02}"


def test_results_are_kept_in_order_and_once(board: OpenBoard, number: int) -> None:
    """A part that is sent again, as after an answer that got lost, counts once."""
    events = [a_result(section=f"{section:02}") for section in range(4)]
    board.by(number).ask("POST", "results", {"events": events[:3]})
    answer = board.by(number).ask("POST", "results", {"events": events})
    assert answer == {"kept": 4, "new": 1, "hand": ""}
    assert [event["id"] for event in board.events(number)] == [event["id"] for event in events]


def test_many_at_once_lose_nothing(board: OpenBoard, number: int) -> None:
    """Several notebooks of one person send at the same time, and some of it twice."""
    events = [a_result() for _ in range(12)]
    bodies = [{"events": [event]} for event in events] * 2
    with ThreadPoolExecutor(6) as pool:
        answers = [*pool.map(lambda body: board.by(number).ask("POST", "results", body), bodies)]
    assert sum(answer["new"] for answer in answers) == 12
    assert {event["id"] for event in board.events(number)} == {event["id"] for event in events}


def test_a_full_log_loses_no_last_state(board: OpenBoard, number: int) -> None:
    """Who replays a notebook all day still passes a section, fails in one, and raises a hand."""
    many = [a_result(section="03") for _ in range(kept.MAX_LOG + 40)]
    last = [a_result(section="07", passed=True, error=""), a_result(section="08"), a_hand("Why?")]
    parts = [[*many, *last][at : at + 50] for at in range(0, len(many) + len(last), 50)]
    answers = [board.by(number).ask("POST", "results", {"events": part}) for part in parts]
    answers.append(board.by(number).ask("POST", "results", {"events": parts[-1]}))
    assert [answer["new"] for answer in answers[-2:]] == [len(parts[-1]), len(parts[-1]) - 6]
    found = board.events(number)
    assert [event["id"] for event in found[-6:]] == [event["id"] for event in [*many, *last][-6:]]
    assert len(found) == kept.MAX_LOG + 6
    assert [event["tries"] for event in found[-6:] if "tries" in event] == [*range(638, 641), 1]
    board.by(number).ask("DELETE", "results")
    assert board.events(number) == []


def test_a_body_cannot_name_somebody_else(board: OpenBoard, number: int) -> None:
    """Who reports is whose code it is."""
    forged = {"events": [a_result(person="p02")]}
    assert status(board.by(number), "POST", "results", forged) == 400
    assert board.events(number) == []


def test_leaving_takes_the_data_along(board: OpenBoard, number: int) -> None:
    """And nobody else's."""
    board.by(number).ask("POST", "results", {"events": [a_result()]})
    others = {**board.instructor.ask("GET", "results")["people"]}
    board.by(number).ask("DELETE", "results")
    others.pop(f"p{number:02}")
    assert board.instructor.ask("GET", "results")["people"] == others


def test_a_code_reads_nothing_and_lowers_no_hand(board: OpenBoard, number: int) -> None:
    """Only the instructor's tokens do."""
    direct = BoardApi(board.known.api, board.people[number - 1].code)
    assert status(direct, "GET", "results") == 403
    assert status(direct, "POST", "hands", {"person": "p01"}) == 403


def test_the_screens_token_reads_no_person_and_no_question(board: OpenBoard, number: int) -> None:
    """A projector shows that a hand is up, and nobody's number."""
    board.by(number).ask("POST", "results", {"events": [a_hand("Is it me?"), a_result()]})
    text = json.dumps(board.screen.ask("GET", "results"))
    assert "Is it me?" not in text
    assert f"p{number:02}" not in text
    assert status(board.screen, "POST", "hands", {"person": "p01"}) == 403
    assert status(board.screen, "POST", "results", {"events": [a_result()]}) == 403


def test_a_hand_is_lowered_on_the_board(board: OpenBoard, number: int) -> None:
    """By the instructor."""
    board.by(number).ask("POST", "results", {"events": [a_hand("Why?")]})
    board.instructor.ask("POST", "hands", {"person": f"p{number:02}"})
    assert [event["text"] for event in board.events(number)] == ["Why?", ""]


def test_a_wrong_code_gets_a_sentence(board: OpenBoard) -> None:
    """The one that the person needs."""
    headers = {"Authorization": f"Bearer {codes.new_code()}"}
    refused = refusal(raw(board.room, "POST", "/api/negotiate", body=b"{}", headers=headers))
    assert refused == (
        401,
        "This join code is not one of the class. Please look at it again, letter by letter.",
    )


def test_opening_again_keeps_what_was_reported(board: OpenBoard, number: int) -> None:
    """Results are in storage; the room's address and the codes stay."""
    board.by(number).ask("POST", "results", {"events": [a_result()]})
    boards.up(board.workshop.session, boards.Wanted(port=board.known.port))
    board.by(number).ask("POST", "results", {"events": [a_result()]})
    assert len(board.events(number)) == 2


def test_the_status_has_figures_and_no_names(board: OpenBoard, number: int) -> None:
    """It may be shown to a room."""
    board.by(number).ask("POST", "results", {"events": [a_result(), a_hand("Hello?")]})
    found = boards.status(board.workshop.session)
    assert "Person" not in str(found.rows)
    assert int(dict(found.rows)["hands up"]) >= 1
