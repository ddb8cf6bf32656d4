"""The newest public messages of a room, as its hub sends them to everybody."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Mapping
from typing import Any

from chatkit.localcloud.signalr.core.instance import Instance
from chatkit.localcloud.stage.moderation.rules import Rules
from chatkit.wire.check_marks import run_of
from chatkit.wire.hub_messages import Invocation

KEPT = 200
SHOWN = 60
MAX_TEXT = 4_000
NEW = "newmessage"
REMOVED = "messagesremoved"
REHEARSING = "rehearsal-"
FIELDS = ("id", "sender", "senderId", "text", "sentAt")


class Recent:
    """Messages of one hub, the oldest first.

    Args:
        hub: Its name.
    """

    def __init__(self, hub: str) -> None:
        self._hub = hub.lower()
        self._messages: OrderedDict[str, dict[str, str | None]] = OrderedDict()
        self._followed: Instance | None = None
        self._made = 0

    def follow(self, instance: Instance | None) -> None:
        """See what an instance sends from now on; one that was followed before is no more."""
        if instance is self._followed:
            return
        self.leave()
        self._followed = instance
        if instance is not None:
            instance.watchers.append(self.see)

    def leave(self) -> None:
        """See nothing any more."""
        if self._followed is not None:
            self._followed.watchers.remove(self.see)
        self._followed = None

    def learn(self, history: Iterable[Any]) -> None:
        """Take what was said before, the newest first, as the app tells it."""
        found = [message for message in history if isinstance(message, dict)]
        seen = self._messages
        self._messages = OrderedDict()
        for message in reversed(found):
            self._add(message)
        for key, known in seen.items():
            self._messages[key] = known

    def snapshot(self, rules: Rules) -> list[dict[str, Any]]:
        """The newest, each with whether it is hidden."""
        newest = [*self._messages.values()][-SHOWN:]
        shown: list[dict[str, Any]] = []
        for message in newest:
            why = rules.why_hidden(message)
            shown.append({**message, "hidden": bool(why), "why": why})
        return shown

    def find(self, message_id: str) -> Mapping[str, str | None] | None:
        """A message by its id."""
        return self._messages.get(message_id)

    def see(self, hub: str, message: Invocation) -> None:
        """Take what a hub has sent."""
        if hub.lower() != self._hub or not message.arguments:
            return
        first = message.arguments[0]
        if message.target.lower() == NEW and isinstance(first, dict):
            self._add(first)
        if message.target.lower() == REMOVED and isinstance(first, list):
            for message_id in first:
                self._messages.pop(str(message_id), None)

    def _add(self, message: Mapping[str, Any]) -> None:
        if message.get("recipient") or message.get("isPrivate"):
            return
        told = {name: _told(message.get(name)) for name in FIELDS}
        text = told["text"] or ""
        is_rehearsing = (told["senderId"] or "").startswith(REHEARSING)
        if not text or is_rehearsing or run_of(text, told["sentAt"] or ""):
            return
        self._made += 1
        self._messages[told["id"] or f"#{self._made}"] = told
        while len(self._messages) > KEPT:
            self._messages.popitem(last=False)


def _told(value: object) -> str | None:
    if not isinstance(value, str):
        return None
    return value[:MAX_TEXT]
