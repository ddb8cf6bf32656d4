"""Conditional requests: which condition fails, in which order, for any headers."""

from __future__ import annotations

import sys
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatkit.localcloud.core.etags import (
    IF_MATCH,
    IF_MODIFIED_SINCE,
    IF_NONE_MATCH,
    IF_UNMODIFIED_SINCE,
    Conditions,
    InvalidDate,
    http_date,
    new_ticks,
    parse_http_date,
)

ETAG = '"0x8DF"'
MODIFIED = 1_795_456_800.75
SAME = http_date(MODIFIED)
BEFORE = http_date(MODIFIED - 60)
TAGS = st.sampled_from(["", "*", ETAG, f"W/{ETAG}", "0x8DF", '"other"', f'"other", {ETAG}'])
DATES = st.sampled_from(["", SAME, BEFORE, "yesterday"])


@pytest.mark.parametrize(
    ("headers", "unmet"),
    [
        ({}, ""),
        ({"if-match": ETAG}, ""),
        ({"if-match": f'"a", {ETAG}'}, ""),
        ({"if-match": "*"}, ""),
        ({"if-match": '"a"'}, IF_MATCH),
        ({"if-none-match": '"a"'}, ""),
        ({"if-none-match": ETAG}, IF_NONE_MATCH),
        ({"if-none-match": "*"}, IF_NONE_MATCH),
        ({"if-modified-since": BEFORE}, ""),
        ({"if-modified-since": SAME}, IF_MODIFIED_SINCE),
        ({"if-unmodified-since": SAME}, ""),
        ({"if-unmodified-since": BEFORE}, IF_UNMODIFIED_SINCE),
    ],
)
def test_each_condition_holds_or_not(headers: dict[str, str], unmet: str) -> None:
    """Tags by their text, dates by whole seconds."""
    assert Conditions.read(headers).unmet(ETAG, MODIFIED) == unmet


def test_a_tag_condition_makes_the_date_of_its_kind_void() -> None:
    """RFC 9110 §13.2.2: with a tag condition, the date condition of its kind is not looked at."""
    matching = Conditions(if_match=ETAG, if_unmodified_since=BEFORE)
    new = Conditions(if_none_match='"a"', if_modified_since=SAME)
    assert (matching.unmet(ETAG, MODIFIED), new.unmet(ETAG, MODIFIED)) == ("", "")


def test_if_match_is_looked_at_first() -> None:
    """A version that is neither the wanted nor a new one is 412, not 304."""
    assert Conditions(if_match='"a"', if_none_match=ETAG).unmet(ETAG, MODIFIED) == IF_MATCH


def test_a_weak_tag_is_no_reason_to_change_something() -> None:
    """If-Match compares strongly, If-None-Match weakly; a service may compare by the text alone."""
    weak = f"W/{ETAG}"
    assert Conditions(if_match=weak).unmet(ETAG) == IF_MATCH
    assert Conditions(if_none_match=weak).unmet(ETAG) == IF_NONE_MATCH
    assert Conditions(if_match=weak, bare_tags=True).unmet(ETAG) == ""
    assert Conditions(if_match="0x8DF", bare_tags=True).unmet(ETAG) == ""
    assert Conditions(if_match="0x8DF").unmet(ETAG) == IF_MATCH


@pytest.mark.parametrize("wanted", ["*", ETAG])
def test_nothing_stored_matches_nothing(wanted: str) -> None:
    """If-Match fails where nothing is stored, If-None-Match holds."""
    assert Conditions(if_match=wanted).unmet(None) == IF_MATCH
    assert Conditions(if_none_match=wanted).unmet(None) == ""


def test_a_condition_that_is_no_date_is_void_or_refused() -> None:
    """RFC 9110 §13.1.3 ignores it; a service that is strict names the header."""
    given_headers = {"x-source-if-modified-since": "yesterday"}
    assert Conditions.read(given_headers, prefix="x-source-").unmet(ETAG, MODIFIED) == ""
    strict = Conditions.read(given_headers, prefix="x-source-", strict_dates=True)
    with pytest.raises(InvalidDate) as caught:
        strict.unmet(ETAG, MODIFIED)
    assert (caught.value.header, caught.value.text) == (IF_MODIFIED_SINCE, "yesterday")


@given(TAGS, TAGS, DATES, DATES)
def test_any_conditions_name_the_first_that_fails(
    match: str, none_match: str, modified: str, unmodified: str
) -> None:
    """What is named as unmet is a condition of the request, and without it the next one decides."""
    conditions = Conditions(
        if_match=match,
        if_none_match=none_match,
        if_modified_since=modified,
        if_unmodified_since=unmodified,
    )
    unmet = conditions.unmet(ETAG, MODIFIED)
    sent = {
        "": True,
        IF_MATCH: match,
        IF_NONE_MATCH: none_match,
        IF_MODIFIED_SINCE: modified and not none_match,
        IF_UNMODIFIED_SINCE: unmodified and not match,
    }
    assert sent[unmet]


def test_ticks_never_repeat() -> None:
    """Two changes in the same instant have different tags."""
    assert len({new_ticks() for _ in range(1000)}) == 1000


@given(st.integers(0, 4_000_000_000))
def test_an_http_date_comes_back(second: int) -> None:
    """Writing and reading dates are inverse, to the second."""
    assert parse_http_date(http_date(second)) == second


@given(st.text(max_size=40))
def test_any_text_is_a_date_or_none(text: str) -> None:
    """No header breaks the parser."""
    parse_http_date(text)


def test_a_date_is_of_utc_in_every_form(monkeypatch: pytest.MonkeyPatch) -> None:
    """RFC 9110 §5.6.7: asctime's form names no zone, and means UTC wherever the machine is."""
    if sys.platform == "win32":
        pytest.skip("a process has no time zone of its own there")
    monkeypatch.setenv("TZ", "XXX+11")
    time.tzset()
    try:
        found = {
            parse_http_date(text)
            for text in ("Sun Nov  6 08:49:37 1994", "Sun, 06 Nov 1994 08:49:37 GMT")
        }
    finally:
        monkeypatch.undo()
        time.tzset()
    assert found == {784111777.0}
