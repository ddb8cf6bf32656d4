"""Looking at a panel as its reader does."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

from chatkit.chat.client.background_loop import BackgroundLoop
from chatkit.chat.panel.panel import ChatPanel
from tests.chat.stub_room import until


def column_of(panel: ChatPanel, user: str) -> Any:
    """The widgets of one user."""
    heading, people, shown, to, line, problem = panel.widget.children[
        panel.users.index(user)
    ].children
    text, send = line.children
    return SimpleNamespace(
        heading=heading, people=people, list=shown, to=to, text=text, send=send, problem=problem
    )


def shown_to(panel: ChatPanel, user: str) -> str:
    """The html of one user's message list, oldest first."""
    return "".join(block.value for block in reversed(column_of(panel, user).list.children))


def wait(background: BackgroundLoop, condition: Callable[[], bool]) -> None:
    """Wait until a condition holds."""
    background.call(until(condition))
