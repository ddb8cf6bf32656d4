"""Attempts on the app itself: to be somebody else in a message, to read what others wrote.

docs/attacks.md lists them.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote

import azure.functions as func
import pytest

from tests.attacks import chat_app, people
from tests.functions.built_app import Ask, Sent, call

FIELDS = {"id", "sender", "text", "sentAt", "recipient", "isPrivate"}


@pytest.mark.parametrize("name", chat_app.FORGED_MESSAGES)
def test_a_forged_field_changes_nothing(post: Ask, sent: Sent, name: str) -> None:
    """Sender, id, time and privacy are the server's, and so is who gets the message."""
    body = chat_app.FORGED_MESSAGES[name].encode()
    status, _ = post(body)
    assert status == 200
    recipient = json.loads(body).get("recipient")
    [deliveries] = sent.values
    assert [item.get("userId") for item in deliveries] == (
        [recipient, "alice"] if recipient else [None]
    )
    for item in deliveries:
        [message] = item["arguments"]
        assert item.keys() <= {"target", "arguments", "userId"} and item["target"] == "newMessage"
        assert message.keys() <= FIELDS and message["sender"] == "alice"
        assert message["id"].startswith(f"{datetime.now(UTC):%Y-}") and message[
            "sentAt"
        ].startswith(message["id"][:10])
        assert message.get("isPrivate", False) is bool(recipient)


@pytest.mark.parametrize("name", chat_app.BAD_RECIPIENTS)
def test_a_recipient_is_one_name(post: Ask, sent: Sent, name: str) -> None:
    """Never several people, and never by accident everybody."""
    status, answer = post(f'{{"text": "x", "recipient": {chat_app.BAD_RECIPIENTS[name]}}}'.encode())
    assert status == 400 and "recipient" in answer["error"]
    assert sent.values == []


@pytest.mark.parametrize("name", chat_app.HISTORY_QUERIES)
def test_nobody_reads_what_others_wrote(post: Ask, get: Ask, name: str) -> None:
    """Carol gets the public messages at most, and cannot tell that there are others."""
    post({"text": "for everybody"})
    secret = post({"text": "for bob", "recipient": "bob"})[1]["id"]
    query = {
        key: value.replace("SECRET", secret)
        for key, value in chat_app.HISTORY_QUERIES[name].items()
    }
    status, answer = get(user="carol", **query)
    assert status == 200
    assert [message["text"] for message in answer] in ([], ["for everybody"])
    assert "for bob" in [message["text"] for message in get(user="bob")[1]]


@pytest.mark.parametrize("name", chat_app.LOOK_ALIKES)
def test_a_look_alike_is_somebody_else(post: Ask, get: Ask, sent: Sent, name: str) -> None:
    """Names are compared letter by letter."""
    post({"text": "for bob", "recipient": "bob"})
    other = chat_app.LOOK_ALIKES[name]
    assert get(user=other)[1] == []
    post({"text": "from bob?"}, user=other)
    sender = sent.values[-1][0]["arguments"][0]["sender"]
    assert sender in (other, unquote(other))
    assert sender != "bob"


def said_by(sent: Sent, headers: dict[str, str], body: bytes = b'{"text": "x"}') -> dict[str, Any]:
    """Send a message with headers as they arrive at the app; returns it as others receive it."""
    request = func.HttpRequest("POST", "/api/messages", headers=headers, body=body)
    assert call("SendMessage", request, sent).status_code == 200
    message: dict[str, Any] = sent.values[-1][0]["arguments"][0]
    return message


@pytest.mark.usefixtures("blobs", "present")
@pytest.mark.parametrize("name", people.FORGED_IDS)
def test_a_forged_id_changes_nothing(sent: Sent, name: str) -> None:
    """The id of a message's sender is the one that the platform tells."""
    headers = {"x-ms-client-principal-id": "id-of-alice", "x-ms-client-principal-name": "alice"}
    message = said_by(sent, headers, people.FORGED_IDS[name].encode())
    assert (message["sender"], message["senderId"]) == ("alice", "id-of-alice")
    assert message.keys() == {"id", "sender", "senderId", "text", "sentAt"}


@pytest.mark.usefixtures("blobs", "present")
@pytest.mark.parametrize("name", people.UNGUARDED)
def test_nobody_is_verified_without_authentication(
    sent: Sent, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """What anybody can write into a request makes no id that others could trust later."""
    monkeypatch.setenv("WEBSITE_AUTH_ENABLED", "False")
    assert "senderId" not in said_by(sent, people.UNGUARDED[name])


@pytest.mark.usefixtures("blobs", "present")
@pytest.mark.parametrize("name", people.NOT_AN_ID)
def test_what_is_not_an_id_is_nobody(sent: Sent, name: str) -> None:
    """It is taken, as the service takes a message for any user id, and reaches no user of another
    id, now or from the history: only its writer reads it again.
    """
    as_alice = {"x-ms-client-principal-id": "id-of-alice", "x-ms-client-principal-name": "alice"}
    body = json.dumps({"text": "for bob only", "recipient": people.NOT_AN_ID[name]}).encode()
    said_by(sent, as_alice, body)
    assert [item["userId"] for item in sent.values[-1]] == [people.NOT_AN_ID[name], "id-of-alice"]
    for reader, count in {"id-of-bob": 0, "id-of-carol": 0, "id-of-alice": 1}.items():
        headers = {"x-ms-client-principal-id": reader, "x-ms-client-principal-name": "bob"}
        request = func.HttpRequest("GET", "/api/messages", headers=headers, body=b"")
        assert len(json.loads(call("GetMessages", request).get_body())) == count
