"""Who somebody is comes from the platform's header; private messages reach their two users."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import azure.functions as func
import jwt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatkit.localcloud.easy_auth.principal import Principal
from chatkit.wire.connection_strings import SignalRConnectionString
from chatkit.wire.tokens import client_token, client_url, rest_token
from tests.functions.built_app import Ask, Sent, call, principal

KEY = "a-key-of-at-least-thirty-two-bytes-12345"
ENDPOINTS = [
    f"Endpoint=http://localhost;Port=8888;AccessKey={KEY};Version=1.0;",
    f"Endpoint=https://demo.service.signalr.net/;AccessKey={KEY}==;Version=1.0;",
    f" Endpoint = https://demo.service.signalr.net ; AccessKey = {KEY} ; Version=1.0",
]


def claims(token: str, service: SignalRConnectionString) -> dict[str, Any]:
    """The claims of a token that the service's key has signed."""
    found: dict[str, Any] = jwt.decode(
        token, service.access_key, algorithms=["HS256"], options={"verify_aud": False}
    )
    return found


@pytest.mark.parametrize("name", ["SignalRInfo", "negotiate"])
@pytest.mark.parametrize("text", ENDPOINTS)
def test_negotiate_signs_what_the_services_own_library_signs(
    monkeypatch: pytest.MonkeyPatch, name: str, text: str
) -> None:
    """Same address, audience, user and life as the binding's token."""
    monkeypatch.setenv("AzureSignalRConnectionString", text)
    service = SignalRConnectionString.parse(text)
    response = call(
        name,
        func.HttpRequest("POST", f"/api/{name}", headers=principal("alice@a.example"), body=b""),
    )
    info = json.loads(response.get_body())
    mine, theirs = (
        claims(info["accessToken"], service),
        claims(client_token(service, "chat", user_id="alice@a.example"), service),
    )
    assert (info["url"], mine["asrs.s.uid"], mine["aud"]) == (
        client_url(service, "chat"),
        theirs["asrs.s.uid"],
        theirs["aud"],
    )
    assert mine["exp"] - mine["nbf"] == theirs["exp"] - theirs["nbf"] == 3600


@pytest.mark.parametrize(
    "headers", [{}, {"x-ms-client-principal-name": ""}, {"x-ms-client-principal-name": " \t"}]
)
@pytest.mark.parametrize("name", ["SignalRInfo", "negotiate", "SendMessage", "GetMessages"])
def test_nobody_is_answered_401_with_a_sentence(
    sent: Sent, name: str, headers: dict[str, str]
) -> None:
    """Before anything else is looked at: nothing is signed, sent, stored or read."""
    request = func.HttpRequest(
        "POST", "/api/x", headers=headers, params={"limit": "no number"}, body=b"not JSON"
    )
    response = call(name, request, *([sent] if name == "SendMessage" else []))
    assert response.status_code == 401
    assert json.loads(response.get_body())["error"].startswith("Sign in first")
    assert sent.values == []


@given(
    st.text(min_size=1, max_size=30)
    .filter(str.isprintable)
    .filter(lambda name: name == name.strip())
    | st.sampled_from(
        ("é@contoso.example", "Zoë", "bo%62", "100%", "%C3%A9", "%2562", "名前", "a+b@c")
    )
)
def test_a_name_is_the_one_that_the_platform_was_given(name: str) -> None:
    """In whatever letters: as sign-in writes it into the header, so the app reads it."""
    signed_in = Principal("aad", "an-id", name, ()).headers()
    header = signed_in["X-MS-CLIENT-PRINCIPAL-NAME"]
    assert header.isascii()
    request = func.HttpRequest(
        "POST", "/api/messages", headers=principal(header), body=b'{"text": "Hello"}'
    )
    answer = json.loads(call("SendMessage", request, Sent()).get_body())
    assert answer["sender"] == name


