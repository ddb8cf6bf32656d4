"""Sending one message to many connections.

Strategy: serialise once per encoding, then hand the same bytes to every connection's sink in one tight loop without a
task or an await per client. A client that reads slower than it is sent to piles up bytes in its own transport; past
1 MB it is dropped, so that it never slows the others.
"""

from __future__ import annotations

from collections.abc import Iterable

from chatkit.localcloud.signalr.connection import MAX_WAITING_BYTES, Connection, State
from chatkit.wire.hub_messages import HubMessage
from chatkit.wire.hub_protocol import HubProtocol

SLOW = "The client reads too slowly."


def send(connections: Iterable[Connection], message: HubMessage) -> tuple[int, int]:
    """Send a message to every open connection.

    Returns:
        How many got it, and how many bytes one copy has.
    """
    payloads: dict[HubProtocol, bytes] = {}
    count = size = 0
    for connection in connections:
        protocol, sink = connection.protocol, connection.sink
        if protocol is None or sink is None or connection.state is not State.OPEN:
            continue
        payload = payloads.get(protocol)
        if payload is None:
            payload = payloads[protocol] = protocol.serialize(message)
            size = max(size, len(payload))
        connection.write(payload)
        count += 1
        if sink.waiting_bytes() > MAX_WAITING_BYTES:
            connection.abort(SLOW)
    return count, size
