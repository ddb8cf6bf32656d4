"""The hub protocol's JSON encoding.

Follows "JSON Encoding" (dotnet/aspnetcore, docs/specs/HubProtocol.md); what is refused, and in
which words, is what ASP.NET Core's JsonHubProtocol says.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from chatkit.core import strict_json
from chatkit.core.errors import LocalProtocolError, RemoteProtocolError
from chatkit.wire.framing import SEPARATOR, Decoder, TextDecoder
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

Members = dict[str, Any]
KINDS = {
    type(None): "Null",
    str: "String",
    list: "Array",
    dict: "Object",
    bool: "Boolean",
    int: "Number",
    float: "Number",
}


class JsonProtocol:
    """Encoding "json": each message a JSON object followed by 0x1E."""

    name = "json"
    binary = False

    def decoder(self) -> Decoder:
        """A fresh framing decoder."""
        return TextDecoder()

    def serialize(self, message: HubMessage) -> bytes:
        """Write one framed message.

        Raises:
            LocalProtocolError: An argument or a result is not a JSON value.
        """
        members = WRITERS[type(message)](message)
        try:
            return strict_json.dumps(members) + SEPARATOR
        except (TypeError, ValueError) as error:
            raise LocalProtocolError(f"The message cannot be written as JSON: {error}.") from error

    def parse(self, body: bytes) -> HubMessage | None:
        """Read one message body; None for a message type this side does not know.

        Raises:
            RemoteProtocolError: It is not a message of the protocol.
        """
        members = parse_object(body)
        kind = _member(members, "type", "Number")
        reader = READERS.get(kind)
        return None if reader is None else reader(members)


def parse_object(body: bytes) -> Members:
    """Read a JSON object.

    Raises:
        RemoteProtocolError: It is not JSON, or not an object.
    """
    try:
        value = strict_json.loads(body)
    except ValueError as error:
        raise RemoteProtocolError("Error reading JSON.") from error
    if not isinstance(value, dict):
        raise RemoteProtocolError(
            f"Unexpected JSON Token Type '{KINDS[type(value)]}'. Expected a JSON Object."
        )
    return value


def _member(members: Members, name: str, kind: str) -> Any:
    if name not in members:
        raise RemoteProtocolError(f"Missing required property '{name}'.")
    value = members[name]
    if KINDS[type(value)] != kind:
        raise RemoteProtocolError(f"Expected '{name}' to be of type {kind}.")
    return value


def _sequence_id(members: Members) -> int:
    value = _member(members, "sequenceId", "Number")
    if not isinstance(value, int):
        raise RemoteProtocolError("Expected 'sequenceId' to be a whole number.")
    return value


def _optional(members: Members, name: str, kind: str) -> Any:
    if members.get(name) is None:
        return None
    return _member(members, name, kind)


def _headers(members: Members) -> dict[str, str]:
    headers = _optional(members, "headers", "Object") or {}
    for name, value in headers.items():
        if not isinstance(value, str):
            raise RemoteProtocolError(f"Expected header '{name}' to be of type String.")
    return dict(headers)


def _read_invocation(members: Members) -> HubMessage:
    headers = _headers(members)
    invocation_id = _optional(members, "invocationId", "String")
    target = _member(members, "target", "String")
    return Invocation(
        target,
        tuple(_member(members, "arguments", "Array")),
        invocation_id,
        _stream_ids(members),
        headers,
    )


def _read_stream_invocation(members: Members) -> HubMessage:
    headers = _headers(members)
    invocation_id = _member(members, "invocationId", "String")
    target = _member(members, "target", "String")
    return StreamInvocation(
        invocation_id,
        target,
        tuple(_member(members, "arguments", "Array")),
        _stream_ids(members),
        headers,
    )


def _stream_ids(members: Members) -> tuple[str, ...]:
    return tuple(str(item) for item in _optional(members, "streamIds", "Array") or ())


def _read_item(members: Members) -> HubMessage:
    invocation_id = _member(members, "invocationId", "String")
    if "item" not in members:
        raise RemoteProtocolError("Missing required property 'item'.")
    return StreamItem(invocation_id, members["item"], _headers(members))


def _read_completion(members: Members) -> HubMessage:
    invocation_id = _member(members, "invocationId", "String")
    error = _optional(members, "error", "String")
    if error is not None and "result" in members:
        raise RemoteProtocolError("The 'error' and 'result' properties are mutually exclusive.")
    return Completion(invocation_id, members.get("result", VOID), error, _headers(members))


def _read_close(members: Members) -> HubMessage:
    return Close(_optional(members, "error", "String"), members.get("allowReconnect") is True)


READERS: dict[int, Callable[[Members], HubMessage]] = {
    1: _read_invocation,
    2: _read_item,
    3: _read_completion,
    4: _read_stream_invocation,
    5: lambda members: CancelInvocation(
        _member(members, "invocationId", "String"), _headers(members)
    ),
    6: lambda members: Ping(),
    7: _read_close,
    8: lambda members: Ack(_sequence_id(members)),
    9: lambda members: Sequence(_sequence_id(members)),
}


def _head(message: Any) -> Members:
    members: Members = {"type": message.type}
    if message.headers:
        members["headers"] = dict(message.headers)
    if message.invocation_id is not None:
        members["invocationId"] = message.invocation_id
    return members


def _write_invocation(message: Any) -> Members:
    members = _head(message)
    members["target"] = message.target
    members["arguments"] = list(message.arguments)
    if message.stream_ids:
        members["streamIds"] = list(message.stream_ids)
    return members


def _write_completion(message: Any) -> Members:
    members = _head(message)
    if message.error is not None:
        members["error"] = message.error
    elif message.result is not VOID:
        members["result"] = message.result
    return members


def _write_close(message: Any) -> Members:
    members: Members = {"type": 7}
    if message.error is not None:
        members["error"] = message.error
    if message.allow_reconnect:
        members["allowReconnect"] = True
    return members


WRITERS: dict[type, Callable[[Any], Members]] = {
    Invocation: _write_invocation,
    StreamItem: lambda message: _head(message) | {"item": message.item},
    Completion: _write_completion,
    StreamInvocation: _write_invocation,
    CancelInvocation: _head,
    Ping: lambda message: {"type": 6},
    Close: _write_close,
    Ack: lambda message: {"type": 8, "sequenceId": message.sequence_id},
    Sequence: lambda message: {"type": 9, "sequenceId": message.sequence_id},
}
