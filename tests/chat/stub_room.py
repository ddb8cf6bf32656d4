"""A chat room in one small aiohttp app.

Function app and SignalR Service in one, with switches to misbehave.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from aiohttp import WSMsgType, web


def set_event() -> asyncio.Event:
    """An event that nobody waits for."""
    event = asyncio.Event()
    event.set()
    return event


@dataclass
class StubRoom:
    """What the stub has seen, and how it should behave.

    Attributes:
        sockets: Connections that have shaken hands.
        hubs: Which hub each of them is on.
        pings: Pings received.
        frames: Everything received after the handshake.
        tokens: Authorization headers of the service's own requests, in order.
        signed: Token that somebody with the access key signed, taken beside those that negotiate
            gave out; empty for none.
        negotiations: How often the function was asked.
        refuse: Status that negotiate answers instead of 200.
        refuse_messages: Status that POST messages answers instead of 202.
        refuse_history: Status that GET messages answers instead of 200.
        history_requests: How often the history was asked for.
        history_open: While it is not set, GET messages does not answer.
        is_mute: Messages are stored but sent to nobody.
        forgets: Messages are sent but not stored.
        leaks: Messages go to every hub.
        target: Method that is invoked.
        copies: How often each message is sent.
        wrap: Makes the arguments of a message.
        cors: Headers of every answer to a preflight, by origin; "*" stands for any.
        page_api: The address that the page's config names; the page is served at /.
        sessions: Session tokens that the function app takes in X-ZUMO-AUTH; it asks for none while
            this is empty.
        handshake: Error the handshake answers, empty for none.
        messages: History, oldest first.
    """

    sockets: list[web.WebSocketResponse] = field(default_factory=list)
    hubs: dict[web.WebSocketResponse, str] = field(default_factory=dict)
    pings: int = 0
    frames: list[str] = field(default_factory=list)
    tokens: list[str] = field(default_factory=list)
    signed: str = ""
    negotiations: int = 0
    refuse: int = 0
    refuse_messages: int = 0
    refuse_history: int = 0
    history_requests: int = 0
    history_open: asyncio.Event = field(default_factory=set_event)
    is_mute: bool = False
    forgets: bool = False
    leaks: bool = False
    target: str = "newMessage"
    copies: int = 1
    wrap: Callable[[dict[str, Any]], list[Any]] = lambda message: [message]
    cors: dict[str, str] = field(default_factory=dict)
    page_api: str = ""
    sessions: set[str] = field(default_factory=set)
    handshake: str = ""
    messages: list[dict[str, Any]] = field(default_factory=list)
    url: str = ""

    def app(self) -> web.Application:
        """The routes of function app and service."""
        app = web.Application()
        app.router.add_post("/api/negotiate", self._function_negotiate)
        app.router.add_post("/client/negotiate", self._service_negotiate)
        app.router.add_get("/client/", self._connect)
        app.router.add_post("/api/messages", self._post)
        app.router.add_get("/api/messages", self._history)
        app.router.add_options("/api/messages", self._preflight)
        app.router.add_get("/", self._page)
        app.router.add_get("/config.json", self._config)
        return app

    async def invoke(self, target: str, *arguments: Any) -> None:
        """Send an invocation to every connection of hub chat."""
        frame = json.dumps({"type": 1, "target": target, "arguments": list(arguments)}) + "\x1e"
        for socket in self.sockets:
            if self.leaks or self.hubs[socket] == "chat":
                with suppress(ConnectionResetError):
                    await socket.send_str(frame)

    async def raw(self, text: str) -> None:
        """Send any text to every connection."""
        for socket in self.sockets:
            await socket.send_str(text)

    async def drop(self) -> None:
        """End every connection without a word of the hub protocol."""
        for socket in list(self.sockets):
            await socket.close(code=1001)

    async def _function_negotiate(self, request: web.Request) -> web.Response:
        self.negotiations += 1
        if self.refuse or self._is_stranger(request):
            return web.Response(status=self.refuse or 401, text="Sorry.")
        return web.json_response(
            {"url": f"{self.url}/client/?hub=chat", "accessToken": f"token-{self.negotiations}"}
        )

    async def _service_negotiate(self, request: web.Request) -> web.Response:
        token = request.headers.get("Authorization", "")
        self.tokens.append(token)
        given = {f"Bearer token-{number}" for number in range(1, self.negotiations + 1)}
        if token not in given | ({f"Bearer {self.signed}"} if self.signed else set()):
            return web.Response(
                status=401, headers={"WWW-Authenticate": 'Bearer error="invalid_token"'}
            )
        return web.json_response(
            {
                "negotiateVersion": 1,
                "connectionId": "c",
                "connectionToken": "t/1+",
                "availableTransports": [],
            }
        )

    async def _connect(self, request: web.Request) -> web.WebSocketResponse:
        self.tokens.append(request.headers.get("Authorization", ""))
        assert request.query["id"] == "t/1+"
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        hello = await socket.receive_str()
        assert json.loads(hello.rstrip("\x1e")) == {"protocol": "json", "version": 1}
        await socket.send_str(
            json.dumps({"error": self.handshake} if self.handshake else {}) + "\x1e"
        )
        self.hubs[socket] = request.query["hub"]
        self.sockets.append(socket)
        async for frame in socket:
            self.frames.append(str(frame.data))
            if frame.type is WSMsgType.TEXT and '"type":6' in frame.data:
                self.pings += 1
        self.sockets.remove(socket)
        return socket

    async def _post(self, request: web.Request) -> web.Response:
        body = await request.json()
        if self.refuse_messages or self._is_stranger(request):
            return web.Response(status=self.refuse_messages or 401)
        if not body["text"]:
            return web.Response(status=400, text="A message needs a text.")
        message = {
            "id": f"m{len(self.messages)}",
            "sentAt": f"2026-11-23T10:00:{len(self.messages):02}Z",
            **body,
        }
        if not self.forgets:
            self.messages.append(message)
        for _ in range(0 if self.is_mute else self.copies):
            await self.invoke(self.target, *self.wrap(message))
        return web.json_response(message, status=202)

    def _is_stranger(self, request: web.Request) -> bool:
        return bool(self.sessions) and request.headers.get("X-ZUMO-AUTH") not in self.sessions

    async def _preflight(self, request: web.Request) -> web.Response:
        origin = request.headers["Origin"]
        allowed = self.cors.get(origin, self.cors.get("*"))
        credentials = {"Access-Control-Allow-Credentials": "true"}
        return web.Response(
            status=204,
            headers={"Access-Control-Allow-Origin": allowed, **credentials} if allowed else {},
        )

    async def _page(self, request: web.Request) -> web.Response:
        return web.Response(text="<!doctype html>", content_type="text/html")

    async def _config(self, request: web.Request) -> web.Response:
        return web.json_response({"apiBaseUrl": self.page_api})

    async def _history(self, request: web.Request) -> web.Response:
        self.history_requests += 1
        await self.history_open.wait()
        if self.refuse_history:
            return web.Response(status=self.refuse_history)
        return web.json_response(self.messages[::-1][: int(request.query["limit"])])


async def until(condition: Any, timeout_s: float = 5.0) -> None:
    """Wait until a condition holds."""
    async with asyncio.timeout(timeout_s):
        while not condition():
            await asyncio.sleep(0.005)
