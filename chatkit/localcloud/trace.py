"""What the local cloud did: structured events, bounded in memory, secrets masked before they are kept."""

from __future__ import annotations

import re
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

Json = Any
SECRET = re.compile(
    r"(?i)((?:AccessKey|AccountKey|SharedAccessSignature|access_token|client_secret|sig|code|token)=)[^;&\s\"']+"
    r"|(Bearer\s+)[\w.~+/=-]+|(SharedKey \w+:)\S+|()\beyJ[\w-]+\.[\w-]+\.[\w-]+"
)
SECRET_NAMES = {"authorization", "x-zumo-auth", "cookie", "set-cookie", "x-functions-key", "accesstoken", "access_token"}


@dataclass(frozen=True)
class Event:
    """One thing that happened.

    Attributes:
        number: Counts up from 1 for this process; use it to ask for what is newer.
        at: Unix time in seconds.
        source: Who saw it, for example "signalr/chatkit-x1y2" or "resource-manager".
        kind: What it is, for example "request", "token", "frame", "upstream".
        detail: JSON values, secrets masked.
    """

    number: int
    at: float
    source: str
    kind: str
    detail: dict[str, Json] = field(default_factory=dict)


class Trace:
    """The newest events of all services, and whoever listens to them."""

    def __init__(self, *, capacity: int = 5000) -> None:
        self._events: deque[Event] = deque(maxlen=capacity)
        self._listeners: set[Callable[[Event], None]] = set()
        self._number = 0

    def emit(self, source: str, kind: str, **detail: Json) -> None:
        """Record an event. Cheap enough for every request; a hot path asks `watched` first."""
        self._number += 1
        event = Event(self._number, time.time(), source, kind, {key: mask_value(key, value) for key, value in detail.items()})
        self._events.append(event)
        for listener in [*self._listeners]:
            listener(event)

    def after(self, number: int = 0, *, source: str = "") -> Iterator[Event]:
        """Yield kept events newer than a number, oldest first, of one source when given."""
        return (event for event in [*self._events] if event.number > number and event.source.startswith(source))

    def listen(self, listener: Callable[[Event], None]) -> Callable[[], None]:
        """Call the listener with each new event; the returned function ends that."""
        self._listeners.add(listener)
        return lambda: self._listeners.discard(listener)


def mask(text: str) -> str:
    """Replace every secret in a text by asterisks."""
    return SECRET.sub(lambda found: next((group for group in found.groups() if group), "") + "***", text)


def mask_value(name: str, value: Json) -> Json:
    """Mask a named JSON value, at any depth."""
    if name.lower() in SECRET_NAMES:
        return "***"
    if isinstance(value, str):
        return mask(value)
    if isinstance(value, dict):
        return {key: mask_value(str(key), item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [mask_value(name, item) for item in value]
    return value
