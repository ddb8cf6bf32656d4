"""What every HTTP port of the local cloud shares."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

from aiohttp import StreamReader, web
from aiohttp.typedefs import Handler

from chatkit.core.host_names import requested_host

__all__ = [
    "EVERY_PATH",
    "HANDED_ON",
    "HandedOn",
    "IDENTITY_HEADERS",
    "OTHER_PAGE",
    "SAFE_METHODS",
    "Handler",
    "host_name",
    "is_identity_header",
    "is_from_other_page",
    "noted",
    "origin_of",
    "parts_of",
    "read_whole",
    "wants_websocket",
    "whole_number",
]
# Where App Service Authentication leaves its headers for a request; the functions host puts them in
# place of the client's.
IDENTITY_HEADERS: web.RequestKey[Mapping[str, str]] = web.RequestKey("identity_headers", Mapping)
IDENTITY_PREFIXES = ("x-ms-client-principal", "x-ms-token-")


@dataclass(frozen=True)
class HandedOn:
    """A request as somebody in front of an app hands it on.

    Attributes:
        headers: All that the app gets, identity headers included.
        body: The same for the body.
    """

    headers: Mapping[str, str]
    body: bytes


HANDED_ON: web.RequestKey[HandedOn] = web.RequestKey("handed_on", HandedOn)
OTHER_PAGE = "A page of another site cannot do that."
# Methods that change nothing (RFC 9110 §9.2.1).
SAFE_METHODS = {"GET", "HEAD", "OPTIONS"}
# A dot alone leaves out line ends, which a path may have (`%0A`).
EVERY_PATH = "/{path:(?s:.*)}"
# nginx's status for a client that left before its answer.
CLIENT_CLOSED_REQUEST = 499
NUMBER_DIGITS = 18  # of every number that 64 bits hold


def host_name(request: web.BaseRequest) -> str:
    """The Host header without its port, lower-case.

    It is "localhost" for a request that a proxy in front of this machine passes on.
    """
    return requested_host(request.headers.get("Host", ""))


def is_from_other_page(request: web.BaseRequest, *, trusted: Iterable[str] = ()) -> bool:
    """Whether a browser sent a request for a page of another origin.

    It follows "Fetch Metadata Request Headers" (W3C), and Origin or Referer where a browser does
    not send those: old ones, and all of them to plain http elsewhere. Programs that are no browsers
    send none of these headers, and pages cannot change them.

    Args:
        request: What was sent.
        trusted: Origins that count as the server's own, besides the one in the Host header.
    """
    site = request.headers.get("Sec-Fetch-Site", "")
    if site in ("same-origin", "none"):
        return False
    source = request.headers.get("Origin") or request.headers.get("Referer") or ""
    if not source:
        return bool(site)
    own = {f"{scheme}://{request.headers.get('Host', '')}".lower() for scheme in ("http", "https")}
    return origin_of(source) not in {*own, *trusted} - {""}


def origin_of(url: str) -> str:
    """Scheme, host and port of a URL, lower-case; empty when it has none."""
    parts = parts_of(url)
    if parts is None or not parts.scheme or not parts.netloc:
        return ""
    return f"{parts.scheme}://{parts.netloc}".lower()


def is_identity_header(name: str) -> bool:
    """Whether a header could pretend to come from App Service Authentication."""
    # Some servers read "_" in a header's name as "-" (CGI has one form for both).
    return name.lower().replace("_", "-").startswith(IDENTITY_PREFIXES)


def wants_websocket(request: web.BaseRequest) -> bool:
    """Whether a request asks for a WebSocket (RFC 6455 §4.1)."""
    upgrades = [one.strip().lower() for one in request.headers.get("Upgrade", "").split(",")]
    return request.method == "GET" and "websocket" in upgrades


async def noted(
    request: web.Request, handler: Handler, note: Callable[[int, float], None]
) -> web.StreamResponse:
    """Let a handler answer, and note how that went, whatever happens.

    Args:
        request: What was sent.
        handler: Answers it.
        note: Gets the status, and how many milliseconds it took.
    """
    began = time.perf_counter()
    status = CLIENT_CLOSED_REQUEST
    try:
        answer = await handler(request)
        status = answer.status
    except web.HTTPException as error:
        status = error.status
        raise
    except ConnectionError:
        raise
    except Exception:
        status = 500
        raise
    finally:
        note(status, round((time.perf_counter() - began) * 1000, 2))
    return answer


async def read_whole(stream: StreamReader, *, limit_bytes: int) -> bytes | None:
    """Read a body to its end; None when it is longer than the limit.

    A stream's own `read(n)` returns what has arrived so far, which may be less.
    """
    content = bytearray()
    async for chunk in stream.iter_any():
        content += chunk
        if len(content) > limit_bytes:
            return None
    return bytes(content)


def parts_of(url: str) -> SplitResult | None:
    """The parts of a URL; None where Python finds none, as in `http://[::1` or with port 99999."""
    try:
        parts = urlsplit(url)
        _ = parts.port  # is read from the text only now
    except ValueError:
        return None
    return parts


def whole_number(text: str, *, digits: int = NUMBER_DIGITS) -> int | None:
    """The number that a text of digits is, None for every other text.

    Args:
        text: Any text.
        digits: The most it may have. Python refuses thousands of them with an error, because
            reading them takes time that grows with their square.
    """
    if not text.isascii() or not text.isdecimal() or len(text) > digits:
        return None
    return int(text)
