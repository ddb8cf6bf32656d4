"""Attempts in a class: each is refused, and changes nothing for anybody."""

from __future__ import annotations

import hmac
import json
from hashlib import sha256
from typing import Any

import pytest

from chatkit.classroom import codes
from chatkit.classroom.app.board_app import events, kept
from chatkit.classroom.reporting.board_api import BoardApi
from chatkit.core.errors import ServiceError
from tests.attacks.board import BODIES, CODES, FLOODS, OTHERS_PATHS, PROOFS, REPLAYS
from tests.classroom.board.board_testing import CLASS, OpenBoard, a_result, raw

NO_CODE = (400, 401)
PEOPLE_LAST = 129


def posted(board: OpenBoard, code: str, *found: dict[str, Any]) -> int:
    """Post events with a code; the status."""
    body = json.dumps({"events": [*found]}).encode()
    headers = {"Authorization": f"Bearer {code}"}
    return raw(board.room, "POST", "/api/results", body=body, headers=headers)[0]


@pytest.mark.parametrize("name", CODES)
def test_another_code_reports_nothing(board: OpenBoard, number: int, name: str) -> None:
    """It belongs to nobody."""
    own = board.people[number - 1].code
    code = CODES[name].format(
        own=own, own_but_one=own[:-1], fingerprint=codes.fingerprint(own, CLASS)
    )
    assert posted(board, code, a_result()) in NO_CODE
    assert board.events(number) == []


@pytest.mark.parametrize("name", BODIES)
def test_a_forged_result_is_refused_whole(board: OpenBoard, number: int, name: str) -> None:
    """A good one beside it is not kept either: the kit sends it alone then."""
    code = board.people[number - 1].code
    assert posted(board, code, a_result(), a_result(**BODIES[name])) == 400
    assert board.events(number) == []


@pytest.mark.parametrize("name", OTHERS_PATHS)
def test_a_persons_code_opens_nothing_else(board: OpenBoard, number: int, name: str) -> None:
    """Neither at the room's address nor at the app's own."""
    method, path, body = OTHERS_PATHS[name]
    code = board.people[number - 1].code
    direct = BoardApi(board.known.api, code)
    with pytest.raises(ServiceError) as refused:
        direct.ask(method, path, body)
    assert refused.value.status == 403
    headers = {"Authorization": f"Bearer {code}"}
    assert raw(board.room, method, f"/api/{path}", headers=headers)[0] in (404, 405)


@pytest.mark.parametrize("name", PROOFS)
def test_names_need_a_proof_of_the_token(board: OpenBoard, name: str) -> None:
    """Who shows none gets what a projector shows; who shows a wrong one gets nothing."""
    address = board.page.removeprefix("http://").removesuffix("/board")
    shown = PROOFS[name].format(
        code=board.people[0].code,
        screen=board.known.screen_token,
        functions=board.known.board_token,
        page=board.token,
        other_run=hmac.new(board.token.encode(), b"0123456789abcdef", sha256).hexdigest(),
    )
    headers = {"x-chatkit-token": shown} if shown else {}
    for path in ("known", "results"):
        status, text = raw(address, "GET", f"/board/{path}", headers=headers)
        assert status == (403 if shown else 200)
        assert "Person 1" not in text
        assert '"p0' not in text
        assert '"p1' not in text


@pytest.mark.parametrize("name", REPLAYS)
def test_a_replay_changes_nothing(board: OpenBoard, number: int, name: str) -> None:
    """An id counts once, and for its own person."""
    code = board.people[number - 1].code
    first = a_result(section="02")
    posted(board, code, first)
    before = board.events(number)
    if name == "the same events again":
        assert [posted(board, code, first) for _ in range(3)] == [200] * 3
    elif name == "a known id with another result":
        changed = {**first, "passed": True, "error": "", "section": "09"}
        assert posted(board, code, changed) == 200
    else:
        other = board.people[PEOPLE_LAST]
        assert posted(board, other.code, {**first, "section": "09"}) == 200
    assert board.events(number) == before


@pytest.mark.parametrize("name", FLOODS)
def test_a_flood_ends(
    board: OpenBoard, number: int, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With a refusal, or with the newest results alone; the others go on."""
    code = board.people[number - 1].code
    if name == "a body without end":
        assert posted(board, code, a_result(cause="x" * 100_000)) == 413
    elif name == "50,000 events at once":
        many: list[dict[str, Any]] = [{}] * (events.MAX_EVENTS * 1_000)
        assert posted(board, code, *many) == 413
    else:
        part = events.MAX_EVENTS
        found = [
            posted(board, code, *(a_result() for _ in range(part)))
            for _ in range(kept.MAX_LOG // part + 2)
        ]
        assert {*found} == {200}
        assert len(board.events(number)) == kept.MAX_LOG + kept.EACH + 1
    assert posted(board, board.people[PEOPLE_LAST].code, a_result()) == 200
