"""What strangers may send at length, and what reads it: for tests of how the work grows.

A reader that is given its input in many small pieces is fed so here, too.
"""

from __future__ import annotations

import asyncio
import base64
import io
import json
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from types import SimpleNamespace
from typing import Any, Final, cast
from unittest.mock import Mock

import jwt
from aiohttp import StreamReader, web
from aiohttp.base_protocol import BaseProtocol
from aiohttp.test_utils import make_mocked_request
from multidict import CIMultiDict, CIMultiDictProxy

from chatkit.core import strict_json
from chatkit.core.errors import LocalProtocolError, RemoteProtocolError
from chatkit.core.host_names import requested_host
from chatkit.core.reading import commented_json
from chatkit.localcloud.core import bearer, cors, etags, odata, trace
from chatkit.localcloud.core.first_bytes import FirstBytes
from chatkit.localcloud.core.web import is_from_other_page, read_whole
from chatkit.localcloud.easy_auth.proxy import headers
from chatkit.localcloud.easy_auth.redirects import is_allowed
from chatkit.localcloud.entra import graph_requests
from chatkit.localcloud.entra.codes import Codes
from chatkit.localcloud.entra.core import permissions
from chatkit.localcloud.functions.deployed import packages
from chatkit.localcloud.functions.host import expressions, host_json, route_constraints, routing
from chatkit.localcloud.functions.host.errors import AppInvalid, BindingFailed, PackageRejected
from chatkit.localcloud.functions.http import http_data, webhooks
from chatkit.localcloud.functions.local import local_settings
from chatkit.localcloud.functions.schedules import ncrontab, schedule
from chatkit.localcloud.functions.storage import connections, paths
from chatkit.localcloud.functions.worker_process.chatkit_worker import channel
from chatkit.localcloud.signalr import emulator_settings
from chatkit.localcloud.signalr.core import authentication, upstream
from chatkit.localcloud.signalr.core.connection import Connection
from chatkit.localcloud.signalr.core.connections import Connections
from chatkit.localcloud.signalr.core.errors import SignalRError
from chatkit.localcloud.signalr.core.hub import Hub
from chatkit.localcloud.signalr.rest import filters
from chatkit.localcloud.signalr.transports.sinks import EventStreamSink, PollSink
from chatkit.localcloud.signalr.transports.websocket import hub_endpoint
from chatkit.localcloud.storage.auth import sas, shared_key
from chatkit.localcloud.storage.formats import ranges, tag_rules, xmltext
from chatkit.localcloud.storage.operations import batch, listing
from chatkit.localcloud.storage.state.errors import StorageError
from chatkit.localcloud.storage.state.request import Query, read_target
from chatkit.wire import framing
from chatkit.wire.connection_strings import SignalRConnectionString
from chatkit.wire.hub_json import JsonProtocol
from chatkit.wire.hub_messages import Ack, Invocation
from chatkit.wire.hub_msgpack import MessagePackProtocol
from chatkit.wire.hub_protocol import HandshakeReader, parse_handshake
from chatkit.wire.stateful import Stateful

REFUSALS: Final = (
    ValueError,
    LocalProtocolError,
    RemoteProtocolError,
    AppInvalid,
    BindingFailed,
    PackageRejected,
    StorageError,
    SignalRError,
)
KEY: Final = "k" * 32
PIECE: Final = b"x" * 16


@dataclass(frozen=True)
class Case:
    """One kind of long input.

    Attributes:
        make: An input of a size.
        read: What is done with it. It may refuse it.
        size: The smaller size; it is reached where the work is more than a call's own.
        stops: The reader stops somewhere, or what is around it costs most.
    """

    make: Callable[[int], Any]
    read: Callable[[Any], object]
    size: int = 1000
    stops: bool = False

    def work(self, given: Any) -> None:
        """Read an input; a refusal is an answer, every other error is one of this table."""
        try:
            self.read(given)
        except REFUSALS:
            return


def repeated(part: str, *, before: str = "", after: str = "") -> Callable[[int], str]:
    """Makes texts of so many parts."""
    return lambda count: before + part * count + after


