"""Journeys from the events of a trace: what belongs together, how it ended, what is not told."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from chatkit.journeys.journey import Journey
from chatkit.localcloud.core.trace import Trace
from chatkit.localcloud.functions.http.requests import AppTrace, note_invocation
from chatkit.localcloud.functions.worker_process.calls import Failure
from chatkit.localcloud.functions.worker_process.chatkit_worker import invoking
from chatkit.localcloud.functions.worker_process.chatkit_worker.invoking import describe
from chatkit.localcloud.functions.worker_process.messages import failure_of
from chatkit.localcloud.journeys.assembly import (
    KEPT,
    KEPT_MESSAGES,
    OTHERS_S,
    OWN_S,
    WAITING,
    Assembly,
)
from chatkit.localcloud.journeys.seen import Seen
from chatkit.wire.check_marks import check_text, new_run
from tests.attacks.chat_map import HELLO, JWT, PRIVATE, RAISED, SEND

FRAME = {"direction": "out", "hub": "chat", "target": "newMessage", "receivers": 2}
CALL = {"method": "POST", "path": SEND, "status": 202, "ms": 1.5}
CAUSE = "11111111-1111-1111-1111-111111111111"
OTHER = "22222222-2222-2222-2222-222222222222"
AT = 1000.0


def event(after_ms: float, source: str, kind: str, /, **detail: Any) -> Seen:
    """Something that ended so many milliseconds after the request began."""
    return Seen(AT + after_ms / 1000, source, kind, detail)


def storage(ms: float = 3.0) -> Seen:
    path = "/account/chat-history/today.jsonl"
    asked = {"method": "PUT", "path": path, "operation": "appendblock"}
    return event(ms, "storage", "request", **asked, status=201, ms=1.0)


def sent(
    message: object = HELLO, *, path: str = SEND, cause: str = CAUSE, receivers: int = 2
) -> list[Seen]:
    """A call of SignalR Service, with the frame that goes out meanwhile."""
    arguments = json.dumps([message])
    frame = {**FRAME, "receivers": receivers}
    call = {**CALL, "path": path}
    known = {"cause": cause} if cause else {}
    return [
        event(5.0, "signalr/room", "frame", **frame, arguments=arguments, **known),
        event(6.0, "signalr/room", "request", **call, **known),
    ]


def answered(status: int = 200, failure: str = "", where: str = "", **detail: Any) -> list[Seen]:
    """The end of a request to SendMessage."""
    name = {"function": "SendMessage"}
    request = {"method": "POST", "path": "/api/messages", "status": status, "ms": 8.0}
    request |= {"user": "", "origin": "", "alone": True, **name, **detail}
    ran = {**name, "failure": failure, "where": where, "ms": 6.0}
    return [
        event(7.0, "functions/app", "invocation", cause=CAUSE, **ran),
        event(8.0, "functions/app", "request", cause=CAUSE, **request),
    ]


def journeys(*events: Seen, later_s: float = 0.0) -> list[Journey]:
    assembly = Assembly()
    for one in events:
        assembly.feed(one)
    assembly.tell_late(AT + 0.1 + later_s)
    return [*assembly.journeys]


def ends(journey: Journey) -> list[tuple[str, str]]:
    return [(hop.source, hop.target) for hop in journey.hops]


def test_a_message_is_told_with_every_hop_and_its_time() -> None:
    """The hop from the functions to the service, which no browser sees, is one of them."""
    (journey,) = journeys(storage(), *sent(), *answered())
    assert ends(journey) == [
        ("browsers", "functions"),
        ("functions", "storage"),
        ("functions", "signalr"),
        ("signalr", "browsers"),
        ("functions", "browsers"),
    ]
    assert [hop.at_ms for hop in journey.hops] == pytest.approx([0, 2, 4.5, 5, 8], abs=0.1)
    assert (journey.title, journey.is_message) == ("alice: Hello", True)
    assert journey.outcome == "It arrived at 2 connections." and not journey.failed


def test_a_frame_never_comes_before_its_call() -> None:
    """The call's time is known when it is over, and the process may have waited before that."""
    late = [
        event(5.0, "signalr/room", "frame", **FRAME, arguments="[]", cause=CAUSE),
        event(9.0, "signalr/room", "request", **CALL, cause=CAUSE),
    ]
    (journey,) = journeys(*late, *answered())
    assert ends(journey)[1:3] == [("functions", "signalr"), ("signalr", "browsers")]
    assert journey.hops[1].at_ms == journey.hops[2].at_ms == pytest.approx(5.0, abs=0.1)


