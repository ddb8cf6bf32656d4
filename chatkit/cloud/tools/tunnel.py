"""A proxy for one child process, for as long as it runs.

It leads names below `localhost` to this machine: a cloud's storage suffix makes
`ACCOUNT.blob.localhost`, and not every system resolves such a name (RFC 6761 §6.3 lets it). And it
ends what would leave for Azure: nothing that a local command does may reach a real account.

HTTPS only, by CONNECT (RFC 9110 §9.3.6), with a password that only the child has. Standard library
only.
"""

from __future__ import annotations

import base64
import re
import secrets
import socket
import socketserver
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import cast
from urllib.parse import unquote, urlsplit

from chatkit.core.text.constant_time import is_same_secret

MAX_HEAD_BYTES = 16 * 1024
CONNECT_LIMIT_S = 20.0
LEAST_S = 0.001
CHUNK_BYTES = 64 * 1024
THIS_MACHINE = ("127.0.0.1", "::1", "localhost")
AZURE = (
    *("azure.com", "azure.net", "windows.net", "microsoftonline.com", "azurewebsites.net"),
    *("signalr.net", "graph.microsoft.com", "azurecr.io", "visualstudio.com"),
    *("azure.cn", "chinacloudapi.cn", "usgovcloudapi.net", "azure.us"),
)
"""Domains where somebody's subscription could be, and where telemetry goes."""
OF_AZ_ITSELF = (
    # Its list of extensions and the extensions, and Bicep.
    *("azcliextensionsync.blob.core.windows.net", "azcliprod.blob.core.windows.net"),
    "downloads.bicep.azure.com",
)
REQUEST = re.compile(
    r"CONNECT (?P<host>[^\s:]+|\[[0-9a-fA-F:]+\]):(?P<port>[0-9]{1,5}) HTTP/1\.[01]"
)


@dataclass(frozen=True)
class Via:
    """The proxy that this machine needs to reach the internet.

    Attributes:
        authorization: Value of its Proxy-Authorization header; may be empty.
    """

    host: str
    port: int
    authorization: str = ""

    @classmethod
    def parse(cls, url: str) -> Via | None:
        """The proxy of a variable like HTTPS_PROXY; None without one, or of another kind."""
        try:
            parts = urlsplit(url if "://" in url else f"http://{url}")
            host, port = parts.hostname, parts.port
        except ValueError:
            return None
        if parts.scheme != "http" or not host:
            return None
        if parts.username is None:
            return cls(host, port or 80)
        person = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
        return cls(host, port or 80, f"Basic {base64.b64encode(person.encode()).decode()}")


class _Refused(Exception):
    def __init__(self, status: str) -> None:
        super().__init__(status)
        self.status = status


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    block_on_close = False

    def __init__(self, via: Via | None, on_refusal: Callable[[str], object]) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.via = via
        self.on_refusal = on_refusal
        self.password = secrets.token_urlsafe(24)

    @property
    def url(self) -> str:
        """For the variable HTTPS_PROXY of the child."""
        return f"http://chatkit:{self.password}@127.0.0.1:{self.server_address[1]}"

    def handle_error(self, *_: object) -> None:
        """A connection that breaks is its ends' affair."""


@contextmanager
def tunnel(
    via: Via | None = None, on_refusal: Callable[[str], object] = lambda _host: None
) -> Iterator[str]:
    """Serve while the block runs, and give the block the proxy's address.

    Args:
        via: The proxy that this machine needs to reach the internet.
        on_refusal: Takes the name of each host in Azure that was asked for.
    """
    with _Server(via, on_refusal) as server:
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        try:
            yield server.url
        finally:
            server.shutdown()


class _Handler(socketserver.BaseRequestHandler):
    request: socket.socket

    def handle(self) -> None:
        """One connection: read what it asks for, then pass bytes on."""
        server = cast(_Server, self.server)
        self.request.settimeout(CONNECT_LIMIT_S)
        try:
            target = _open(_read_head(self.request), server)
        except _Refused as refusal:
            head = f"HTTP/1.1 {refusal.status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
            self.request.sendall(head.encode())
            return
        with target:
            self.request.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
            for sock in (self.request, target):
                sock.settimeout(None)
            back = threading.Thread(target=_pass_on, args=(target, self.request), daemon=True)
            back.start()
            _pass_on(self.request, target)
            back.join()


def _read_head(sock: socket.socket) -> str:
    until = time.monotonic() + CONNECT_LIMIT_S
    data = b""
    while b"\r\n\r\n" not in data:
        # One byte now and then must not keep a connection for ever.
        sock.settimeout(max(until - time.monotonic(), LEAST_S))
        more = sock.recv(CHUNK_BYTES)
        data += more
        if not more or len(data) > MAX_HEAD_BYTES:
            raise _Refused("400 Bad Request")
    return data.partition(b"\r\n\r\n")[0].decode("latin-1")


def _open(head: str, server: _Server) -> socket.socket:
    """A connection to what a request asks for.

    Raises:
        _Refused: It may not be asked for, or cannot be reached.
    """
    request, *lines = head.split("\r\n")
    asked = REQUEST.fullmatch(request)
    if asked is None or int(asked["port"]) > 65535:
        raise _Refused("400 Bad Request")
    wanted = f"Basic {base64.b64encode(f'chatkit:{server.password}'.encode()).decode()}"
    if not is_same_secret(_header(lines, "proxy-authorization"), wanted):
        raise _Refused("407 Proxy Authentication Required")
    host = asked["host"].strip("[]").lower().rstrip(".")
    port = int(asked["port"])
    try:
        if host in THIS_MACHINE or host.endswith(".localhost"):
            return socket.create_connection(("127.0.0.1", port), CONNECT_LIMIT_S)
        if is_of_azure(host):
            server.on_refusal(host)
            raise _Refused(f"403 {host} is not in the local cloud")
        if server.via is not None:
            return _open_via(server.via, host, port)
        return socket.create_connection((host, port), CONNECT_LIMIT_S)
    except OSError:
        raise _Refused("502 Bad Gateway") from None


def is_of_azure(host: str) -> bool:
    """Say whether a host could be somebody's in Azure."""
    if host in OF_AZ_ITSELF:
        return False
    return any(host == domain or host.endswith(f".{domain}") for domain in AZURE)


def _open_via(via: Via, host: str, port: int) -> socket.socket:
    sock = socket.create_connection((via.host, via.port), CONNECT_LIMIT_S)
    lines = [f"CONNECT {host}:{port} HTTP/1.1", f"Host: {host}:{port}"]
    if via.authorization:
        lines.append(f"Proxy-Authorization: {via.authorization}")
    try:
        sock.sendall("\r\n".join([*lines, "", ""]).encode())
        status = _read_head(sock).partition("\r\n")[0].split(" ", 1)[-1]
        if not status.startswith("2"):
            raise _Refused(status)
    except BaseException:
        sock.close()
        raise
    return sock


def _header(lines: list[str], wanted: str) -> str:
    pairs = (line.partition(":") for line in lines)
    return next((value.strip() for name, _, value in pairs if name.lower() == wanted), "")


def _pass_on(source: socket.socket, target: socket.socket) -> None:
    """Bytes of one direction, and its end."""
    with suppress(OSError):
        while data := source.recv(CHUNK_BYTES):
            target.sendall(data)
    with suppress(OSError):
        target.shutdown(socket.SHUT_WR)
