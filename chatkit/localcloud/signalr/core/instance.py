"""One SignalR Service instance: who may connect and send, and what is sent to whom.

It joins the parts that know one thing each: connections, what clients send, results of clients,
fan-out, quotas, faults, upstream.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager

from chatkit.localcloud.core.trace import Trace
from chatkit.localcloud.drills import rooms
from chatkit.localcloud.drills.drills import Drills
from chatkit.localcloud.drills.rooms import EVERYWHERE, Part, Room
from chatkit.localcloud.drills.table import DROP
from chatkit.localcloud.signalr.core import authentication
from chatkit.localcloud.signalr.core.client_results import ClientResults
from chatkit.localcloud.signalr.core.connection import Connection, Sink
from chatkit.localcloud.signalr.core.connections import Connections
from chatkit.localcloud.signalr.core.entra_access import AUDIENCE, CallerCheck
from chatkit.localcloud.signalr.core.errors import Forbidden, SignalRError, Unauthorized
from chatkit.localcloud.signalr.core.fanout import FanOut
from chatkit.localcloud.signalr.core.faults import Faults
from chatkit.localcloud.signalr.core.hub import Hub, without
from chatkit.localcloud.signalr.core.incoming import Incoming
from chatkit.localcloud.signalr.core.instance_trace import InstanceTrace, excerpt
from chatkit.localcloud.signalr.core.quotas import Quotas
from chatkit.localcloud.signalr.core.spec import CLIENT_CONNECTION, REST_API, InstanceSpec
from chatkit.localcloud.signalr.core.upstream import IdentityToken, Upstream
from chatkit.wire.connection_strings import SignalRConnectionString
from chatkit.wire.hub_messages import Completion, Invocation
from chatkit.wire.stateful import Stateful

CLIENT_PATH = "/client"
OUT = "The service is unavailable for now: a drill is on."


class Instance:
    """State and rules of one instance; transports and REST handlers call it.

    Args:
        spec: From Resource Manager; replaced whole when the resource changes.
        trace: Where events go, under `signalr/<name>`.
        entra: Checks tokens of Entra ID.
        identity_token: Gets the tokens of the instance's managed identity.
        drills: Failures that clients meet; none by default.

    Attributes:
        watchers: Told what is sent to everybody in a hub: the hub's name, and the message.
    """

    def __init__(
        self,
        spec: InstanceSpec,
        trace: Trace,
        entra: CallerCheck,
        identity_token: IdentityToken,
        drills: Drills | None = None,
    ) -> None:
        self.spec = spec
        self._entra = entra
        self.trace = InstanceTrace(trace, spec.name)
        self.quotas = Quotas(spec)
        self.faults = Faults()
        self._drills = drills or Drills()
        self.upstream = Upstream(spec, self.trace.emit, identity_token)
        self.connections = Connections(self.trace, on_end=self._ended)
        self._results = ClientResults(self.trace)
        self._incoming = Incoming(self.upstream, self._results, self.trace)
        self._fan_out = FanOut(self.quotas.count)
        self.watchers: list[Callable[[str, Invocation], None]] = []

    def apply(self, spec: InstanceSpec) -> None:
        """Take a changed resource; open connections stay, while the tier has room for them."""
        self.spec = spec
        self.quotas.change(spec)
        self.upstream.spec = spec
        # Azure ends every connection when the size changes (Azure/azure-signalr#486), and clients
        # come back. Here that is so where it has to be: those who are too many have to go.
        if len(self.connections) > self.quotas.max_connections:
            self.drop()

    @property
    def connection_string(self) -> SignalRConnectionString:
        """What the service itself signs client tokens with."""
        return SignalRConnectionString("http://localhost", self.spec.token_key, self.spec.port)

    async def close(self) -> None:
        """End every connection, and what is under way to the app."""
        self.connections.close_all(None)
        await self.upstream.close()

    def reset(self) -> None:
        """As newly made: nobody connected, no memberships, nothing counted, no faults set.

        Keys and settings stay.
        """
        self.connections.reset("The instance was reset.")
        self.quotas.reset()
        self.faults.reset()

    # Connecting

    def verify(
        self, token: str, audiences: list[str], *, path: str, hub: str = ""
    ) -> authentication.Claims:
        """Check a token, and record why it is refused.

        Args:
            token: Compact JWT.
            audiences: What it may be for.
            path: For the trace.
            hub: To which a client wants to connect.

        Raises:
            Unauthorized: With the reason.
        """
        with self._refusals_traced(path, audiences):
            claims = authentication.verify(self.spec, token, audiences)
            if path == CLIENT_PATH and self._drills.expires(claims, self._part(hub)):
                raise Unauthorized("The token is expired")
        user_id = authentication.user_id(claims)
        self.trace.emit("token", accepted=True, path=path, user=user_id)
        return claims

    def verify_client(self, token: str, audiences: list[str], hub: str) -> authentication.Claims:
        """Check the token of somebody who connects to a hub, and whether anybody may.

        Raises:
            Unauthorized: With the reason.
            SignalRError: Nobody gets in while a drill is on, or network rules keep clients out.
        """
        self._check_network(CLIENT_CONNECTION)
        if self.is_out(hub):
            raise SignalRError(503, "ServiceUnavailable", OUT)
        return self.verify(token, audiences, path=CLIENT_PATH, hub=hub)

    def is_out(self, hub: str) -> bool:
        """Whether a drill keeps everybody out of a hub."""
        return self._drills.on(DROP, self._part(hub)) is not None

    def verify_caller(self, token: str, audiences: list[str], *, action: str, path: str) -> None:
        """Check the token of a REST call: signed with an access key, or of Entra ID.

        Args:
            token: Compact JWT.
            audiences: What a token that an access key has signed may be for.
            action: The data action that a role has to allow; an access key allows all.
            path: For the trace.

        Raises:
            Unauthorized: It does not count.
            Forbidden: It does, and no role of its principal allows the action.
            SignalRError: Network rules keep REST calls out.
        """
        self._check_network(REST_API)
        if not authentication.is_from_entra(token):
            self.verify(token, audiences, path=path)
            return
        with self._refusals_traced(path, [AUDIENCE]):
            claims = self._entra.check(self.spec, token, action)
        self.trace.emit("token", accepted=True, path=path, principal=claims.oid)

    def _check_network(self, request_type: str) -> None:
        """Refuse what network rules keep out: before any token is looked at, with an empty 403.

        What answers there is not the service itself:
        https://github.com/Azure/azure-signalr/issues/1704
        """
        if request_type in self.spec.denied:
            self.trace.emit("network", accepted=False, type=request_type)
            raise SignalRError(403)

    @contextmanager
    def _refusals_traced(self, path: str, audiences: list[str]) -> Iterator[None]:
        try:
            self.faults.fail_token()
            yield
        except (Unauthorized, Forbidden) as error:
            self.trace.emit(
                "token",
                accepted=False,
                path=path,
                reason=error.description or "no token",
                expected=audiences,
            )
            raise

    def negotiate(
        self, hub: str, claims: authentication.Claims, *, query: str, version: int, stateful: bool
    ) -> Connection:
        """Prepare a connection that the client opens within five seconds."""
        self.connections.forget_unopened()
        connection = self.open(
            hub,
            claims,
            query=query,
            stateful=Stateful() if stateful else None,
            knows_id_only=version == 0,
        )
        self.connections.add_negotiated(connection)
        return connection

    def open(
        self,
        hub: str,
        claims: authentication.Claims,
        *,
        query: str,
        stateful: Stateful | None = None,
        knows_id_only: bool = False,
    ) -> Connection:
        """A connection, as it is without negotiation before it.

        Raises:
            QuotaExceeded: The tier's connections are used up.
        """
        self.faults.fail_quota()
        self.quotas.check_connection(len(self.connections))
        return Connection(
            hub.lower(),
            authentication.user_id(claims),
            claims,
            flush=self._fan_out.flush,
            query=query,
            stateful=stateful,
            knows_id_only=knows_id_only,
        )

    def attach(
        self, connection: Connection, sink: Sink, *, transport: asyncio.Transport | None = None
    ) -> None:
        """Count a connection whose client has opened a transport, and read what it sent before.

        Args:
            sink: The sending half of the transport.
            transport: Of a WebSocket to which a fan-out may write frames past the sink.
        """
        connection.attach(sink, transport)
        self.connections.attach(connection)
        early = connection.early
        connection.early = bytearray()
        if early:
            self.receive(connection, bytes(early))

    def receive(self, connection: Connection, chunk: bytes) -> None:
        """Take bytes from a client; whatever is wrong with them ends this connection only."""
        self._incoming.receive(connection, chunk)

    def drop(self, *, user_id: str = "", room: Room = EVERYWHERE) -> int:
        """Cut connections without telling, as a broken network does; say how many.

        Args:
            user_id: Only those of this user.
            room: Only those to hubs of this chat.
        """
        dropped = [
            connection
            for connection in self.connections.all()
            if (not user_id or connection.user_id == user_id)
            and room.has(self._part(connection.hub))
        ]
        for connection in dropped:
            if connection.stateful is not None and connection.sink is not None:
                # The network breaks, not the connection: the client may resume it.
                connection.sink.close(abort=True)
            else:
                connection.abort("The connection was dropped on request.")
        return len(dropped)

    def _part(self, hub: str) -> Part:
        return rooms.hub(self.spec.name, hub)

    def _ended(self, connection: Connection) -> None:
        self._results.fail(connection)
        # Without a protocol the handshake never ended, and the app never heard of the connection.
        if connection.protocol is not None:
            self.upstream.disconnected(connection)

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
        self._fan_out.add(receivers, message)
        self._trace_sent(hub, message, len(receivers))

    def broadcast(self, hub: Hub, message: Invocation, *, excluded: Collection[str] = ()) -> None:
        """Send to all connections of a hub."""
        if excluded:
            self.send(hub.name, hub.connections.values(), message, excluded=excluded)
        else:
            self._check_messages()
            self._fan_out.add(hub.all_connections(), message, key=(hub, hub.version))
            self._trace_sent(hub.name, message, len(hub.connections))
        for watcher in self.watchers:
            watcher(hub.name, message)

    async def invoke(self, connection: Connection, message: Invocation) -> Completion:
        """Ask one client for a result.

        Raises:
            TimeoutError: It did not answer in time.
            NotFound: It went away.
        """
        return await self._results.invoke(connection, message)

    def _check_messages(self) -> None:
        self.faults.fail_quota()
        self.quotas.check_messages()

    def _trace_sent(self, hub: str, message: Invocation, receivers: int) -> None:
        self.trace.emit(
            "frame",
            direction="out",
            hub=hub,
            target=message.target,
            receivers=receivers,
            arguments=excerpt(message.arguments),
        )