@pytest.mark.parametrize("name", PRIVATE)
def test_what_stands_in_a_private_message_is_not_told(name: str) -> None:
    """By what the message says, and by the way it took; that there was one is told."""
    message, path = PRIVATE[name]
    (journey,) = journeys(*sent(message, path=path), *answered())
    assert journey.title == "a private message from alice"
    assert "Hello" not in json.dumps(journey.as_json())


@pytest.mark.parametrize(
    ("message", "trial"),
    [
        ({}, True),
        ({"recipient": "bob"}, True),
        ({"text": "I rehearse", "senderId": "rehearsal-7"}, True),
        ({"text": "A check is running: am I one? (6a0c)."}, False),
        ({"sentAt": "2020-01-01T00:00:00Z"}, False),
    ],
)
def test_what_no_person_has_sent_is_told_apart(message: dict[str, str], trial: bool) -> None:
    """By its mark, whichever process sends it; so is that it was taken out of the room again."""
    marked = {**HELLO, "text": check_text("this goes round", new_run())}
    (journey,) = journeys(*sent({**marked, **message}), *answered())
    assert (journey.is_message, journey.is_trial) == (True, trial)
    removed, call = sent(["1"], cause="")
    gone = replace(removed, detail={**removed.detail, "target": "messagesRemoved"})
    assert journeys(gone, call, later_s=OTHERS_S)[0].is_trial


def test_requests_do_not_push_out_what_people_have_said() -> None:
    """A check makes more of them than are kept; and as many ways as ever are kept."""
    said = [*sent(), *answered()] * (KEPT_MESSAGES + 2)
    known = journeys(*said, *answered()[1:] * (2 * KEPT))
    numbers = [way.number for way in known]
    assert len(known) == KEPT and numbers == sorted(numbers)
    messages = [way.number for way in known if way.is_message]
    assert messages == [*range(3, KEPT_MESSAGES + 3)]
    assert len(journeys(*said * 6)) == KEPT


def test_a_name_with_letters_beyond_ascii_is_told_as_it_is_written() -> None:
    """The header that brings it is percent-encoded; what turns a line around is spelled out."""
    (journey,) = journeys(*answered(user="zo%C3%AB%E2%80%AE%25"))
    assert journey.title == "POST /api/messages by zoë\\u202e%"


@pytest.mark.parametrize("message", ["Hello", 1, None, [], {"text": "Hello"}, {"sender": 7}])
def test_a_message_of_another_app_is_told_by_its_target(message: object) -> None:
    """Nothing of it is guessed."""
    (journey,) = journeys(*sent(message), *answered())
    assert journey.title == "newMessage"


def test_secrets_of_a_path_are_masked() -> None:
    """A client asks for what it likes, and a token is long."""
    path = "/api/x/AccessKey=c2VjcmV0"
    (journey,) = journeys(*answered(500, "ValueError", path=path))
    told = json.dumps(journey.as_json())
    assert "c2VjcmV0" not in told and "AccessKey=***" in told
    (journey,) = journeys(*sent({**HELLO, "text": f"my token is {JWT}"}), *answered())
    assert journey.title == "alice: my token is …"


APP = """
def send_message(said, chain):
    try:
        {}[said]
    except Exception as error:
        if chain == "cause":
            raise ValueError("no") from error
        if chain == "context":
            raise ValueError("no")
        if chain == "group":
            raise ExceptionGroup(str(said), [error, ValueError(said)])
        error.add_note(str(said))
        raise
"""


def raised(said: object, chain: str) -> Failure:
    """What the host is told about an exception of the app."""
    space: dict[str, Any] = {}
    file = str(Path.cwd() / "send_message.py")
    exec(compile(APP, file, "exec"), space)
    try:
        space["send_message"](said, chain)
    except Exception as error:
        return failure_of(describe(error))
    raise AssertionError("nothing was raised")


