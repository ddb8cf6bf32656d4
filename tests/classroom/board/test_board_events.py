"""What a participant's kit may report is read strictly."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatkit.classroom.app.board_app import events, kept
from chatkit.classroom.app.board_app.answers import Refused
from tests.classroom.board.board_testing import a_hand, a_result

NOW = 1_000_000.0


def read(*found: Any) -> list[events.Event]:
    """Read a body with these events."""
    return events.read(json.dumps({"events": found}).encode(), now=NOW)


def test_a_result_is_kept_as_it_was_with_the_apps_own_time() -> None:
    """Clocks of participants differ; how long ago something was does not."""
    (event,) = read(a_result(ago=30, passed=True, error="", seconds=12.34))
    assert event["at"] == NOW - 30
    assert (event["section"], event["passed"], event["seconds"]) == ("05", True, 12.3)


@pytest.mark.parametrize(
    "changes",
    [
        {"person": "p02"},
        {"id": "1"},
        {"section": "5"},
        {"section": "<b>"},
        {"passed": "yes"},
        {"passed": True},
        {"seconds": -1},
        {"seconds": float("nan")},
        {"seconds": 10**12},
        {"ago": True},
        {"error": "<img src=x>"},
        {"error": "x" * 65},
        {"error": None},
        {"cause": None},
        {"kind": "hand"},
        {"kind": ["check"]},
        {"text": "def answer(): ..."},
    ],
    ids=str,
)
def test_what_is_not_a_result_is_refused(changes: dict[str, Any]) -> None:
    """Nothing else gets in: no person, no code, no markup, no numbers without end."""
    with pytest.raises(Refused) as refused:
        read(a_result(**changes))
    assert refused.value.status == 400


@pytest.mark.parametrize("text", ["a" * 201, "two\nlines", "\u202egnp", "\x00"], ids=ascii)
def test_a_hand_has_one_short_line(text: str) -> None:
    """It is shown as it stands."""
    with pytest.raises(Refused):
        read(a_hand(text))


def test_a_cause_that_the_kit_does_not_know_is_dropped() -> None:
    """Nobody writes a text of their own on the projector."""
    (event,) = read(a_result(cause="mallory was here"))
    assert event["cause"] == ""


def test_a_body_that_is_too_big_is_refused() -> None:
    """Before it is read."""
    with pytest.raises(Refused) as refused:
        events.read(b" " * (events.MAX_BODY_BYTES + 1))
    assert refused.value.status == 413


def test_too_many_events_are_refused() -> None:
    """The kit sends them in parts."""
    with pytest.raises(Refused):
        read(*(a_result() for _ in range(events.MAX_EVENTS + 1)))


@given(st.binary(max_size=200))
def test_any_bytes_are_events_or_refused(body: bytes) -> None:
    """Nothing else happens."""
    try:
        assert events.read(body)
    except Refused as refused:
        assert refused.status in (400, 413)


@given(st.lists(st.tuples(st.sampled_from(["01", "02"]), st.booleans()), max_size=40))
def test_the_newest_of_each_section_stays(found: list[tuple[str, bool]]) -> None:
    """However many there are: what is kept has an end, and the order stays."""
    reported: list[events.Event] = [
        {"id": str(at), "kind": "check", "section": section, "passed": passed}
        for at, (section, passed) in enumerate(found)
    ]
    stay = kept.newest(reported)
    assert len(stay) <= 4 * kept.EACH + 3
    assert stay == [event for event in reported if event in stay]
    last = kept.by_id(reversed(reported))
    for section, passed in set(found):
        newest = next(x for x in last.values() if (x["section"], x["passed"]) == (section, passed))
        assert newest in stay


@given(st.lists(st.tuples(st.sampled_from(["01", "02"]), st.booleans()), max_size=60))
def test_no_failure_is_counted_out_or_twice(found: list[tuple[str, bool]]) -> None:
    """Whatever is dropped, and though each part is sent again."""
    reported: list[events.Event] = [
        {"id": str(at), "kind": "check", "section": section, "passed": passed}
        for at, (section, passed) in enumerate(found)
    ]
    there = kept.Kept(0, {})
    for at in range(0, 2 * len(reported), 5):
        part = reported[at // 10 * 5 :][:5]
        there = replace(there, late=kept.by_id(there.merged(there.counted(part))))
    for number in ("01", "02"):
        of_it = [event for event in there.late.values() if event["section"] == number]
        failures = [event["tries"] for event in of_it if not event["passed"]]
        assert max(failures, default=0) == found.count((number, False))
        assert failures == sorted(failures)


def test_the_first_that_passed_and_the_first_failure_since_stay() -> None:
    """Beside the newest: the board takes minutes from them."""
    passing = [*range(5), *range(10, 15)]
    reported: list[events.Event] = [
        {"id": str(at), "kind": "check", "section": "01", "passed": at in passing}
        for at in range(20)
    ]
    stay = {event["id"] for event in kept.newest(reported)}
    assert stay == {"0", "12", "13", "14", "15", "17", "18", "19"}


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=40),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=8,
)


@given(st.sampled_from(sorted(events.RESULT_FIELDS | events.HAND_FIELDS)), JSON)
def test_any_value_in_a_field_is_read_or_refused(name: str, value: Any) -> None:
    """No value makes the function fail."""
    try:
        read(a_result(**{name: value}))
    except Refused as refused:
        assert refused.status in (400, 413)
