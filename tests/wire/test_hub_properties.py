"""The hub protocol under any input."""

from __future__ import annotations

import msgpack
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatkit.core.errors import LocalProtocolError, RemoteProtocolError
from chatkit.wire import hub_messages as m
from chatkit.wire.hub_protocol import PROTOCOLS, HandshakeReader, HubReader, parse_handshake

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=8,
)
headers = st.dictionaries(texts, texts, max_size=2)
arguments = st.lists(values, max_size=3).map(tuple)
ids = st.lists(texts, max_size=2).map(tuple)
sequence = st.integers(0, 2**63 - 1)
messages = st.one_of(
    st.builds(m.Invocation, texts, arguments, st.none() | texts, ids, headers),
    st.builds(m.StreamItem, texts, values, headers),
    st.builds(m.Completion, texts, values | st.just(m.VOID), st.none(), headers),
    st.builds(m.Completion, texts, st.just(m.VOID), texts, headers),
    st.builds(m.StreamInvocation, texts, texts, arguments, ids, headers),
    st.builds(m.CancelInvocation, texts, headers),
    st.builds(m.Ping),
    st.builds(m.Close, st.none() | texts, st.booleans()),
    st.builds(m.Ack, sequence),
    st.builds(m.Sequence, sequence),
)
protocols = st.sampled_from(list(PROTOCOLS.values()))


@given(protocols, messages)
def test_reading_what_was_written_gives_the_same_message(protocol, message) -> None:  # type: ignore[no-untyped-def]
    """parse(serialize(m)) == m in both encodings."""
    assert list(HubReader(protocol).feed(protocol.serialize(message))) == [message]


def nested(levels: int) -> list[object]:
    """A list in a list in a list."""
    value: list[object] = []
    for _ in range(levels - 1):
        value = [value]
    return value


@pytest.mark.parametrize(("name", "levels"), [("json", 63), ("messagepack", 498)])
def test_what_the_other_side_may_nest_is_written_too(name: str, levels: int) -> None:
    """One level more is refused when it is read, and by JSON when it is written."""
    protocol = PROTOCOLS[name]
    message = m.Invocation("t", (nested(levels),))
    assert list(HubReader(protocol).feed(protocol.serialize(message))) == [message]


def test_json_that_nobody_would_read_is_not_written() -> None:
    """Deeper than the 64 levels of .NET's reader, and so deep that Python's writer gives up."""
    for levels in (64, 100_000):
        with pytest.raises(LocalProtocolError, match="nested too deeply"):
            PROTOCOLS["json"].serialize(m.Invocation("t", (nested(levels),)))


@pytest.mark.parametrize("levels", [500, 600, 1000])
def test_messagepack_that_could_not_be_written_again_is_not_read(levels: int) -> None:
    """The service passes messages on: what it reads, it has to write."""
    value = b"\x91" * levels + b"\x01"
    body = b"\x96\x01\x80\xc0\xa1t\x91" + value + b"\x90"
    with pytest.raises(RemoteProtocolError):
        PROTOCOLS["messagepack"].parse(body)


def test_a_time_that_python_does_not_know_is_no_json() -> None:
    """MessagePack has seconds of 64 bits."""
    far = msgpack.Timestamp(2**60)
    with pytest.raises(LocalProtocolError, match="out of range"):
        PROTOCOLS["json"].serialize(m.Invocation("t", (far,)))


@given(protocols, st.lists(messages, max_size=5), st.data())
def test_the_cut_of_the_stream_does_not_matter(protocol, sent, data) -> None:  # type: ignore[no-untyped-def]
    """Any split of the bytes gives the same messages."""
    stream = b"".join(map(protocol.serialize, sent))
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=6)))
    reader = HubReader(protocol)
    parts = [stream[a:b] for a, b in zip([0, *cuts], [*cuts, len(stream)], strict=True)]
    assert [message for part in parts for message in reader.feed(part)] == sent


@given(protocols, st.lists(st.binary(max_size=60), max_size=4))
def test_no_input_does_worse_than_a_protocol_error(protocol, chunks) -> None:  # type: ignore[no-untyped-def]
    """Garbage is refused with the one error that callers catch."""
    reader = HubReader(protocol)
    try:
        for chunk in chunks:
            list(reader.feed(chunk))
    except RemoteProtocolError:
        pass


@given(st.binary(max_size=80))
def test_no_handshake_does_worse_than_a_protocol_error(chunk: bytes) -> None:
    """The same for what comes first."""
    try:
        body = HandshakeReader().feed(chunk)
        if body is not None:
            parse_handshake(body)
    except RemoteProtocolError:
        pass


@pytest.mark.parametrize(
    "value", [b"1e999", b"NaN", b"-Infinity", b'"\\ud800"', b"[" * 70 + b"]" * 70]
)
def test_what_json_cannot_carry_is_refused_at_the_door(value: bytes) -> None:
    """Sent back to a browser it would break the whole frame."""
    with pytest.raises(RemoteProtocolError, match="Error reading JSON"):
        PROTOCOLS["json"].parse(b'{"type":1,"target":"x","arguments":[%s]}' % value)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), "\ud800", object()])
@pytest.mark.parametrize("name", PROTOCOLS)
def test_what_an_encoding_cannot_carry_is_not_written(name: str, value: object) -> None:
    """One error for the caller, never half a frame. MessagePack does carry NaN and infinity."""
    if name == "messagepack" and isinstance(value, float):
        assert PROTOCOLS[name].serialize(m.Invocation("x", (value,)))
        return
    with pytest.raises(LocalProtocolError):
        PROTOCOLS[name].serialize(m.Invocation("x", (value,)))


@pytest.mark.parametrize(("value", "read"), [(10**30, 1e30), (-(10**400), float("-inf"))])
def test_numbers_past_64_bits_are_floats_in_messagepack(value: int, read: float) -> None:
    """As JavaScript reads them from JSON."""
    assert list(
        HubReader(PROTOCOLS["messagepack"]).feed(
            PROTOCOLS["messagepack"].serialize(m.Invocation("x", (value,)))
        )
    ) == [m.Invocation("x", (read,))]


@pytest.mark.parametrize("body", [b'{"type":8,"sequenceId":1.5}', b'{"type":9,"sequenceId":1e30}'])
def test_sequence_ids_are_whole_numbers(body: bytes) -> None:
    """Anything else is not of the protocol."""
    with pytest.raises(RemoteProtocolError, match="sequenceId"):
        PROTOCOLS["json"].parse(body)
