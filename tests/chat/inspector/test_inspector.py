"""The inspector on a live panel.

What it records, what it never records, and what its buttons do.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatkit.chat.client.background_loop import BackgroundLoop
from chatkit.chat.client.sign_in import SignedIn
from chatkit.chat.inspector.events import LONGEST, Recorder, WireEvent
from chatkit.chat.inspector.latency import Echoes
from chatkit.chat.inspector.widget import MOST, Inspector
from chatkit.chat.panel.panel import ChatPanel
from chatkit.core.errors import UnknownUser
from tests.chat.panel.panels import column_of, wait
from tests.chat.stub_room import StubRoom


@pytest.fixture
def panel(app: StubRoom, background: BackgroundLoop) -> Iterator[ChatPanel]:
    """Alice and bob, connected."""
    opened = ChatPanel.open(app.url, ("alice", "bob"), background=background)
    yield opened
    opened.close()


@pytest.fixture
def inspector(panel: ChatPanel) -> Inspector:
    """Their inspector, from here on."""
    return panel.inspector()


def button(inspector: Inspector, words: str) -> Any:
    """One of the buttons."""
    return next(item for item in inspector.widget.children[1].children if item.description == words)


def shown(inspector: Inspector) -> str:
    """The html of the list, oldest first."""
    return "".join(block.value for block in reversed(inspector.widget.children[4].children))


def kinds(inspector: Inspector, user: str) -> list[tuple[str, str, str]]:
    """Direction, peer and kind of a user's events."""
    return [
        (event.direction, event.peer, event.kind)
        for event in inspector.events
        if event.user == user
    ]


def test_a_message_is_a_request_an_answer_and_a_frame_for_everybody(
    panel: ChatPanel, inspector: Inspector, background: BackgroundLoop
) -> None:
    """What alice sends, she asks the app; both hear it from the service."""
    panel.say("alice", "hello")
    wait(background, lambda: len(inspector.events) == 4)
    assert set(kinds(inspector, "alice")) == {
        ("sent", "app", "http"),
        ("received", "app", "http"),
        ("received", "service", "invocation"),
    }
    assert kinds(inspector, "bob") == [("received", "service", "invocation")]


def test_an_event_says_how_big_it_was_and_what_was_in_it(
    panel: ChatPanel, inspector: Inspector, background: BackgroundLoop
) -> None:
    """Bytes of the body, JSON laid out."""
    panel.say("alice", "hello")
    sent = inspector.events[0]
    assert (sent.summary, sent.size_bytes) == (
        "POST /api/messages",
        len(b'{"sender": "alice", "text": "hello"}'),
    )
    assert '"text": "hello"' in sent.detail and "Content-Type: application/json" in sent.detail


def test_dropping_a_connection_shows_how_one_is_made(
    panel: ChatPanel, inspector: Inspector, background: BackgroundLoop
) -> None:
    """Broken, negotiate at the app, negotiate at the service, WebSocket, handshake.

    The panel says it in words.
    """
    inspector.drop_connection("alice")
    wait(background, lambda: ("received", "service", "handshake") in kinds(inspector, "alice"))
    assert kinds(inspector, "alice")[:9] == [
        ("received", "service", "close"),
        ("sent", "app", "negotiate"),
        ("received", "app", "negotiate"),
        ("sent", "service", "negotiate"),
        ("received", "service", "negotiate"),
        ("sent", "service", "http"),
        ("received", "service", "http"),
        ("sent", "service", "handshake"),
        ("received", "service", "handshake"),
    ]
    wait(
        background,
        lambda: (
            "again. Before: The connection was closed by network (code 1006)"
            in column_of(panel, "alice").heading.value
        ),
    )
    assert not kinds(inspector, "bob")


