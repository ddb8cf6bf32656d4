"""Hub messages over one WebSocket, in the JSON protocol."""

from __future__ import annotations

import socket
from contextlib import suppress

import aiohttp

from chatkit.chat.client.tap import Tap
from chatkit.core.errors import ConnectionClosed
from chatkit.wire.hub_messages import HubMessage
from chatkit.wire.hub_protocol import (
    PROTOCOLS,
    HandshakeReader,
    HubReader,
    handshake_request,
    parse_handshake_response,
)

JSON = PROTOCOLS["json"]


class Link:
    """One open WebSocket to a hub.

    Bytes after the handshake's answer belong to the hub, so they are kept.

    Args:
        socket: Open, nothing sent yet.
        tap: Hears every frame.
    """

    def __init__(self, socket: aiohttp.ClientWebSocketResponse, tap: Tap) -> None:
        self._socket = socket
        self._tap = tap
        self._reader = HubReader(JSON)
        self._early: list[HubMessage] = []

    async def shake_hands(self) -> None:
        """Ask for the JSON protocol.

        Raises:
            RemoteProtocolError: The service refused.
            ConnectionClosed: The WebSocket ended instead.
        """
        await self._write(handshake_request(JSON.name))
        reader = HandshakeReader()
        while (answer := reader.feed(await self._read())) is None:
            pass
        parse_handshake_response(answer)
        self._early = list(self._reader.feed(reader.rest()))

    async def send(self, message: HubMessage) -> None:
        """Send one hub message."""
        await self._write(JSON.serialize(message))

    async def receive(self) -> list[HubMessage]:
        """Wait for the next WebSocket message; return the hub messages it completed, perhaps none.

        Raises:
            RemoteProtocolError: What arrived is not the protocol.
            ConnectionClosed: The WebSocket ended.
        """
        if self._early:
            early = self._early
            self._early = []
            return early
        return list(self._reader.feed(await self._read()))

    async def close(self) -> None:
        """Close the WebSocket."""
        await self._socket.close()

    def cut(self) -> None:
        """Break the TCP connection, as a network does that fails: without a close frame."""
        if (transport := self._socket.get_extra_info("socket")) is not None:
            with suppress(OSError):
                transport.shutdown(socket.SHUT_RDWR)

    async def _write(self, frame: bytes) -> None:
        if self._tap.watcher:
            self._tap.watcher.frame("sent", frame)
        await self._socket.send_str(frame.decode())

    async def _read(self) -> bytes:
        frame = await self._socket.receive()
        if frame.type in (aiohttp.WSMsgType.TEXT, aiohttp.WSMsgType.BINARY):
            data = _bytes(frame.data)
            if self._tap.watcher:
                self._tap.watcher.frame("received", data)
            return data
        code = self._socket.close_code or 1006
        if self._tap.watcher:
            self._tap.watcher.ended(code)
        # RFC 6455 §7.1.5: 1006 stands for a connection that ended without a close frame.
        if code == 1006:
            raise ConnectionClosed(code, who="network")
        raise ConnectionClosed(code, who="peer")


def _bytes(data: str | bytes) -> bytes:
    if isinstance(data, str):
        return data.encode()
    return bytes(data)
