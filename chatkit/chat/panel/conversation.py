"""What one user has seen, oldest first, each message once: history and live feed overlap."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from chatkit.chat.client.messages import ChatMessage, merged
from chatkit.chat.widgets.blocks import window


class Conversation:
    """Messages, in order.

    Adding the latest one, as nearly all are, takes the same time however many there are.
    """

    def __init__(self) -> None:
        self._messages: list[ChatMessage] = []
        self._ids: set[str] = set()
        self._removed: set[str] = set()

    @property
    def messages(self) -> tuple[ChatMessage, ...]:
        """All of them."""
        return tuple(self._messages)

    def add(self, new: Sequence[ChatMessage]) -> None:
        """Add messages in any order; one that is known already is brought up to date."""
        new = [message for message in new if message.id not in self._removed]
        if len(new) == 1 and self._is_next(new[0]):
            self._messages.append(new[0])
        else:
            self._messages = list(merged(self.messages, tuple(new)))
        self._ids.update(message.id for message in new)

    def remove(self, ids: Collection[str]) -> set[str]:
        """Forget messages, also those that arrive later.

        Returns:
            Ids, or names, that stand in no other message.
        """
        self._removed.update(ids)
        before = _names(self._messages)
        self._messages = [one for one in self._messages if one.id not in self._removed]
        return before - _names(self._messages)

    def has(self, message_id: str) -> bool:
        """Say whether a message has been seen."""
        return message_id in self._ids

    def latest(self) -> Iterable[tuple[int, ChatMessage]]:
        """The messages worth painting, each with its number."""
        first = window(len(self._messages))
        return enumerate(self._messages[first:], first)

    def _is_next(self, message: ChatMessage) -> bool:
        if not message.id or message.id in self._ids:
            return False
        return not self._messages or message.sent_at >= self._messages[-1].sent_at


def _names(messages: Iterable[ChatMessage]) -> set[str]:
    return {key for one in messages for key in (one.sender_key, one.recipient)}
