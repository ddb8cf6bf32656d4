"""Who is in the room, as far as this panel can know: who can be written to, each person once.

Its own users, and the people who were seen in messages. Where people sign in, their ids tell them
apart, and a name that nobody has verified is nobody's: the page's list follows the same rule.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping

from chatkit.chat.client.connection import State
from chatkit.chat.client.messages import ChatMessage
from chatkit.chat.panel import names

NOBODY = {"", "anonymous"}
MOST = 100


class People:
    """People by what the app knows them by, in the order in which they turned up.

    Nobody who has written is taken off, so that a place in the list stays the same person.

    Args:
        users: The panel's users, what the app knows each by to the name in the panel.
        told: Called when the list has changed.
        has_sign_in: Whether ids tell people apart; names do otherwise.
        names: Names of the panel's users as messages carry them, where those are others.
    """

    def __init__(
        self,
        users: dict[str, str],
        told: Callable[[], None],
        *,
        has_sign_in: bool = False,
        names: Mapping[str, str] | None = None,
    ) -> None:
        self._told = told
        self._users = dict(users)
        self._known = dict(users)
        self._written = {key: ("", name) for key, name in (names or {}).items()}
        self._states: dict[str, State] = {}
        self.has_sign_in = has_sign_in
        self._name()

    def seen(self, message: ChatMessage) -> None:
        """Somebody wrote, or, where names tell people apart, was written to."""
        news = [self._add(key, name) for key, name in self._in(message)]
        key = self.key_of(message)
        if key in self._known:
            before = self._written.get(key, ("", ""))
            # The newest name counts, in whatever order messages are read.
            self._written[key] = max(before, (message.sent_at, message.sender))
            news.append(self._written[key][1] != before[1])
        if any(news):
            self._name()
            self._told()

    def key_of(self, message: ChatMessage) -> str:
        """What the sender is known by; nothing for a name that nobody has verified."""
        return message.sender_id if self.has_sign_in else message.sender

    def gone(self, keys: Collection[str]) -> None:
        """Nothing is left of what some people wrote; the panel's own users stay."""
        gone = [key for key in keys if key in self._known and key not in self._users]
        for key in gone:
            del self._known[key]
            self._written.pop(key, None)
        if gone:
            self._name()
            self._told()

    def changed(self, key: str, state: State) -> None:
        """A user's connection changed."""
        self._states[key] = state
        self._told()

    def called(self, key: str) -> str:
        """What a person is called in the list; two of one name are told apart by their ids."""
        if key in self._users:
            return self._users[key]
        return self._labels.get(key) or (names.unknown(key) if self.has_sign_in else key)

    def writer(self, message: ChatMessage) -> str:
        """The name over a message; two people of one name are told apart by their ids."""
        return self._writers.get(self.key_of(message), message.sender)

    def addressed(self, key: str) -> str:
        """What a message calls the one whom it is for: by the name that their messages carry."""
        return self._writers.get(key) or self.called(key)

    def named(self, name: str) -> tuple[str, ...]:
        """Everybody who has a name, as messages or the list show it; or who has it as their id."""
        if name in self._known:
            return (name,)
        return tuple(key for key in self._known if name in self._names_of(key))

    def listed(self) -> tuple[tuple[str, State | None], ...]:
        """Everybody's label with the state of the connection, None where only messages tell."""
        return tuple((self.called(key), self._state(key)) for key in self._known)

    def others(self, me: str) -> tuple[tuple[str, str], ...]:
        """Label and id of everybody but one."""
        return tuple((self.called(key), key) for key in self._known if key != me)

    def _in(self, message: ChatMessage) -> Iterable[tuple[str, str]]:
        if self.has_sign_in:
            return [(message.sender_id, message.sender)]
        return [(name, name) for name in (message.sender, message.recipient)]

    def _add(self, key: str, name: str) -> bool:
        if key in NOBODY or key in self._known or len(self._known) >= MOST:
            return False
        self._known[key] = name
        return True

    def _name(self) -> None:
        """Choose everybody's label anew."""
        written = {key: name for key, (_, name) in self._written.items()}
        shown = {key: written.get(key, name) for key, name in self._known.items()}
        shown |= self._users
        self._labels = shown
        self._writers = written
        if self.has_sign_in:
            self._labels = names.labels(shown)
            self._writers = names.labels(written)

    def _names_of(self, key: str) -> tuple[str, ...]:
        _, written = self._written.get(key, ("", ""))
        return (self._known[key], self.called(key), written)

    def _state(self, key: str) -> State | None:
        if key not in self._users:
            return None
        return self._states.get(key, "closed")
