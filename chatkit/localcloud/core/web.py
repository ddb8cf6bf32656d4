"""What every HTTP port of the local cloud shares."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from urllib.parse import SplitResult, urlsplit

from aiohttp import StreamReader, web
from aiohttp.typedefs import Handler

from chatkit.core.public_urls import is_proxied_host

__all__ = [
    "IDENTITY_HEADERS",
    "Handler",
    "requested_host",
    "host_name",
    "loopback_only",
    "parts_of",
    "read_whole",
    "without_port",
]
# Where App Service Authentication leaves its headers for a request; the functions host puts them in
# place of the client's.
IDENTITY_HEADERS: web.RequestKey[Mapping[str, str]] = web.RequestKey("identity_headers", Mapping)
PORT = re.compile(r"[0-9]{1,5}")
HIGHEST_PORT = 65535
LOOPBACK_HOSTS = {"localhost", "127.0.0.1", "[::1]"}


@web.middleware
async def loopback_only(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Refuse requests for other host names.

    A web page elsewhere must not reach this machine by DNS rebinding.
    """
    if host_name(request) not in LOOPBACK_HOSTS:
        return web.Response(status=421, text="This server answers on localhost only.\n")
    return await handler(request)


def host_name(request: web.BaseRequest) -> str:
    """The Host header without its port, lower-case.

    It is "localhost" for a request that a proxy in front of this machine passes on.
    """
    return requested_host(request.headers.get("Host", ""))


def requested_host(host: str) -> str:
    """The name in a Host header.

    It is "localhost" in place of the name under which browsers elsewhere know this machine.
    """
    name = without_port(host)
    if name not in LOOPBACK_HOSTS and is_proxied_host(name):
        return "localhost"
    return name


@lru_cache(maxsize=256)  # the same few, in every request
def without_port(host: str) -> str:
    """The name in a Host header, lower-case: "[::1]" of "[::1]:8888"."""
    name, _, port = host.lower().rpartition(":")
    if name and PORT.fullmatch(port) and int(port) <= HIGHEST_PORT:
        return name
    return host.lower()


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
