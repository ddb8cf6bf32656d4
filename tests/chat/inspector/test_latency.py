"""From sending to hearing oneself: figures, a chart, and its summary in words."""

from __future__ import annotations

import json
import xml.etree.ElementTree as xml

import pytest

from chatkit.chat.client.tap import Answer
from chatkit.chat.inspector.latency import LATEST, PENDING, Echoes, quantile, sparkline, summary


def answer(message_id: str, status: int = 202) -> Answer:
    """What the app answers to a message."""
    return Answer(status, "", {}, json.dumps({"id": message_id}).encode())


def frame(message_id: str) -> bytes:
    """What the service sends."""
    return (
        json.dumps({"type": 1, "target": "newMessage", "arguments": [{"id": message_id}]}).encode()
        + b"\x1e"
    )


@pytest.mark.parametrize("echo_first", [True, False])
def test_an_echo_counts_whichever_comes_first(echo_first: bool) -> None:
    """The frame often overtakes the answer, which alone tells the message's id."""
    echoes = Echoes()
    if echo_first:
        echoes.heard(frame("m"), 3.5)
    echoes.sent(answer("m"), 3.0)
    if not echo_first:
        echoes.heard(frame("m"), 3.5)
    assert list(echoes.times) == [(3.5, 0.5)]


def test_what_others_say_is_no_echo() -> None:
    """Only messages of one's own count, and refused ones do not."""
    echoes = Echoes()
    echoes.heard(frame("other"), 1.0)
    echoes.sent(answer("refused", 400), 1.0)
    echoes.heard(frame("refused"), 2.0)
    assert not echoes.times


def test_memory_is_bounded() -> None:
    """A long evening of other people's messages leaves little."""
    echoes = Echoes()
    for number in range(2000):
        echoes.heard(frame(f"{number}"), number)
        echoes.sent(answer(f"mine {number}"), number)
        echoes.heard(frame(f"mine {number}"), number)
    assert (
        len(echoes.times) == LATEST
        and len(echoes._heard) <= PENDING
        and len(echoes._sent) <= PENDING
    )


@pytest.mark.parametrize(
    "noise",
    [b"", b"\x1e", b'"arguments"\x1e', b'{"arguments":5}\x1e', b'{"arguments":[[]]}\x1e', b"\xff"],
)
def test_any_frame_is_taken(noise: bytes) -> None:
    """What is no message is no echo."""
    echoes = Echoes()
    echoes.heard(noise, 1.0)
    assert not echoes.times


def test_the_chart_is_well_formed_and_says_in_words_what_it_shows() -> None:
    """Title, description, and the same sentence beside it."""
    seconds = [0.008, 0.012, 0.010, 0.100]
    chart = xml.fromstring(sparkline(seconds))
    title, description = (chart.findtext(name) for name in ("title", "desc"))
    assert (
        title == "Time from sending to hearing oneself"
        and description
        and "p50" in description
        and "p95" in description
    )
    assert "the last 4 messages: p50 11 ms, p95 87 ms" in summary(seconds)


def test_no_message_and_one_message_have_words() -> None:
    """A chart of fewer than two is none."""
    assert sparkline([]) == sparkline([1.0]) == ""
    assert "No message" in summary([]) and "1 message: p50 250 ms" in summary([0.25])


def test_quantiles_are_between_what_was_measured() -> None:
    """The same as everybody else's."""
    assert quantile([1.0, 2.0, 3.0], 50) == 2.0 and 2.8 < quantile([1.0, 2.0, 3.0], 95) <= 3.0
