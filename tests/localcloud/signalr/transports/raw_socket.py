"""A WebSocket client of bytes: frames as a correct client would never send them."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

from tests.localcloud.signalr.harness import WAIT_S, Running

MASK = b"\x01\x02\x03\x04"
TEXT = 1
BINARY = 2
CONTINUED = 0
CLOSE = 8
PING = 9
PONG = 10
HANDSHAKE = b'{"protocol":"json","version":1}\x1e'


def frame(opcode: int, content: bytes = b"", *, fin: bool = True, reserved: int = 0) -> bytes:
    """One masked frame of up to 65,535 bytes (RFC 6455 §5.2)."""
    size = len(content)
    length = bytes((0x80 | size,)) if size < 126 else b"\xfe" + size.to_bytes(2, "big")
    masked = bytes(byte ^ MASK[place % 4] for place, byte in enumerate(content))
    return bytes((fin << 7 | reserved << 4 | opcode,)) + length + MASK + masked


@dataclass
class RawSocket:
    """One TCP connection to an instance."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def head(self) -> str:
        """The head of the next HTTP answer."""
        return (await asyncio.wait_for(self.reader.readuntil(b"\r\n\r\n"), WAIT_S)).decode()

    async def frame(self) -> tuple[int, bytes]:
        """Opcode and content of the next frame."""
        first, size = await asyncio.wait_for(self.reader.readexactly(2), WAIT_S)
        if size == 126:
            size = int.from_bytes(await self.reader.readexactly(2), "big")
        return first & 15, await asyncio.wait_for(self.reader.readexactly(size), WAIT_S)

    async def close_code(self) -> int:
        """The code of the closing frame, whatever hub messages come before it."""
        opcode, content = await self.frame()
        while opcode != CLOSE:
            opcode, content = await self.frame()
        return int.from_bytes(content[:2], "big")


def upgrade(
    running: Running, target: str = "/client/?hub=chat", *, more: str = "", name: str = "Upgrade: "
) -> bytes:
    """The head of a WebSocket request."""
    key = base64.b64encode(b"0123456789abcdef").decode()
    return (
        f"GET {target} HTTP/1.1\r\nHost: localhost:{running.spec.port}\r\nAuthorization: Bearer"
        f" {running.token('alice')}\r\n"
        f"{name}websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key:"
        f" {key}\r\n{more}\r\n"
    ).encode()


@asynccontextmanager
async def connected(running: Running) -> AsyncIterator[RawSocket]:
    """A TCP connection."""
    reader, writer = await asyncio.open_connection("127.0.0.1", running.spec.port)
    try:
        yield RawSocket(reader, writer)
    finally:
        writer.transport.abort()
        with suppress(ConnectionError):
            await writer.wait_closed()


@asynccontextmanager
async def opened(running: Running) -> AsyncIterator[RawSocket]:
    """A WebSocket past the hub's handshake."""
    async with connected(running) as socket:
        socket.writer.write(upgrade(running) + frame(TEXT, HANDSHAKE))
        assert "101 Switching Protocols" in await socket.head()
        assert await socket.frame() == (TEXT, b"{}\x1e")
        yield socket
