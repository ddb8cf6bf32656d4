"""What a client may say in a message, and what it is told otherwise."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.functions.built_app import Ask, Sent
from tests.functions.fake_blobs import FakeContainer

GOOD = {"text": "Hello"}

REFUSED = [
    (b"", 400, "not JSON"),
    (b"Hello", 400, "not JSON"),
    (b'{"sender": "alice", "text": ', 400, "not JSON"),
    (b"\xff\xfe\x00", 400, "not JSON"),
    (b"[" * 30_000, 400, "not JSON"),
    (b"[]", 400, "JSON object"),
    (b'"Hello"', 400, "JSON object"),
    (b"null", 400, "JSON object"),
    (b" " * 40_000, 413, "too big"),
    ({"recipient": "bob"}, 400, "needs a text"),
    (GOOD | {"text": None}, 400, "needs a text"),
    (GOOD | {"text": ["Hello"]}, 400, "needs a text"),
    (GOOD | {"text": "\n \n"}, 400, "needs a text"),
    (GOOD | {"text": "a" * 2_001}, 400, "at most 2,000"),
    (b'{"text": "\\ud83d"}', 400, "half a character"),
    (GOOD | {"recipient": ["bob", "carol"]}, 400, "needs a recipient"),
    (GOOD | {"recipient": {"name": "bob"}}, 400, "needs a recipient"),
    (GOOD | {"recipient": 0}, 400, "needs a recipient"),
    (GOOD | {"recipient": False}, 400, "needs a recipient"),
    (GOOD | {"recipient": " \n"}, 400, "needs a recipient"),
    (GOOD | {"recipient": "a" * 321}, 400, "at most 320"),
    (b'{"text": "Hello", "recipient": "\\udc00"}', 400, "half a character"),
]


@pytest.mark.parametrize(("body", "status", "words"), REFUSED)
def test_a_mistake_is_answered_with_a_sentence(
    post: Ask, sent: Sent, blobs: FakeContainer, body: Any, status: int, words: str
) -> None:
    """Each has its status and names what is wrong; nothing goes out and nothing is stored."""
    answered, answer = post(body)
    assert answered == status
    assert words in answer["error"] and answer["error"].endswith(".")
    assert (sent.values, blobs.blobs) == ([], None)


@pytest.mark.parametrize(
    "text",
    ["a" * 2_000, "two\nlines", "<b>$x</b> \\ \" '", "مرحبا", "👩‍👩‍👧", "\u202eright to left", "0"],
)
def test_a_text_goes_out_as_it_is(post: Ask, sent: Sent, text: str) -> None:
    """Markup, other scripts and the longest text pass unchanged."""
    status, message = post(GOOD | {"text": text})
    assert status == 200
    assert message["text"] == sent.values[0][0]["arguments"][0]["text"] == text


def test_space_around_name_and_text_is_cut_off(post: Ask) -> None:
    """Nobody is a second person by a space."""
    message = post({"recipient": " bob ", "text": " Hello\n"}, user=" alice ")[1]
    assert (message["sender"], message["recipient"], message["text"]) == ("alice", "bob", "Hello")


def test_id_and_time_are_the_servers_and_other_fields_are_dropped(post: Ask, sent: Sent) -> None:
    """A client can forge neither sender nor id nor time nor privacy."""
    before = datetime.now(UTC).replace(microsecond=0)
    forged = {
        "sender": "bob",
        "userId": "bob",
        "groupName": "g",
        "id": "1",
        "sentAt": "1999-01-01T00:00:00Z",
        "isPrivate": True,
        "_ts": 1,
        "__proto__": {},
    }
    _, message = post(GOOD | forged)
    assert message["sender"] == "alice"
    assert set(message) == {"id", "sender", "text", "sentAt", "stored"}
    assert before <= datetime.fromisoformat(message["sentAt"]) <= datetime.now(UTC)
    assert message["id"].startswith(message["sentAt"][:10]) and uuid.UUID(message["id"][11:])
    assert set(sent.values[0][0]["arguments"][0]) == {"id", "sender", "text", "sentAt"}


def test_no_two_messages_have_the_same_id(post: Ask) -> None:
    """Even when they are the same in everything else."""
    assert len({post(GOOD)[1]["id"] for _ in range(100)}) == 100