def repeated_bytes(
    part: bytes, *, before: bytes = b"", after: bytes = b""
) -> Callable[[int], bytes]:
    """Makes bytes of so many parts."""
    return lambda count: before + part * count + after


def numbered(part: str, *, before: str = "", after: str = "") -> Callable[[int], str]:
    """Makes texts of so many parts, each with its number for `#`."""
    return lambda count: (
        before + "".join(part.replace("#", str(number)) for number in range(count)) + after
    )


def all_of(feed: Callable[[bytes], Any]) -> Callable[[bytes], list[Any]]:
    """Reads what a decoder yields."""
    return lambda given: [*feed(given)]


def in_pieces(feed: Callable[[bytes], object], count: int) -> None:
    """Feed a reader small pieces."""
    for _ in range(count):
        found = feed(PIECE)
        if hasattr(found, "__next__"):
            assert not [*cast(Any, found)]


def itself(count: int) -> int:
    """A size, for work that makes its own input."""
    return count


# Requests -----------------------------------------------------------------------------------------


def request_with(**given: str) -> web.Request:
    """A request with headers."""
    named = {name.replace("_", "-"): value for name, value in given.items()}
    return make_mocked_request("POST", "/", headers=named)


def cookies(text: str) -> object:
    """The cookies of a request."""
    return request_with(Cookie=text).cookies


def conditions(**given: str) -> str:
    """Whether a stored version meets a request's conditions."""
    return etags.Conditions(**cast(Any, given)).unmet('"x"', 0.0)


def from_page(text: str) -> bool:
    """Whether another page's browser sent a request."""
    return is_from_other_page(request_with(Origin=text))


def preflight(text: str) -> object:
    """The answer to a browser that asks for many headers."""
    rule = cors.Rule(origins=("*",), methods=("GET",), headers=("x-*",))
    return cors.preflight_headers([rule], cors.Preflight("http://a", "GET", text))


def stream_in_pieces(count: int) -> None:
    """Read a body that comes in small pieces."""

    async def read() -> None:
        loop = asyncio.get_running_loop()
        stream = StreamReader(Mock(spec=BaseProtocol), 1 << 16, loop=loop)
        for _ in range(count):
            stream.feed_data(PIECE)
        stream.feed_eof()
        assert len(await read_whole(stream, limit_bytes=1 << 30) or b"") == count * len(PIECE)

    run(read())


def form(body: bytes, content_type: str) -> None:
    """Read a form as the sign-in pages do."""

    async def read() -> None:
        loop = asyncio.get_running_loop()
        stream = StreamReader(BaseProtocol(loop), 1 << 16, loop=loop)
        stream.feed_data(body)
        stream.feed_eof()
        headers = {"Content-Type": content_type, "Content-Length": str(len(body))}
        sent = make_mocked_request("POST", "/", headers=headers, payload=stream)
        await sent.post()

    run(read())


def run(work: Any) -> None:
    """Run a coroutine without a loop of its own each time."""
    loop = asyncio.new_event_loop()
    try:
        loop.run_until_complete(work)
    finally:
        loop.close()


def head_in_pieces(count: int) -> None:
    """A client of a hub that sends the head of its request a few bytes at a time."""
    factory = hub_endpoint(Mock(), Mock())(Mock())
    protocol = factory()
    assert isinstance(protocol, FirstBytes)
    run(_fed(protocol, count))


async def _fed(protocol: FirstBytes, count: int) -> None:
    protocol.connection_made(Mock(spec=asyncio.Transport))
    for _ in range(count):
        protocol.data_received(b"a: b\r\n")
    protocol.connection_lost(None)


# Storage ------------------------------------------------------------------------------------------


def string_to_sign(count: int) -> object:
    """A shared key's text over many headers and parameters."""
    headers = {f"x-ms-meta-{number}": "v" for number in range(count)}
    query = Query(tuple((f"p{number}", "v") for number in range(count)))
    return [*shared_key.strings_to_sign("GET", headers, "/a/b", query)]


def page_of(count: int) -> object:
    """A page of a listing, of names below a few folders."""
    names = sorted(f"a/{number % 10}/{number:09}" for number in range(count))
    return listing.cut_page(names, listing.PageQuery("a/", "/"))


