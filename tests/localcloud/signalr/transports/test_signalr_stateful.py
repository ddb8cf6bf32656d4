"""Stateful reconnect, message by message."""

from __future__ import annotations

import json

import pytest

from chatkit.core.errors import RemoteProtocolError
from chatkit.localcloud.signalr.core.connection import Connection, State
from chatkit.localcloud.signalr.core.fanout import FanOut
from chatkit.wire.hub_messages import Ack, Invocation, Ping, Sequence
from chatkit.wire.hub_protocol import PROTOCOLS
from chatkit.wire.stateful import Stateful


def test_unacknowledged_messages_are_sent_again() -> None:
    """The Sequence names the oldest of them."""
    state = Stateful()
    for payload in (b"1", b"2", b"3"):
        state.sending(payload)
    assert not state.receiving(Ack(1))
    assert state.resume() == (Sequence(2), [b"2", b"3"])


def test_with_nothing_to_repeat_the_sequence_names_the_next_message() -> None:
    """All were acknowledged."""
    state = Stateful()
    state.sending(b"1")
    state.receiving(Ack(1))
    assert state.resume() == (Sequence(2), [])


def test_what_was_handled_is_not_handled_again() -> None:
    """The client repeats messages 2 and 3 and goes on with 4."""
    state = Stateful()
    first = [state.receiving(Invocation(str(n))) for n in (1, 2, 3)]
    state.resume()
    before = state.receiving(Invocation("ignored until Sequence"))
    state.receiving(Sequence(2))
    again = [state.receiving(Invocation(str(n))) for n in (2, 3, 4)]
    assert (first, before, again) == ([True] * 3, False, [False, False, True])


def test_a_gap_is_refused() -> None:
    """The client cannot go on with a message after the next one."""
    state = Stateful()
    with pytest.raises(RemoteProtocolError, match="greater than"):
        state.receiving(Sequence(2))


def test_acknowledgements_are_sent_once() -> None:
    """Pings are not counted."""
    state = Stateful()
    state.receiving(Invocation("x"))
    state.receiving(Ping())
    assert (state.acknowledgement(), state.acknowledgement()) == (Ack(1), None)


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
    connection = Connection("chat", "alice", {})
    connection.protocol = PROTOCOLS["json"]
    connection.state = State.OPEN
    connection.stateful = Stateful()
    connection.flush = fan_out.flush
    fan_out.add([connection], Invocation("queued"))
    connection.resume(recorder)
    assert recorder.types == [9, 1]
