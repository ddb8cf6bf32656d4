"""Hub messages over one WebSocket: handshake, framing, nothing else."""

from __future__ import annotations

import json
from typing import Any

import aiohttp

from chatkit.errors import ConnectionClosed, RemoteProtocolError

SEPARATOR = "\x1e"
PING = {"type": 6}
CLOSE = {"type": 7}


class Link:
    """One open WebSocket to a hub. Bytes after the handshake's answer belong to the hub, so they are kept."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket
        self._rest = ""
        self._early: list[dict[str, Any]] = []

    async def shake_hands(self) -> None:
        """Ask for the JSON protocol.

        Raises:
            RemoteProtocolError: The service refused.
            ConnectionClosed: The WebSocket ended instead.
        """
        await self.send({"protocol": "json", "version": 1})
        while not (messages := await self._read()):
            pass
        if messages[0].get("error"):
            raise RemoteProtocolError(f"The service refused the handshake: {messages[0]['error']}")
        self._early = messages[1:]

    async def send(self, message: dict[str, Any]) -> None:
        """Send one hub message."""
        await self._socket.send_str(json.dumps(message, separators=(",", ":")) + SEPARATOR)

    async def receive(self) -> list[dict[str, Any]]:
        """Wait for the next WebSocket message and return the hub messages it completed, possibly none.

        Raises:
            RemoteProtocolError: What arrived is not the protocol.
            ConnectionClosed: The WebSocket ended.
        """
        early, self._early = self._early, []
        return early or await self._read()

    async def close(self) -> None:
        """Close the WebSocket."""
        await self._socket.close()

    async def _read(self) -> list[dict[str, Any]]:
        frame = await self._socket.receive()
        if frame.type is aiohttp.WSMsgType.TEXT:
            return self._split(frame.data)
        if frame.type is aiohttp.WSMsgType.BINARY:
            return self._split(frame.data.decode(errors="replace"))
        raise ConnectionClosed(
            self._socket.close_code or 1006, who="network" if self._socket.close_code in (None, 1006) else "peer"
        )

    def _split(self, data: str) -> list[dict[str, Any]]:
        *complete, self._rest = (self._rest + data).split(SEPARATOR)
        try:
            messages = [json.loads(text) for text in complete]
        except ValueError:
            raise RemoteProtocolError("The service sent a message that is not JSON.") from None
        if not all(isinstance(message, dict) for message in messages):
            raise RemoteProtocolError("The service sent a message that is not an object.")
        return messages
