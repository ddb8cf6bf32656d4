"""Schedules: intervals, time zones, and the hours that summer time repeats or leaves out."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from chatkit.localcloud.functions.schedules.schedule import (
    Interval,
    NoSchedule,
    parse,
    timespan,
)
from chatkit.localcloud.functions.schedules.zones import schedule_of, zone_of

PACIFIC = ZoneInfo("America/Los_Angeles")


def following(text: str, after: str, count: int) -> list[str]:
    """The next occurrences in Pacific time, with their offsets."""
    schedule = parse(text, PACIFIC)
    moment: float | None = datetime.fromisoformat(after).timestamp()
    found = []
    for _ in range(count):
        assert moment is not None
        moment = schedule.next_after(moment)
        assert moment is not None
        found.append(f"{datetime.fromtimestamp(moment, PACIFIC):%m-%d %H:%M%z}")
    return found


@pytest.mark.parametrize(
    ("text", "after", "expected"),
    [
        # A time of day fires once in the hour that comes twice ...
        (
            "0 30 1 * * *",
            "2018-11-03T00:00-07:00",
            ["11-03 01:30-0700", "11-04 01:30-0700", "11-05 01:30-0800"],
        ),
        # ... also when the app starts in the second of the two.
        ("0 30 1 * * *", "2018-11-04T01:29-08:00", ["11-05 01:30-0800"]),
        # What goes on all the time goes on in both.
        (
            "0 */30 * * * *",
            "2018-11-04T00:30-07:00",
            ["11-04 01:00-0700", "11-04 01:30-0700", "11-04 01:00-0800", "11-04 01:30-0800"],
        ),
        (
            "0 * * * * *",
            "2018-11-04T01:58-07:00",
            ["11-04 01:59-0700", "11-04 01:00-0800", "11-04 01:01-0800"],
        ),
        ("0 * * * * *", "2018-11-04T01:58-08:00", ["11-04 01:59-0800", "11-04 02:00-0800"]),
        # A time that is left out fires an hour later.
        (
            "0 30 2 * * *",
            "2018-03-10T12:00-08:00",
            ["03-11 03:30-0700", "03-12 02:30-0700"],
        ),
    ],
)
def test_summer_time(text: str, after: str, expected: list[str]) -> None:
    """The cases that the Functions host names."""
    assert following(text, after, len(expected)) == expected


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("00:00:10", 10),
        ("00:05", 300),
        ("1.00:00:00", 86_400),
        ("1:02:03:04", 93_784),
        ("24:00:00", 24 * 86_400),
        ("7", 7 * 86_400),
        ("00:00:00.5", 0.5),
        ("-00:00:01", -1),
        ("25:61:00", None),
        ("00:60:00", None),
        ("1.24:00:00", None),
        ("", None),
        ("5s", None),
        ("9" * 5000, None),
        ("00:00:" + "9" * 5000, None),
        pytest.param("9" * 5000, None, id="thousands of digits"),
        pytest.param(f"{'9' * 5000}:00:00", None, id="thousands of digits of hours"),
    ],
)
def test_timespans(text: str, seconds: float | None) -> None:
    """They mean what .NET takes them for."""
    assert timespan(text) == seconds


@pytest.mark.parametrize(
    "text", ["9" * 5000, f"0 {'9' * 5000} * * * *", f"0 */{'9' * 5000} * * * *"]
)
def test_numbers_without_end_are_none(text: str) -> None:
    """Python refuses to read them; a function is in error then, not its app."""
    with pytest.raises(NoSchedule):
        parse(text, UTC)


def test_what_is_due_after_the_calendar_never_comes() -> None:
    """No date can say it."""
    assert parse("99999999", UTC).next_after(0) is None


@pytest.mark.parametrize("text", ["00:00:00", "-00:01:00"])
def test_an_interval_of_nothing_is_none(text: str) -> None:
    """It would fire all the time."""
    with pytest.raises(NoSchedule):
        parse(text, UTC)


@pytest.mark.parametrize(
    ("text", "keeps"),
    [
        ("*/2 * * * * *", False),
        ("0,30 * * * * *", False),
        ("*/2 0 * * * *", True),  # within a minute, but in one minute of an hour only
        ("0 * * * * *", True),
        ("* * * * *", True),
        ("00:00:59", False),
        ("00:01:00", True),
    ],
)
def test_no_status_is_kept_of_what_fires_within_a_minute(text: str, keeps: bool) -> None:
    """The host turns the monitor off then."""
    assert parse(text, UTC).keeps_status is keeps


@pytest.mark.parametrize(
    ("settings", "name", "is_noted"),
    [
        ({}, "of this machine", False),
        ({"WEBSITE_TIME_ZONE": "Europe/Berlin"}, "Europe/Berlin", False),
        ({"WEBSITE_TIME_ZONE": "W. Europe Standard Time"}, "UTC", True),
        ({"WEBSITE_TIME_ZONE": "../etc/passwd"}, "UTC", True),
        ({"WEBSITE_SKU": "ElasticPremium"}, "UTC", False),
        (
            {"WEBSITE_SKU": "ElasticPremium", "WEBSITE_TIME_ZONE": "Asia/Tokyo"},
            "Asia/Tokyo",
            False,
        ),
        ({"WEBSITE_SKU": "FlexConsumption", "WEBSITE_TIME_ZONE": "Asia/Tokyo"}, "UTC", True),
        ({"WEBSITE_SKU": "Dynamic", "WEBSITE_TIME_ZONE": "Asia/Tokyo"}, "UTC", True),
    ],
)
def test_whose_clock_a_timer_means(settings: dict[str, str], name: str, is_noted: bool) -> None:
    """As on Linux plans: names of the time zone database, and UTC where the plan has no others."""
    zone = zone_of(settings)
    assert (zone.name, bool(zone.note)) == (name, is_noted)


def test_an_interval_needs_a_plan_that_does_not_scale_to_nothing() -> None:
    """Azure takes cron expressions only on the others; a local run takes both, as Core Tools do."""
    assert schedule_of("00:00:10", {}) == Interval(10)
    assert schedule_of("00:00:10", {"WEBSITE_SKU": "ElasticPremium"}) == Interval(10)
    with pytest.raises(NoSchedule, match="App Service plan"):
        schedule_of("00:00:10", {"WEBSITE_SKU": "FlexConsumption"})
