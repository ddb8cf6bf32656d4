"""History: every message is one line in the blob of its day, `chat-history/2026-11-23-000.jsonl`.

Everybody reads the public messages and their own private ones; the private messages of others do
not exist for them, not even as a gap between pages. A message's id starts with its day. Lines are
read from the last one backwards, so a long history costs no more than a short one.
"""

import json
from collections.abc import Iterator
from typing import Any

import day_blobs


def append(message: dict[str, Any]) -> None:
    """Store a message. Raises StorageUnavailable."""
    day_blobs.append(_day(message["id"]), json.dumps(message).encode())


def newest(limit: int, reader: str, before: str = "") -> list[dict[str, Any]]:
    """Read what a user may see, newest first. Raises StorageUnavailable.

    With `before`, the id of a message, only what is older than that message.
    """
    page: dict[str, dict[str, Any]] = {}
    reached = not before
    for message in _backwards(before):
        if not _may_see(message, reader):
            continue
        if reached and message["id"] != before:
            page.setdefault(message["id"], message)
        reached = reached or message["id"] == before
        passed_by = not reached and _day(message["id"]) < _day(before)
        if len(page) == limit or passed_by:
            break
    return list(page.values())


def _may_see(message: dict[str, Any], reader: str) -> bool:
    writer = message.get("senderId", message.get("sender"))
    return not message.get("recipient") or reader in (writer, message["recipient"])


def _backwards(before: str) -> Iterator[dict[str, Any]]:
    """Every message from the day of `before` back.

    A line that is not a message is skipped, for example one that was cut short.
    """
    for line in day_blobs.lines_backwards(_day(before)):
        try:
            message = json.loads(line)
        except ValueError:
            continue
        if isinstance(message, dict) and "id" in message:
            yield message


def _day(message_id: str) -> str:
    return message_id[:10]
