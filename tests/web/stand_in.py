"""A chat room to open the page on, in this process: the page, the app's own functions, and a bare
hub.

Three origins, as in the tutorial. It does on demand what no service should: drop connections,
refuse, answer late.
"""

from __future__ import annotations

import asyncio
import base64
import json
import uuid
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import azure.functions as func
from aiohttp import WSCloseCode, web

from tests.functions.built_app import Sent, call, principal
from tests.functions.fake_blobs import FakeContainer
from tests.web.own_loop import OwnLoop, closed
from tests.web.stand_in_auth import Person, SignIns, id_of

CONTENT = Path(__file__).resolve().parents[2] / "content"
ANYBODY = "anybody"
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
KEY = "a-key-of-at-least-thirty-two-bytes-12345"


@dataclass
class Faults:
    """What goes wrong at the moment."""

    config: str | None = None
    history: tuple[int, str] | None = None
    send: tuple[int, str] | None = None
    negotiate: int | None = None
    hold: asyncio.Event | None = None


@dataclass
class Room(OwnLoop):
    """The stand-in; a context manager.

    Attributes:
        faults: Set by a test.
        blobs: The history's storage; replaces that of the app's functions.
        has_sign_in: Whether people sign in; without that, everybody is who they say.
        guest: On a stage: the one device that joins there, as the stage tells it.
        rules: On a stage: what its presenter has decided.
        sockets: Connections to the hub, and whose they are.
        hub_headers: Names of the headers that requests to the hub brought.
    """

    blobs: FakeContainer
    faults: Faults = field(default_factory=Faults)
    page_url: str = ""
    api_url: str = ""
    requests: list[str] = field(default_factory=list)
    has_sign_in: bool = False
    guest: dict[str, Any] | None = None
    rules: dict[str, Any] | None = None
    sign_ins: SignIns = field(default_factory=SignIns)
    connection_string: str = ""
    sockets: dict[web.WebSocketResponse, str] = field(default_factory=dict)
    hub_headers: set[str] = field(default_factory=set)

    def drop(self) -> None:
        """Cut every connection to the hub."""

        async def cut() -> None:
            for socket in list(self.sockets):
                await socket.close(code=WSCloseCode.GOING_AWAY)

        self.do(cut())

    def say(self, message: Any) -> None:
        """Let the hub send a `newMessage` that never went through the app."""
        self.do(self._broadcast({"target": "newMessage", "arguments": [message]}))

    def say_all(self, messages: Sequence[Any], *, at_once: int = 100) -> None:
        """Let the hub send many, some at once, as fast as a page takes them."""

        async def pour() -> None:
            for begin in range(0, len(messages), at_once):
                await self._broadcast_all(messages[begin : begin + at_once])

        self.do(pour())

    def forget(self, *ids: Any) -> None:
        """Tell every page that messages are no longer in the room, as a check does."""
        self.do(self._broadcast({"target": "messagesRemoved", "arguments": [list(ids)]}))

    def decide(self, version: Any, *, to_all: bool = True, **decided: Any) -> None:
        """Let the presenter decide something, and tell every page, or none yet."""
        hidden = {key: decided.pop(key, []) for key in ("ids", "guests", "names")}
        hidden["before"] = decided.pop("before", None)
        self.rules = {"version": version, "hidden": hidden, **decided}
        if to_all:
            self.do(self._broadcast({"target": "stageRules", "arguments": [self.rules]}))

    def let_go(self) -> None:
        """Answer what `faults.hold` holds back."""
        if self.faults.hold:
            self._loop.call_soon_threadsafe(self.faults.hold.set)

    def post(
        self, sender: str, text: str, recipient: str = "", *, sender_id: str | None = None
    ) -> dict[str, Any]:
        """Post a message as the function app would get it from somebody else.

        Args:
            sender: The name; where people sign in, of somebody who has.
            text: What they say.
            recipient: Id of the one person it is for.
            sender_id: Their id, for who has not the name's; empty for who is not signed in.
        """
        if sender_id is None:
            sender_id = id_of(sender) if self.has_sign_in else ""
        body = json.dumps({"text": text, "recipient": recipient}).encode()
        return self.do(self._post(Person(sender_id, sender), body))[1]

    async def _start(self) -> None:
        self._runners: list[web.AppRunner] = []
        hub: dict[str, Handler] = {
            "POST /client/negotiate": self._connect,
            "GET /client/": self._websocket,
            "HEAD /api/hubs/chat/users/{user}": self._is_connected,
        }
        hub_url = await self._serve(hub, "localhost")
        port = hub_url.rpartition(":")[2]
        self.connection_string = (
            f"Endpoint=http://localhost;Port={port};AccessKey={KEY};Version=1.0;"
        )
        routes: dict[str, Handler] = {
            "POST /api/negotiate": self._negotiate,
            "POST /api/messages": self._send,
            "GET /api/messages": self._history,
            **self.sign_ins.routes(),
        }
        self.api_url = await self._serve(routes, "localhost")
        pages: dict[str, Handler] = {
            "GET /config.json": self._config,
            "GET /stage/guest": self._guest,
            "POST /stage/guest": self._guest,
            "GET /stage/rules": self._rules,
            "GET /{name:.*}": self._file,
        }
        self.page_url = await self._serve(pages, "127.0.0.1") + "/"

    async def _stop(self) -> None:
        if self.faults.hold:
            self.faults.hold.set()
        for socket in list(self.sockets):
            await socket.close()
        for runner in self._runners:
            await closed(runner)

    async def _serve(self, routes: dict[str, Handler], host: str) -> str:
        app = web.Application()
        app.on_response_prepare.append(self._note_and_allow)
        for route, handler in routes.items():
            method, path = route.split(" ")
            app.router.add_route(method, path, handler)
        app.router.add_route("OPTIONS", "/{any:.*}", self._preflight)
        runner = web.AppRunner(app, shutdown_timeout=0.1)
        await runner.setup()
        self._runners.append(runner)
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        return f"http://{host}:{runner.addresses[0][1]}"

    async def _note_and_allow(self, request: web.Request, response: web.StreamResponse) -> None:
        self.requests.append(f"{request.method} {request.path_qs}")
        if request.headers.get("Origin") == self.page_url.rstrip("/"):
            response.headers["Access-Control-Allow-Origin"] = request.headers["Origin"]

    async def _preflight(self, request: web.Request) -> web.StreamResponse:
        asked = request.headers.get("Access-Control-Request-Headers", "")
        return web.Response(
            status=204,
            headers={
                "Access-Control-Allow-Headers": asked,
                "Access-Control-Allow-Methods": "GET, POST",
            },
        )

    async def _config(self, request: web.Request) -> web.StreamResponse:
        if self.faults.config == "":
            raise web.HTTPNotFound
        config = {"apiBaseUrl": self.api_url} | ({"signIn": "aad"} if self.has_sign_in else {})
        if self.guest is not None:
            config |= {"guest": "/stage/guest", "rules": "/stage/rules"}
        return web.Response(
            text=self.faults.config or json.dumps(config), content_type="application/json"
        )

    async def _guest(self, request: web.Request) -> web.StreamResponse:
        """Who the device is; every name but those with an @ is somebody else's already."""
        if request.method == "POST":
            name = (await request.json())["name"]
            if "@" in name:
                return self._refuse((400, json.dumps({"error": "No @ in a name."})))
            self.guest = {"id": "guest-1", "name": f"{name} 2"}
        return web.json_response(self.guest)

    async def _rules(self, request: web.Request) -> web.StreamResponse:
        return web.json_response(self.rules)

    async def _file(self, request: web.Request) -> web.StreamResponse:
        path = CONTENT / (request.match_info["name"] or "index.html")
        if not path.is_file():
            raise web.HTTPNotFound
        return web.FileResponse(path)

    async def _negotiate(self, request: web.Request) -> web.StreamResponse:
        if self.faults.negotiate:
            return web.Response(status=self.faults.negotiate)
        return self._answer(
            call(
                "negotiate",
                func.HttpRequest("POST", request.path, headers=self._principal(request), body=b""),
            )
        )

    async def _history(self, request: web.Request) -> web.StreamResponse:
        if self.faults.hold:
            await self.faults.hold.wait()
        if self.faults.history:
            return self._refuse(self.faults.history)
        headers, params = self._principal(request), dict(request.query)
        return self._answer(
            call(
                "GetMessages",
                func.HttpRequest("GET", request.path, headers=headers, params=params, body=b""),
            )
        )

    async def _send(self, request: web.Request) -> web.StreamResponse:
        if self.faults.hold:
            await self.faults.hold.wait()
        if self.faults.send:
            return self._refuse(self.faults.send)
        body = await request.read()
        sender = self._person(request)
        if not self.has_sign_in:
            sender = Person("", json.loads(body)["sender"])
        return (await self._post(sender, body))[0]

    async def _post(self, sender: Person, body: bytes) -> tuple[web.Response, dict[str, Any]]:
        sent = Sent()
        headers = principal(sender.name, sender.id)
        request = func.HttpRequest("POST", "/api/messages", headers=headers, body=body)
        response = await asyncio.to_thread(
            call, "SendMessage", request, sent
        )  # it asks the hub who is connected
        for message in (message for value in sent.values for message in value):
            await self._broadcast(message)
        return self._answer(response), json.loads(response.get_body())

    def _person(self, request: web.Request) -> Person:
        return self.sign_ins.person_of(request) if self.has_sign_in else Person("", ANYBODY)

    def _principal(self, request: web.Request) -> dict[str, str]:
        person = self._person(request)
        return principal(person.name, person.id)

    @staticmethod
    def _answer(response: func.HttpResponse) -> web.Response:
        return web.Response(
            status=response.status_code, body=response.get_body(), content_type=response.mimetype
        )

    @staticmethod
    def _refuse(how: tuple[int, str]) -> web.Response:
        return web.Response(status=how[0], text=how[1], content_type="application/json")

    async def _connect(self, request: web.Request) -> web.StreamResponse:
        self.hub_headers.update(name.lower() for name in request.headers)
        transports = [{"transport": "WebSockets", "transferFormats": ["Text"]}]
        token = uuid.uuid4().hex
        return web.json_response(
            {
                "negotiateVersion": 1,
                "connectionId": token,
                "connectionToken": token,
                "availableTransports": transports,
            }
        )

    async def _websocket(self, request: web.Request) -> web.StreamResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        await socket.receive()  # the handshake
        await socket.send_str("{}\x1e")
        payload = request.query["access_token"].split(".")[1]
        self.sockets[socket] = json.loads(base64.urlsafe_b64decode(payload + "=="))["asrs.s.uid"]
        async for _ in socket:
            pass
        self.sockets.pop(socket, None)
        return socket

    async def _is_connected(self, request: web.Request) -> web.StreamResponse:
        return web.Response(
            status=200 if request.match_info["user"] in self.sockets.values() else 404
        )

    async def _broadcast_all(self, messages: Sequence[Any]) -> None:
        frames = [
            json.dumps({"type": 1, "target": "newMessage", "arguments": [message]}) + "\x1e"
            for message in messages
        ]
        for socket in list(self.sockets):
            for frame in frames:
                await socket.send_str(frame)

    async def _broadcast(self, invocation: dict[str, Any]) -> None:
        user = invocation.get("userId")
        for socket, owner in list(self.sockets.items()):
            if user in (None, owner):
                await socket.send_str(json.dumps({"type": 1, **invocation}) + "\x1e")
