"""The hub protocol's MessagePack encoding.

Follows "MessagePack (MsgPack) encoding" (dotnet/aspnetcore, docs/specs/HubProtocol.md); what is
refused, and in which words, is what ASP.NET Core's MessagePackHubProtocol says.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import msgpack

from chatkit.core import strict_json
from chatkit.core.errors import LocalProtocolError, RemoteProtocolError
from chatkit.wire.framing import BinaryDecoder, Decoder, write_varint
from chatkit.wire.hub_messages import (
    VOID,
    Ack,
    CancelInvocation,
    Close,
    Completion,
    HubMessage,
    Invocation,
    Ping,
    Sequence,
    StreamInvocation,
    StreamItem,
)

# HubProtocol.md, "Completion Message Encoding": what follows the result kind.
ERROR = 1
EMPTY = 2
VALUE = 3
# As .NET's reader of untrusted data has it (MessagePackSecurity.MaximumObjectGraphDepth). Python's
# library reads twice as many levels as it writes.
MAX_DEPTH = 500
BROKEN = (ValueError, TypeError, RecursionError, msgpack.exceptions.UnpackException)


class MessagePackProtocol:
    """Encoding "messagepack": each message a MessagePack array after its length."""

    name = "messagepack"
    binary = True

    def decoder(self) -> Decoder:
        """A fresh framing decoder."""
        return BinaryDecoder()

    def serialize(self, message: HubMessage) -> bytes:
        """Write one framed message.

        Raises:
            LocalProtocolError: An argument or a result is not a MessagePack value.
        """
        try:
            body: bytes = msgpack.packb(
                WRITERS[type(message)](message), use_bin_type=True, default=_default
            )
        except (TypeError, ValueError, OverflowError) as error:
            raise LocalProtocolError(
                f"The message cannot be written as MessagePack: {error}."
            ) from error
        return write_varint(len(body)) + body

    def parse(self, body: bytes) -> HubMessage | None:
        """Read one message body; None for a message type this side does not know.

        Raises:
            RemoteProtocolError: It is not a message of the protocol.
        """
        items = _Items(body)
        kind = items.take(int, "messageType", "as Int32")
        reader = READERS.get(kind)
        return None if reader is None else reader(items)


class _Items:
    """The array's elements, read one after the other from the bytes.

    What is left over at the end is ignored.
    """

    def __init__(self, body: bytes) -> None:
        self._unpacker = msgpack.Unpacker(
            raw=False, strict_map_key=False, max_buffer_size=max(len(body), 1)
        )
        self._unpacker.feed(body)
        self._may_be_deep = len(body) > MAX_DEPTH  # each level takes a byte
        self._header(
            self._unpacker.read_array_header, "Reading array length for 'elementCount' failed."
        )

    def take(self, kind: type, name: str, how: str = "as String") -> Any:
        value = self.take_any(VOID)
        if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
            raise RemoteProtocolError(f"Reading '{name}' {how} failed.")
        return value

    def take_any(self, default: Any = None) -> Any:
        try:
            value = self._unpacker.unpack()
            if self._may_be_deep:
                strict_json.check_depth(value, MAX_DEPTH)
            return value
        except msgpack.OutOfData:
            return default
        except BROKEN as error:
            raise RemoteProtocolError("Error reading MessagePack.") from error

    def take_id(self) -> Any:
        """An invocation id that may be nil but not missing."""
        value = self.take_any(VOID)
        if value is not None and not isinstance(value, str):
            raise RemoteProtocolError("Reading 'invocationId' as String failed.")
        return value

    def take_array(self, name: str, *, optional: bool = False) -> tuple[Any, ...]:
        value = self.take_any([] if optional else None)
        if not isinstance(value, list):
            raise RemoteProtocolError(f"Reading array length for '{name}' failed.")
        return tuple(value)

    def take_headers(self) -> dict[str, str]:
        count = self._header(
            self._unpacker.read_map_header, "Reading map length for 'headers' failed."
        )
        headers = {}
        for number in range(count):
            name = self.take(str, f"headers[{number}].Key")
            headers[name] = self.take(str, f"headers[{number}].Value")
        return headers

    def _header(self, read: Callable[[], int], failure: str) -> int:
        try:
            return read()
        except (msgpack.OutOfData, *BROKEN) as error:
            raise RemoteProtocolError(failure) from error


def _read_invocation(items: _Items) -> HubMessage:
    headers = items.take_headers()
    invocation_id = items.take_id()
    target = items.take(str, "target")
    return Invocation(
        target,
        items.take_array("arguments"),
        invocation_id,
        items.take_array("streamIds", optional=True),
        headers,
    )


def _read_stream_invocation(items: _Items) -> HubMessage:
    headers = items.take_headers()
    invocation_id = items.take(str, "invocationId")
    target = items.take(str, "target")
    arguments = items.take_array("arguments")
    return StreamInvocation(
        invocation_id, target, arguments, items.take_array("streamIds", optional=True), headers
    )


def _read_item(items: _Items) -> HubMessage:
    headers = items.take_headers()
    return StreamItem(items.take(str, "invocationId"), items.take_any(), headers)


def _read_completion(items: _Items) -> HubMessage:
    headers = items.take_headers()
    invocation_id = items.take(str, "invocationId")
    kind = items.take(int, "resultKind", "as Int32")
    if kind == ERROR:
        return Completion(invocation_id, error=items.take(str, "error"), headers=headers)
    if kind == EMPTY:
        return Completion(invocation_id, headers=headers)
    if kind == VALUE:
        return Completion(invocation_id, items.take_any(), headers=headers)
    raise RemoteProtocolError("Invalid invocation result kind.")


def _read_cancel(items: _Items) -> HubMessage:
    headers = items.take_headers()
    return CancelInvocation(items.take(str, "invocationId"), headers)


def _read_close(items: _Items) -> HubMessage:
    error = items.take_any()
    if error is not None and not isinstance(error, str):
        raise RemoteProtocolError("Reading 'error' as String failed.")
    return Close(error, items.take_any(False) is True)


READERS: dict[int, Callable[[_Items], HubMessage]] = {
    1: _read_invocation,
    2: _read_item,
    3: _read_completion,
    4: _read_stream_invocation,
    5: _read_cancel,
    6: lambda items: Ping(),
    7: _read_close,
    8: lambda items: Ack(items.take(int, "sequenceId", "as Int64")),
    9: lambda items: Sequence(items.take(int, "sequenceId", "as Int64")),
}


def _write_invocation(message: Any) -> list[Any]:
    return [
        message.type,
        dict(message.headers),
        message.invocation_id,
        message.target,
        list(message.arguments),
        list(message.stream_ids),
    ]


def _write_completion(message: Completion) -> list[Any]:
    head = [3, dict(message.headers), message.invocation_id]
    if message.error is not None:
        return [*head, ERROR, message.error]
    if message.result is VOID:
        return [*head, EMPTY]
    return [*head, VALUE, message.result]


WRITERS: dict[type, Callable[[Any], list[Any]]] = {
    Invocation: _write_invocation,
    StreamItem: lambda message: [2, dict(message.headers), message.invocation_id, message.item],
    Completion: _write_completion,
    StreamInvocation: _write_invocation,
    CancelInvocation: lambda message: [5, dict(message.headers), message.invocation_id],
    Ping: lambda message: [6],
    Close: lambda message: [7, message.error, message.allow_reconnect],
    Ack: lambda message: [8, message.sequence_id],
    Sequence: lambda message: [9, message.sequence_id],
}


def _default(value: Any) -> float:
    """A whole number past 64 bits becomes a float, as every JSON reader of the browser has it."""
    if isinstance(value, int):
        try:
            return float(value)
        except OverflowError:
            return math.inf if value > 0 else -math.inf
    raise TypeError(f"{type(value).__name__} is not a MessagePack value")
