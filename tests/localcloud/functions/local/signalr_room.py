"""A SignalR app with the local SignalR Service, and hub clients of both protocols."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, NoReturn

import aiohttp
import msgpack

from chatkit.localcloud.core.platform import Platform
from chatkit.localcloud.signalr.core.spec import InstanceSpec, UpstreamTemplate
from chatkit.wire import framing
from tests.localcloud.functions.functions_testing import KEY, Served, serving
from tests.localcloud.signalr.harness import service_on

SEPARATOR = "\x1e"
Frame = dict[str, Any]


class Client:
    """A hub client: what it gets, frame by frame."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket
        self._frames: asyncio.Queue[Frame] = asyncio.Queue()

    async def send(self, message: Frame) -> None:
        """Send one message."""
        await self._socket.send_str(json.dumps(message) + SEPARATOR)

    async def call(self, target: str, *arguments: Any) -> Frame:
        """Invoke a method and wait for its completion."""
        await self._invoke(target, arguments)
        return await self.expect(type=3)

    async def expect(self, **wanted: Any) -> Frame:
        """The next message with these fields; others are passed over."""
        async with asyncio.timeout(10):
            while True:
                while self._frames.empty():
                    for frame in await self._receive():
                        self._frames.put_nowait(frame)
                frame = self._frames.get_nowait()
                if wanted.items() <= frame.items():
                    return frame

    async def _invoke(self, target: str, arguments: tuple[Any, ...]) -> None:
        await self.send(
            {"type": 1, "invocationId": "1", "target": target, "arguments": [*arguments]}
        )

    async def _receive(self) -> list[Frame]:
        texts = (await self._socket.receive_str()).split(SEPARATOR)
        return [json.loads(text, parse_constant=_as_a_browser) for text in texts if text]


class BinaryClient(Client):
    """The same over MessagePack."""

    async def _invoke(self, target: str, arguments: tuple[Any, ...]) -> None:
        body = msgpack.packb([1, {}, "1", target, [*arguments], []])
        await self._socket.send_bytes(framing.write_varint(len(body)) + body)

    async def _receive(self) -> list[Frame]:
        data = (await self._socket.receive()).data
        if isinstance(data, str):
            return []  # the handshake's answer is JSON in both protocols
        frames = []
        for body in framing.BinaryDecoder().feed(data):
            items = msgpack.unpackb(body)
            frame = {"type": items[0]}
            if items[0] == 3:
                frame["error" if items[3] == 1 else "result"] = items[4]
            frames.append(frame)
        return frames


def _as_a_browser(constant: str) -> NoReturn:
    raise AssertionError(f"JSON.parse refuses {constant}")


async def connect(app: Served, user: str, protocol: str = "json") -> Client:
    """Negotiate at the app, connect to the service it names."""
    _, text = await app.ask("POST", f"/api/negotiate?user={user}")
    info = json.loads(text)
    url = f"{info['url'].replace('http', 'ws', 1)}&access_token={info['accessToken']}"
    kind = {"json": Client, "messagepack": BinaryClient}[protocol]
    client = kind(await app.client.ws_connect(url))
    await client.send({"protocol": protocol, "version": 1})
    return client


@asynccontextmanager
async def room(folder: Path, app_with: Callable[[str], Path]) -> AsyncIterator[Served]:
    """An app with a service whose upstream is the app.

    Args:
        folder: For the service.
        app_with: Writes the app, given its connection string.
    """
    platform = Platform.open(folder)
    service = service_on(platform)
    port = platform.listeners.reserve("signalr/room")
    app = app_with(f"Endpoint=http://localhost;Port={port};AccessKey={KEY};Version=1.0;")
    async with serving(app) as served:
        upstream = UpstreamTemplate(f"{served.url}/runtime/webhooks/signalr?code=any")
        await service.start()
        await service.apply(
            InstanceSpec(
                "room", port, KEY, "another-key-only-for-tests-0123456789", upstream=(upstream,)
            )
        )
        yield served
        await service.stop()
    await platform.close()
