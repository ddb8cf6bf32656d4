"""The hub protocol as one thing: fed bytes, gives messages; given messages, makes bytes.

A connection begins with the handshake, always JSON; then one of the two encodings carries on.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from chatkit.core.errors import RemoteProtocolError
from chatkit.wire.framing import SEPARATOR, Decoder, TextDecoder
from chatkit.wire.hub_json import KINDS, JsonProtocol, parse_object
from chatkit.wire.hub_messages import HubMessage
from chatkit.wire.hub_msgpack import MessagePackProtocol

MAX_HANDSHAKE_BYTES = 4096
# 2 is 1 with the messages of stateful reconnect.
VERSIONS = (1, 2)


class HubProtocol(Protocol):
    """One encoding of hub messages."""

    name: str
    binary: bool

    def decoder(self) -> Decoder:
        """A fresh framing decoder."""

    def serialize(self, message: HubMessage) -> bytes:
        """Write one framed message; LocalProtocolError if this encoding cannot carry it."""

    def parse(self, body: bytes) -> HubMessage | None:
        """Read one message body; None for a message type this side does not know."""


PROTOCOLS: dict[str, HubProtocol] = {"json": JsonProtocol(), "messagepack": MessagePackProtocol()}


class HandshakeRefused(RemoteProtocolError):
    """The client asked for what the server cannot do; the text goes to the client."""


@dataclass(frozen=True)
class HandshakeRequest:
    """What a client says first."""

    protocol: str
    version: int


class HandshakeReader:
    """Collects bytes until the first record separator; what follows belongs to the hub protocol."""

    def __init__(self) -> None:
        self._decoder = TextDecoder(max_bytes=MAX_HANDSHAKE_BYTES)

    def feed(self, chunk: bytes) -> bytes | None:
        """Take a chunk; return the handshake's body once it is complete.

        Call `rest` for the bytes after it.
        """
        return next(self._decoder.feed(chunk), None)

    def rest(self) -> bytes:
        """The bytes after the handshake."""
        return self._decoder.rest()


def parse_handshake(body: bytes) -> HandshakeRequest:
    """Read a handshake request.

    Raises:
        RemoteProtocolError: It is not one.
    """
    members = parse_object(body)
    if "version" in members and KINDS[type(members["version"])] != "Number":
        raise RemoteProtocolError("Expected 'version' to be of type Number.")
    for name, kind in (("protocol", "String"), ("version", "Number")):
        if name not in members:
            text = body.decode("utf-8", "replace")
            raise RemoteProtocolError(
                f"Missing required property '{name}'. Message content: {text}"
            )
        if KINDS[type(members[name])] != kind:
            raise RemoteProtocolError(f"Expected '{name}' to be of type {kind}.")
    if not isinstance(members["version"], int):
        raise RemoteProtocolError("Expected 'version' to be a whole number.")
    return HandshakeRequest(members["protocol"], members["version"])


def choose_protocol(request: HandshakeRequest, *, text_only: bool) -> HubProtocol:
    """The encoding that a client asks for.

    Args:
        request: The client's handshake.
        text_only: The transport carries text only (server-sent events).

    Raises:
        HandshakeRefused: There is no such encoding or version, or not on this transport.
    """
    name = request.protocol
    protocol = PROTOCOLS.get(name)
    if protocol is None:
        raise HandshakeRefused(f"The protocol '{name}' is not supported.")
    if request.version not in VERSIONS:
        raise HandshakeRefused(
            f"The server does not support version {request.version} of the '{name}' protocol."
        )
    if protocol.binary and text_only:
        raise HandshakeRefused(
            f"Cannot use the '{name}' protocol on the current transport. "
            "The transport does not support 'Binary' transfer format."
        )
    return protocol


def handshake_request(protocol: str, *, version: int = 1) -> bytes:
    """Write a handshake request."""
    return (
        json.dumps({"protocol": protocol, "version": version}, separators=(",", ":")).encode()
        + SEPARATOR
    )


def handshake_response(error: str = "") -> bytes:
    """Write a handshake response."""
    members = {"error": error} if error else {}
    return json.dumps(members, separators=(",", ":")).encode() + SEPARATOR


def parse_handshake_response(body: bytes) -> None:
    """Read a handshake response.

    Raises:
        RemoteProtocolError: The server refused, with its reason.
    """
    error = parse_object(body).get("error")
    if error is not None:
        raise RemoteProtocolError(f"The server refused the handshake: {error}")


class HubReader:
    """One direction of a connection after the handshake."""

    def __init__(self, protocol: HubProtocol) -> None:
        self._protocol = protocol
        self._decoder = protocol.decoder()

    def feed(self, chunk: bytes) -> Iterator[HubMessage]:
        """Take a chunk and yield every message it completes.

        Raises:
            RemoteProtocolError: The bytes are not of the protocol.
        """
        for body in self._decoder.feed(chunk):
            message = self._protocol.parse(body)
            if message is not None:
                yield message
