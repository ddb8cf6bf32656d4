"""What cells show of answers and tokens."""

from __future__ import annotations

import time

import jwt
import pytest

from chatkit.lesson.http import Answer, get, post
from chatkit.lesson.tokens import claims
from tests.chat.stub_room import StubRoom

KEY = "k" * 32


def token(**more: object) -> str:
    """A signed token for hub chat, an hour long."""
    now = int(time.time())
    return jwt.encode(
        {"aud": "http://localhost/client/?hub=chat", "iat": now, "exp": now + 3600, **more}, KEY
    )


def test_an_answer_shows_no_token() -> None:
    """Neither as text nor as html; the value itself is there."""
    secret = token()
    answer = Answer(
        200,
        {"Content-Type": "application/json; charset=utf-8"},
        f'{{"accessToken": "{secret}"}}'.encode(),
    )
    assert secret not in repr(answer) + str(answer) + answer._repr_mimebundle_()["text/html"]
    assert (
        repr(answer).startswith("200 application/json\n{")
        and answer.json()["accessToken"] == secret
    )


def test_an_answers_markup_stays_text() -> None:
    """An error page of a server is not rendered."""
    assert (
        "<script>"
        not in Answer(500, {}, b"<script>alert(1)</script>")._repr_mimebundle_()["text/html"]
    )


def test_a_cell_asks_and_sees(app: StubRoom) -> None:
    """POST sends JSON, or bytes as they are; an error is an answer too."""
    assert post(f"{app.url}/api/messages", {"sender": "alice", "text": "hi"}).status == 202
    assert get(f"{app.url}/api/messages?limit=1").json()[0]["text"] == "hi"
    assert repr(get(f"{app.url}/nothing")).startswith("404")


@pytest.mark.usefixtures("local_cloud")
def test_nobody_there_is_an_answer_too(unused_tcp_port: int) -> None:
    """A cell does not end in a traceback because a port is closed."""
    answer = get(f"http://127.0.0.1:{unused_tcp_port}/")
    assert (answer.status, repr(answer), str(answer)) == (0, "Nothing answers there.", "no answer")


def test_times_of_a_token_are_told_relative_to_now() -> None:
    """The same text today and tomorrow."""
    shown = repr(claims(token()).only("aud", "exp", "iat"))
    assert shown == "aud  http://localhost/client/?hub=chat\nexp  in 60 minutes\niat  now"


def test_what_is_no_token_has_no_claims() -> None:
    """An empty result, no traceback."""
    assert claims("hello") == {} and repr(claims("hello")) == ""