def test_a_public_message_goes_to_everybody(post: Ask, sent: Sent) -> None:
    """No user is named."""
    answer = post({"text": "Hello", "recipient": ""})[1]
    assert sent.values == [
        [
            {
                "target": "newMessage",
                "arguments": [{k: v for k, v in answer.items() if k != "stored"}],
            }
        ]
    ]
    assert "recipientConnected" not in answer and "isPrivate" not in answer


def test_a_private_message_goes_to_its_two_users(post: Ask, sent: Sent) -> None:
    """To the sender too, whose other tabs show it; never to the hub."""
    answer = post({"text": "Hello", "recipient": "bob"})[1]
    assert [item["userId"] for item in sent.values[0]] == ["bob", "alice"]
    assert all(item["arguments"][0]["isPrivate"] is True for item in sent.values[0])
    assert (answer["sender"], answer["recipient"], answer["isPrivate"]) == ("alice", "bob", True)


def test_a_note_to_oneself_is_delivered_once(post: Ask, sent: Sent) -> None:
    """One user, one delivery."""
    post({"text": "Buy milk", "recipient": "alice"})
    assert [item["userId"] for item in sent.values[0]] == ["alice"]


@pytest.mark.parametrize("here", [True, False])
def test_the_sender_learns_whether_the_recipient_is_here(
    post: Ask, present: set[str], here: bool
) -> None:
    """Unknown or away is the same: the message waits in the history."""
    if here:
        present.add("bob")
    assert post({"text": "Hello", "recipient": "bob"})[1]["recipientConnected"] is here


def test_the_history_is_the_readers_own(post: Ask, get: Ask) -> None:
    """Alice and bob read it, carol does not."""
    post({"text": "for bob", "recipient": "bob"})
    assert [len(get(user=user)[1]) for user in ("alice", "bob", "carol")] == [1, 1, 0]


# Presence ----------------------------------------------------------------------------------------


class Service(BaseHTTPRequestHandler):
    """Knows bob; refuses a wrong signature or audience."""

    status = 0
    asked: list[tuple[str, str]] = []

    def do_HEAD(self) -> None:
        """Answer as the service does."""
        self.asked.append((self.path, self.headers["Authorization"].removeprefix("Bearer ")))
        self.send_response(self.status or (200 if "bob" in self.path else 404))
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A service on a free port; its connection string is the app's."""
    monkeypatch.setattr(Service, "asked", [])
    with ThreadingHTTPServer(("127.0.0.1", 0), Service) as server:
        text = f"Endpoint=http://localhost;Port={server.server_port};AccessKey={KEY};Version=1.0;"
        monkeypatch.setenv("AzureSignalRConnectionString", text)
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        yield text
        server.shutdown()
        thread.join()


@pytest.mark.parametrize(("user", "here"), [("bob@a.example", True), ("carol/../bo?b", False)])
def test_presence_asks_the_service_with_a_token_for_this_very_question(
    service: str, user: str, here: bool
) -> None:
    """The audience is the address without its port, as the service's own library signs it."""
    import presence

    assert presence.is_connected(user) is here
    [(path, token)] = Service.asked
    connection = SignalRConnectionString.parse(service)
    assert (
        claims(token, connection)["aud"] == claims(rest_token(connection, path), connection)["aud"]
    )
    assert path.count("/") == 5


@pytest.mark.parametrize("status", [401, 429, 500])
def test_a_service_that_does_not_say_leaves_the_question_open(
    service: str, monkeypatch: pytest.MonkeyPatch, status: int
) -> None:
    """Neither yes nor no."""
    import presence

    monkeypatch.setattr(Service, "status", status)
    assert presence.is_connected("bob") is None


def test_a_message_is_not_lost_when_nobody_can_be_asked(
    sent: Sent, post: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It goes out and is stored; only the feedback is missing."""
    import send_message

    monkeypatch.setattr(send_message, "is_connected", lambda user: None)
    status, answer = post({"text": "Hello", "recipient": "bob"})
    assert (status, answer["stored"], "recipientConnected" in answer, len(sent.values)) == (
        200,
        True,
        False,
        1,
    )
