"""Stateful reconnect, message by message."""

from __future__ import annotations

import pytest

from chatkit.core.errors import RemoteProtocolError
from chatkit.wire.hub_messages import Ack, Invocation, Ping, Sequence
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
