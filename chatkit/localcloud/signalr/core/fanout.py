"""Sending messages to many connections, fast.

Strategy: sends are queued and flushed at the end of the event loop's turn. A message is serialised
and framed once per encoding; every WebSocket gets the same bytes by one write to its transport, in
one loop without a task or an await per client. Broadcasts that arrive while a pass is running are
flushed together by the next pass, so each client gets them in one write. Whatever else is written
to a connection goes out after what is queued: `Connection.write` flushes first. A client that reads
slower than it is sent to is dropped by its sink (more than 1 MB waiting) and never slows the
others.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Sequence
from typing import NamedTuple

from chatkit.core.errors import LocalProtocolError
from chatkit.localcloud.signalr.core.connection import MAX_WAITING_BYTES, SLOW, Connection, State
from chatkit.wire.framing import websocket_frame
from chatkit.wire.hub_messages import Invocation
from chatkit.wire.hub_protocol import PROTOCOLS, HubProtocol

log = logging.getLogger("chatkit.local.signalr")
JSON = PROTOCOLS["json"]
Key = tuple[object, int] | None


class Queued(NamedTuple):
    """A message that waits for the end of the event loop's turn.

    Attributes:
        connections: Who gets it.
        message: What they get.
        key: The same for messages to the same connections; None for one that goes alone.
    """

    connections: Sequence[Connection]
    message: Invocation
    key: Key


class FanOut:
    """Messages on their way to connections.

    Args:
        sent: Told about each message: how many got it, and how many bytes one copy has.
    """

    def __init__(self, sent: Callable[[int, int], None]) -> None:
        self._sent = sent
        self._waiting: list[Queued] = []

    def add(
        self, connections: Sequence[Connection], message: Invocation, *, key: Key = None
    ) -> None:
        """Queue a message.

        Args:
            connections: Who gets it; not changed afterwards.
            message: What.
            key: Equal keys say that the connections are the same; such messages may share a write.
        """
        if not self._waiting:
            asyncio.get_running_loop().call_soon(self.flush)
        self._waiting.append(Queued(connections, message, key))

    def flush(self) -> None:
        """Send what is queued, in order."""
        waiting = self._waiting
        self._waiting = []
        together: list[Queued] = []
        for queued in waiting:
            if together and (queued.key is None or queued.key != together[0].key):
                self._pass(together)
                together = []
            together.append(queued)
        if together:
            self._pass(together)

    def _pass(self, together: list[Queued]) -> None:
        """Send messages that have the same connections, each client's in one write."""
        connections = together[0].connections
        messages = [queued.message for queued in together]
        # Once per connection, thousands of times per pass: nothing is looked up that was known for
        # the connection before.
        encoded: dict[HubProtocol, tuple[list[bytes], bytes]] = {}
        known: HubProtocol | None = None
        payloads: list[bytes] = []
        frames = b""
        now = time.monotonic()
        is_open = State.OPEN
        count = 0
        for connection in connections:
            protocol = connection.protocol
            if protocol is None or connection.state is not is_open:
                continue
            if protocol is not known:
                known = protocol
                if protocol not in encoded:
                    encoded[protocol] = self._encode(protocol, messages)
                payloads, frames = encoded[protocol]
            transport = connection.transport
            if transport is not None:
                transport.write(frames)
            else:
                self._by_sink(connection, payloads)
            connection.last_sent = now
            count += 1
        if count:
            counted, _ = encoded.get(JSON) or next(iter(encoded.values()))
            for payload in counted:
                self._sent(count, len(payload))

    def _encode(
        self, protocol: HubProtocol, messages: list[Invocation]
    ) -> tuple[list[bytes], bytes]:
        payloads = []
        for message in messages:
            try:
                payloads.append(protocol.serialize(message))
            except LocalProtocolError as error:  # the others are sent
                log.error("A message to '%s' was not sent: %s", message.target, error)
        frames = [websocket_frame(payload, binary=protocol.binary) for payload in payloads]
        return payloads, b"".join(frames)

    def _by_sink(self, connection: Connection, payloads: list[bytes]) -> None:
        sink = connection.sink
        assert connection.protocol is not None
        stateful = connection.stateful
        for payload in payloads:
            if stateful is not None:
                stateful.sending(payload)
            if sink is not None:
                sink.send(payload, binary=connection.protocol.binary)
        waiting = 0
        if sink is not None:
            waiting += sink.waiting_bytes()
        if stateful is not None:
            waiting += stateful.waiting_bytes
        if waiting > MAX_WAITING_BYTES:
            connection.abort(SLOW)
