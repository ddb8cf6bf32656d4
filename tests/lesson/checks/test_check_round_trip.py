"""The part of the checks that looks at messages and pages, against a room that is broken as
learners break theirs.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from chatkit.core.errors import CheckFailed
from chatkit.lesson.checks import local_page
from chatkit.lesson.checks.connection_info import connection_info
from chatkit.lesson.checks.core import evidence
from chatkit.lesson.checks.send_message import round_trip
from tests.chat.stub_room import StubRoom


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits ten seconds for a message that does not come."""
    monkeypatch.setattr(evidence, "ARRIVAL_S", 0.2)


def try_it(app: StubRoom) -> None:
    """Do the round trip, with a stranger on another hub."""
    app.signed = "token"
    negotiate = f"{app.url}/client/negotiate?hub=another"
    another = evidence.HubEndpoint("another", negotiate, app.signed)
    evidence.run(round_trip(app.url, another))


def test_a_good_room_passes(app: StubRoom) -> None:
    """Both receive it once, the stranger does not."""
    try_it(app)


@pytest.mark.parametrize(
    ("breakage", "expected"),
    [
        ({"target": "message"}, "expected newMessage, got message"),
        ({"is_mute": True}, "expected the message, got nothing within"),
        ({"copies": 2}, "expected the message once, got 2 times"),
        (
            {"wrap": lambda message: [message["sender"], message["text"]]},
            "the message as an object, got 2",
        ),
        ({"wrap": lambda message: [message["text"]]}, "the message as an object, got 1"),
        (
            {"wrap": lambda message: [{**message, "text": "hi"}]},
            "got newMessage with something else",
        ),
        ({"leaks": True}, "A client on hub another: expected nothing, got the message"),
        ({"refuse_messages": 500}, "POST /api/messages: expected 200, got 500"),
        ({"refuse": 503}, "expected a connection, got POST /api/negotiate answered 503"),
    ],
)
def test_a_broken_room_is_told_what_is_wrong(
    app: StubRoom, breakage: dict[str, object], expected: str
) -> None:
    """Expected, got, and a hint; repaired, it passes again."""
    good = {name: getattr(app, name) for name in breakage}
    for name, value in breakage.items():
        setattr(app, name, value)
    with pytest.raises(CheckFailed, match=expected) as caught:
        try_it(app)
    assert caught.value.hint
    for name, value in good.items():
        setattr(app, name, value)
    try_it(app)


def test_connection_info_has_to_be_json(app: StubRoom) -> None:
    """An address that answers something else is named."""
    with pytest.raises(CheckFailed, match="POST /api/nothing: expected 200, got 404"):
        connection_info(f"{app.url}/api/nothing")
    assert {"url", "accessToken"} == set(connection_info(f"{app.url}/api/negotiate"))


def test_history_has_to_come_back_newest_first(app: StubRoom) -> None:
    """A room that forgets fails."""
    assert "newest first" in local_page.history(app.url)
    app.forgets = True
    with pytest.raises(CheckFailed, match="newest first, got"):
        local_page.history(app.url)


@pytest.mark.parametrize(
    ("cors", "complaint"),
    [
        (lambda page: {}, "for the page: expected"),
        (lambda page: {"*": "*"}, "for the page: expected .* got [*]"),
        (lambda page: {page: f"{page}/"}, "for the page: expected"),
        (
            lambda page: {page: page, "*": "https://stranger.example"},
            "for another page: expected none",
        ),
    ],
)
def test_cors_has_to_name_one_page(
    app: StubRoom, cors: Callable[[str], dict[str, str]], complaint: str
) -> None:
    """Nobody, everybody, a slash at the end, and every asker: all wrong."""
    page = "http://127.0.0.1:5500"
    app.cors = cors(page)
    with pytest.raises(CheckFailed, match=complaint):
        local_page.cross_origin(app.url, page, "hint")
    app.cors = {page: page}
    assert "no other page" in local_page.cross_origin(app.url, page, "hint")


def test_the_page_has_to_name_the_functions(app: StubRoom) -> None:
    """A page that still calls somewhere else is caught."""
    app.page_api = "http://localhost:7071"
    with pytest.raises(CheckFailed, match="config.json of the page"):
        local_page.served(app.url, app.url, "hint")
    app.page_api = app.url
    assert local_page.served(app.url, app.url, "hint")
