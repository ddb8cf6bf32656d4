"""The local Entra, sign-in in front of an app, and an app that is written byte by byte."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp

from chatkit.localcloud.cloud import LocalCloud
from chatkit.localcloud.easy_auth.local.options import Entra, SignInOptions
from chatkit.localcloud.easy_auth.proxy.run import Front, ProxyOptions
from chatkit.localcloud.easy_auth.proxy.target import Target

END = b"\r\n\r\n"
WEBSOCKET_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"  # RFC 6455 §1.3
UPGRADE = {
    "Connection": "Upgrade",
    "Upgrade": "websocket",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": base64.b64encode(b"only-for-tests--").decode(),
}


@dataclass
class Asked:
    """One request as the app got it, and the connection to answer on."""

    line: str
    headers: list[tuple[str, str]]
    body: bytes
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    def values(self, name: str) -> list[str]:
        """The values of a header, whatever its case."""
        return [value for key, value in self.headers if key.lower() == name.lower()]

    async def send(self, data: bytes) -> None:
        """Answer some bytes."""
        self.writer.write(data)
        await self.writer.drain()

    async def agree(self, *, then: bytes = b"") -> None:
        """Agree to a WebSocket, and send some bytes with it."""
        key = self.values("Sec-WebSocket-Key")[0].encode()
        accept = base64.b64encode(hashlib.sha1(key + WEBSOCKET_GUID).digest())
        head = [
            b"HTTP/1.1 101 Switching Protocols",
            b"Upgrade: websocket",
            b"Connection: Upgrade",
            b"Sec-WebSocket-Accept: " + accept,
        ]
        await self.send(b"\r\n".join(head) + END + then)


Answer = Callable[[Asked], Awaitable[None]]


class RawApp:
    """An app that tells what it was asked, or answers what a test says.

    Attributes:
        asked: Every request so far.
        answers: By path.
    """

    def __init__(self) -> None:
        self.asked: list[Asked] = []
        self.answers: dict[str, Answer] = {}
        self._server: asyncio.Server | None = None
        self.port = 0

    async def start(self, port: int = 0, *, tls: ssl.SSLContext | None = None) -> None:
        """Listen."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", port, ssl=tls)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Listen no more."""
        if self._server is not None:
            self._server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = (await reader.readuntil(END)).decode()
                line, *rest = head.removesuffix("\r\n\r\n").split("\r\n")
                pairs = [(key, value) for key, _, value in (one.partition(": ") for one in rest)]
                asked = Asked(line, pairs, b"", reader, writer)
                self.asked.append(asked)
                path = line.split(" ")[1].partition("?")[0]
                await self.answers.get(path, _tell)(asked)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()


async def body_of(asked: Asked) -> bytes:
    """Read the body, however it is sent."""
    length = asked.values("Content-Length")
    if length:
        return await asked.reader.readexactly(int(length[0]))
    content = b""
    if asked.values("Transfer-Encoding"):
        while size := int(await asked.reader.readline(), 16):
            content += await asked.reader.readexactly(size)
            await asked.reader.readline()
        await asked.reader.readline()
    return content


async def _tell(asked: Asked) -> None:
    asked.body = await body_of(asked)
    text = json.dumps({"line": asked.line, "headers": asked.headers, "body": len(asked.body)})
    await answer(asked, text.encode())


async def answer(asked: Asked, body: bytes = b"", *lines: bytes, status: bytes = b"200 OK") -> None:
    """Answer with a body of known length."""
    head = [b"HTTP/1.1 " + status, b"Content-Length: %d" % len(body), *lines]
    await asked.send(b"\r\n".join(head) + END + body)


class Cloud:
    """The local Entra in this process, and where sign-in keeps what it knows."""

    def __init__(self, folder: Path) -> None:
        self._cloud = LocalCloud(folder / "local", on_stop=lambda: None)
        self.folder = folder

    async def start(self) -> None:
        """Open Entra's ports."""
        await self._cloud.entra.start()

    async def stop(self) -> None:
        """Close everything."""
        await self._cloud.entra.stop()
        await self._cloud.platform.listeners.close_all()
        self._cloud.platform.store.close()

    async def come_back_elsewhere(self) -> None:
        """Stop, and start again while other programs have the ports."""
        before = self.entra()
        await self.stop()
        with ExitStack() as taken:
            for origin in (before.authority, before.graph):
                sock = taken.enter_context(socket.socket())
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                sock.bind(("127.0.0.1", int(origin.rpartition(":")[2])))
                sock.listen()
            self._cloud = LocalCloud(self.folder / "local", on_stop=lambda: None)
            await self.start()
        assert self.entra().authority != before.authority

    def applications(self) -> list[str]:
        """The ids of all registrations."""
        return [one["appId"] for one in self._cloud.entra.directory.applications()]

    def forget(self, client_id: str) -> None:
        """Delete a registration."""
        assert self._cloud.entra.directory.delete_application(client_id)

    def entra(self) -> Entra:
        """Where the local Entra is."""
        known = self._cloud.entra.endpoints()
        return Entra(
            authority=known["authority"],
            graph=known["graph"],
            tenant_id=known["tenant_id"],
            ca_file=self._cloud.platform.certificates.ca_file,
            client_id=known["client_id"],
            client_secret=known["client_secret"],
        )

    def options(self, **more: Any) -> SignInOptions:
        """How people sign in."""
        folder = self.folder / "local" / "sign-in"
        return SignInOptions(self.entra(), self.entra, folder, **more)

    @property
    def tls(self) -> ssl.SSLContext:
        """A server's certificate of an authority that nobody trusts."""
        return self._cloud.platform.certificates.server

    @asynccontextmanager
    async def front(
        self, port: int, *, scheme: str = "http", cors: tuple[str, ...] = (), **more: Any
    ) -> AsyncIterator[Front]:
        """Sign-in in front of an app's port."""
        target = Target(scheme, "127.0.0.1", port)
        options = ProxyOptions(target, self.options(**more), self.folder, port=0, cors=cors)
        async with AsyncExitStack() as stack:
            yield await Front.open(options, stack)


async def raw(url: str, request: bytes, *, until: bytes = b"") -> bytes:
    """Send bytes to a server; what it answers until it closes, or until some bytes have come."""
    port = int(url.rpartition(":")[2])
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(request)
        async with asyncio.timeout(10):
            if until:
                return await reader.readuntil(until)
            return await reader.read()
    finally:
        writer.close()


async def told(http: aiohttp.ClientSession, url: str, **options: Any) -> Any:
    """What the app says it was asked."""
    async with http.request(options.pop("method", "GET"), url, **options) as reply:
        assert reply.status == 200, await reply.text()
        return await reply.json(content_type=None)


def named(document: Any, name: str) -> list[str]:
    """The values of a header in what the app says."""
    return [value for key, value in document["headers"] if key.lower() == name.lower()]
