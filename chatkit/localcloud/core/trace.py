"""What the local cloud did: structured events, bounded in memory, with secrets masked."""

from __future__ import annotations

import asyncio
import json
import re
import time
import uuid
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING

from chatkit.core.text.masking import MASK, excerpt, mask

if TYPE_CHECKING:
    from aiohttp import web

Json = object
# Of a text in an event: what a stranger sends may be long, and thousands of events are kept.
TEXT_CHARACTERS = 2000
# A reader asks for thousands of events; others are served in between.
EVENTS_AT_ONCE = 50
SECRET_NAMES = {
    "authorization",
    "x-zumo-auth",
    "cookie",
    "set-cookie",
    "x-functions-key",
    "accesstoken",
    "access_token",
}
# What an event belongs to: the id of the request to a function app, or of the invocation, without
# which it would not have happened. A function host tells it SignalR Service in a header of its own.
CAUSE: ContextVar[str] = ContextVar("cause", default="")
CAUSE_HEADER = "x-chatkit-cause"
CAUSE_FORM = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


class Event:
    """One thing that happened.

    Attributes:
        number: Counts up from 1 for this process; use it to ask for what is newer.
        at: Unix time in seconds.
        source: Who saw it, for example "signalr/chatkit-x1y2" or "resource-manager".
        kind: What it is, for example "request", "token", "frame", "upstream".
    """

    __slots__ = ("_masked", "_seen", "at", "kind", "number", "source")

    def __init__(self, number: int, source: str, kind: str, seen: dict[str, Json]) -> None:
        self.number = number
        self.at = time.time()
        self.source = source
        self.kind = kind
        self._seen = seen
        self._masked = False

    @property
    def detail(self) -> dict[str, Json]:
        """JSON values, secrets masked.

        Masked when first asked for: most events of a busy service leave unread.
        """
        if not self._masked:
            self._seen = {name: mask_value(name, value) for name, value in self._seen.items()}
            self._masked = True
        return self._seen

    def as_json(self) -> dict[str, Json]:
        """All of it, for a trace's reader."""
        return {
            "number": self.number,
            "at": self.at,
            "source": self.source,
            "kind": self.kind,
            "detail": self.detail,
        }

    def __repr__(self) -> str:
        return f"Event({self.number}, {self.source!r}, {self.kind!r}, {self.detail!r})"


class Trace:
    """The newest events of all services, and the listeners to them."""

    def __init__(self, *, capacity: int = 5000) -> None:
        self._events: deque[Event] = deque(maxlen=capacity)
        self._listeners: set[Callable[[Event], None]] = set()
        self._number = 0

    def emit(self, source: str, kind: str, **detail: Json) -> None:
        """Record an event.

        Cheap enough for every request; the values must not change afterwards.
        """
        self._number += 1
        for name, value in detail.items():
            if isinstance(value, str) and len(value) > TEXT_CHARACTERS:
                detail[name] = excerpt(value, TEXT_CHARACTERS)
        event = Event(self._number, source, kind, detail)
        self._events.append(event)
        for listener in [*self._listeners]:
            listener(event)

    def after(self, number: int = 0, *, source: str = "") -> Iterator[Event]:
        """Yield kept events newer than a number, oldest first, of one source when given."""
        return (
            event
            for event in [*self._events]
            if event.number > number and event.source.startswith(source)
        )

    def forget(self) -> None:
        """Forget what has happened until now; numbers go on."""
        self._events.clear()

    def listen(self, listener: Callable[[Event], None]) -> Callable[[], None]:
        """Call the listener with each new event; the returned function ends that."""
        self._listeners.add(listener)
        return lambda: self._listeners.discard(listener)


@contextmanager
def caused(cause: str = "") -> Iterator[str]:
    """Let what happens in the block belong to a cause.

    Args:
        cause: Its id; by default the one of what is around the block, else a new one.
    """
    cause = cause or CAUSE.get() or str(uuid.uuid4())
    before = CAUSE.set(cause)
    try:
        yield cause
    finally:
        CAUSE.reset(before)


async def events_answer(events: Iterable[Event]) -> web.Response:
    """The JSON document that a reader of the trace gets."""
    from aiohttp import web  # `func start` has a trace before it has a web server

    texts: list[str] = []
    for event in events:
        texts.append(json.dumps(event.as_json(), default=str))
        if len(texts) % EVENTS_AT_ONCE == 0:
            await asyncio.sleep(0)
    body = f'{{"events": [{", ".join(texts)}]}}'
    return web.Response(text=body, content_type="application/json")


def mask_value(name: str, value: Json) -> Json:
    """Mask a named JSON value, at any depth."""
    if name.lower() in SECRET_NAMES:
        return MASK
    if isinstance(value, str):
        return mask(value)
    if isinstance(value, dict):
        return {key: mask_value(str(key), item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [mask_value(name, item) for item in value]
    return value
