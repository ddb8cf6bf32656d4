"""Messages: what a client may say about one, and what only the server says.

The client gives a text, and a recipient's id when the message is private. The sender is the person
who is signed in; the server adds id, time and privacy. It ignores everything else, a sender too.
"""

import json
import uuid
from datetime import UTC, datetime
from typing import Any

from identity import User

MAX_BODY_BYTES = 32 * 1024
MAX_ID = 320
MAX_TEXT = 2_000


class Rejected(Exception):
    """The request holds no message: a sentence says why, and the HTTP status to answer with."""

    def __init__(self, sentence: str, status: int = 400) -> None:
        super().__init__(sentence)
        self.status = status


def read(body: bytes, sender: User) -> dict[str, Any]:
    """Make a message of a request's body and of who is signed in."""
    if len(body) > MAX_BODY_BYTES:
        raise Rejected(f"The request is too big: at most {MAX_BODY_BYTES:,} bytes.", status=413)
    try:
        fields = json.loads(body)
    except (ValueError, RecursionError):
        raise Rejected("The body is not JSON.") from None
    if not isinstance(fields, dict):
        raise Rejected('The body has to be a JSON object such as {"text": "Hello"}.')
    message = {**sender.signature(), "text": _text(fields, "text", MAX_TEXT)}
    if fields.get("recipient") in (None, ""):
        return stamped(**message)
    return stamped(**message, recipient=_text(fields, "recipient", MAX_ID), isPrivate=True)


def stamped(**fields: Any) -> dict[str, Any]:
    """Add id and time. The id starts with the day, which tells the history where to look."""
    now = datetime.now(UTC)
    sent_at = now.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return {"id": f"{sent_at[:10]}-{uuid.uuid4()}", **fields, "sentAt": sent_at}


def _text(fields: dict[str, Any], name: str, limit: int) -> str:
    """Read one field: some text, not longer than the limit."""
    value = fields.get(name)
    if not isinstance(value, str) or not value.strip():
        raise Rejected(f"The message needs a {name}, which is some text.")
    if len(value.strip()) > limit:
        raise Rejected(f"The {name} is too long: at most {limit:,} characters.")
    if any("\ud800" <= character <= "\udfff" for character in value):
        raise Rejected(f"The {name} holds half a character (a lone surrogate).")
    return value.strip()
