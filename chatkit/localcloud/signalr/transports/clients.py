"""The client side: `/client/negotiate` and the three transports on `/client/`.

Follows "Transport Protocols" (dotnet/aspnetcore) and what Microsoft's clients send after a redirect
from the app.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from aiohttp import web
from multidict import CIMultiDict
from websockets.http11 import Request as WebSocketRequest

from chatkit.core.host_names import LOOPBACK_HOSTS, NOT_HERE, requested_host
from chatkit.localcloud.core.answering import MISDIRECTED
from chatkit.localcloud.core.web import read_whole, whole_number
from chatkit.localcloud.signalr.core import authentication
from chatkit.localcloud.signalr.core.authentication import Claims
from chatkit.localcloud.signalr.core.connection import Connection
from chatkit.localcloud.signalr.core.errors import BadRequest, SignalRError
from chatkit.localcloud.signalr.core.instance import Instance
from chatkit.localcloud.signalr.core.names import valid_hub
from chatkit.localcloud.signalr.transports.sinks import EventStreamSink, PollSink
from chatkit.localcloud.signalr.transports.websocket import query_of, take_over

NO_HUB = "There is no such hub here."
NO_CONNECTION = "No Connection with that ID"
MAX_TOKEN_CHARS = 4096
MAX_SEND_BYTES = 1024 * 1024
POLL_S = 90
# How long a polling client may be away between two polls, unless its token says otherwise
# (`asrs.s.ttl`).
POLL_WITHIN_S = 5
TRANSPORTS = [
    {"transport": "WebSockets", "transferFormats": ["Text", "Binary"]},
    {"transport": "ServerSentEvents", "transferFormats": ["Text"]},
    {"transport": "LongPolling", "transferFormats": ["Text", "Binary"]},
]


Headers = Mapping[str, str]


def _admitted(_: Headers) -> None:
    """Everybody may come."""


def _unnoted(_: Connection, __: Headers) -> None:
    """Nobody records the connection."""


@dataclass(frozen=True)
class Reach:
    """How clients come to an instance.

    Attributes:
        host_name: The name under which tokens count, of a Host header; one that is none of
            loopback's for a header that is refused.
        refusal: The sentence about such a header.
        hub: The only hub that they may connect to; empty for all.
        admit: Asked before a connection is made, with the request's headers; raises a SignalRError
            for a client that may not connect.
        note: Told about each connection that has come, and the headers of its request.
    """

    host_name: Callable[[str], str] = requested_host
    refusal: str = NOT_HERE
    hub: str = ""
    admit: Callable[[Headers], None] = _admitted
    note: Callable[[Connection, Headers], None] = _unnoted


OWN_PORT = Reach()


class Clients:
    """Handlers of one instance's client endpoint.

    Args:
        instance: Whose clients these are.
        reach: How they come; by the instance's own port unless something else is said.
    """

    def __init__(self, instance: Instance, reach: Reach = OWN_PORT) -> None:
        self._instance = instance
        self._reach = reach
        self._connections = instance.connections

    async def negotiate(self, request: web.Request) -> web.Response:
        """Hand out a connection id and the transports."""
        hub, claims = self._authenticated(request)
        version_text = _query(request, "negotiateversion") or "0"
        asked = whole_number(version_text.removeprefix("-"))
        if asked is None:
            error = "The client requested a non-integer protocol version."
            return web.json_response({"negotiateVersion": 0, "error": error})
        version = 0 if version_text.startswith("-") else min(1, asked)
        self._reach.admit(request.headers)
        stateful = version == 1 and _query(request, "usestatefulreconnect").lower() == "true"
        connection = self._instance.negotiate(
            hub, claims, query=request.query_string, version=version, stateful=stateful
        )
        answer: dict[str, Any] = {"negotiateVersion": version, "connectionId": connection.id}
        if version == 1:
            answer["connectionToken"] = connection.token
        if stateful:
            answer["useStatefulReconnect"] = True
        self._instance.trace.emit(
            "negotiate", hub=hub, connection=connection.id, user=connection.user_id
        )
        response = web.json_response({**answer, "availableTransports": TRANSPORTS})
        # A client that pools connections would send its WebSocket request on this one, which serves
        # plain HTTP for good.
        response.force_close()
        return response

    async def connect(self, request: web.Request) -> web.StreamResponse:
        """GET /client/: an event stream or a poll.

        A WebSocket only when the connection has carried HTTP before.
        """
        if request.headers.get("Upgrade", "").lower() == "websocket":
            return take_over(request, self._instance, self.accept)
        hub, _ = self._authenticated(request)
        token = request.query.get("id", "")
        if not token:
            return web.Response(status=400, text="Connection ID required")
        if "text/event-stream" in request.headers.get("Accept", ""):
            return await self._event_stream(request, hub, token)
        return await self._poll(request, hub, token)

    async def post(self, request: web.Request) -> web.Response:
        """POST /client/: what a client sends on an event stream or while polling."""
        hub, _ = self._authenticated(request)
        negotiated = self._connections.negotiated(request.query.get("id", ""), hub)
        connection = negotiated or self._existing(request, hub)
        if connection.transport is not None:
            return web.Response(
                status=405, text="POST requests are not allowed for WebSocket connections."
            )
        content = await read_whole(request.content, limit_bytes=MAX_SEND_BYTES)
        if content is None or len(connection.early) + len(content) > MAX_SEND_BYTES:
            raise SignalRError(413, message="What a client sends at once is limited to 1 MB.")
        if negotiated is not None:
            # As ASP.NET Core does, keep it for the transport that is not there yet.
            connection.early += content
            return web.Response(status=200)
        self._instance.receive(connection, content)
        return web.Response(status=200)

    async def delete(self, request: web.Request) -> web.Response:
        """DELETE /client/: a polling client ends its connection."""
        hub, _ = self._authenticated(request)
        connection = self._existing(request, hub)
        if not isinstance(connection.sink, PollSink):
            return web.Response(
                status=400, text="Cannot terminate this connection using the DELETE endpoint."
            )
        connection.sink.close()
        self._connections.detach(connection)
        return web.Response(status=202)

    def _authenticated(self, request: web.Request) -> tuple[str, Claims]:
        token = authentication.bearer(request.headers)
        if not token and "text/event-stream" in request.headers.get("Accept", ""):
            token = request.query.get("access_token", "")
        host = self._reach.host_name(request.headers.get("Host", ""))
        return self._authenticate(request.query.getall("hub", []), token, host)

    def _authenticate(self, hubs: list[str], token: str, host: str) -> tuple[str, Claims]:
        if len(hubs) != 1:
            raise BadRequest("The query must name one hub: ?hub=NAME")
        hub = valid_hub(hubs[0])
        if self._reach.hub and hub.lower() != self._reach.hub.lower():
            raise SignalRError(404, message=NO_HUB)
        if len(token) > MAX_TOKEN_CHARS:
            raise SignalRError(413)
        audiences = authentication.client_audiences(
            f"http://{host}", hub, authentication.unverified_audience(token)
        )
        return hub, self._instance.verify_client(token, audiences, hub)

    def accept(self, request: WebSocketRequest) -> Connection:
        """Decide about a WebSocket, with or without negotiation before it."""
        headers = CIMultiDict(request.headers.raw_items())
        connection = self._accepted(request, headers)
        self._reach.note(connection, headers)
        return connection

    def _accepted(self, request: WebSocketRequest, headers: CIMultiDict[str]) -> Connection:
        query, parameters = query_of(request)
        if len(headers.getall("Host", [])) > 1:
            raise BadRequest("The Host header must be there once.")  # RFC 9112 §3.2
        host = self._reach.host_name(headers.get("Host", ""))
        if host not in LOOPBACK_HOSTS:
            raise SignalRError(MISDIRECTED, message=f"{self._reach.refusal}\n")
        token = authentication.bearer(headers) or next(iter(parameters.get("access_token", [])), "")
        hub, claims = self._authenticate(parameters.get("hub", []), token, host)
        connection_token = next(iter(parameters.get("id", [])), "")
        if not connection_token:
            self._reach.admit(headers)
            return self._instance.open(hub, claims, query=query)
        connection = self._connections.take_negotiated(connection_token, hub)
        if connection is not None:
            return connection
        known = self._connections.find(connection_token)
        if known is None:
            raise SignalRError(404, message=NO_CONNECTION)
        if known.stateful is None or known.hub != hub.lower():
            raise SignalRError(409)
        return known

    async def _event_stream(self, request: web.Request, hub: str, token: str) -> web.StreamResponse:
        connection = self._connections.take_negotiated(token, hub)
        if connection is None:
            is_taken = self._connections.find(token) is not None
            return web.Response(status=409 if is_taken else 404, text=NO_CONNECTION)
        self._reach.note(connection, request.headers)
        response = web.StreamResponse(
            headers={"Content-Type": "text/event-stream", "Cache-Control": "no-cache, no-store"}
        )
        response.enable_chunked_encoding()
        await response.prepare(request)
        await response.write(b":\r\n")
        assert isinstance(request.transport, asyncio.Transport)
        sink = EventStreamSink(request.transport)
        self._instance.attach(connection, sink)
        try:
            await sink.ended.wait()
        finally:
            self._connections.detach(connection, connection.close_error)
        return response

    async def _poll(self, request: web.Request, hub: str, token: str) -> web.Response:
        connection = self._connections.take_negotiated(token, hub)
        if connection is not None:
            self._reach.note(connection, request.headers)
            within_s = connection.seconds_claim("asrs.s.ttl", default=POLL_WITHIN_S, at_most=300)
            self._instance.attach(connection, PollSink(within_s))
            return web.Response(status=200, content_type="application/octet-stream")
        connection = self._connections.find(token)
        if connection is None:
            return web.Response(status=404, text=NO_CONNECTION)
        if not isinstance(connection.sink, PollSink):
            return web.Response(status=400, text="Cannot change transports mid-connection")
        assert isinstance(request.transport, asyncio.Transport)
        return await self._next(connection, connection.sink, request.transport)

    async def _next(
        self, connection: Connection, sink: PollSink, poller: asyncio.Transport
    ) -> web.Response:
        connection.last_received = time.monotonic()
        mine = sink.begin(poller)
        try:
            content = await self._waited(sink, mine, poller)
        finally:
            sink.end(mine)
        if content is None:
            return web.Response(status=204)
        connection.last_received = time.monotonic()
        if not content and sink.closed:
            self._connections.detach(connection, connection.close_error)
            return web.Response(status=204)
        return web.Response(body=content, content_type="application/octet-stream")

    async def _waited(self, sink: PollSink, poll: int, poller: asyncio.Transport) -> bytes | None:
        """What there is to send, empty after the longest wait.

        None when a newer poll has taken over or the client is gone.
        """
        deadline = time.monotonic() + POLL_S
        while True:
            if poll != sink.poll or poller.is_closing():
                return None
            content = sink.take()
            if content or sink.closed:
                return content
            try:
                async with asyncio.timeout(deadline - time.monotonic()):
                    await sink.changed.wait()
            except TimeoutError:
                return b""

    def _existing(self, request: web.Request, hub: str) -> Connection:
        token = request.query.get("id", "")
        if not token:
            raise SignalRError(400, message="Connection ID required")
        connection = self._connections.find(token)
        if connection is None or connection.hub != hub.lower():
            raise SignalRError(404, message=NO_CONNECTION)
        return connection


def _query(request: web.Request, name: str) -> str:
    """A query parameter whatever the case of its name."""
    return next((value for key, value in request.query.items() if key.lower() == name), "")
