"""Hub messages over one WebSocket, in the JSON protocol."""

from __future__ import annotations

import aiohttp

from chatkit.errors import ConnectionClosed
from chatkit.wire.hub_messages import HubMessage
from chatkit.wire.hub_protocol import PROTOCOLS, HandshakeReader, HubReader, handshake_request, parse_handshake_response

JSON = PROTOCOLS["json"]


class Link:
    """One open WebSocket to a hub. Bytes after the handshake's answer belong to the hub, so they are kept."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket
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
        """Wait for the next WebSocket message and return the hub messages it completed, possibly none.

        Raises:
            RemoteProtocolError: What arrived is not the protocol.
            ConnectionClosed: The WebSocket ended.
        """
        early, self._early = self._early, []
        return early or list(self._reader.feed(await self._read()))

    async def close(self) -> None:
        """Close the WebSocket."""
        await self._socket.close()

    async def _write(self, frame: bytes) -> None:
        await self._socket.send_str(frame.decode())

    async def _read(self) -> bytes:
        frame = await self._socket.receive()
        if frame.type is aiohttp.WSMsgType.TEXT:
            return str(frame.data).encode()
        if frame.type is aiohttp.WSMsgType.BINARY:
            return bytes(frame.data)
        code = self._socket.close_code or 1006
        raise ConnectionClosed(code, who="network" if code == 1006 else "peer")
