"""A chat message as the app's functions send and store it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from chatkit.core.errors import RemoteProtocolError
from chatkit.wire.check_marks import run_of


@dataclass(frozen=True)
class ChatMessage:
    """One message.

    Attributes:
        id: Unique; the same message read from history and received live has the same id.
        sender: Who wrote it.
        text: Plain text.
        sent_at: ISO-8601, UTC, by the server's clock; empty when the app sent none.
        recipient: Id of the user it was meant for (a name, where nobody signs in); empty for
            everybody.
        is_private: True when only two users may see it.
        sender_id: Who wrote it, as sign-in knows them; empty when nobody has looked.
    """

    id: str
    sender: str
    text: str
    sent_at: str = ""
    recipient: str = ""
    is_private: bool = False
    sender_id: str = ""

    @property
    def sender_key(self) -> str:
        """What the sender is known by: the id, or the name where nobody signs in."""
        return self.sender_id or self.sender

    @property
    def is_of_check(self) -> bool:
        """Whether a check has written it, for itself and for nobody to see."""
        return run_of(self.text, self.sent_at) != ""

    @classmethod
    def from_json(cls, value: Any) -> ChatMessage:
        """Read `{"id", "sender", "senderId", "text", "sentAt", "recipient", "isPrivate"}`.

        Unknown members are ignored.

        Raises:
            RemoteProtocolError: It is not an object with a text.
        """
        if not isinstance(value, dict) or not isinstance(value.get("text"), str):
            raise RemoteProtocolError("A message arrived that is not an object with a text.")
        sender_id = value.get("senderId")
        return cls(
            id=str(value.get("id") or ""),
            sender=str(value.get("sender") or "anonymous"),
            text=value["text"],
            sent_at=str(value.get("sentAt") or ""),
            recipient=str(value.get("recipient") or ""),
            is_private=value.get("isPrivate") is True,
            sender_id=sender_id if isinstance(sender_id, str) else "",
        )


def merged(known: tuple[ChatMessage, ...], new: tuple[ChatMessage, ...]) -> tuple[ChatMessage, ...]:
    """Put messages of history and live feed together, oldest first, each id once."""
    by_id = {message.id or f"#{number}": message for number, message in enumerate((*known, *new))}
    return tuple(sorted(by_id.values(), key=lambda message: message.sent_at))
