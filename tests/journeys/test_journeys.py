"""Journeys as texts and as a picture, and how they are played."""

from __future__ import annotations

import time
from dataclasses import replace
from xml.etree import ElementTree

import pytest

from chatkit.journeys import telling
from chatkit.journeys.checking import checking
from chatkit.journeys.journey import LABELS, Journey
from chatkit.journeys.picture import picture, words
from chatkit.journeys.player import HOP_S, REST_S, SLOW_HOP_S, WAITING, Player
from tests.journeys.ways import message, request, stopped

SVG = "{http://www.w3.org/2000/svg}"
FOREIGN = "<script>alert(1)</script>\u202e&"


def test_a_way_is_a_line_of_places() -> None:
    """Where the next hop begins elsewhere stands a comma; the same hop twice is said once."""
    assert telling.line(message()) == (
        "alice: Hello: browsers -> functions -> storage, functions -> SignalR -> browsers,"
        " functions -> browsers. It arrived at 2 connections."
    )


def test_hops_are_lines_with_their_times() -> None:
    """For a terminal and a screen reader."""
    told = telling.lines(message()).splitlines()
    assert told[0] == "alice: Hello" and len(told) == 8
    said = "2 functions -> storage 4.2 ms append to a blob (today.jsonl): 201 (1.0 ms)"
    assert " ".join(told[2].split()) == said
    assert "12 ms" in told[6]
    assert "✕" in telling.lines(stopped())


def test_a_journey_is_the_same_after_json() -> None:
    """The cloud tells it over HTTP; what is told besides is passed over."""
    document = {**message().as_json(), "line": "for somebody else"}
    assert Journey.of_json(document) == message()


@pytest.mark.parametrize("journey", [None, message(), request(), stopped()])
def test_the_picture_is_svg_without_scripts_and_with_every_place(journey: Journey | None) -> None:
    """One that a browser reads as XML, with a title that says what it shows."""
    root = ElementTree.fromstring(picture(journey))
    texts = [text.text for text in root.iter(f"{SVG}text")]
    assert {*LABELS.values()} <= {*texts}
    assert root.findtext(f"{SVG}title") == words(journey)
    kinds = {element.tag.removeprefix(SVG) for element in root.iter()}
    assert kinds <= {"svg", "title", "style", "line", "path", "rect", "text"}


def test_a_foreign_text_is_a_text_in_picture_and_table() -> None:
    """What people write stands in a title."""
    journey = replace(message(title=FOREIGN), outcome=FOREIGN)
    assert ElementTree.fromstring(picture(journey)).findtext(f"{SVG}script") is None
    assert "<script" not in picture(journey) and "<script" not in telling.table(journey)


def test_the_hop_that_is_on_its_way_has_its_time_and_a_head() -> None:
    """Those before it have their number; those after it are not there yet."""
    root = ElementTree.fromstring(picture(message(), 4))
    texts = [text.text for text in root.iter(f"{SVG}text")]
    assert texts[-3:] == ["1", "2, 3", "4: 7.4 ms"]
    assert len([*root.iter(f"{SVG}path")]) == 1
    assert words(message(), 4).startswith("alice: Hello, hop 4 of 6: functions to SignalR, ")


def test_nothing_moves_in_a_picture_of_what_is_over() -> None:
    """It stays in a notebook."""
    assert 'class="line going"' in picture(message(), 6)
    assert "animation" in picture(message(), 6, moves=True)
    assert "animation" not in picture(message(), 6)
    assert 'class="line going"' not in picture(message())


def test_a_hop_that_failed_is_marked_by_more_than_a_colour() -> None:
    """A cross stands beside its number."""
    assert "✕ 2: 1.0 ms" in picture(stopped(), 2) and "✕ 2<" in picture(stopped())
    assert "✕" not in picture(message())


def test_hops_are_played_one_after_the_other() -> None:
    """Each for a time of its own; a whole way stays for a moment."""
    player = Player()
    assert not player.tick(0.0)
    player.add([message(1), message(2)])
    assert player.tick(0.0) and player.steps == 1
    assert not player.tick(HOP_S - 0.1)
    now = 0.0
    while player.steps < 6:
        now += HOP_S
        assert player.tick(now)
    assert not player.tick(now + HOP_S) and player.shown == message(1)
    assert player.tick(now + HOP_S + REST_S) and player.shown == message(2)


def test_slow_motion_and_pause() -> None:
    """Paused, only a hop at a time by hand goes on, and begins anew after the last."""
    player = Player()
    player.is_slow = True
    player.add([request()])
    player.tick(0.0)
    assert not player.tick(SLOW_HOP_S - 0.1)
    player.is_paused = True
    assert not player.tick(100.0)
    player.step_on(100.0)
    assert player.steps == 2
    player.step_on(101.0)
    assert (player.shown, player.steps) == (request(), 1)


def test_a_flood_is_not_played_for_ever() -> None:
    """The newest few wait, and other requests give way to messages; all are listed."""
    player = Player()
    player.add([message(number) for number in range(1, 11)])
    assert len(player.journeys) == 10
    player.tick(0.0)
    assert player.shown == message(11 - WAITING)
    other = Player()
    other.add([request(1), request(2), message(3)])
    other.tick(0.0)
    assert other.shown == message(3)


def test_a_message_does_not_wait_for_the_end_of_another_request() -> None:
    """It waits for the end of a message."""
    player = Player()
    player.add([request(1)])
    player.tick(0.0)
    player.add([message(2), message(3)])
    assert player.tick(0.1) and player.shown == message(2)
    assert not player.tick(0.2)


def test_what_is_told_late_is_listed_where_it_belongs_and_not_played() -> None:
    """The local run that could have told it in time has ended."""
    player = Player()
    player.add([replace(message(1), at=1020.0)])
    player.show_last()
    player.add([message(2)])
    assert not player.tick(0.0) and player.last() == player.shown
    assert [journey.number for journey in player.listed()] == [2, 1]


def test_what_a_check_sends_is_listed_and_not_played() -> None:
    """After "Run All" the map still shows what somebody has said."""
    player = Player()
    player.add([replace(message(1), at=time.time() - 1.0)])
    player.show_last()
    with checking():
        player.add([replace(message(2), at=time.time())])
        assert not player.tick(0.0)
    player.add([replace(message(4), is_trial=True)])  # of another process
    assert not player.tick(0.0) and player.last() == player.shown
    player.add([replace(message(3), at=time.time() + 1.0)])
    assert player.tick(0.0) and player.shown is not None and player.shown.number == 3
    assert len(player.journeys) == 4


def test_who_comes_later_sees_the_last_message_as_a_whole() -> None:
    """Not everything that happened before, one after the other."""
    player = Player()
    player.add([message(1), message(2), request(3)])
    player.show_last()
    assert (player.shown, player.steps) == (message(2), 6)
    assert not player.tick(100.0)
    player.play(1, 100.0)
    assert (player.shown, player.steps) == (message(1), 1)
