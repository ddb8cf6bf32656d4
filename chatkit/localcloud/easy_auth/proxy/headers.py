"""Which headers go on to the app, and which come back (RFC 9110 §7.6.1)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from aiohttp import hdrs, web
from multidict import CIMultiDict, CIMultiDictProxy

from chatkit.localcloud.core.browser.browser_view import BrowserView
from chatkit.localcloud.core.web import IDENTITY_HEADERS, is_identity_header
from chatkit.localcloud.easy_auth.proxy.target import Target

NO_IDENTITY: Mapping[str, str] = {}
HOP_BY_HOP = {
    "connection",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
}
# What tells an app how it was reached. Only those in front of it may say so.
FORWARDED = {
    "forwarded",
    "x-forwarded-for",
    "x-forwarded-host",
    "x-forwarded-port",
    "x-forwarded-prefix",
    "x-forwarded-proto",
    "x-forwarded-context",
    "x-proxycontextpath",
    "x-real-ip",
    "x-original-url",
    "x-rewrite-url",
}
# The proxy has said 100 itself, or the app's answer makes it superfluous.
EXPECT = "expect"


def for_app(request: web.Request, view: BrowserView) -> CIMultiDict[str]:
    """The headers of a request as the app gets them.

    Identity headers are the platform's alone: whatever the client has sent of them is left out.
    """
    ours = {*HOP_BY_HOP, *FORWARDED, EXPECT, "host", *_named(request.headers)}
    # The name under which the app is reached on this machine: development servers refuse others.
    host = request.headers.get(hdrs.HOST, view.host)
    if view.is_proxied:
        host = f"localhost:{view.port}"
    headers: CIMultiDict[str] = CIMultiDict({hdrs.HOST: host})
    spelt: dict[str, str] = {}
    for name, value in request.headers.items():
        if not _is_in(name, ours) and not is_identity_header(name):
            # aiohttp's client keeps repeated headers apart only in one spelling.
            headers.add(spelt.setdefault(name.lower(), name), value)
    headers.update(_forwarded(request, view))
    headers.update(request.get(IDENTITY_HEADERS, NO_IDENTITY))
    return headers


def for_upgrade(request: web.Request, view: BrowserView) -> CIMultiDict[str]:
    """The same for a request that asks for a WebSocket."""
    headers = for_app(request, view)
    headers[hdrs.CONNECTION] = "Upgrade"
    headers[hdrs.UPGRADE] = "websocket"
    return headers


def for_client(
    headers: CIMultiDictProxy[str], target: Target, view: BrowserView
) -> CIMultiDict[str]:
    """The headers of the app's answer as the browser gets them."""
    ours = {*HOP_BY_HOP, *_named(headers)}
    kept: CIMultiDict[str] = CIMultiDict()
    for name, value in headers.items():
        if not _is_in(name, ours):
            kept.add(name, _sendable(value))
    location = kept.get(hdrs.LOCATION)
    if location is not None:
        kept[hdrs.LOCATION] = _in_front(location, target, view)
    return kept


def _named(headers: Mapping[str, str]) -> Iterable[str]:
    """The headers that Connection names: they are for the next hop alone."""
    getall = getattr(headers, "getall", None)
    values = getall(hdrs.CONNECTION, []) if getall else []
    return [one.strip().lower() for value in values for one in value.split(",")]


def _is_in(name: str, names: set[str]) -> bool:
    # Some servers read "_" in a header's name as "-".
    return name.lower().replace("_", "-") in names


def _forwarded(request: web.Request, view: BrowserView) -> dict[str, str]:
    """How the browser has reached us, in the headers that web frameworks read."""
    came_for = request.remote or "127.0.0.1"
    scheme = request.scheme
    if view.is_proxied:
        before = request.headers.get("X-Forwarded-For")
        came_for = f"{before}, {came_for}" if before else came_for
        first = request.headers.get("X-Forwarded-Proto", "").partition(",")[0].strip().lower()
        scheme = first if first in ("http", "https") else scheme
    found = {
        "X-Forwarded-For": came_for,
        "X-Forwarded-Host": view.host,
        "X-Forwarded-Proto": scheme,
    }
    if view.prefix:
        found["X-Forwarded-Prefix"] = view.prefix
    return found


def _in_front(location: str, target: Target, view: BrowserView) -> str:
    """Where an app's redirect leads: an app that names its own port means the one in front."""
    if location.startswith("//"):
        return location
    origins = target.origins
    if view.is_proxied:
        # An app that builds whole addresses from Host names the port in front (see `for_app`).
        origins = (*origins, f"http://localhost:{view.port}")
    for origin in origins:
        rest = location.removeprefix(origin)
        # With two slashes, what follows would be another host (RFC 3986 §4.2).
        is_path = not rest or (rest[0] in "/?#" and not rest.startswith("//"))
        if rest != location and is_path:
            location = rest if rest.startswith("/") else f"/{rest}"
            break
    if view.prefix and location.startswith(f"{view.prefix}/"):
        # An app that knows its prefix has put it there.
        location = location.removeprefix(view.prefix)
    # Through a proxy, another app of this machine is not at localhost.
    return view.shown(location)


def _sendable(value: str) -> str:
    """A header's value in UTF-8; bytes that are not are read as Latin-1 (RFC 9110 §5.5)."""
    try:
        value.encode()
    except UnicodeEncodeError:
        return value.encode("utf-8", "surrogateescape").decode("latin-1")
    return value
