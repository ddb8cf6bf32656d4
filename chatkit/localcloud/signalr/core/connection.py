"""One client's connection, whatever transport carries it."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Callable, Iterator
from enum import Enum
from typing import Any, Protocol

from chatkit.core.time import clock
from chatkit.localcloud.core.web import whole_number
from chatkit.wire.framing import Decoder
from chatkit.wire.hub_messages import Close, HubMessage
from chatkit.wire.hub_protocol import (
    HandshakeReader,
    HubProtocol,
    choose_protocol,
    handshake_response,
    parse_handshake,
)
from chatkit.wire.stateful import TRACKED, Stateful

PROTOCOL_ERROR = "Connection closed with an error."
HANDSHAKE_CANCELED = "Handshake was canceled."
# What the service itself closes a connection for when it reads too slowly.
MAX_WAITING_BYTES = 1024 * 1024
SLOW = "The client reads too slowly."


class State(Enum):
    """Life of a connection."""

    HANDSHAKE = "handshake"
    OPEN = "open"
    CLOSED = "closed"


class Sink(Protocol):
    """The sending half of a transport.

    Nothing here waits: a slow reader's bytes pile up and are counted.
    """

    text_only: bool
    #: False where the client asks again and again by itself
    wants_keep_alive: bool
    #: what the app is told when `is_gone`; None when the client ends the connection like that
    gone_reason: str | None

    def send(self, payload: bytes, *, binary: bool) -> None:
        """Queue one payload of whole hub messages."""

    def waiting_bytes(self) -> int:
        """Bytes queued and not yet taken by the peer."""

    def is_gone(self) -> bool:
        """Say whether the client has left without telling. Asked once a second."""

    def close(self, *, abort: bool = False) -> None:
        """End the transport after what is queued; with abort at once, dropping it."""


class Connection:
    """State of one client on one hub: handshake, protocol, groups, clocks.

    Args:
        hub: Hub name, lower-case.
        user_id: Empty for an anonymous client.
        claims: Of the token it came with.
        flush: Sends what a fan-out has queued; everything else is written after it.
        query: Of the request that it came with.
        stateful: Given when stateful reconnect was negotiated.
        knows_id_only: A client of negotiate version 0 has no secret token.
    """

    __slots__ = (
        "__weakref__",
        "claims",
        "close_error",
        "decoder",
        "early",
        "expires_at",
        "flush",
        "groups",
        "handshake",
        "hub",
        "id",
        "last_received",
        "last_sent",
        "opened_at",
        "protocol",
        "query",
        "sink",
        "state",
        "stateful",
        "suspended_at",
        "token",
        "transport",
        "user_id",
    )

    def __init__(
        self,
        hub: str,
        user_id: str,
        claims: dict[str, Any],
        *,
        flush: Callable[[], None],
        query: str = "",
        stateful: Stateful | None = None,
        knows_id_only: bool = False,
    ) -> None:
        now = time.monotonic()
        self.id = secrets.token_urlsafe(16)
        self.token = self.id if knows_id_only else secrets.token_urlsafe(16)
        self.hub = hub
        self.user_id = user_id
        self.claims = claims
        self.query = query
        self.groups: set[str] = set()
        self.state = State.HANDSHAKE
        self.sink: Sink | None = None
        self.protocol: HubProtocol | None = None
        self.decoder: Decoder | None = None
        self.handshake: HandshakeReader | None = HandshakeReader()
        #: what the client has posted before its transport was there
        self.early = bytearray()
        self.opened_at = now
        self.last_received = now
        self.last_sent = now
        #: steady time at which the connection ends because its token asks for that
        self.expires_at = _expiry(claims)
        self.close_error: str | None = None
        self.flush = flush
        #: there for WebSockets only, where a fan-out writes whole frames
        self.transport: asyncio.Transport | None = None
        self.stateful = stateful
        #: since when the client is away and may come back
        self.suspended_at: float | None = None

    def attach(self, sink: Sink, transport: asyncio.Transport | None) -> None:
        """The client has opened a transport.

        Args:
            sink: The sending half of it.
            transport: Of a WebSocket to which a fan-out may write frames past the sink.
        """
        self.sink = sink
        self.transport = transport
        self.opened_at = time.monotonic()
        self.last_received = self.opened_at

    def suspend(self) -> None:
        """The transport is gone."""
        self.sink = None
        self.transport = None
        self.suspended_at = time.monotonic()

    def read_handshake(self, chunk: bytes) -> bytes | None:
        """Take bytes of the handshake; once it is complete return what follows it, until then None.

        Raises:
            HandshakeRefused: It asks for what this connection cannot do.
            RemoteProtocolError: It is not a handshake.
        """
        self.last_received = time.monotonic()
        assert self.handshake is not None
        body = self.handshake.feed(chunk)
        if body is None:
            return None
        text_only = self.sink is not None and self.sink.text_only
        self.protocol = choose_protocol(parse_handshake(body), text_only=text_only)
        self.decoder = self.protocol.decoder()
        rest = self.handshake.rest()
        self.handshake = None
        return rest

    def feed(self, chunk: bytes) -> Iterator[HubMessage]:
        """Take bytes after the handshake and yield the messages they complete.

        Raises:
            RemoteProtocolError: They are not of the protocol; the caller closes the connection.
        """
        self.last_received = time.monotonic()
        assert self.decoder is not None and self.protocol is not None
        for body in self.decoder.feed(chunk):
            message = self.protocol.parse(body)
            if message is not None:
                yield message

    def send(self, message: HubMessage) -> None:
        """Send one message; nothing happens before the handshake."""
        if self.protocol is not None:
            self.write(self.protocol.serialize(message), tracked=isinstance(message, TRACKED))

    def write(self, payload: bytes, *, tracked: bool = True) -> None:
        """Send one message already in this connection's encoding.

        A tracked one is kept until acknowledged.
        """
        self.flush()
        if tracked and self.stateful is not None:
            self.stateful.sending(payload)
        if self.sink is not None and self.state is not State.CLOSED:
            self.sink.send(payload, binary=self.protocol is not None and self.protocol.binary)
            self.last_sent = time.monotonic()

    def resume(self, sink: Sink) -> None:
        """The client is back on a new transport.

        No handshake, but everything it may have missed.
        """
        assert self.stateful is not None
        # What is queued belongs to what was missed: the client ignores all before the Sequence
        # message.
        self.flush()
        self.sink = sink
        self.suspended_at = None
        self.last_received = time.monotonic()
        sequence, missed = self.stateful.resume()
        self.send(sequence)
        for payload in missed:
            self.write(payload, tracked=False)

    def answer_handshake(self, error: str = "") -> None:
        """Say that the handshake succeeded or why it did not. JSON whatever the encoding."""
        if self.sink is not None:
            self.sink.send(handshake_response(error), binary=False)
            self.last_sent = time.monotonic()

    def close(self, error: str | None = None, *, allow_reconnect: bool = False) -> None:
        """Tell the client, then end the transport."""
        if self.state is State.CLOSED:
            return
        if self.protocol is None:
            self.answer_handshake(error or HANDSHAKE_CANCELED)
        else:
            self.send(Close(error, allow_reconnect))
        self.close_error = error
        self.state = State.CLOSED
        if self.sink is not None:
            self.sink.close()

    def seconds_claim(self, name: str, *, default: float, at_most: float) -> float:
        """A limit that the connection's token may set."""
        wanted = whole_number(str(self.claims.get(name, "")))
        if wanted is None:
            return default
        return min(at_most, max(1, wanted))

    def abort(self, error: str | None) -> None:
        """End the transport at once."""
        self.close_error = error
        self.state = State.CLOSED
        if self.sink is not None:
            self.sink.close(abort=True)


def _expiry(claims: dict[str, Any]) -> float | None:
    """When the token closes the connection, None when it does not.

    `asrs.s.coae` is "close on authentication expiration", `asrs.s.aeo` "expires on", in Unix
    seconds.
    """
    is_wanted = str(claims.get("asrs.s.coae", "")).lower() == "true"
    moment = whole_number(str(claims.get("asrs.s.aeo", "")))
    if moment is None or not is_wanted:
        return None
    # What is left counts from now on: a clock that somebody sets ends no open connection.
    return clock.steady() + moment - clock.wall()
