"""The board's address in a room: three things, and nothing else."""

from __future__ import annotations

import json

import aiohttp
import pytest

from chatkit.classroom import codes
from tests.classroom.board.board_testing import OpenBoard, a_result, raw

RS = "\x1e"


@pytest.mark.parametrize(
    ("method", "target", "status"),
    [
        ("GET", "/api/results", 405),
        ("POST", "/api/hands", 404),
        ("GET", "/board", 404),
        ("GET", "/board/known", 404),
        ("GET", "/admin/host/status", 404),
        ("POST", "/api/hubs/board/:send", 404),
        ("POST", "/api//results", 404),
        ("POST", "/api/../api/results", 404),
        ("POST", "/%61pi/results", 404),
        ("POST", "/client/negotiate?hub=chat", 404),
        ("GET", "/client/?hub=board&hub=chat", 404),
        ("GET", "/client/?hub=board", 400),
        ("POST", "/", 405),
    ],
)
def test_what_is_not_for_the_room_is_not_there(
    board: OpenBoard, method: str, target: str, status: int
) -> None:
    """An allow list, letter by letter."""
    assert raw(board.room, method, target)[0] == status


def test_the_address_says_how_to_join(board: OpenBoard) -> None:
    """Who opens it in a browser reads what to type."""
    status, text = raw(board.room, "GET", "/")
    assert (status, f"chatkit class join CODE@{board.room}" in text) == (200, True)


def test_a_phone_is_shown_a_page(board: OpenBoard) -> None:
    """Plain text would be too small to read there."""
    status, text = raw(board.room, "GET", "/", headers={"Accept": "text/html,*/*"})
    assert (status, f"chatkit class join CODE@{board.room}</code>" in text) == (200, True)
    assert "width=device-width" in text


def test_another_name_is_refused(board: OpenBoard) -> None:
    """A page elsewhere cannot reach it by DNS rebinding."""
    headers = {"Host": "evil.example"}
    assert raw(board.room, "GET", "/", headers=headers)[0] == 421


def test_a_page_of_another_site_is_refused(board: OpenBoard, number: int) -> None:
    """Even if it knew a code."""
    headers = {
        "Authorization": f"Bearer {board.people[number - 1].code}",
        "Origin": "https://evil.example",
    }
    body = json.dumps({"events": [a_result()]}).encode()
    assert raw(board.room, "POST", "/api/results", body=body, headers=headers)[0] == 403


def test_a_body_without_end_is_refused(board: OpenBoard) -> None:
    """Before the app gets it."""
    assert raw(board.room, "POST", "/api/results", body=b"x" * 100_000)[0] == 413


async def test_a_participant_gets_into_the_hub(board: OpenBoard, number: int) -> None:
    """The room's address carries the hub's frames, and only those meant for this person."""
    info = board.by(number).ask("POST", "negotiate")
    async with aiohttp.ClientSession() as session:
        url = f"{info['url']}&access_token={info['accessToken']}".replace("http:", "ws:")
        async with session.ws_connect(url) as socket:
            await socket.send_str(f'{{"protocol":"json","version":1}}{RS}')
            assert (await socket.receive_str()) == f"{{}}{RS}"
            board.by(number).ask("POST", "results", {"events": [a_result()]})
            board.instructor.ask("POST", "hands", {"person": f"p{number:02}"})
            message = json.loads((await socket.receive_str()).split(RS)[0])
    assert (message["target"], message["arguments"]) == ("lowered", [])


async def test_a_token_that_is_none_does_not_get_in(board: OpenBoard) -> None:
    """The hub looks at it, not the front."""
    url = f"ws://{board.room}/client/?hub=board&access_token={codes.new_code()}"
    async with aiohttp.ClientSession() as session:
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            await session.ws_connect(url)
    assert refused.value.status == 401
