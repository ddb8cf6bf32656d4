"""Stateful reconnect: messages survive a lost WebSocket, in both directions, in order and once.

Follows "Stateful Reconnect" (dotnet/aspnetcore, docs/specs/HubProtocol.md) as Microsoft's
JavaScript client speaks it: a Sequence message names the oldest message that is sent again.
"""

from __future__ import annotations

from collections import deque

from chatkit.core.errors import RemoteProtocolError
from chatkit.wire.hub_messages import (
    Ack,
    CancelInvocation,
    Completion,
    HubMessage,
    Invocation,
    Sequence,
    StreamInvocation,
    StreamItem,
)

TRACKED = (Invocation, StreamItem, Completion, StreamInvocation, CancelInvocation)


class Stateful:
    """Sequence numbers of one connection.

    Each direction counts its tracked messages from 1 and never starts again.
    """

    def __init__(self) -> None:
        self._unacknowledged: deque[tuple[int, bytes]] = deque()
        self._waiting_bytes = 0
        self._sent = 0
        self._received = 0
        self._acknowledged = 0
        self._awaiting_sequence = False
        #: messages sent again that were handled before
        self._repeated = 0

    # Towards the client

    def sending(self, payload: bytes) -> None:
        """Remember a tracked message until the client acknowledges it."""
        self._sent += 1
        self._unacknowledged.append((self._sent, payload))
        self._waiting_bytes += len(payload)

    @property
    def waiting_bytes(self) -> int:
        """Bytes sent and not acknowledged."""
        return self._waiting_bytes

    def resume(self) -> tuple[Sequence, list[bytes]]:
        """The client is back on a new transport: what to tell it first, and what to send again."""
        self._awaiting_sequence = True
        oldest = self._unacknowledged[0][0] if self._unacknowledged else self._sent + 1
        return Sequence(oldest), [payload for _, payload in self._unacknowledged]

    # From the client

    def receiving(self, message: HubMessage) -> bool:
        """Take note of a message; say whether it is to be handled (not a repeat, not bookkeeping).

        Raises:
            RemoteProtocolError: The client claims to have sent messages that never came.
        """
        if isinstance(message, Ack):
            self._forget(message.sequence_id)
            return False
        if isinstance(message, Sequence):
            if message.sequence_id > self._received + 1:
                raise RemoteProtocolError(
                    "Sequence ID greater than amount of messages we've received."
                )
            self._repeated = self._received - message.sequence_id + 1
            self._awaiting_sequence = False
            return False
        if not isinstance(message, TRACKED):
            return True
        if self._awaiting_sequence:
            return False
        if self._repeated > 0:
            self._repeated -= 1
            return False
        self._received += 1
        return True

    def acknowledgement(self) -> Ack | None:
        """What to acknowledge now, None when nothing new came."""
        if self._received == self._acknowledged:
            return None
        self._acknowledged = self._received
        return Ack(self._received)

    def _forget(self, up_to: int) -> None:
        while self._unacknowledged and self._unacknowledged[0][0] <= up_to:
            self._waiting_bytes -= len(self._unacknowledged.popleft()[1])
