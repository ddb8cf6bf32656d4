"""What clients send: the handshake, then hub messages; calls of methods go upstream to the app."""

from __future__ import annotations

from chatkit.core.errors import RemoteProtocolError
from chatkit.localcloud.signalr.core.client_results import ClientResults
from chatkit.localcloud.signalr.core.connection import PROTOCOL_ERROR, Connection, State
from chatkit.localcloud.signalr.core.instance_trace import InstanceTrace, excerpt
from chatkit.localcloud.signalr.core.upstream import Upstream
from chatkit.wire.hub_messages import (
    Close,
    Completion,
    HubMessage,
    Invocation,
    Ping,
    StreamInvocation,
)
from chatkit.wire.hub_protocol import HandshakeRefused

GARBAGE = "An unexpected error occurred during connection handshake."
# Azure's words: https://github.com/aspnet/AzureSignalR-samples/issues/133
NO_APP_SERVERS = (
    "SignalR Service is now in 'Default' service mode. Current mode works as a proxy that routes"
    " client traffic to the connected app servers. However app servers are not connected."
)
NO_STREAMS = "Streaming is not supported in serverless mode."
NO_UPSTREAM = "Invocation failed, no upstream is set for hub '{hub}', event '{event}'."


class Incoming:
    """Reads what the clients of one instance send.

    Args:
        upstream: Told about connections and calls.
        results: Told about completions.
        trace: Told about everything.
    """

    def __init__(self, upstream: Upstream, results: ClientResults, trace: InstanceTrace) -> None:
        self._upstream = upstream
        self._results = results
        self._trace = trace

    def receive(self, connection: Connection, chunk: bytes) -> None:
        """Take bytes from a client; whatever is wrong with them ends this connection only."""
        if connection.state is State.CLOSED:
            return
        try:
            if connection.handshake is not None:
                chunk = self._handshake(connection, chunk)
            if chunk:
                self._messages(connection, chunk)
        except HandshakeRefused as error:
            connection.close(error.message)
        except RemoteProtocolError as error:
            self._trace.emit("protocol-error", connection=connection.id, error=error.message)
            connection.close(_reason(connection, error))

    def _handshake(self, connection: Connection, chunk: bytes) -> bytes:
        """Take bytes of the handshake; returns what follows it."""
        rest = connection.read_handshake(chunk)
        if rest is None:
            return b""
        assert connection.protocol is not None
        if self._upstream.spec.service_mode == "Default":
            connection.protocol = None  # the answer to the handshake is an error, not a message
            raise HandshakeRefused(NO_APP_SERVERS)
        connection.answer_handshake()
        connection.state = State.OPEN
        self._trace.emit("handshake", connection=connection.id, protocol=connection.protocol.name)
        self._upstream.connected(connection)
        return rest

    def _messages(self, connection: Connection, chunk: bytes) -> None:
        stateful = connection.stateful
        for message in connection.feed(chunk):
            if stateful is None or stateful.receiving(message):
                self._message(connection, message)

    def _message(self, connection: Connection, message: HubMessage) -> None:
        match message:
            case Ping():
                return
            case Close():
                connection.state = State.CLOSED
                if connection.sink is not None:
                    connection.sink.close()
            case Completion():
                self._note(connection, completes=message.invocation_id)
                self._results.complete(connection, message)
            case StreamInvocation():
                self._note(connection, target=message.target, stream=True)
                self._refuse(connection, message.invocation_id, NO_STREAMS)
            case Invocation():
                arguments = excerpt(message.arguments)
                self._note(connection, target=message.target, arguments=arguments)
                self._invocation(connection, message)

    def _invocation(self, connection: Connection, message: Invocation) -> None:
        if not self._upstream.message(connection, message) and message.invocation_id is not None:
            reason = NO_UPSTREAM.format(hub=connection.hub, event=message.target)
            self._refuse(connection, message.invocation_id, reason)

    def _note(self, connection: Connection, **detail: object) -> None:
        self._trace.emit("frame", direction="in", connection=connection.id, **detail)

    def _refuse(self, connection: Connection, invocation_id: str, error: str) -> None:
        self._trace.emit(
            "frame", direction="out", connection=connection.id, completes=invocation_id, error=error
        )
        connection.send(Completion(invocation_id, error=error))


def _reason(connection: Connection, error: RemoteProtocolError) -> str:
    """What the client is told: details only with a token that asks for them."""
    if connection.protocol is None:
        return GARBAGE
    # `asrs.s.derror`: enable detailed errors.
    if str(connection.claims.get("asrs.s.derror", "")).lower() == "true":
        return f"{PROTOCOL_ERROR} {error.message}"
    return PROTOCOL_ERROR
