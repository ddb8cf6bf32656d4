"""The connections of one instance: negotiated, attached, away, ended.

One clock looks after all of them.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable

from chatkit.core.time import clock
from chatkit.localcloud.signalr.core.connection import HANDSHAKE_CANCELED, Connection, State
from chatkit.localcloud.signalr.core.hub import Hub
from chatkit.localcloud.signalr.core.instance_trace import InstanceTrace
from chatkit.wire.hub_messages import Ping

CONNECT_WITHIN_S = 5
HANDSHAKE_WITHIN_S = 15
KEEP_ALIVE_S = 15
CLIENT_TIMEOUT_S = 30
# How long a connection with stateful reconnect waits for its client to come back.
RECONNECT_WITHIN_S = 15
EXPIRED = "Connection closed because its authentication has expired."
SILENT = "The client has been silent for longer than the client time-out."
NOT_BACK = "The client did not come back."


class Connections:
    """Who is connected to which hub.

    Args:
        trace: Where comings and goings are recorded.
        on_end: Called with each connection that was attached and has ended.
    """

    def __init__(self, trace: InstanceTrace, *, on_end: Callable[[Connection], None]) -> None:
        self._trace = trace
        self._on_end = on_end
        self._hubs: dict[str, Hub] = {}
        #: in the order in which they came
        self._negotiated: OrderedDict[str, Connection] = OrderedDict()
        self._attached: dict[str, Connection] = {}

    def __len__(self) -> int:
        """How many there are, those included whose client has not opened a transport yet."""
        return len(self._negotiated) + len(self._attached)

    def hub(self, name: str) -> Hub:
        """The hub of that name, made on first use; names compare in lower case.

        One that nobody is in goes soon: look it up again after an `await`.
        """
        name = name.lower()
        if name not in self._hubs:
            self._hubs[name] = Hub(name)
        return self._hubs[name]

    def all(self) -> list[Connection]:
        """Every connection of every hub."""
        return [
            connection for hub in self._hubs.values() for connection in hub.connections.values()
        ]

    # Between negotiation and transport

    def add_negotiated(self, connection: Connection) -> None:
        """Prepare a connection that its client opens within five seconds."""
        self._negotiated[connection.token] = connection

    def negotiated(self, token: str, hub: str) -> Connection | None:
        """The connection of that token while its client has not opened a transport."""
        self.forget_unopened()
        connection = self._negotiated.get(token)
        if connection is None or connection.hub != hub.lower():
            return None
        return connection

    def take_negotiated(self, token: str, hub: str) -> Connection | None:
        """The same, once."""
        connection = self.negotiated(token, hub)
        if connection is not None:
            del self._negotiated[token]
        return connection

    def forget_unopened(self) -> None:
        """Drop connections whose client has not come in time."""
        now = time.monotonic()
        while self._negotiated:
            oldest = next(iter(self._negotiated.values()))
            if now - oldest.opened_at <= CONNECT_WITHIN_S:
                return
            self._negotiated.popitem(last=False)

    # With a transport

    def find(self, token: str) -> Connection | None:
        """A connection that is open, by its secret token."""
        return self._attached.get(token)

    def attach(self, connection: Connection) -> None:
        """Count a connection whose transport is there; its handshake follows."""
        self.hub(connection.hub).add(connection)
        self._attached[connection.token] = connection
        self._trace.emit(
            "connection",
            event="opened",
            hub=connection.hub,
            connection=connection.id,
            user=connection.user_id,
        )

    def lost(self, connection: Connection, error: str | None) -> None:
        """A WebSocket has ended. With stateful reconnect its client may come back for a while."""
        connection.suspend()
        if connection.stateful is None or connection.state is not State.OPEN:
            self.detach(connection, error)
            return
        self._trace.emit(
            "connection", event="suspended", hub=connection.hub, connection=connection.id
        )

    def detach(self, connection: Connection, error: str | None = None) -> None:
        """The transport has ended, however it did."""
        hub = self.hub(connection.hub)
        if connection.id not in hub.connections:
            return
        connection.state = State.CLOSED
        connection.close_error = connection.close_error or error
        hub.remove(connection)
        self._attached.pop(connection.token, None)
        self._trace.emit(
            "connection",
            event="closed",
            hub=connection.hub,
            connection=connection.id,
            error=connection.close_error,
        )
        self._on_end(connection)

    def close_all(self, reason: str | None) -> None:
        """End every connection."""
        for connection in self.all():
            connection.close(reason)
            self.detach(connection)

    def reset(self, reason: str) -> None:
        """End every connection, and forget every hub and membership."""
        self.close_all(reason)
        self._negotiated.clear()
        self._hubs.clear()

    # The clock

    def tick(self) -> None:
        """Once a second for all connections: time-outs and keep-alive."""
        now = time.monotonic()
        self.forget_unopened()
        for connection in self.all():
            self._look_after(connection, now)
        self._forget_idle_hubs()

    def _forget_idle_hubs(self) -> None:
        # Whoever has a key can name as many hubs as they like.
        for name in [name for name, hub in self._hubs.items() if hub.is_idle()]:
            del self._hubs[name]

    def _look_after(self, connection: Connection, now: float) -> None:
        sink = connection.sink
        if connection.suspended_at is not None:
            if now - connection.suspended_at > RECONNECT_WITHIN_S:
                self.detach(connection, NOT_BACK)
        elif sink is None:
            return
        elif sink.is_gone():
            connection.abort(connection.close_error or sink.gone_reason)
            self.detach(connection, sink.gone_reason)
        elif connection.state is State.HANDSHAKE:
            # `asrs.s.cht`: the client's handshake time-out.
            within_s = connection.seconds_claim(
                "asrs.s.cht", default=HANDSHAKE_WITHIN_S, at_most=30
            )
            if now - connection.opened_at > within_s:
                connection.close(HANDSHAKE_CANCELED)
        elif connection.expires_at is not None and connection.expires_at <= clock.steady():
            connection.close(EXPIRED)
        elif sink.wants_keep_alive:
            _keep_alive(connection, now)


def _keep_alive(connection: Connection, now: float) -> None:
    if now - connection.last_received > CLIENT_TIMEOUT_S:
        connection.abort(SILENT)
    elif now - connection.last_sent >= KEEP_ALIVE_S:
        connection.send(Ping())
    if connection.stateful is not None:
        acknowledgement = connection.stateful.acknowledgement()
        if acknowledgement is not None:
            connection.send(acknowledgement)