@pytest.mark.parametrize("name", RAISED)
def test_what_an_exception_says_is_not_told(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its type and the line are; neither the trace nor the map has anything of its message."""
    monkeypatch.setattr(invoking, "START_FOLDER", str(Path.cwd()))
    lines = {"cause": 7, "context": 9, "group": 11, "note": 4}
    for chain, line in lines.items():
        trace = Trace()
        said = RAISED[name]
        failure = raised(Whatever(said), chain)
        assert str(said) in failure.stack
        note_invocation(AppTrace(trace, "functions/app"), "SendMessage", 0.001, failure)
        (noted,) = trace.after()
        (journey,) = journeys(
            event(7.0, noted.source, noted.kind, **{**noted.detail, "cause": CAUSE}),
            answered(500)[1],
        )
        told = json.dumps([noted.detail, journey.as_json()])
        assert f"SendMessage failed: {failure.type} in send_message.py, line {line}" in told
        assert not [word for word in words_of(said) if word in told]


def test_a_types_name_may_be_made_of_a_message() -> None:
    """Then the nearest one is told that stands in a file."""
    made = type("ThePartyForCarol", (LookupError,), {})
    assert failure_of(describe(made())).raised == "LookupError"
    noted = Trace()
    note_invocation(AppTrace(noted, "functions/app"), "f", 0.0, failure_of(describe(made())))
    assert "Party" not in str([event.detail for event in noted.after()])


class Whatever:
    """Anything that is no key: asking for it raises with its text."""

    def __init__(self, said: object) -> None:
        self._said = said

    def __repr__(self) -> str:
        return str(self._said)


def words_of(said: object) -> list[str]:
    """Parts of a text that stand in nothing else."""
    return [word for word in re.findall(r"[\w+%/=-]{5,}", str(said)) if word != "ValueError"]


@pytest.mark.parametrize(
    ("events", "said"),
    [
        (
            answered(500, "ValueError", where="app.py, line 3"),
            "answer 500: SendMessage failed: ValueError in app.py, line 3",
        ),
        (answered(500, "BindingFailed"), "answer 500: SendMessage failed: BindingFailed"),
        (answered(500, "<b>no name"), "answer 500: SendMessage failed: an exception"),
        (answered(401, function=""), "answer 401: refused before a function ran"),
        (answered(404, function=""), "answer 404: no function has this route"),
        (answered(499, function=""), "answer 499: the client left before the answer"),
    ],
)
def test_a_way_that_stops_says_where_and_why(events: list[Seen], said: str) -> None:
    """The last hop is marked, and the outcome is its words."""
    (journey,) = journeys(*events)
    assert journey.failed and journey.outcome.startswith("Stopped between functions and browsers")
    assert said in journey.hops[-1].words


def test_a_service_that_refuses_a_token_stops_the_way_there() -> None:
    """With the service's reason."""
    token = {"accepted": False, "path": SEND, "reason": "signature", "cause": CAUSE}
    call = {"method": "POST", "path": SEND, "status": 401, "ms": 1.5, "cause": CAUSE}
    refused = event(5.5, "signalr/room", "token", **token)
    called = event(6.0, "signalr/room", "request", **call)
    (journey,) = journeys(refused, called, *answered(500, "BindingFailed: 401"))
    assert "the token is refused: signature" in journey.hops[1].words and journey.hops[1].failed


def test_what_two_requests_set_off_is_not_mixed_up() -> None:
    """The cause tells the calls of the service apart; storage is not told, and says so."""
    other = [event(7.0, "functions/app", "request", cause=OTHER, path="/api/x", status=200, ms=6.0)]
    first, second = journeys(storage(), *sent(), *other, *answered(alone=False))
    assert ends(first)[0] == ("browsers", "functions") and ("functions", "signalr") not in ends(
        first
    )
    assert ("functions", "signalr") in ends(second)
    (journey,) = journeys(storage(), *answered(alone=False))
    assert "another request's" in journey.hops[1].words


def test_a_preflight_and_the_hosts_own_pages_are_no_ways() -> None:
    """People wait for neither."""
    assert journeys(*answered(200, method="OPTIONS")) == []
    assert journeys(*answered(200, path="/admin/host/status")) == []
    assert len(journeys(*answered(403, method="OPTIONS"))) == 1


def test_a_call_without_a_request_is_told_after_a_while() -> None:
    """A timer has sent, or a program beside the chat."""
    assert journeys(*sent(), later_s=OTHERS_S) == []
    (timer,) = journeys(*sent(), later_s=OWN_S)
    assert ends(timer) == [("functions", "signalr"), ("signalr", "browsers")]
    (program,) = journeys(*sent(cause=""), later_s=OTHERS_S)
    assert "a program of its own" in program.hops[0].words and program.is_message


def test_the_service_calls_functions_for_a_clients_message() -> None:
    """Then the way begins at the service, and its answer goes there."""
    (journey,) = journeys(*answered(path="/runtime/webhooks/signalr"))
    assert ends(journey) == [("signalr", "functions"), ("functions", "signalr")]


def test_a_connection_is_told_from_negotiate_to_handshake() -> None:
    """And what a client calls, and that it was cut."""
    source = "signalr/room"
    told = journeys(
        event(1.0, source, "negotiate", hub="chat", connection="c", user="alice"),
        event(2.0, source, "connection", event="opened", hub="chat", connection="c"),
        event(3.0, source, "handshake", connection="c", protocol="json"),
        event(4.0, source, "frame", direction="in", connection="c", target="join"),
        event(5.0, source, "connection", event="closed", connection="c", error="It was cut."),
        event(6.0, source, "token", accepted=False, path="/client/", reason="expired"),
    )
    assert [journey.title for journey in told] == [
        "alice connects",
        "a client calls join",
        "a connection ends",
        "a client connects",
    ]
    assert len(told[0].hops) == 3 and told[-1].failed


def test_page_and_sign_in_are_ways() -> None:
    """A page's own files are not."""
    page = {"method": "GET", "status": 200, "ms": 1.0}
    told = journeys(
        event(1.0, "website/account", "request", path="/", **page),
        event(2.0, "website/account", "request", path="/app.js", **page),
        event(3.0, "website/local", "request", method="GET", path="/gone.js", status=404),
        event(4.0, "entra", "sign-in", user="alice"),
        event(5.0, "entra", "refused", error="invalid_grant", number=70008),
        event(5.0, "entra", "refused", error="authorization_pending", number=70016),
    )
    assert [ends(journey)[0][1] for journey in told] == ["page", "page", "entra", "entra"]
    assert [journey.failed for journey in told] == [False, True, False, True]


def test_an_apps_token_of_entra_is_a_hop() -> None:
    """An app without keys asks for one."""
    token = event(4.0, "entra", "token", grant_type="managed identity")
    (journey,) = journeys(token, *sent(), *answered())
    assert ("functions", "entra") in ends(journey)


@pytest.mark.parametrize(("status", "failed"), [(200, False), (400, True)])
def test_a_managed_identitys_token_is_a_hop(status: int, failed: bool) -> None:
    """The app asks the identity endpoint, which asks Entra; for which service is told."""
    asked = {"resource": "https://storage.azure.com/", "app": "chat", "status": status}
    token = event(1.0, "entra", "identity", **asked, ms=0.5)
    (journey,) = journeys(token, *sent(), *answered())
    (hop,) = [hop for hop in journey.hops if hop.target == "entra"]
    assert hop.source == "functions" and hop.failed is failed
    words = "through the identity endpoint, a token for https://storage.azure.com/"
    assert hop.words == f"{words}: {status}"
    (alone,) = journeys(token, later_s=OTHERS_S)
    assert (alone.title, alone.hops) == ("chat gets a token", (replace(hop, at_ms=0.0),))
    other = event(1.0, "entra", "identity", **{**asked, "app": ""}, ms=0.5)
    assert journeys(other, later_s=OTHERS_S) == []


def test_what_others_do_takes_no_room() -> None:
    """However much of it is in the trace, and what waits is bounded."""
    noise = [event(1.0, "resource-manager", "request") for _ in range(2 * WAITING)]
    (journey,) = journeys(storage(), *sent(), *noise, *answered())
    assert len(journey.hops) == 5
    flood = [storage(1.0) for _ in range(2 * WAITING)]
    (journey,) = journeys(*flood, *sent(), *answered())
    assert len(journey.hops) == 7 and "more of these" in journey.hops[3].words