def test_no_token_is_in_anything_that_is_kept_or_shown(
    app: StubRoom, background: BackgroundLoop
) -> None:
    """Session token, service token, connection token: in events, traits, snapshot and diagram."""
    app.sessions = {"opaque-session"}
    panel = ChatPanel.open(
        app.url,
        ("alice",),
        people={"alice": SignedIn("alice@x", "opaque-session")},
        background=background,
    )
    inspector = panel.inspector()
    inspector.drop_connection()
    wait(background, lambda: ("received", "service", "handshake") in kinds(inspector, "alice"))
    panel.say("alice", "hello")
    kept = (
        f"{inspector.events}{shown(inspector)}{inspector._repr_mimebundle_()}{inspector.diagram()}"
    )
    assert (
        "opaque-session" not in kept
        and "token-2" not in kept
        and "t/1" not in kept
        and "t%2F1" not in kept
    )
    assert "X-ZUMO-AUTH: ***" in kept and "Authorization: Bearer ***" in kept
    panel.close()


def test_an_expired_token_is_refused_once_by_the_service_where_nobody_signs_in(
    panel: ChatPanel, inspector: Inspector, app: StubRoom, background: BackgroundLoop
) -> None:
    """401, in words; then the function is asked again and all is well."""
    heading = column_of(panel, "alice").heading
    inspector.expire_token("alice")
    wait(
        background,
        lambda: "reconnecting</span> <span>POST /client/negotiate answered 401" in heading.value,
    )
    assert "Bearer expired-token-3" in app.tokens
    wait(
        background,
        lambda: (
            "connected</span> <span>again. Before: POST /client/negotiate answered 401"
            in heading.value
        ),
    )
    assert "401 Unauthorized" in [event.summary for event in inspector.events]


def test_an_expired_session_is_refused_by_the_app(
    app: StubRoom, background: BackgroundLoop
) -> None:
    """Sending answers 401 beside the field, and reconnecting does; the text comes back."""
    app.sessions = {"session"}
    panel = ChatPanel.open(
        app.url, ("alice",), people={"alice": SignedIn("alice@x", "session")}, background=background
    )
    panel.inspector().expire_token("alice")
    alice = column_of(panel, "alice")
    wait(background, lambda: "/api/negotiate answered 401" in alice.heading.value)
    alice.text.value = "still here?"
    alice.send.click()
    wait(
        background,
        lambda: "POST /api/messages answered 401. The app asks who you are" in alice.problem.value,
    )
    wait(background, lambda: bool(alice.text.value == "still here?"))
    panel.close()


def test_the_buttons_do_the_same_for_whom_is_chosen(
    panel: ChatPanel, inspector: Inspector, background: BackgroundLoop
) -> None:
    """From any thread, as a front end's click comes."""
    inspector.widget.children[0].children[0].value = "bob"
    thread = threading.Thread(target=button(inspector, "Drop the connection").click)
    thread.start()
    thread.join()
    wait(background, lambda: "The connection of bob was cut" in inspector.widget.children[2].value)
    wait(background, lambda: ("received", "service", "handshake") in kinds(inspector, "bob"))
    assert not kinds(inspector, "alice")


def test_the_list_shows_one_user_and_pings_when_asked(
    panel: ChatPanel, inspector: Inspector, background: BackgroundLoop, app: StubRoom
) -> None:
    """Both filters; what they hide is still recorded."""
    whose, pings, _ = inspector.widget.children[0].children
    panel.say("alice", "hello")
    background.call(app.raw('{"type":6}\x1e'))
    wait(background, lambda: shown(inspector).count("<details") == 4)
    pings.value = True
    wait(background, lambda: shown(inspector).count("<details") == 6)
    whose.value = "bob"
    wait(background, lambda: shown(inspector).count("<details") == 2)
    assert len(inspector.events) == 6


def test_a_held_list_stays_while_events_go_on(
    panel: ChatPanel, inspector: Inspector, background: BackgroundLoop
) -> None:
    """To read in peace."""
    held = inspector.widget.children[0].children[2]
    held.value = True
    panel.say("alice", "hello")
    wait(background, lambda: "1 message" in inspector.widget.children[3].value)
    assert "<details" not in shown(inspector)
    held.value = False
    wait(background, lambda: "<details" in shown(inspector))


