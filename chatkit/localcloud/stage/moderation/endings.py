"""The end of a room: which messages are removed from the history that its app has kept.

The kit's app keeps each message as one line of JSON in append blobs of a container. Of a history
that is kept in another way, nothing is known here.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable, Mapping
from typing import Any

from chatkit.core import strict_json
from chatkit.core.errors import NotWritten
from chatkit.localcloud.core.platform import Platform
from chatkit.localcloud.core.store import Store
from chatkit.localcloud.stage.moderation.moderator import COLLECTION, LASTING, RULES
from chatkit.localcloud.stage.moderation.rules import Rules, is_before
from chatkit.localcloud.storage.service import StorageService

log = logging.getLogger("chatkit.local.stage")
HISTORY = "chat-history"
PAST = "past"
MAX_PAST = 50
GUEST = re.compile(r"(guest|rehearsal)-[0-9a-f]{16}")
MADE_NAME = re.compile(r"Guest [0-9a-f]{8}")


def end(store: Store, storage: StorageService, names: Iterable[str]) -> None:
    """The room has ended: what is hidden now is deleted.

    The word list stays, and who was there until `forget`: an app that knows people by their names
    alone tells guests from others by them.

    Args:
        store: Has the rules.
        storage: Has the history.
        names: Those that guests have and had.
    """
    kept = store.get(COLLECTION, RULES)
    if kept is None:
        return
    rules = Rules.read(kept["rules"])
    since = str(kept["since"])
    known = frozenset(names)
    if rules.hides_something:
        try:
            storage.redact(HISTORY, lambda line: not _is_hidden(line, rules, known, since))
        except NotWritten as error:  # the stage ends all the same: its address is closed
            log.warning("what is hidden is still in the history: %s", error)
    past = (store.get(COLLECTION, PAST) or {}).get("rooms", [])
    with store.transaction(from_reserve=True):
        store.delete(COLLECTION, RULES)
        rooms = [*past, {"since": since, "names": sorted(known)}][-MAX_PAST:]
        store.put(COLLECTION, PAST, {"rooms": rooms})


def forget(platform: Platform, storage: StorageService) -> int:
    """Delete what guests of ended rooms have written, and their names.

    Args:
        platform: Knows who they were, and traces what they wrote.
        storage: Has the history.

    Returns:
        How many lines of the history are gone.
    """
    store = platform.store
    rooms = (store.get(COLLECTION, PAST) or {}).get("rooms", [])

    def keep(line: bytes) -> bool:
        message = _message(line)
        if message is None:
            return True
        return not any(
            _is_guests(message, room["names"], room["since"])
            for room in rooms or [{"names": (), "since": ""}]
        )

    removed = storage.redact(HISTORY, keep)
    lasting = store.get(COLLECTION, LASTING) or {}
    store.delete(COLLECTION, PAST)
    if lasting:
        store.put(COLLECTION, LASTING, {**lasting, "hidden": []})
    platform.trace.forget()
    platform.forget_deleted()
    return removed


def _is_hidden(line: bytes, rules: Rules, names: frozenset[str], since: str) -> bool:
    """Whether nobody sees a line; what was cleared of others than guests comes back."""
    message = _message(line)
    why = rules.why_hidden(message) if message is not None else ""
    if message is None or not why:
        return False
    return why != "cleared" or _is_guests(message, names, since)


def _is_guests(message: Mapping[str, Any], names: Iterable[str], since: str) -> bool:
    """Whether a guest has written it, or was the only one besides the writer to read it."""
    people = [message.get(name) for name in ("senderId", "recipient")]
    if any(isinstance(one, str) and GUEST.fullmatch(one) for one in people):
        return True
    if message.get("senderId") or not since or is_before(message, since):
        return False
    sender = message.get("sender")
    return isinstance(sender, str) and (sender in names or bool(MADE_NAME.fullmatch(sender)))


def _message(line: bytes) -> dict[str, Any] | None:
    try:
        value = strict_json.loads(line)
    except ValueError:
        return None
    return value if isinstance(value, dict) else None
