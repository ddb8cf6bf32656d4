"""How the panel looks: pure functions from messages and states to html.

What is foreign goes through `escape` and stands in a `bdi`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from chatkit.chat.client.connection import State
from chatkit.chat.client.messages import ChatMessage
from chatkit.chat.inspector.masking import masked_text
from chatkit.chat.widgets.foreign_text import NO_TEX, escape, visible

LIMIT = 200
UNVERIFIED = "from before anybody signed in: nobody has verified this name"
# Words have the colour of the notebook's theme: none is dark enough for a light one and light
# enough for a dark one. The signs beside them have 3 to 1 or more on both.
GREEN = "#1f883d"
AMBER = "#9a6700"
RED = "#d92d20"
WORDS: dict[State, tuple[str, str]] = {
    "connecting": ("connecting", AMBER),
    "connected": ("connected", GREEN),
    "reconnecting": ("reconnecting", AMBER),
    "closed": ("not connected", RED),
}
EMPTY = '<p style="opacity:.7;margin:auto">No messages yet.</p>'
ALERT = f"display:block;border-left:4px solid {RED};padding-left:8px"
LIST = (
    "max-height:320px;overflow-y:auto;border:1px solid #8888;border-radius:6px;padding:6px;"
    "display:flex;flex-direction:column-reverse"
)
BUBBLE = (
    "padding:4px 8px;margin:3px 0;border-radius:8px;white-space:pre-wrap;overflow-wrap:anywhere;"
    "line-height:1.4;background:"
)


@dataclass(frozen=True)
class Reader:
    """Whose messages are shown.

    Attributes:
        user: The name in the panel.
        key: What the app knows the user by.
        called: Anybody's name.
        writer: The name over a message.
        key_of: What the app knows a message's sender by; nothing for a name without an id.
        has_sign_in: Whether people sign in: a name without an id is marked then.
    """

    user: str
    key: str
    called: Callable[[str], str]
    writer: Callable[[ChatMessage], str]
    key_of: Callable[[ChatMessage], str]
    has_sign_in: bool = False


def heading(user: str, state: State, why: str = "") -> str:
    """A user's name with the connection's state in words."""
    words, colour = WORDS[state]
    reason = f" <span>{escape(why)}</span>" if why else ""
    sign = f'<span aria-hidden="true" style="color:{colour}">\N{BLACK CIRCLE}</span>'
    status = f'<span role="status">{words}</span>'
    return f"<b><bdi>{escape(user)}</bdi></b> {sign} {status}{reason}"


def people(listed: Sequence[tuple[str, State | None]], *, me: str) -> str:
    """Who is in the room.

    The panel's users with their connections in words, then who was seen in messages.
    """
    rows = "".join(_person(name, state, me) for name, state in listed)
    style = "list-style:none;margin:0;padding:0;opacity:.8;line-height:1.5"
    return f'<ul aria-label="People" style="{style}">{rows}</ul>'


def _person(name: str, state: State | None, me: str) -> str:
    you = " (you)" if name == me else ""
    words = WORDS[state][0] if state else "seen in messages"
    style = "display:inline-block;margin-right:1em"
    return f'<li style="{style}"><bdi>{escape(name)}</bdi>{you}: {words}</li>'


def message_rows(messages: Sequence[ChatMessage], is_newest: bool, *, me: Reader) -> str:
    """Some neighbouring messages, oldest first.

    What is new is read aloud from the newest of them only.
    """
    rows = "".join(_row(message, me) for message in messages)
    if not is_newest:
        return rows
    return f'<div role="log" aria-label="{_label(me)}">{rows or EMPTY}</div>'


def message_list(messages: Sequence[ChatMessage], *, me: Reader) -> str:
    """The last messages, oldest first; the list stays at its newest end by itself.

    It does so by its style; where that is taken out, the order of the rows is still right.
    """
    rows = "".join(_row(message, me) for message in messages[-LIMIT:])
    return (
        f'<div role="log" aria-label="{_label(me)}" style="{LIST}"><div>{rows or EMPTY}</div></div>'
    )


@dataclass(frozen=True)
class Seen:
    """What a user has seen, and how they were connected."""

    state: State
    messages: Sequence[ChatMessage]
    reader: Reader


def snapshot(name: str, seen: Mapping[str, Seen]) -> str:
    """The whole panel as it is now, for a reader without a kernel. Texts are without secrets."""
    cells = "".join(
        f'<div style="flex:1 1 280px"><b><bdi>{escape(user)}</bdi></b> was {WORDS[one.state][0]}'
        f"{message_list(_without_secrets(one.messages), me=one.reader)}</div>"
        for user, one in seen.items()
    )
    return (
        f'<p style="opacity:.8;margin:0 0 4px"><i>{escape(name)}, as it was last.</i></p>'
        f'<div class="{NO_TEX}" style="display:flex;flex-wrap:wrap;gap:8px">{cells}</div>'
    )


def transcript(seen: Mapping[str, Seen]) -> str:
    """The same as plain text."""
    lines = []
    for user, one in seen.items():
        lines.append(f"{visible(user)} has seen:")
        latest = _without_secrets(one.messages[-LIMIT:])
        lines += [f"  {_line(message, one.reader)}" for message in latest]
        if not one.messages:
            lines.append("  no messages yet")
    return "\n".join(lines)


def _line(message: ChatMessage, me: Reader) -> str:
    note = f" to {me.called(message.recipient)}, private" if message.is_private else ""
    if me.has_sign_in and not message.sender_id:
        note += ", unverified"
    return visible(f"{me.writer(message)}{note}: {message.text}")


def _without_secrets(messages: Sequence[ChatMessage]) -> list[ChatMessage]:
    return [replace(message, text=masked_text(message.text)) for message in messages]


def error(sentence: str) -> str:
    """A failure as a sentence, empty for none."""
    if not sentence:
        return ""
    return f'<span role="alert" style="{ALERT}">{escape(sentence)}</span>'


def _label(me: Reader) -> str:
    return escape(f"Messages of {visible(me.user)}")


def _row(message: ChatMessage, me: Reader) -> str:
    colour = "#8882"
    note = ""
    if message.is_private:
        colour = "#7c3aed26"
        note = f" <i>private, to <bdi>{escape(me.called(message.recipient))}</bdi></i>"
    elif me.key_of(message) == me.key:
        colour = "#2563eb26"
    if me.has_sign_in and not message.sender_id:
        note += f' <i title="{UNVERIFIED}">unverified</i>'
    when = f'<small style="opacity:.7">{escape(_clock(message.sent_at))}</small>'
    head = f"<b><bdi>{escape(me.writer(message))}</bdi></b>{note} {when}"
    return f'<div style="{BUBBLE}{colour}">{head}<br><bdi>{escape(message.text)}</bdi></div>'


def _clock(sent_at: str) -> str:
    try:
        return f"{datetime.fromisoformat(sent_at).astimezone():%H:%M}"
    except ValueError:
        return ""
