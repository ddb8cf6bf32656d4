"""Stateful reconnect and fan-out: what is queued when a client comes back."""

from __future__ import annotations

import json

from chatkit.localcloud.signalr.core.connection import Connection, State
from chatkit.localcloud.signalr.core.fanout import FanOut
from chatkit.wire.hub_messages import Invocation
from chatkit.wire.hub_protocol import PROTOCOLS
from chatkit.wire.stateful import Stateful


class Recorder:
    """A transport that keeps what is sent."""

    text_only = False
    wants_keep_alive = True
    gone_reason: str | None = None

    def __init__(self) -> None:
        self.types: list[int] = []

    def send(self, payload: bytes, *, binary: bool) -> None:
        self.types.append(json.loads(payload[:-1])["type"])

    def waiting_bytes(self) -> int:
        return 0

    def is_gone(self) -> bool:
        return False

    def close(self, *, abort: bool = False) -> None:
        return


async def test_a_message_queued_when_the_client_returns_goes_after_the_sequence() -> None:
    """Sent before, the client would ignore it, and nobody would send it again."""
    fan_out = FanOut(lambda receivers, size_bytes: None)
    recorder = Recorder()
    connection = Connection("chat", "alice", {}, flush=fan_out.flush, stateful=Stateful())
    connection.protocol = PROTOCOLS["json"]
    connection.state = State.OPEN
    fan_out.add([connection], Invocation("queued"))
    connection.resume(recorder)
    assert recorder.types == [9, 1]