def test_drawing_puts_the_diagram_below(panel: ChatPanel, inspector: Inspector) -> None:
    """As an output that JupyterLab draws; a second click draws anew in the same place."""
    panel.say("alice", "hello")
    for _ in range(2):
        button(inspector, "Draw as a sequence diagram").click()
    (output,) = inspector.widget.children[5].children
    (drawn,) = output.outputs
    assert drawn["data"]["text/vnd.mermaid"].startswith("sequenceDiagram")


def test_clearing_forgets(
    panel: ChatPanel, inspector: Inspector, background: BackgroundLoop
) -> None:
    """Events, times and rows."""
    panel.say("alice", "hello")
    button(inspector, "Clear").click()
    wait(background, lambda: not inspector.events and "Nothing yet" in shown(inspector))


def test_memory_is_bounded(
    panel: ChatPanel, inspector: Inspector, app: StubRoom, background: BackgroundLoop
) -> None:
    """The newest are kept; a huge message is cut."""

    async def flood() -> None:
        await app.invoke("newMessage", {"id": "big", "sender": "carol", "text": "x" * 100_000})
        for number in range(MOST):
            await app.invoke("newMessage", {"id": f"{number}", "sender": "carol", "text": "y"})

    background.call(flood())
    wait(background, lambda: len(inspector.events) == MOST)
    assert max(len(event.detail) for event in inspector.events) < LONGEST + 50


def test_names_and_messages_stay_text(app: StubRoom, background: BackgroundLoop) -> None:
    """In rows, snapshot and labels."""
    nasty = "<img src=x onerror=alert(1)>\u202e$x$"
    panel = ChatPanel.open(app.url, (nasty,), background=background)
    inspector = panel.inspector()
    panel.say(nasty, "</pre><script>")
    wait(background, lambda: "&lt;script&gt;" in shown(inspector))
    assert "<img" not in shown(inspector) + inspector._repr_mimebundle_()["text/html"]
    labels = [label for label, _ in inspector.widget.children[0].children[0].options]
    assert not [label for label in labels if "\u202e" in label]
    panel.close()


def test_nobody_watches_before_and_after(panel: ChatPanel) -> None:
    """Recording costs nothing then: there is nobody to tell."""
    taps = [column.client.tap for column in panel._columns.values()]
    assert not any(tap.watcher for tap in taps)
    inspector = panel.inspector()
    assert all(tap.watcher for tap in taps) and panel.inspector() is inspector
    inspector.close()
    assert not any(tap.watcher for tap in taps) and panel.inspector() is not inspector


def test_its_plain_text_is_stable(inspector: Inspector) -> None:
    """A stored notebook and a new run show the same."""
    assert inspector._repr_mimebundle_()["text/plain"] == "Wire inspector of alice and bob"


def test_somebody_else_is_said_to_be_unknown(inspector: Inspector) -> None:
    """A sentence, not a KeyError."""
    with pytest.raises(UnknownUser, match="carol is not in this panel. There are alice, bob."):
        inspector.drop_connection("carol")


@given(
    st.binary()
    | st.text().map(str.encode)
    | st.recursive(st.none() | st.booleans() | st.floats() | st.text(), st.lists)
    .map(repr)
    .map(str.encode)
)
def test_any_frame_can_be_recorded(data: bytes) -> None:
    """What is no hub message is an event, too, and never an error in the client."""
    kept: list[WireEvent] = []
    recorder = Recorder("alice", "http://x", iter(range(1000)), kept.append, Echoes())
    recorder.frame("received", data + b"\x1e")
    assert kept


@pytest.mark.parametrize(
    "value",
    [
        '{"type":[]}',
        '{"type":1,"target":{}}',
        '{"type":7,"error":5}',
        "[" * 100_000,
        '{"a":' * 5000 + "1" + "}" * 5000,
    ],
)
def test_odd_hub_messages_are_recorded(value: str) -> None:
    """Wrong types, and depths that no parser takes."""
    kept: list[WireEvent] = []
    Recorder("alice", "http://x", iter(range(9)), kept.append, Echoes()).frame(
        "received", value.encode() + b"\x1e"
    )
    assert len(kept) == 1
