"""How the panel looks: pure functions from messages and states to html. Every foreign text goes through `escape`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from chatkit.chat.connection import State
from chatkit.chat.messages import ChatMessage
from chatkit.display import escape

LIMIT = 200
WORDS: dict[State, tuple[str, str]] = {
    "connecting": ("connecting", "#8a6d00"),
    "connected": ("connected", "#1a7f37"),
    "reconnecting": ("reconnecting", "#8a6d00"),
    "closed": ("not connected", "#b42318"),
}
LIST = (
    "height:220px;overflow-y:auto;border:1px solid #8888;border-radius:6px;padding:6px;display:flex;flex-direction:column-reverse"
)
BUBBLE = "padding:4px 8px;margin:3px 0;border-radius:8px;white-space:pre-wrap;overflow-wrap:anywhere;line-height:1.4;background:"


def heading(user: str, state: State, why: str = "") -> str:
    """A user's name with the connection's state in words."""
    words, colour = WORDS[state]
    reason = f" <span>{escape(why)}</span>" if why and state != "connected" else ""
    return f'<b><bdi>{escape(user)}</bdi></b> <span role="status" style="color:{colour}">{words}</span>{reason}'


def message_list(messages: Sequence[ChatMessage], *, me: str) -> str:
    """The last messages, oldest first; the list stays at its newest end by itself."""
    rows = "".join(_row(message, me) for message in reversed(messages[-LIMIT:]))
    body = rows or '<p style="opacity:.7;margin:auto">No messages yet.</p>'
    return f'<div role="log" aria-label="Messages of {escape(me)}" style="{LIST}">{body}</div>'


def snapshot(columns: Sequence[tuple[str, tuple[State, str], Sequence[ChatMessage]]]) -> str:
    """The whole panel as it is now, for a reader without a kernel: each user's name, connection and messages."""
    cells = "".join(
        f'<div style="flex:1 1 280px">{heading(user, *state)}{message_list(messages, me=user)}</div>'
        for user, state, messages in columns
    )
    return f'<div style="display:flex;flex-wrap:wrap;gap:8px">{cells}</div>'


def error(sentence: str) -> str:
    """A failure as a sentence, empty for none."""
    return f'<span role="alert" style="color:#b42318">{escape(sentence)}</span>' if sentence else ""


def _row(message: ChatMessage, me: str) -> str:
    colour = "#7c3aed26" if message.is_private else "#2563eb26" if message.sender == me else "#8882"
    private = f" <i>private, to <bdi>{escape(message.recipient)}</bdi></i>" if message.is_private else ""
    when = f'<small style="opacity:.7">{escape(_clock(message.sent_at))}</small>'
    head = f"<b><bdi>{escape(message.sender)}</bdi></b>{private} {when}"
    return f'<div style="{BUBBLE}{colour}">{head}<br><bdi>{escape(message.text)}</bdi></div>'


def _clock(sent_at: str) -> str:
    try:
        return f"{datetime.fromisoformat(sent_at).astimezone():%H:%M}"
    except ValueError:
        return ""
