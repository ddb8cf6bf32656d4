"""The messages of the SignalR hub protocol, one frozen dataclass each.

Follows "SignalR Hub Protocol" (dotnet/aspnetcore, docs/specs/HubProtocol.md).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

Json = Any
Headers = Mapping[str, str]


class _Void:
    """A completion without a result; not the same as the result null."""

    def __repr__(self) -> str:
        return "VOID"


VOID = _Void()


@dataclass(frozen=True)
class Invocation:
    """Call a method of the other side. Without an invocation id no answer may be sent."""

    target: str
    arguments: tuple[Json, ...] = ()
    invocation_id: str | None = None
    stream_ids: tuple[str, ...] = ()
    headers: Headers = field(default_factory=dict)
    type = 1


@dataclass(frozen=True)
class StreamItem:
    """One item of a stream."""

    invocation_id: str
    item: Json
    headers: Headers = field(default_factory=dict)
    type = 2


@dataclass(frozen=True)
class Completion:
    """The end of an invocation: a result, an error, or neither (VOID)."""

    invocation_id: str
    result: Json = VOID
    error: str | None = None
    headers: Headers = field(default_factory=dict)
    type = 3


@dataclass(frozen=True)
class StreamInvocation:
    """Call a method that answers with a stream."""

    invocation_id: str
    target: str
    arguments: tuple[Json, ...] = ()
    stream_ids: tuple[str, ...] = ()
    headers: Headers = field(default_factory=dict)
    type = 4


@dataclass(frozen=True)
class CancelInvocation:
    """End a stream from the receiving side."""

    invocation_id: str
    headers: Headers = field(default_factory=dict)
    type = 5


@dataclass(frozen=True)
class Ping:
    """Keeps the connection open; it has no answer."""

    type = 6


@dataclass(frozen=True)
class Close:
    """The sender is about to end the connection."""

    error: str | None = None
    allow_reconnect: bool = False
    type = 7


@dataclass(frozen=True)
class Ack:
    """Highest message processed (stateful reconnect)."""

    sequence_id: int
    type = 8


@dataclass(frozen=True)
class Sequence:
    """Id of the first message sent from here on (stateful reconnect)."""

    sequence_id: int
    type = 9


HubMessage = (
    Invocation
    | StreamItem
    | Completion
    | StreamInvocation
    | CancelInvocation
    | Ping
    | Close
    | Ack
    | Sequence
)
