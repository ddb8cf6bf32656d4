"""One SignalR Service instance: its hubs, its connections' lives, and what is sent to whom."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Collection, Iterable, Iterator
from typing import Any
from uuid import uuid4

from aiohttp import web

from chatkit.core.errors import RemoteProtocolError
from chatkit.localcloud.core.trace import Event, Trace
from chatkit.localcloud.core.web import host_name
from chatkit.localcloud.signalr.core import authentication
from chatkit.localcloud.signalr.core.connection import (
    GARBAGE,
    PROTOCOL_ERROR,
    Connection,
    HandshakeRefused,
    State,
)
from chatkit.localcloud.signalr.core.errors import NotFound, Unauthorized
from chatkit.localcloud.signalr.core.fanout import Outbox
from chatkit.localcloud.signalr.core.faults import Faults
from chatkit.localcloud.signalr.core.frames import frame
from chatkit.localcloud.signalr.core.hub import Hub, without
from chatkit.localcloud.signalr.core.quotas import Quotas
from chatkit.localcloud.signalr.core.sinks import PollSink
from chatkit.localcloud.signalr.core.spec import InstanceSpec
from chatkit.wire.stateful import GRACE_S, Stateful
from chatkit.localcloud.signalr.core.upstream import Upstream
from chatkit.wire import strict_json
from chatkit.wire.connection_strings import SignalRConnectionString
from chatkit.wire.hub_messages import (
    Close,
    Completion,
    HubMessage,
    Invocation,
    Ping,
    StreamInvocation,
)

CONNECT_WITHIN_S = 5
HANDSHAKE_WITHIN_S = 15
KEEP_ALIVE_S = 15
CLIENT_TIMEOUT_S = 30
RESULT_WITHIN_S = 30
POLL_WITHIN_S = 5
EXPIRED = "Connection closed because its authentication has expired."
# Longer arguments are cut in the trace.
EXCERPT_CHARS = 500
NO_STREAMS = "Streaming is not supported in serverless mode."
NO_UPSTREAM = "Invocation failed, no upstream is set for hub '{hub}', event '{event}'."


class Instance:
    """State and rules of one instance; transports and REST handlers call it.

    Args:
        spec: From Resource Manager; replaced whole when the resource changes.
        trace: Where events go, under `signalr/<name>`.
    """

    def __init__(self, spec: InstanceSpec, trace: Trace) -> None:
        self.spec = spec
        self.quotas = Quotas(spec)
        self.faults = Faults()
        self.hubs: dict[str, Hub] = {}
        self.upstream = Upstream(spec, self.note)
        self._outbox = Outbox(lambda payload, binary: frame(payload, binary=binary), self._count)
        self._negotiated: dict[str, Connection] = {}
        self._attached: dict[str, Connection] = {}
        self._results: dict[tuple[str, str], asyncio.Future[Completion]] = {}
        self._trace = trace

    def apply(self, spec: InstanceSpec) -> None:
        """Take a changed resource; open connections stay."""
        self.spec = self.quotas.spec = spec
        self.upstream.spec = spec

    def note(self, kind: str, **detail: Any) -> None:
        """Record what happened."""
        self._trace.emit(f"signalr/{self.spec.name}", kind, **detail)

    def events(self, after: int) -> Iterator[Event]:
        """What was recorded after the event of that number."""
        wanted = f"signalr/{self.spec.name}"
        return (
            event for event in self._trace.after(after, source=wanted) if event.source == wanted
        )

    def hub(self, name: str) -> Hub:
        """The hub of that name, made on first use; names compare in lower case."""
        name = name.lower()
        if name not in self.hubs:
            self.hubs[name] = Hub(name)
        return self.hubs[name]

    def all_connections(self) -> list[Connection]:
        """Every connection of every hub."""
        return [connection for hub in self.hubs.values() for connection in hub.connections.values()]

    # Life of a connection

    def negotiate(
        self, hub: str, user_id: str, claims: dict[str, Any], *, query: str, stateful: bool = False
    ) -> Connection:
        """Prepare a connection that the client opens within five seconds."""
        self._forget_unopened()
        self._check_connection()
        connection = Connection(hub.lower(), user_id, claims, query=query)
        connection.stateful = Stateful() if stateful else None
        self._negotiated[connection.token] = connection
        return connection

    def open(self, hub: str, user_id: str, claims: dict[str, Any], *, query: str) -> Connection:
        """A connection without negotiation before it."""
        self._check_connection()
        return Connection(hub.lower(), user_id, claims, query=query)

    def take_negotiated(self, token: str, hub: str) -> Connection | None:
        """The prepared connection of that token, once."""
        return self._negotiated.pop(token) if self.prepared(token, hub) else None

    def prepared(self, token: str, hub: str) -> Connection | None:
        """The connection of that token while its client has not opened a transport."""
        self._forget_unopened()
        connection = self._negotiated.get(token)
        return connection if connection is not None and connection.hub == hub.lower() else None

    def rename(self, connection: Connection) -> None:
        """File a prepared connection under the token it has now (clients of protocol version 0 know its id only)."""
        self._negotiated = {known.token: known for known in self._negotiated.values()}

    def host(self, request: web.BaseRequest) -> str:
        """The host name that tokens for this request are signed for."""
        return host_name(request)

    @property
    def connection_string(self) -> SignalRConnectionString:
        """How an app reaches this instance."""
        return SignalRConnectionString("http://localhost", self.spec.primary_key, self.spec.port)

    def find(self, token: str) -> Connection | None:
        """A connection that is open, by its secret token."""
        return self._attached.get(token)

    def attach(self, connection: Connection) -> None:
        """Count a connection whose transport is there; its handshake follows."""
        connection.flush = self._outbox.flush
        connection.opened_at = connection.last_received = time.monotonic()
        self.hub(connection.hub).add(connection)
        self._attached[connection.token] = connection
        self.note(
            "connection",
            event="opened",
            hub=connection.hub,
            connection=connection.id,
            user=connection.user_id,
        )
        early, connection.early = connection.early, b""
        if early:
            self.receive(connection, early)

    def receive(self, connection: Connection, chunk: bytes) -> None:
        """Take bytes from a client; whatever is wrong with them ends this connection only."""
        if connection.state is State.CLOSED:
            return
        try:
            rest = chunk if connection.handshake is None else self._shake(connection, chunk)
            for message in connection.feed(rest) if rest else ():
                if connection.stateful is None or connection.stateful.receiving(message):
                    self._on_message(connection, message)
        except HandshakeRefused as error:
            connection.close(error.message)
        except RemoteProtocolError as error:
            self.note("protocol-error", connection=connection.id, error=error.message)
            connection.close(
                GARBAGE if connection.protocol is None else self._detailed(connection, error)
            )

    def _detailed(self, connection: Connection, error: RemoteProtocolError) -> str:
        """The reason only for a token that asks for it: `asrs.s.derror`, enable detailed errors."""
        wanted = str(connection.claims.get("asrs.s.derror", "")).lower() == "true"
        return f"{PROTOCOL_ERROR} {error.message}" if wanted else PROTOCOL_ERROR

    def _shake(self, connection: Connection, chunk: bytes) -> bytes | None:
        rest = connection.shake(chunk)
        if rest is None:
            return None
        connection.answer_handshake()
        connection.state = State.OPEN
        self.note(
            "handshake",
            connection=connection.id,
            protocol=connection.protocol.name if connection.protocol else "",
        )
        self.upstream.connected(connection)
        return rest

    def lost(self, connection: Connection, error: str | None) -> None:
        """A WebSocket has ended. With stateful reconnect the client may come back for a while; without, that was it."""
        connection.sink = connection.transport = None
        if connection.stateful is not None and connection.state is State.OPEN:
            connection.suspended_at = time.monotonic()
            self.note("connection", event="suspended", hub=connection.hub, connection=connection.id)
        else:
            self.detach(connection, error)

    def detach(self, connection: Connection, error: str | None = None) -> None:
        """The transport has ended, however it did."""
        hub = self.hub(connection.hub)
        if connection.id not in hub.connections:
            return
        was_open = connection.protocol is not None
        connection.state = State.CLOSED
        connection.close_error = connection.close_error or error
        hub.remove(connection)
        self._attached.pop(connection.token, None)
        self._fail_results(connection)
        self.note(
            "connection",
            event="closed",
            hub=connection.hub,
            connection=connection.id,
            error=connection.close_error,
        )
        if was_open:
            self.upstream.disconnected(connection)

    def tick(self) -> None:
        """Once a second for all connections: time-outs and keep-alive."""
        now = time.monotonic()
        self._forget_unopened()
        for connection in self.all_connections():
            self._look_after(connection, now)

    def _look_after(self, connection: Connection, now: float) -> None:
        if connection.suspended_at is not None:
            if now - connection.suspended_at > GRACE_S:
                self.detach(connection, "The client did not come back.")
        elif connection.sink is None:
            return
        elif connection.sink.is_gone():
            word = connection.sink.gone_word
            connection.abort(connection.close_error or word)
            self.detach(connection, word)
        elif connection.state is State.HANDSHAKE:
            if now - connection.opened_at > connection.seconds_claim(
                "asrs.s.cht", default=HANDSHAKE_WITHIN_S, at_most=30
            ):
                connection.close("Handshake was canceled.")
        elif connection.expires_at is not None and connection.expires_at <= time.time():
            connection.close(EXPIRED)
        elif not isinstance(connection.sink, PollSink):
            self._keep_alive(connection, now)

    def _keep_alive(self, connection: Connection, now: float) -> None:
        if now - connection.last_received > CLIENT_TIMEOUT_S:
            connection.abort("The client has been silent for longer than the client time-out.")
        elif now - connection.last_sent >= KEEP_ALIVE_S:
            connection.send(Ping())
        self._acknowledge(connection)

    def _acknowledge(self, connection: Connection) -> None:
        due = connection.stateful.acknowledgement() if connection.stateful is not None else None
        if due is not None:
            connection.send(due)

    def close_all(self, reason: str | None) -> None:
        """End every connection (the instance goes away)."""
        for connection in self.all_connections():
            connection.close(reason)
            self.detach(connection)

    def _count(self, receivers: int, size_bytes: int) -> None:
        self.quotas.count(receivers, size_bytes)

    def reset(self) -> None:
        """As newly made: nobody connected, no memberships, nothing counted, no faults ordered. Keys and settings stay."""
        self.close_all("The instance was reset.")
        self._negotiated.clear()
        self.hubs.clear()
        self.quotas, self.faults = Quotas(self.spec), Faults()

    def _on_message(self, connection: Connection, message: HubMessage) -> None:
        match message:
            case Ping():
                return
            case Close():
                connection.state = State.CLOSED
                if connection.sink is not None:
                    connection.sink.close()
            case Completion():
                self.note(
                    "frame",
                    direction="in",
                    connection=connection.id,
                    completes=message.invocation_id,
                )
                waiting = self._results.pop((connection.id, message.invocation_id), None)
                if waiting is not None and not waiting.done():
                    waiting.set_result(message)
            case StreamInvocation():
                self.note(
                    "frame",
                    direction="in",
                    connection=connection.id,
                    target=message.target,
                    stream=True,
                )
                self._refuse(connection, message.invocation_id, NO_STREAMS)
            case Invocation():
                text = excerpt(message.arguments)
                self.note(
                    "frame",
                    direction="in",
                    connection=connection.id,
                    target=message.target,
                    arguments=text,
                )
                self._invoked(connection, message)

    def _invoked(self, connection: Connection, message: Invocation) -> None:
        if not self.upstream.message(connection, message) and message.invocation_id is not None:
            self._refuse(
                connection,
                message.invocation_id,
                NO_UPSTREAM.format(hub=connection.hub, event=message.target),
            )

    def _refuse(self, connection: Connection, invocation_id: str, error: str) -> None:
        self.note(
            "frame", direction="out", connection=connection.id, completes=invocation_id, error=error
        )
        connection.send(Completion(invocation_id, error=error))

    # Sending

    def send(
        self,
        hub: str,
        connections: Iterable[Connection],
        message: Invocation,
        *,
        excluded: Collection[str] = (),
    ) -> None:
        """Send to these connections, in the order of calls."""
        self._check_messages()
        receivers = without(connections, excluded)
        self._outbox.add(receivers, message)
        self._note_sent(hub, message, len(receivers))

    def broadcast(self, hub: Hub, message: Invocation, *, excluded: Collection[str] = ()) -> None:
        """Send to everybody on a hub."""
        if excluded:
            self.send(hub.name, hub.connections.values(), message, excluded=excluded)
            return
        self._check_messages()
        self._outbox.add(hub.everybody(), message, key=(hub.name, hub.version))
        self._note_sent(hub.name, message, len(hub.connections))

    def _note_sent(self, hub: str, message: Invocation, receivers: int) -> None:
        text = excerpt(message.arguments)
        self.note(
            "frame",
            direction="out",
            hub=hub,
            target=message.target,
            receivers=receivers,
            arguments=text,
        )

    async def invoke(self, connection: Connection, message: Invocation) -> Completion:
        """Ask one client for a result.

        Raises:
            TimeoutError: It did not answer in time.
            NotFound: It went away.
        """
        invocation_id = uuid4().hex
        waiting: asyncio.Future[Completion] = asyncio.get_running_loop().create_future()
        self._results[connection.id, invocation_id] = waiting
        try:
            text = excerpt(message.arguments)
            self.note(
                "frame",
                direction="out",
                connection=connection.id,
                target=message.target,
                arguments=text,
            )
            connection.send(Invocation(message.target, message.arguments, invocation_id))
            return await asyncio.wait_for(waiting, RESULT_WITHIN_S)
        finally:
            self._results.pop((connection.id, invocation_id), None)

    def _fail_results(self, connection: Connection) -> None:
        for key, waiting in self._results.items():
            if key[0] == connection.id and not waiting.done():
                waiting.set_exception(NotFound("Error.Connection.NotExisted"))

    def _check_messages(self) -> None:
        self.faults.meet_quota()
        self.quotas.check_messages()

    def _check_connection(self) -> None:
        self.faults.meet_quota()
        self.quotas.check_connection(len(self._negotiated) + len(self._attached))

    def verify(self, token: str, audiences: list[str], *, path: str) -> authentication.Claims:
        """Check a token, and record why it is refused.

        Raises:
            Unauthorized: With the reason.
        """
        try:
            self.faults.meet_token()
            claims = authentication.verify(self.spec, token, audiences)
            self.note("token", accepted=True, path=path, user=authentication.user_id(claims))
            return claims
        except Unauthorized as error:
            self.note(
                "token",
                accepted=False,
                path=path,
                reason=error.description or "no token",
                expected=audiences,
            )
            raise

    def drop(self, *, user_id: str = "") -> int:
        """Cut connections without a word, as a broken network does; of one user or all. Say how many."""
        dropped = [
            connection
            for connection in self.all_connections()
            if not user_id or connection.user_id == user_id
        ]
        for connection in dropped:
            if connection.stateful is not None and connection.sink is not None:
                connection.sink.close(
                    abort=True
                )  # the network breaks, not the connection: the client may resume it
            else:
                connection.abort("The connection was dropped on request.")
        return len(dropped)

    def _forget_unopened(self) -> None:
        now = time.monotonic()
        late = [
            token
            for token, connection in self._negotiated.items()
            if now - connection.opened_at > CONNECT_WITHIN_S
        ]
        for token in late:
            del self._negotiated[token]


def excerpt(arguments: tuple[Any, ...]) -> str:
    """A message's arguments as the trace keeps them."""
    try:
        text = strict_json.dumps(arguments).decode()
    except (TypeError, ValueError):
        text = repr(arguments)
    return text if len(text) <= EXCERPT_CHARS else text[: EXCERPT_CHARS - 1] + "…"
