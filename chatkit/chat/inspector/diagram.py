"""Recorded events as a Mermaid sequence diagram.

Follows https://mermaid.js.org/syntax/sequenceDiagram.html.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from chatkit.chat.inspector.events import WireEvent
from chatkit.chat.widgets.foreign_text import visible
from chatkit.core.results import enumerated

MIME = "text/vnd.mermaid"
PEERS = {"app": "Function app", "service": "SignalR Service"}
PLAIN = re.compile(r"[^\W_]|[ ./]")
# As a word of its own this ends a block of the diagram, even inside a label.
END = re.compile(r"\bend\b", re.IGNORECASE)
LONGEST = 60
MOST = 40


@dataclass(frozen=True)
class SequenceDiagram:
    """A diagram that JupyterLab, VS Code and GitHub draw; anywhere else its source is shown.

    Attributes:
        source: Mermaid.
    """

    source: str

    def __repr__(self) -> str:
        return self.source

    def _repr_mimebundle_(self, **_asked: object) -> dict[str, str]:
        return {MIME: self.source, "text/plain": self.source}


def draw(events: Sequence[WireEvent], *, users: Sequence[str]) -> SequenceDiagram:
    """Draw the latest events, in the order they were seen.

    What passes between app and service nobody here sees.

    Args:
        events: Oldest first.
        users: Who gets a lifeline, from left to right.
    """
    shown = events[-MOST:]
    ids = {user: f"user{number}" for number, user in enumerate(users)}
    names = [*((ids[user], user) for user in users), *PEERS.items()]
    arrows = [_arrow(event, ids[event.user]) for event in shown] or [
        f"note over {names[0][0]}: Nothing was recorded yet."
    ]
    lines = [
        "sequenceDiagram",
        "accTitle: What went over the wire",
        f"accDescr: {_words(shown, users)}",
        *(f"participant {key} as {label(name)}" for key, name in names),
        *arrows,
    ]
    return SequenceDiagram("\n    ".join(lines))


def label(text: str) -> str:
    """A foreign text as it may stand in a diagram.

    Whatever is not a letter, a digit or a blank becomes an entity.
    """
    if len(text) > LONGEST:
        text = f"{text[:LONGEST]}…"
    spelled = "".join(_spelled(char) for char in visible(text))
    return END.sub(lambda found: f"#{ord(found[0][0])};{found[0][1:]}", spelled) or "#45;"


def _spelled(char: str) -> str:
    if PLAIN.fullmatch(char):
        return char
    return f"#{ord(char)};"


def _arrow(event: WireEvent, user: str) -> str:
    if event.kind == "ping":
        words = "ping"
    elif event.kind in ("http", "negotiate"):
        words = event.summary
    else:
        words = f"{event.kind} {event.summary}"
    if event.direction == "sent":
        return f"{user}->>{event.peer}: {label(words)}"
    return f"{event.peer}-->>{user}: {label(words)}"


def _words(events: Sequence[WireEvent], users: Sequence[str]) -> str:
    sent = sum(event.direction == "sent" for event in events)
    whose = enumerated([label(user) for user in users])
    heard = len(events) - sent
    return (
        f"{len(events)} events of {whose} with the function app and SignalR Service,"
        f" {sent} sent and {heard} received."
    )
