"""Long inputs of hubs: frames, messages, tokens and groups."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from functools import lru_cache, partial
from typing import Any, Final, cast
from unittest.mock import Mock

import jwt

from chatkit.localcloud.easy_auth.sessions import Sessions
from chatkit.localcloud.entra.tokens import Tokens
from chatkit.localcloud.functions.http import webhooks
from chatkit.localcloud.functions.storage import connections
from chatkit.localcloud.signalr import emulator_settings
from chatkit.localcloud.signalr.core import authentication, upstream
from chatkit.localcloud.signalr.core.connection import Connection
from chatkit.localcloud.signalr.core.connections import Connections
from chatkit.localcloud.signalr.core.hub import Hub
from chatkit.localcloud.signalr.transports.sinks import EventStreamSink, PollSink
from chatkit.wire import framing
from chatkit.wire.connection_strings import SignalRConnectionString
from chatkit.wire.hub_json import JsonProtocol
from chatkit.wire.hub_messages import Ack, Invocation
from chatkit.wire.hub_msgpack import MessagePackProtocol
from chatkit.wire.hub_protocol import HandshakeReader, parse_handshake
from chatkit.wire.stateful import Stateful
from tests.localcloud.long_inputs.case import (
    KEY,
    PIECE,
    Case,
    begun,
    in_pieces,
    itself,
    numbered,
    repeated,
    repeated_bytes,
)


def token(count: int) -> str:
    """A client's token with many claims."""
    return jwt.encode({f"c{number}": "v" for number in range(count)}, KEY, algorithm="HS256")


def token_head(count: int) -> str:
    """A token whose header has many names."""
    return jwt.encode({}, KEY, "HS256", headers={f"h{number}": "v" for number in range(count)})


@lru_cache(maxsize=1)
def sessions() -> Sessions:
    """The sessions of a site."""
    return Sessions(Mock(get=nothing), "site")


@lru_cache(maxsize=1)
def entra_tokens() -> Tokens:
    """Entra's own tokens, without what is remembered of those that were checked."""
    tokens = Tokens(Mock(get=nothing, items=no_items), tenant_id="t", authority="https://localhost")
    cast(Any, tokens)._checked = Forgetful()
    return tokens


def nothing(*_: object) -> None:
    """An empty store has no document."""


def no_items(*_: object) -> Iterator[object]:
    """Nor several."""
    return iter(())


class Forgetful(dict[str, dict[str, Any]]):
    """Remembers nothing."""

    def __setitem__(self, key: str, value: dict[str, Any]) -> None:
        """Leave it out."""


def proven(text: str) -> object:
    """Check a token's signature, without what is remembered of the last ones."""
    return cast(Any, authentication._proven).__wrapped__(text, (KEY, ""))


def claimed(text: str) -> object:
    """Read a token that is not believed yet, without what is remembered."""
    return cast(Any, authentication.unverified_audience).__wrapped__(text)


def arguments(count: int) -> Invocation:
    """An invocation with many arguments."""
    return Invocation("newMessage", tuple(range(count)), None, (), {})


def headers_of(count: int) -> Invocation:
    """An invocation with many headers."""
    return Invocation("t", (), None, (), {f"h{number}": "v" for number in range(count)})


def body_of(protocol: JsonProtocol | MessagePackProtocol, message: Invocation) -> bytes:
    """A message without its framing."""
    [body] = protocol.decoder().feed(protocol.serialize(message))
    return body


def acknowledged(count: int) -> None:
    """Messages that a client acknowledges one by one."""
    state = Stateful()
    for _ in range(count):
        state.sending(b"x")
    for number in range(count):
        state.receiving(Ack(number + 1))


def polled(count: int) -> bytes:
    """What waits for the next poll."""
    sink = PollSink(10)
    for _ in range(count):
        sink.send(PIECE, binary=False)
    return sink.take()


def event_stream(payload: bytes) -> None:
    """A server-sent event of many lines."""
    transport = Mock(spec=asyncio.Transport)
    transport.is_closing.return_value = False
    EventStreamSink(transport).send(payload, binary=False)


def groups(count: int, *, ttl_s: float | None) -> None:
    """A user who is added to many groups."""
    hub = Hub("chat")
    for number in range(count):
        hub.add_user("alice", f"g{number}", ttl_s=ttl_s)


def no_flush() -> None:
    """Nothing waits."""


def negotiated(count: int) -> None:
    """Clients that ask for a connection, and then open it."""
    connections = Connections(Mock(), on_end=Mock())
    made = [Connection("chat", "", {}, flush=no_flush) for _ in range(count)]
    for connection in made:
        connections.add_negotiated(connection)
    for connection in made:
        assert connections.take_negotiated(connection.token, "chat") is connection


