"""Whom one user of the panel can write to, each person once: a list for each column.

The panel's users, who sit side by side, and everybody whose messages this one user has received.
Where people sign in, their ids tell them apart, and a name that nobody has verified is nobody's:
the page's list follows the same rules.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field

from chatkit.chat.client.connection import State
from chatkit.chat.client.messages import ChatMessage
from chatkit.chat.panel import names
from chatkit.chat.widgets.foreign_text import visible

NOBODY = {"", "anonymous"}
MOST = 100


@dataclass(frozen=True)
class Users:
    """The users of a panel.

    Attributes:
        shown: What the app knows each by, to the name in the panel.
        written: The same, to the name that their messages carry, where that is another.
        states: How each is connected, as far as is known: this changes.
        has_sign_in: Whether ids tell people apart; names do otherwise.
    """

    shown: Mapping[str, str]
    written: Mapping[str, str] = field(default_factory=dict)
    states: dict[str, State] = field(default_factory=dict)
    has_sign_in: bool = False


class People:
    """People by what the app knows them by, in the order in which they turned up.

    Nobody who has written is removed, so that a place in the list stays the same person.

    Args:
        users: The panel's users.
        me: What the app knows the one by whose list this is.
        told: Called when the list has changed.
    """

    def __init__(self, users: Users, me: str, told: Callable[[], None]) -> None:
        self._told = told
        self._users = users
        self._me = me
        self._known = dict(users.shown)
        self._written = {key: ("", name) for key, name in users.written.items()}
        self.has_sign_in = users.has_sign_in
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
        gone = [key for key in keys if key in self._known and key not in self._users.shown]
        for key in gone:
            del self._known[key]
            self._written.pop(key, None)
        if gone:
            self._name()
            self._told()

    def called(self, key: str) -> str:
        """What a person is called in the list; two of one name are told apart by their ids."""
        return self._labels.get(key) or (names.unknown(key) if self.has_sign_in else key)

    def writer(self, message: ChatMessage) -> str:
        """The name over a message; two people of one name are told apart by their ids."""
        return self._writers.get(self.key_of(message), message.sender)

    def addressed(self, key: str) -> str:
        """What a message calls the one whom it is for: by the name that their messages carry."""
        return self._writers.get(key) or self.called(key)

    def named(self, name: str) -> tuple[str, ...]:
        """Everybody who has a name in any of the forms that are shown, or has it as their id."""
        if name in self._known:
            return (name,)
        return tuple(key for key in self._known if name in self._names_of(key))

    def listed(self) -> tuple[tuple[str, State | None], ...]:
        """Everybody's label with the state of the connection, None where only messages tell."""
        return tuple((self.called(key), self._state(key)) for key in self._known)

    def others(self) -> tuple[tuple[str, str], ...]:
        """Label and id of everybody but the one whose list this is."""
        return tuple((self.called(key), key) for key in self._known if key != self._me)

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
        self._labels = shown | dict(self._users.shown)
        self._writers = written
        if self.has_sign_in:
            mine = written.get(self._me, "")
            short = {key: names.short(name, mine) for key, name in shown.items()}
            self._labels = names.labels(short | dict(self._users.shown))
            self._writers = names.labels(written)

    def _names_of(self, key: str) -> set[str]:
        """A name as the list and messages show it, and whole."""
        _, written = self._written.get(key, ("", ""))
        mine = self._written.get(self._me, ("", ""))[1]
        forms = {self._known[key], self.called(key), written, self._writers.get(key, "")}
        forms |= {names.short(form, mine) for form in forms}
        return forms | {visible(form) for form in forms}

    def _state(self, key: str) -> State | None:
        if key not in self._users.shown:
            return None
        return self._users.states.get(key, "closed")
