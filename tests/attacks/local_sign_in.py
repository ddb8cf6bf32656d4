"""Attempts against an app on this machine behind `chatkit auth --for` and `func start --auth`."""

from __future__ import annotations

from tests.attacks.group import Group
from tests.attacks.sign_in import SPOOFED_HEADERS

FILE = "test_front_attacks.py"
FOREIGN_HOSTS = ("evil.example", "localhost.evil.example", "127.0.0.1.evil.example:3000", "0.0.0.0")

# Requests in which two readers could see different ends; each ends in GET /smuggled.
SMUGGLED: dict[str, bytes] = {
    "a length and chunks": b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "chunks and a length": b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n",
    "two lengths": b"Content-Length: 0\r\nContent-Length: 30\r\n\r\n",
    "a length with a sign": b"Content-Length: +5\r\n\r\nhello",
    "a header name with a space": b"Content-Length : 5\r\n\r\nhello",
    "chunks by an unknown name": b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
    "chunks, folded": b"Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n",
    "a chunk with a false size": b"Transfer-Encoding: chunked\r\n\r\n0x5\r\nhello\r\n0\r\n\r\n",
    "a line that ends early": b"X-A: 1\nContent-Length: 5\r\n\r\nhello",
}
TUNNELS = (
    "upgrade to h2c",
    "upgrade with a body",
    "upgrade that the app does not agree to",
    "upgrade by POST",
)
UPGRADES = (
    "without session",
    "with a session of another app",
    "with a spoofed name",
    "with a token in the query",
    "from another site's page, with the cookie",
    "from a page at another port, with the cookie",
    "in an odd spelling of the path",
)
METHODS = ("TRACE", "CONNECT")
TARGETS = (
    "http://example.com",
    "http://169.254.169.254",
    "http://localhost.evil.example:3000",
    "http://localhost@evil.example",
    "http://alice:secret@localhost:3000",
    "ftp://localhost:3000",
    "http://0.0.0.0:3000",
    "http://localhost:3000/admin",
    "http://localhost:99999",
    "file:///etc/passwd",
    "http://[::1",
)
OTHERS = ("in the place of the app", "beside the app, on the other loopback address")
PROXY_HEADERS = (
    "a context on another host",
    "a context without this port",
    "a context with a port that ends alike",
    "a context that leads up",
    "a forwarded host",
)
PROXY_TARGETS = (
    "another user's server of the hub",
    "another port of the proxy",
    "a look-alike of the hub",
    "two slashes below the prefix",
    "the hub itself by another scheme",
)
# Paths of an app that a browser, or another reader, could take for an address elsewhere.
LOOK_ALIKES: dict[str, str] = {
    "two slashes": "//evil.example/x?a=b&c=%2F",
    "three slashes": "///evil.example",
    "a backslash": "/\\evil.example",
    "an encoded backslash": "/%5Cevil.example/x",
    "an encoded slash": "/%2Fevil.example/x",
    "a backslash in the query": "/x?back=\\\\evil.example",
    "a whole address": "http://{host}//evil.example/x",
}
MARKUP = ("in a provider's name", "in the address where it ends", "in the host of a proxy")
ONWARD = ("two slashes after the app's address", "a look-alike of the app's port")

GROUPS = (
    Group(
        "Identity headers in front of a local app",
        FILE,
        "test_a_spoofed_header_never_arrives",
        tuple(SPOOFED_HEADERS),
    ),
    Group("Sign-in on localhost, by another host's name", FILE, "test_421", FOREIGN_HOSTS),
    Group(
        "Requests that two readers end differently",
        FILE,
        "test_nothing_is_smuggled",
        tuple(SMUGGLED),
    ),
    Group("Connections that stop being HTTP", FILE, "test_only_websockets_tunnel", TUNNELS),
    Group(
        "WebSockets on a path that needs sign-in",
        FILE,
        "test_a_websocket_needs_a_session",
        UPGRADES,
    ),
    Group("Methods that are not for apps", FILE, "test_a_method_is_not_passed_on", METHODS),
    Group("Apps that sign-in does not stand in front of", FILE, "test_only_local_apps", TARGETS),
    Group(
        "Another user's program at the app's port", FILE, "test_another_user_learns_nothing", OTHERS
    ),
    Group("False words of a proxy", FILE, "test_a_false_proxy_leads_nowhere", PROXY_HEADERS),
    Group(
        "Redirects behind a proxy",
        FILE,
        "test_there_is_no_open_redirect_behind_a_proxy",
        PROXY_TARGETS,
    ),
    Group(
        "Pages that need sign-in, at paths that look like another host",
        FILE,
        "test_a_sign_in_leads_back_to_this_host",
        tuple(LOOK_ALIKES),
    ),
    Group("Markup in the pages of a sign-in", FILE, "test_markup_is_text", MARKUP),
    Group("Redirects of the app", FILE, "test_the_apps_redirect_gets_no_new_host", ONWARD),
)
