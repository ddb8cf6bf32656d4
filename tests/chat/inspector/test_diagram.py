"""The sequence diagram: Mermaid that no name and no message can break."""

from __future__ import annotations

import re

from hypothesis import example, given
from hypothesis import strategies as st

from chatkit.chat.inspector.diagram import draw, label
from chatkit.chat.inspector.events import WireEvent

SAFE = re.compile(r"(?:[^\W_]|[ ./]|#\d+;)+")


def event(summary: str = "newMessage", user: str = "alice", **more: object) -> WireEvent:
    """An invocation that a user received."""
    fields = {
        "direction": "received",
        "peer": "service",
        "kind": "invocation",
        "size_bytes": 1,
        "detail": "",
        **more,
    }
    return WireEvent(number=0, at=0.0, user=user, summary=summary, **fields)  # type: ignore[arg-type]


def test_it_draws_who_asked_whom_and_what_came_back() -> None:
    """Solid lines out, dashed lines in."""
    events = [
        event("POST /api/messages", direction="sent", peer="app", kind="http"),
        event("newMessage"),
        event("202 Accepted", peer="app", kind="http"),
    ]
    lines = [line.strip() for line in draw(events, users=("alice",)).source.splitlines()]
    assert lines[0] == "sequenceDiagram"
    assert lines[-3:] == [
        "user0->>app: POST /api/messages",
        "service-->>user0: invocation newMessage",
        "app-->>user0: 202 Accepted",
    ]


def test_it_has_a_title_and_a_description_for_those_who_cannot_see_it() -> None:
    """accTitle and accDescr."""
    source = draw([event()], users=("alice", "bob")).source
    assert "accTitle: What went over the wire" in source
    assert "accDescr: 1 events of alice and bob" in source


def test_an_empty_record_is_a_diagram_too() -> None:
    """A diagram without an arrow would be an error."""
    assert "note over user0: Nothing was recorded yet." in draw([], users=("alice",)).source


@given(st.text())
@example("alice\nparticipant evil")
@example("end")
@example("The END; %%{init: {}}%%")
@example("<script>alert(1)</script> $$x$$ #lt;")
@example("wrap:x")
@example("\u202eecila")
def test_a_label_holds_nothing_that_mermaid_would_read(text: str) -> None:
    """Letters, digits, blanks and entities; no line of its own, no word that ends a block."""
    shown = label(text)
    assert SAFE.fullmatch(shown)
    assert not re.search(r"\bend\b", re.sub(r"#\d+;", "?", shown), re.IGNORECASE)


@given(st.text(), st.text())
def test_names_and_messages_add_no_line(user: str, summary: str) -> None:
    """The diagram has as many lines as one of plain words."""
    shown = draw([event(summary, user)], users=(user,)).source
    assert shown.count("\n") == draw([event()], users=("alice",)).source.count("\n")


def test_it_is_shown_as_a_diagram_or_as_its_source() -> None:
    """JupyterLab draws the one, nbval compares the other."""
    bundle = draw([event()], users=("alice",))._repr_mimebundle_()
    assert bundle["text/vnd.mermaid"] == bundle["text/plain"] and set(bundle) == {
        "text/vnd.mermaid",
        "text/plain",
    }
