"""Attempts to use up connections, descriptors and logs."""

from __future__ import annotations

from tests.attacks.group import Group

HEAD = b"POST / HTTP/1.1\r\nHost: localhost\r\n"
LENGTH = b"Content-Length: 100\r\n\r\n"

# What a client sends, piece by piece, before it sends nothing more.
HALF_OPEN: dict[str, tuple[bytes, ...]] = {
    "nothing": (),
    "half a request line": (b"POST / HT",),
    "a request line": (b"POST / HTTP/1.1\r\n",),
    "headers without an end": (HEAD,),
    "headers that trickle": (HEAD, b"A: b\r\n", b"C: d\r\n", b"E: f\r\n"),
    "a body that never comes": (HEAD + LENGTH,),
    "half a body": (HEAD + LENGTH + b"x" * 50,),
    "a body that trickles": (HEAD + LENGTH, b"x", b"x", b"x", b"x"),
    "chunks without an end": (HEAD + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",),
    "half a chunk": (HEAD + b"Transfer-Encoding: chunked\r\n\r\nff\r\nhello",),
}

PAGE_HALF_OPEN: dict[str, bytes] = {
    "nothing, to the page's server": b"",
    "half a request line, to the page's server": b"GET / HT",
    "headers without an end, to the page's server": b"GET / HTTP/1.1\r\nHost: localhost\r\n",
}

TLS_HALF_OPEN: dict[str, bytes] = {
    "no handshake at all": b"",
    "the first byte of a handshake": b"\x16",
    "half a ClientHello": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(40),
    "HTTP where TLS is spoken": b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "an alert instead of a handshake": b"\x15\x03\x01\x00\x02\x02\x28",
}
SHARED_HALF_OPEN: dict[str, bytes] = {
    "a ClientHello that never ends, on a port for http and https": b"\x16\x03\x01\x02\x00\x01",
    "half a request line, on a port for http and https": b"GET / HT",
    "nothing, on a port for http and https": b"",
}

GROUPS = (
    Group(
        "Requests that never end",
        "test_connection_limits.py",
        "test_a_half_open_request_is_ended",
        tuple(HALF_OPEN),
    ),
    Group(
        "TLS handshakes that never end",
        "test_accepting.py",
        "test_a_handshake_that_never_ends_is_ended",
        tuple(TLS_HALF_OPEN),
    ),
    Group(
        "Connections that never say what they are",
        "test_first_bytes.py",
        "test_a_connection_that_never_tells_is_ended",
        tuple(SHARED_HALF_OPEN),
    ),
    Group(
        "Page requests that never end",
        "test_page_server.py",
        "test_a_request_that_never_ends_is_ended",
        tuple(PAGE_HALF_OPEN),
    ),
)