def batch_of(body: bytes) -> object:
    """The parts of a batch request."""
    return batch.split(body, b"batch_1")


def signed_parameters(text: str) -> object:
    """What a signature fixes of a URL: it may name a long value again and again."""
    query = Query((("srq", text), ("a", "v" * len(text))))
    return sas._signed_request(cast(Any, SimpleNamespace(query=query, header=Mock())))


# Packages -----------------------------------------------------------------------------------------


def package(count: int) -> bytes:
    """A zip file of many entries."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("host.json", "{}")
        for number in range(count):
            archive.writestr(f"{number}", "")
    return content.getvalue()


def unpacked(content: bytes) -> None:
    """Read and check a package's list."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        packages.check(archive.infolist())


def deep_entries(count: int) -> list[zipfile.ZipInfo]:
    """Entries that stand as deep as a path may be long."""
    deep = "a/" * 450
    return [zipfile.ZipInfo("host.json"), *(zipfile.ZipInfo(f"{deep}{n}") for n in range(count))]


# Apps ---------------------------------------------------------------------------------------------


def matched(template: str) -> Callable[[str], object]:
    """Match a path with a route."""
    return routing.parse(template).match


def constrained(name: str) -> Callable[[str], object]:
    """Check a path segment with a constraint."""
    return route_constraints.constraint(name, "r")


def settings_file(count: int) -> object:
    """An app's settings that stand above host.json."""
    return {
        f"AzureFunctionsJobHost__extensions__http__customHeaders__h{number}": "v"
        for number in range(count)
    }


def webhook(text: str) -> object:
    """What a function gets of the claims that SignalR Service sends."""
    return webhooks.claims_of(text)


# SignalR ------------------------------------------------------------------------------------------


def token(count: int) -> str:
    """A client's token with many claims."""
    return jwt.encode({f"c{number}": "v" for number in range(count)}, KEY, algorithm="HS256")


def token_head(count: int) -> str:
    """A token whose header has many names."""
    return jwt.encode({}, KEY, "HS256", headers={f"h{number}": "v" for number in range(count)})


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


def devices(count: int) -> None:
    """Devices that ask for a code."""
    codes = Codes(Mock())
    for _ in range(count):
        codes.new_device("app", "openid")


def multipart(count: int) -> bytes:
    """A form of many fields, as a browser sends it with files."""
    part = b'--b\r\nContent-Disposition: form-data; name="n"\r\n\r\nv\r\n'
    return part * count + b"--b--\r\n"


JSON = JsonProtocol()
MESSAGE_PACK = MessagePackProtocol()

