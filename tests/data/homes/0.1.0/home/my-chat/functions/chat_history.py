"""History: every message is one line in the blob of its day, `chat-history/2026-11-23-000.jsonl`.

Whoever reads gets the public messages and their own private ones; for everybody else those do not exist, not even as a gap
between pages. A message's id starts with its day. Lines are read from the last one backwards: a long history costs no more than
a short one.
"""

import json
from collections.abc import Iterator
from typing import Any

import day_blobs


def append(message: dict[str, Any]) -> None:
    """Store a message. Raises StorageUnavailable."""
    day_blobs.append(_day(message["id"]), json.dumps(message).encode())


def newest(limit: int, reader: str, before: str = "") -> list[dict[str, Any]]:
    """Read what a user may see, newest first; with `before`, only what is older than that message. Raises StorageUnavailable."""
    page: dict[str, dict[str, Any]] = {}
    reached = not before
    for message in filter(lambda message: _may_see(message, reader), _backwards(before)):
        if reached and message["id"] != before:
            page.setdefault(message["id"], message)
        reached = reached or message["id"] == before
        passed_by = not reached and _day(message["id"]) < _day(before)
        if len(page) == limit or passed_by:
            break
    return list(page.values())


def _may_see(message: dict[str, Any], reader: str) -> bool:
    return not message.get("recipient") or reader in (message.get("sender"), message["recipient"])


def _backwards(before: str) -> Iterator[dict[str, Any]]:
    """Every message from the day of `before` back. What is no message, like a line cut short, is passed over."""
    for line in day_blobs.lines_backwards(_day(before)):
        try:
            message = json.loads(line)
        except ValueError:
            continue
        if isinstance(message, dict) and "id" in message:
            yield message


def _day(message_id: str) -> str:
    return message_id[:10]
