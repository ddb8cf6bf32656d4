"""Long requests: filters, packages, bodies, headers and URLs."""

from __future__ import annotations

import asyncio
import base64
import io
import zipfile
from functools import partial
from types import SimpleNamespace
from typing import Any, Final, cast
from unittest.mock import Mock

from aiohttp import StreamReader, web
from aiohttp.base_protocol import BaseProtocol
from aiohttp.test_utils import make_mocked_request
from multidict import CIMultiDict, CIMultiDictProxy

from chatkit.core import strict_json
from chatkit.core.host_names import requested_host
from chatkit.localcloud.core import bearer, cors, etags, odata
from chatkit.localcloud.core.first_bytes import FirstBytes
from chatkit.localcloud.core.web import is_from_other_page, read_whole
from chatkit.localcloud.easy_auth.proxy import headers
from chatkit.localcloud.easy_auth.redirects import is_allowed
from chatkit.localcloud.entra import graph_requests
from chatkit.localcloud.functions.deployed import packages
from chatkit.localcloud.signalr.rest import filters
from chatkit.localcloud.signalr.transports.websocket import hub_endpoint
from chatkit.localcloud.storage.auth import sas, shared_key
from chatkit.localcloud.storage.formats import ranges, tag_rules, xmltext
from chatkit.localcloud.storage.operations import batch, listing
from chatkit.localcloud.storage.state.request import Query, read_target
from tests.localcloud.long_inputs.case import (
    PIECE,
    Case,
    itself,
    numbered,
    repeated,
    repeated_bytes,
    run,
)


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


def multipart(count: int) -> bytes:
    """A form of many fields, as a browser sends it with files."""
    part = b'--b\r\nContent-Disposition: form-data; name="n"\r\n\r\nv\r\n'
    return part * count + b"--b--\r\n"


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
        100,
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
        100,
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
    "preflight: headers": Case(numbered("x-#,"), preflight, 100),
    "head of a request in small pieces": Case(itself, head_in_pieces, 300),
    # URLs
    "redirect: escapes": Case(
        repeated("%2F", before="/a"),
        lambda text: is_allowed(text, own_origin="http://a", allowed=()),
    ),
    "query: parameters": Case(numbered("a#=b&"), Query.parse, 100),
    "query: separators": Case(repeated("&"), Query.parse, 20000),
    "path: slashes": Case(repeated("/"), lambda text: read_target(text, Query(())), 20000),
    "path: escapes": Case(
        repeated("%41", before="/a/b/"), lambda text: read_target(text, Query(()))
    ),
    "shared key: headers and parameters": Case(itself, string_to_sign, 60),
    "signature: one parameter again and again": Case(repeated("a,"), signed_parameters, 600),
    "signature: parameters": Case(numbered("a#,"), signed_parameters, 600),
    "listing: names": Case(itself, page_of),
}
