"""Who is in the room, as far as this panel can know.

Its own users, and the people who were seen in messages.
"""

from __future__ import annotations

from collections.abc import Callable, Collection

from chatkit.chat.client.connection import State
from chatkit.chat.client.messages import ChatMessage

NOBODY = {"", "anonymous"}
MOST = 100


class People:
    """Names in the order they turned up.

    Nobody who has written is taken off, so that a place in the list stays the same person.

    Args:
        users: The panel's users, name on messages to name in the panel.
        told: Called when the list has changed.
    """

    def __init__(self, users: dict[str, str], told: Callable[[], None]) -> None:
        self._told = told
        self._labels = dict(users)
        self._users = dict(users)
        self._states: dict[str, State] = {}

    def seen(self, message: ChatMessage) -> None:
        """Somebody wrote, or was written to."""
        for name in (message.sender, message.recipient):
            if name not in NOBODY and name not in self._labels and len(self._labels) < MOST:
                self._labels[name] = name
                self._told()

    def gone(self, names: Collection[str]) -> None:
        """Nothing is left of what some people wrote; the panel's own users stay."""
        for name in names:
            if name not in self._users and self._labels.pop(name, None) is not None:
                self._told()

    def changed(self, name: str, state: State) -> None:
        """A user's connection changed."""
        self._states[name] = state
        self._told()

    def listed(self) -> tuple[tuple[str, State | None], ...]:
        """Everybody's label with the state of the connection, None where only messages tell."""
        return tuple((label, self._state(name)) for name, label in self._labels.items())

    def _state(self, name: str) -> State | None:
        if name not in self._users:
            return None
        return self._states.get(name, "closed")

    def others(self, me: str) -> tuple[tuple[str, str], ...]:
        """Label and name of everybody but one."""
        return tuple((label, name) for name, label in self._labels.items() if name != me)
