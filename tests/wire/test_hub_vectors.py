"""The hub protocol against the recorded vectors."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from chatkit.core.errors import RemoteProtocolError
from chatkit.wire.framing import BinaryDecoder, read_varint, write_varint
from chatkit.wire.hub_messages import Close, Completion, HubMessage, Invocation
from chatkit.wire.hub_protocol import (
    PROTOCOLS,
    HandshakeReader,
    HubReader,
    handshake_response,
    parse_handshake,
)

VECTORS = json.loads(
    (Path(__file__).parents[1] / "data/signalr/vectors.json").read_text(encoding="utf-8")
)
JSON = PROTOCOLS["json"]
MSGPACK = PROTOCOLS["messagepack"]
SIZES: dict[str, HubMessage] = {
    "inv-noid Target [1]": Invocation("Target", (1,)),
    "inv id 1 Target [1]": Invocation("Target", (1,), "1"),
    "close": Close(),
    "close error": Close("Error"),
    "compl void": Completion("1"),
    "compl 1": Completion("1", 1),
    "compl error": Completion("1", error="Error"),
}


def named(cases: list[dict[str, Any]]) -> list[Any]:
    return [
        pytest.param(case, id=case.get("id") or case.get("wire") or case["hex"][:20])
        for case in cases
    ]


def read(protocol: str, wire: bytes) -> list[HubMessage]:
    return list(HubReader(PROTOCOLS[protocol]).feed(wire))


@pytest.mark.parametrize("case", named(VECTORS["json"]["ok"]))
def test_a_json_message_reads_and_writes_as_recorded(case: dict[str, Any]) -> None:
    """Reading then writing gives the recorded bytes, or equal members in another order."""
    (message,) = read("json", case["wire"].encode() + b"\x1e")
    written = JSON.serialize(message).removesuffix(b"\x1e").decode()
    if case["canonical"]:
        assert written == case["wire"]
    else:
        assert json.loads(written).items() <= json.loads(case["wire"]).items()


@pytest.mark.parametrize("case", named(VECTORS["json"]["bad"]))
def test_a_bad_json_message_is_named(case: dict[str, Any]) -> None:
    """The error has the recorded words."""
    with pytest.raises(RemoteProtocolError) as caught:
        read("json", case["wire"].encode() + b"\x1e")
    assert caught.value.message == case["error"]


@pytest.mark.parametrize("case", named(VECTORS["msgpack"]["ok"]))
def test_a_messagepack_message_reads_as_recorded(case: dict[str, Any]) -> None:
    """Writing what was read gives the same message again."""
    (message,) = read("messagepack", bytes.fromhex(case["framed_hex"]))
    assert read("messagepack", MSGPACK.serialize(message)) == [message]


@pytest.mark.parametrize(
    "case",
    [
        c
        for c in named(VECTORS["msgpack"]["ok"])
        if "f32" not in c.id and "2el" not in c.id and "u8" not in c.id
    ],
)
def test_a_messagepack_message_writes_as_recorded(case: dict[str, Any]) -> None:
    """Byte for byte, but for numbers that may be written in several widths."""
    (message,) = read("messagepack", bytes.fromhex(case["framed_hex"]))
    assert MSGPACK.serialize(message).hex() == case["framed_hex"]


@pytest.mark.parametrize("case", named(VECTORS["msgpack"]["bad"]))
def test_a_bad_messagepack_message_is_named(case: dict[str, Any]) -> None:
    """The error has the recorded words."""
    body = bytes.fromhex(case["body_hex"])
    with pytest.raises(RemoteProtocolError) as caught:
        read("messagepack", write_varint(len(body)) + body)
    assert caught.value.message == case["error"]


def test_extra_messagepack_items_are_ignored() -> None:
    """A newer peer may append members."""
    body = bytes.fromhex(VECTORS["msgpack"]["extra_trailing_array_items_ignored"])
    assert read("messagepack", write_varint(len(body)) + body) == [Invocation("method", (), "xyz")]


@pytest.mark.parametrize("name", SIZES)
def test_messagepack_sizes_are_as_small_as_recorded(name: str) -> None:
    """Framed size in bytes."""
    assert (
        len(MSGPACK.serialize(SIZES[name])) == VECTORS["msgpack"]["framed_size_expectations"][name]
    )


@pytest.mark.parametrize("case", named(VECTORS["framing"]["varint"]))
def test_length_prefixes(case: dict[str, Any]) -> None:
    """Both ways."""
    assert write_varint(case["value"]).hex() == case["hex"]
    assert read_varint(bytes.fromhex(case["hex"])) == (case["value"], len(case["hex"]) // 2)


@pytest.mark.parametrize("case", named(VECTORS["framing"]["ok"]))
def test_binary_frames_are_split(case: dict[str, Any]) -> None:
    """Several messages in one chunk, empty ones too."""
    bodies = list(BinaryDecoder().feed(bytes.fromhex(case["hex"])))
    assert [body.hex() for body in bodies] == case["bodies_hex"]


@pytest.mark.parametrize(
    "wire", [w for w in VECTORS["framing"]["partial_wait_for_more"] if w != "ffffffff07"]
)
def test_a_partial_binary_frame_waits(wire: str) -> None:
    """No message and no error until the rest is there."""
    assert list(BinaryDecoder().feed(bytes.fromhex(wire))) == []


def test_a_frame_longer_than_we_take_is_refused_before_it_is_read() -> None:
    """Memory stays bounded: the prefix alone ends the connection."""
    with pytest.raises(RemoteProtocolError, match="longer than"):
        list(BinaryDecoder().feed(bytes.fromhex("ffffffff07")))


@pytest.mark.parametrize("wire", VECTORS["framing"]["fatal_over_2GB"])
def test_a_frame_over_2_gb_is_fatal(wire: str) -> None:
    """The error has the recorded words."""
    with pytest.raises(RemoteProtocolError, match="^" + VECTORS["framing"]["fatal_message"]):
        list(BinaryDecoder().feed(bytes.fromhex(wire)))


@pytest.mark.parametrize("case", named(VECTORS["handshake"]["request_ok"]))
def test_a_handshake_request_is_read(case: dict[str, Any]) -> None:
    """Protocol and version; what follows stays for the hub protocol."""
    reader = HandshakeReader()
    body = reader.feed(case["wire"].encode() + b"tail")
    assert body is not None
    request = parse_handshake(body)
    assert {"protocol": request.protocol, "version": request.version}.items() <= json.loads(
        case["wire"][:-1]
    ).items()
    assert reader.rest() == b"tail"


@pytest.mark.parametrize("case", named(VECTORS["handshake"]["request_bad"]))
def test_a_bad_handshake_request_is_named(case: dict[str, Any]) -> None:
    """The error has the recorded words."""
    with pytest.raises(RemoteProtocolError) as caught:
        parse_handshake(case["wire"].encode().removesuffix(b"\x1e"))
    assert caught.value.message == case["error"]


@pytest.mark.parametrize("wire", VECTORS["handshake"]["request_incomplete"])
def test_an_incomplete_handshake_waits(wire: str) -> None:
    """Nothing until the separator."""
    assert HandshakeReader().feed(wire.encode()) is None


def test_the_handshake_response_is_as_recorded() -> None:
    """An empty object when all is well."""
    assert handshake_response().decode() == VECTORS["handshake"]["response_ok"]