JSON = JsonProtocol()
MESSAGE_PACK = MessagePackProtocol()


CASES: Final[dict[str, Case]] = {
    # SignalR
    "connection string: separators": Case(
        repeated(";", before="Endpoint=http://a;AccessKey=k;"), SignalRConnectionString.parse
    ),
    "connection string: parts": Case(
        numbered("a#=b;", before="Endpoint=http://a;AccessKey=k;"),
        SignalRConnectionString.parse,
        300,
    ),
    "connection string of storage: parts": Case(
        numbered("a#=b;", before="AccountName=a;AccountKey=k;"),
        lambda text: connections.parse(text, "AzureWebJobsStorage"),
        300,
    ),
    "templates of the emulator": Case(
        lambda count: {"upstreamsettings": {"templates": [{"UrlTemplate": "http://a"}] * count}},
        emulator_settings.from_document,
        300,
    ),
    "connection string: a long version": Case(
        repeated("1", before="Endpoint=http://a;AccessKey=k;Version=1.", after="!"),
        SignalRConnectionString.parse,
        20000,
    ),
    "records: a long one in small pieces": Case(
        itself, lambda count: in_pieces(framing.TextDecoder().feed, count)
    ),
    "records: empty ones": Case(
        repeated_bytes(b"\x1e"), lambda data: [*framing.TextDecoder().feed(data)]
    ),
    "frames: a long one in small pieces": Case(
        itself,
        lambda count: in_pieces(
            begun(framing.BinaryDecoder(), framing.write_varint(count * 17)), count
        ),
    ),
    "frames: short ones": Case(
        repeated_bytes(b"\x01x"), lambda data: [*framing.BinaryDecoder().feed(data)]
    ),
    "handshake in small pieces": Case(
        itself, lambda count: in_pieces(HandshakeReader().feed, count), 15
    ),
    "handshake: members": Case(
        lambda count: numbered('"a#":1,', before="{", after='"a":1}')(count).encode(),
        parse_handshake,
        30,
    ),
    "message in JSON: arguments": Case(lambda count: body_of(JSON, arguments(count)), JSON.parse),
    "message in JSON: headers": Case(
        lambda count: body_of(JSON, headers_of(count)), JSON.parse, 100
    ),
    "message in MessagePack: arguments": Case(
        lambda count: body_of(MESSAGE_PACK, arguments(count)), MESSAGE_PACK.parse
    ),
    "message in MessagePack: headers": Case(
        lambda count: body_of(MESSAGE_PACK, headers_of(count)), MESSAGE_PACK.parse, 100
    ),
    "message in MessagePack: arrays in arrays": Case(
        repeated_bytes(b"\x91", before=b"\x96\x01\x80\xc0\xa1t"), MESSAGE_PACK.parse, 50
    ),
    "acknowledgements one by one": Case(itself, acknowledged, 300),
    "long polling: messages that wait": Case(itself, polled),
    "server-sent events: line ends": Case(repeated_bytes(b"\n"), event_stream),
    "token: claims": Case(token, proven, 200),
    "token: names in its header": Case(token_head, proven, 200),
    "token: dots": Case(repeated("."), claimed, stops=True),
    "token: audiences": Case(
        lambda count: [f"http://a/client/?hub=chat&{n}" for n in range(count)],
        lambda listed: authentication.client_audiences("http://a", "chat", listed),
        300,
    ),
    "token of a session: claims": Case(
        lambda count: jwt.encode({f"c{n}": "v" for n in range(count)}, KEY, algorithm="HS256"),
        lambda text: sessions().of_token(text, origin="http://a"),
        300,
    ),
    "token of a session: dots": Case(
        repeated("."), lambda text: sessions().of_token(text, origin="http://a"), stops=True
    ),
    "cookie of a session: letters": Case(
        repeated("gAAA"), lambda text: sessions().of_cookie(text), 2000
    ),
    "state of a sign-in: letters": Case(
        repeated("gAAA"), lambda text: sessions().unseal(text, life_s=600), 2000
    ),
    "token of Entra: claims": Case(
        lambda count: entra_tokens().issue("aud", {f"c{n}": "v" for n in range(count)}),
        lambda text: entra_tokens().verify(text, ["aud"]),
        1000,
    ),
    "claims for an app": Case(lambda count: {"a": ["v"] * count}, upstream.user_claims),
    "claims from the service": Case(numbered("a#: b, "), webhooks.claims_of),
    "connections that are not open yet": Case(itself, negotiated, 250),
    "groups of one user": Case(itself, partial(groups, ttl_s=None), 300),
    "groups of one user, for a while": Case(itself, partial(groups, ttl_s=100.0), 300),
}
