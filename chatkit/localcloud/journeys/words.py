"""Names of journeys and hops: only what the chat's page shows as well, and never a secret."""

from __future__ import annotations

import json
import re
from typing import Any
from urllib.parse import unquote

from chatkit.localcloud.journeys.seen import Seen, shown
from chatkit.wire.check_marks import run_of

NAME_CHARACTERS = 40
TEXT_CHARACTERS = 60
# Of storage, by method and by what the query asks for.
OPERATIONS = {
    ("PUT", "container"): "create a container",
    ("PUT", "appendblock"): "append to a blob",
    ("PUT", "block"): "write a block",
    ("PUT", "blocklist"): "put blocks together",
    ("PUT", ""): "write a blob",
    ("GET", "container list"): "list blobs",
    ("GET", ""): "read a blob",
    ("HEAD", ""): "look at a blob",
    ("DELETE", ""): "delete a blob",
}
# Both forms of Azure's REST API: `/api/hubs/chat/users/bob/:send`, `/api/v1/hubs/chat/users/bob`.
SENDS = re.compile(r"/api/hubs/.*/:send|/api/v1/hubs/[^/]+(?:/(?:users|groups|connections)/[^/]+)?")
EVERYBODY = re.compile(r"/api/hubs/[^/]+/:send|/api/v1/hubs/[^/]+")
REMOVED = "messagesremoved"
REHEARSING = "rehearsal-"
EXCEPTION = re.compile(r"[A-Za-z_]\w*")
REFUSED = "refused before a function ran: not signed in, or a token or key that is not accepted"
STATUSES = {
    401: REFUSED,
    403: REFUSED,
    404: "no function has this route",
    429: "too many requests at once",
    499: "the client left before the answer",
    503: "the app does not run",
}


def storage_words(event: Seen) -> str:
    """What storage was asked for, and its answer."""
    key = (event.raw("method"), event.raw("operation"))
    name = event.raw("path").rpartition("/")[2]
    what = OPERATIONS.get(key, f"{event.text('method')} {event.text('operation')}".strip())
    return shown(f"{what} ({name}): {event.status}")


def identity_words(event: Seen) -> str:
    """Who vouches for the app, and for which service; the token itself is nowhere."""
    what = f"through the identity endpoint, a token for {event.text('resource') or 'nothing'}"
    return shown(f"{what}: {event.status}")


def failure_words(event: Seen) -> str:
    """What a function has raised, and where: never what the exception says.

    That may be what the function was given, a private message for example.
    """
    raised = EXCEPTION.match(event.raw("failure"))
    what = shown(raised[0], TEXT_CHARACTERS) if raised else "an exception"
    where = event.text("where")
    return f"{what} in {where}" if where else what


def frame_words(event: Seen) -> str:
    """What SignalR Service sent, and to how many."""
    count = int(event.number("receivers"))
    if count == 0:
        return f"{event.text('target')}: nobody of them is connected"
    connections = "1 connection" if count == 1 else f"{count} connections"
    return f"{event.text('target')} to {connections} of hub {event.text('hub')}"


def message_title(frame: Seen, sends: list[Seen]) -> str:
    """A message as the page shows it, cut; of a private one only who wrote it."""
    message = _first_argument(frame)
    sender = shown(_text(message, "sender"), NAME_CHARACTERS)
    is_private = bool(message.get("isPrivate")) or bool(_text(message, "recipient"))
    is_for_all = bool(sends) and all(EVERYBODY.fullmatch(send.raw("path")) for send in sends)
    if not sender:
        return frame.text("target") or "a message"
    if is_private or not is_for_all:
        return f"a private message from {sender}"
    return f"{sender}: {shown(_text(message, 'text'), TEXT_CHARACTERS)}"


def person(event: Seen) -> str:
    """Who has asked; a header carries a name with letters beyond ASCII percent-encoded."""
    return shown(unquote(event.raw("user")))


def is_trial(frame: Seen) -> bool:
    """Whether a check or a rehearsal has written a message, or takes its own out of the room."""
    if frame.raw("target").lower() == REMOVED:
        return True
    message = _first_argument(frame)
    if _text(message, "senderId").startswith(REHEARSING):
        return True
    return run_of(_text(message, "text"), _text(message, "sentAt")) != ""


def is_send(method: str, path: str) -> bool:
    """Whether a request to SignalR Service's REST API is one that sends."""
    return method == "POST" and bool(SENDS.fullmatch(path))


def _first_argument(frame: Seen) -> dict[str, Any]:
    """The message; empty where the trace has kept only its beginning."""
    try:
        arguments = json.loads(frame.raw("arguments"))
        first = arguments[0]
    except (ValueError, RecursionError, LookupError, TypeError):
        return {}
    return first if isinstance(first, dict) else {}


def _text(message: dict[str, Any], name: str) -> str:
    value = message.get(name)
    return value if isinstance(value, str) else ""


def ended(receivers: int | None) -> str:
    """How a way without a failure ended.

    Args:
        receivers: How many connections were sent to; None when nothing was to be sent.
    """
    if receivers is None:
        return "Answered."
    if receivers == 0:
        return "Nobody is connected who could receive it."
    if receivers == 1:
        return "It arrived at 1 connection."
    return f"It arrived at {receivers} connections."