CASES: Final[dict[str, Case]] = {
    # Filters: at most 10,000 characters.
    "$filter: conditions": Case(repeated("a eq 1 and ", after="a eq 1"), odata.parse, 50),
    "$filter: quotes": Case(repeated("''", before="a eq '", after="'"), odata.parse, 300),
    "$filter: quotes without an end": Case(repeated("''", before="a eq '"), odata.parse, 300),
    "$filter: a list": Case(repeated("1,", before="a in (", after="1)"), odata.parse, 300),
    "$filter: spaces": Case(repeated(" ", before="a", after="eq 1"), odata.parse, 600),
    "$filter: a path": Case(repeated("a/", after="a eq 1"), odata.parse, 300),
    "tags: comparisons": Case(
        repeated("\"a\" = 'b' AND ", after="\"a\" = 'b'"), tag_rules.parse_search, 40
    ),
    "tags: alternatives": Case(
        repeated("\"a\" = 'b' OR ", after="\"a\" = 'b'"), tag_rules.parse_condition, 40
    ),
    "tags: a quote without an end": Case(repeated("a", before='"'), tag_rules.parse_search, 600),
    "filter of connections": Case(
        repeated("userId eq 'a' or ", after="userId eq 'a'"), filters.compile_filter, 35
    ),
    "filter of Graph": Case(
        repeated("appId eq 'a' or ", after="appId eq 'a'"), graph_requests.read_filter, 35
    ),
    # Packages
    "zip: entries": Case(package, unpacked, 60),
    "zip: folders within folders": Case(deep_entries, packages.check, 4),
    "zip: one long path": Case(lambda count: [zipfile.ZipInfo("a/" * count)], packages.check, 1000),
    # Bodies
    "batch: parts": Case(repeated_bytes(b"\r\n--batch_1\r\nx"), batch_of, 200),
    "batch: beginnings of a boundary": Case(repeated_bytes(b"\r\n--batch_"), batch_of, 1000),
    "batch: line ends": Case(repeated_bytes(b"\r\n"), batch_of, 1000),
    "form: fields": Case(
        repeated_bytes(b"a=b&"),
        partial(form, content_type="application/x-www-form-urlencoded"),
        60,
        stops=True,
    ),
    "form: parts": Case(
        multipart, partial(form, content_type="multipart/form-data; boundary=b"), 40
    ),
    "XML: elements": Case(
        repeated_bytes(b"<b>c</b>", before=b"<a>", after=b"</a>"), xmltext.parse, 300
    ),
    "XML: attributes": Case(
        lambda count: numbered(' b#="c"', before="<a", after="/>")(count).encode(),
        xmltext.parse,
        300,
    ),
    "XML: entities": Case(repeated_bytes(b"&amp;", before=b"<a>", after=b"</a>"), xmltext.parse),
    "XML: a comment without an end": Case(
        repeated_bytes(b"-", before=b"<a><!--"), xmltext.parse, 20000
    ),
    "XML: sections": Case(
        repeated_bytes(b"<![CDATA[x]]>", before=b"<a>", after=b"</a>"), xmltext.parse
    ),
    "XML: what no XML can hold": Case(repeated("\0"), lambda text: xmltext.named("a", text)),
    "JSON: brackets": Case(repeated_bytes(b"["), strict_json.loads, stops=True),
    "JSON: members": Case(
        lambda count: numbered('"a#":1,', before="{", after='"a":1}')(count).encode(),
        strict_json.loads,
    ),
    "JSON: one member again and again": Case(
        repeated_bytes(b'"a":1,', before=b"{", after=b'"a":1}'), strict_json.loads
    ),
    "JSON: digits": Case(repeated_bytes(b"1"), strict_json.loads, 250),
    "JSON: digits behind a point": Case(repeated_bytes(b"1", before=b"0."), strict_json.loads),
    "JSON: escapes": Case(repeated_bytes(b"\\u0041", before=b'"', after=b'"'), strict_json.loads),
    "JSON: halves of characters": Case(
        repeated_bytes(b"\\ud800", before=b'"', after=b'"'), strict_json.loads
    ),
    "JSON: a text without an end": Case(repeated_bytes(b"\\\\", before=b'"'), strict_json.loads),
    "JSON: spaces": Case(repeated_bytes(b" ", after=b"1"), strict_json.loads),
    "Graph: annotations": Case(
        lambda count: {f"a{number}@odata.type": "x" for number in range(count)},
        graph_requests.without_annotations,
    ),
    "a body in small pieces": Case(itself, stream_in_pieces),
    # Headers
    "Range: many": Case(
        repeated("0-1,", before="bytes="), lambda text: ranges.parse(text, 100), stops=True
    ),
    "Range: digits": Case(
        repeated("1", before="bytes="), lambda text: ranges.parse(text, 100), stops=True
    ),
    "If-Match: tags": Case(repeated('"a", '), lambda text: conditions(if_match=text)),
    "If-None-Match: weak tags": Case(
        repeated('W/"a",'), lambda text: conditions(if_none_match=text)
    ),
    "If-Modified-Since: words": Case(
        repeated("a "), lambda text: conditions(if_modified_since=text)
    ),
    "If-Modified-Since: digits": Case(
        repeated("1", before="Mon, 1 Jan "), lambda text: conditions(if_modified_since=text), 5000
    ),
    "If-Modified-Since: commas": Case(
        repeated(","), lambda text: conditions(if_modified_since=text)
    ),
    "Cookie: many": Case(numbered("a#=b; "), cookies, 200, stops=True),
    "Cookie: one again and again": Case(repeated("a=b; "), cookies, 200, stops=True),
    "Cookie: separators": Case(repeated(";"), cookies, stops=True),
    "Cookie: equals signs": Case(repeated("=", before="a"), cookies, 20000, stops=True),
    "Cookie: escapes": Case(repeated("\\", before='a="', after='"'), cookies, stops=True),
    "Cookie: octal escapes": Case(repeated("\\101", before='a="', after='"'), cookies, stops=True),
    "Cookie: a quote without an end": Case(repeated('a="'), cookies, 20000, stops=True),
    "Authorization: spaces": Case(
        repeated(" ", before="Bearer ", after="x"), bearer.bearer_token, 20000
    ),
    "Authorization: words": Case(repeated("a ", before="Bearer "), bearer.bearer_token, 20000),
    "Authorization: a long password": Case(
        lambda count: base64.b64encode(b"a:" * count).decode(), bearer.basic_credentials, 5000
    ),
    "Host: dots": Case(repeated("a."), requested_host, stops=True),
    "Host: colons": Case(repeated(":"), requested_host, stops=True),
    "Origin: a long one": Case(repeated("a:", before="http://"), from_page, 20000, stops=True),
    "Connection: names": Case(
        lambda count: CIMultiDictProxy(
            CIMultiDict({"Connection": numbered("x-#,")(count), "Location": "/"})
        ),
        lambda given: headers.for_client(given, Mock(origins=()), Mock(prefix="")),
    ),
    "preflight: headers": Case(numbered("x-#,"), preflight),
    "head of a request in small pieces": Case(itself, head_in_pieces, 300),
    # URLs
    "redirect: escapes": Case(
        repeated("%2F", before="/a"),
        lambda text: is_allowed(text, own_origin="http://a", allowed=()),
    ),
    "query: parameters": Case(numbered("a#=b&"), Query.parse),
    "query: separators": Case(repeated("&"), Query.parse, 20000),
    "path: slashes": Case(repeated("/"), lambda text: read_target(text, Query(())), 20000),
    "path: escapes": Case(
        repeated("%41", before="/a/b/"), lambda text: read_target(text, Query(()))
    ),
    "shared key: headers and parameters": Case(itself, string_to_sign, 60),
    "signature: one parameter again and again": Case(repeated("a,"), signed_parameters, 600),
    "signature: parameters": Case(numbered("a#,"), signed_parameters, 600),
    "listing: names": Case(itself, page_of),
    # Routes, templates and settings of apps
    "route: constraints": Case(repeated(":int", before="{a", after="}"), routing.parse, 3000),
    "route: segments": Case(numbered("{a#}/"), routing.parse, 100),
    "route: a long segment": Case(repeated("a"), routing.parse, 2000),
    "route: brackets": Case(
        repeated("(", before="{a:regex(", after=")}"), routing.parse, stops=True
    ),
    "path of a mixed route": Case(repeated("-"), matched("{a}-{b}--{c}")),
    "path of a catch-all route": Case(repeated("a/"), matched("{*a}"), 300),
    "path of escapes": Case(repeated("%2F%41"), matched("{a}"), 300),
    "constraint int: digits": Case(repeated("9"), constrained("int"), 20000),
    "constraint int: zeros": Case(repeated("0"), constrained("int"), 20000),
    "constraint int: spaces": Case(repeated(" "), constrained("int"), 20000),
    "constraint min: digits": Case(repeated("9"), constrained("min(3)"), 20000),
    "constraint decimal: digits": Case(repeated("9", after="x"), constrained("decimal"), 20000),
    "constraint decimal: commas": Case(repeated("1,", after="x"), constrained("decimal"), 20000),
    "constraint datetime: spaces": Case(
        repeated(" ", before="1", after="x"), constrained("datetime"), 20000
    ),
    "constraint datetime: digits": Case(repeated("1"), constrained("datetime"), 20000),
    "constraint alpha": Case(repeated("a", after="1"), constrained("alpha"), 20000),
    "constraint bool: spaces": Case(repeated(" "), constrained("bool"), 20000),
    "schedule: values": Case(
        repeated("0,", before="0 ", after="0 * * * *"), ncrontab.Ncrontab.parse, 300
    ),
    "schedule: digits": Case(
        repeated("9", before="0 */", after=" * * * *"), lambda text: schedule.parse(text, None)
    ),
    "schedule: days": Case(repeated("9"), lambda text: schedule.parse(text, None), 300),
    "trigger of blobs: braces": Case(repeated("{{", before="box/"), paths.BlobPattern.parse, 2000),
    "trigger of blobs: a long name": Case(
        repeated("-"), paths.BlobPattern.parse("box/{a}-{b}--{c}.txt").match, stops=True
    ),
    "host.json: comments": Case(
        repeated("/* */", before="{", after="}"), commented_json.loads, 300
    ),
    "host.json: beginnings of a comment": Case(repeated("/*", before="{"), commented_json.loads),
    "host.json: quotes": Case(repeated('"a', before="{//"), commented_json.loads),
    "binding: expressions": Case(
        repeated("{a}"), lambda text: expressions.resolve(text, {"a": "b"}), 300
    ),
    "binding: a path": Case(
        repeated("a.", before="{", after="a}"), lambda text: expressions.resolve(text, {}), 5000
    ),
    "binding: opening braces": Case(
        repeated("{"), lambda text: expressions.resolve(text, {}), 5000
    ),
    "binding: fields of a body": Case(
        lambda count: numbered('"a#":1,', before="{", after='"a":1}')(count).encode(),
        lambda body: expressions.binding_data({}, {}, {}, body),
    ),
    "settings in a template": Case(
        repeated("%A%"), lambda text: expressions.with_settings(text, {"A": "b"}, where="r"), 300
    ),
    "settings: percent signs": Case(
        repeated("%"), lambda text: expressions.with_settings(text, {}, where="r"), 20000
    ),
    "host.json: headers": Case(
        lambda count: {
            "version": "2.0",
            "extensions": {"http": {"customHeaders": {f"h{n}": "v" for n in range(count)}}},
        },
        host_json.parse,
    ),
    "local.settings.json: origins": Case(
        numbered("http://a#,"), lambda text: local_settings.cors_of(text, False)
    ),
    "app: cookies": Case(
        repeated("a", before='"'), lambda text: http_data.set_cookie({"name": "n", "value": text})
    ),
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
            _begun(framing.BinaryDecoder(), framing.write_varint(count * 17)), count
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
    ),
    "message in JSON: arguments": Case(lambda count: body_of(JSON, arguments(count)), JSON.parse),
    "message in JSON: headers": Case(lambda count: body_of(JSON, headers_of(count)), JSON.parse),
    "message in MessagePack: arguments": Case(
        lambda count: body_of(MESSAGE_PACK, arguments(count)), MESSAGE_PACK.parse
    ),
    "message in MessagePack: headers": Case(
        lambda count: body_of(MESSAGE_PACK, headers_of(count)), MESSAGE_PACK.parse
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
    "claims for an app": Case(lambda count: {"a": ["v"] * count}, upstream.user_claims),
    "claims from the service": Case(numbered("a#: b, "), webhook),
    "connections that are not open yet": Case(itself, negotiated, 250),
    "groups of one user": Case(itself, partial(groups, ttl_s=None), 300),
    "groups of one user, for a while": Case(itself, partial(groups, ttl_s=100.0), 300),
    # What is left
    "messages from a function's process": Case(
        lambda count: channel.encode({"op": "log"}) * count,
        lambda data: [*channel.Decoder().feed(data)],
        300,
    ),
    "a long message from a function's process": Case(
        itself,
        lambda count: in_pieces(
            _begun(channel.Decoder(), channel.SIZES.pack(2, count * 17)), count
        ),
    ),
    "codes of devices": Case(itself, devices, 250),
    "scopes": Case(
        lambda count: [f"Scope.{number}" for number in range(count)],
        lambda asked: permissions.scopes(asked, "app"),
        300,
    ),
    "scopes: the default again and again": Case(
        lambda count: [".default"] * count, lambda asked: permissions.scopes(asked, "app")
    ),
    "trace: an event with much in it": Case(
        lambda count: json.loads("[" + '{"a": "b"},' * count + "1]"),
        lambda value: trace.mask_value("body", value),
        200,
    ),
}


def _begun(decoder: Any, first: bytes) -> Callable[[bytes], Any]:
    """A decoder that has read the beginning of a long message."""
    assert not [*decoder.feed(first)]
    feed: Callable[[bytes], Any] = decoder.feed
    return feed
