"""The hub of the board: tokens for its clients, and what is sent to its groups.

https://learn.microsoft.com/azure/azure-signalr/signalr-concept-client-negotiation
"""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Sequence
from typing import Any

import jwt

from .callers import BOARD, PERSON, SCREEN, Caller
from .events import Event

HUB = "board"
PEOPLE = "people"
LIFETIME_S = 3600
TARGET = "events"


def user_of(caller: Caller) -> str:
    """The hub's user for a caller."""
    return caller.id if caller.kind == PERSON else caller.kind


def group_of(caller: Caller) -> str:
    """The group that a caller belongs to."""
    return PEOPLE if caller.kind == PERSON else caller.kind


def joins(caller: Caller) -> dict[str, str]:
    """The group action that puts a caller into the group, with connections still to come."""
    return {"action": "add", "userId": user_of(caller), "groupName": group_of(caller)}


def connection_info(caller: Caller) -> dict[str, str]:
    """Where the hub is, and a token that connects to it as this caller."""
    parts = _connection()
    now = int(time.time())
    claims: dict[str, Any] = {
        "asrs.s.uid": user_of(caller),
        "aud": f"{parts['endpoint']}/client/?hub={HUB}",
        "iat": now,
        "nbf": now,
        "exp": now + LIFETIME_S,
    }
    token = jwt.encode(claims, parts["accesskey"], algorithm="HS256")
    return {"url": f"{parts['address']}/client/?hub={HUB}", "accessToken": token}


def news(person: str, events: Sequence[Event]) -> list[dict[str, Any]]:
    """Messages about a person's events: all of it to the board, the screen's part to the screen."""
    return [
        _message(BOARD, person, [*events]),
        _message(SCREEN, row_of(person), [on_screen(event) for event in events]),
    ]


def gone(person: str) -> list[dict[str, Any]]:
    """Messages that a person has left, and everything of them with them."""
    return [
        {"target": "left", "arguments": [person], "groupName": BOARD},
        {"target": "left", "arguments": [row_of(person)], "groupName": SCREEN},
    ]


def lowered(person: str) -> dict[str, Any]:
    """The message to a person whose hand the instructor has lowered."""
    return {"target": "lowered", "arguments": [], "userId": person}


def on_screen(event: Event) -> Event:
    """What a whole room may read of an event: not what a hand says, only that it is up."""
    if event["kind"] != "hand":
        return event
    return {**event, "text": "?" if event["text"] else ""}


def row_of(person: str) -> str:
    """The person on a screen: always the same row, and nobody knows whose it is."""
    key = _connection()["accesskey"]
    return hashlib.sha256(f"{key} {person}".encode()).hexdigest()[:12]


def _message(group: str, who: str, events: list[Event]) -> dict[str, Any]:
    return {"target": TARGET, "arguments": [who, events], "groupName": group}


def _connection() -> dict[str, str]:
    """The parts of the connection string; `address` is the endpoint with its port."""
    parts: dict[str, str] = {}
    for part in os.environ["AzureSignalRConnectionString"].split(";"):
        name, _, value = part.partition("=")
        parts[name.strip().lower()] = value.strip()
    parts["endpoint"] = parts["endpoint"].rstrip("/")
    port = parts.get("port")
    parts["address"] = f"{parts['endpoint']}:{port}" if port else parts["endpoint"]
    return parts
