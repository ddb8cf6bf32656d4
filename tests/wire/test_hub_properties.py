"""The hub protocol under any input."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from chatkit.errors import RemoteProtocolError
from chatkit.wire import hub_messages as m
from chatkit.wire.hub_protocol import PROTOCOLS, HandshakeReader, HubReader, parse_handshake

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats(allow_nan=False) | texts,
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
