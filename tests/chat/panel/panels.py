"""Looking at a panel as its reader does."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

from chatkit.chat.client.background_loop import Portal
from chatkit.chat.panel.panel import ChatPanel
from tests.chat.stub_room import until


def seat_of(panel: ChatPanel, user: str) -> Any:
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
    return "".join(block.value for block in reversed(seat_of(panel, user).list.children))


def wait(portal: Portal, condition: Callable[[], bool]) -> None:
    """Wait until a condition holds."""
    portal.call(until(condition))
