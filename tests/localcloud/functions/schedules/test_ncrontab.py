"""NCRONTAB expressions: what they mean, and what is none."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chatkit.localcloud.functions.schedules.ncrontab import Ncrontab, NotNcrontab

START = datetime(2026, 1, 1)  # a Thursday


@pytest.mark.parametrize(
    ("text", "after", "expected"),
    [
        # The examples of Microsoft's page "Timer trigger for Azure Functions".
        ("0 5 * * * *", "2026-01-01 00:00:00", "2026-01-01 00:05:00"),
        ("0 */5 * * * *", "2026-01-01 00:05:00", "2026-01-01 00:10:00"),
        ("0 5,8,10 * * * *", "2026-01-01 00:08:00", "2026-01-01 00:10:00"),
        ("5-7 * * * * *", "2026-01-01 00:00:07", "2026-01-01 00:01:05"),
        ("0 0 */2 * * *", "2026-01-01 22:30:00", "2026-01-02 00:00:00"),
        ("0 0 9-17 * * *", "2026-01-01 17:00:00", "2026-01-02 09:00:00"),
        ("0 30 9 * * *", "2026-01-01 09:30:00", "2026-01-02 09:30:00"),
        ("0 30 9 * * 1-5", "2026-01-02 10:00:00", "2026-01-05 09:30:00"),
        ("0 30 9 * Jan Mon", "2026-01-26 10:00:00", "2027-01-04 09:30:00"),
        # Five columns: second 0.
        ("*/15 * * * *", "2026-01-01 00:00:01", "2026-01-01 00:15:00"),
        # Names may be any beginning, in any case.
        ("0 0 0 1 febr *", "2026-01-01 00:00:00", "2026-02-01 00:00:00"),
        ("0 0 0 * JAN-MAR SUNDAY", "2026-01-01 00:00:00", "2026-01-04 00:00:00"),
        ("0 0 0 1 m *", "2026-01-01 00:00:00", "2026-03-01 00:00:00"),
        # Day and day of the week both, not one of them as in crontab.
        ("0 0 0 13 * 5", "2026-01-01 00:00:00", "2026-02-13 00:00:00"),
        # A range that runs backwards is turned round.
        ("0 0 17-9 * * *", "2026-01-01 17:00:00", "2026-01-02 09:00:00"),
        # A step from one value on, and a step of nothing.
        ("0 50/5 * * * *", "2026-01-01 00:50:00", "2026-01-01 00:55:00"),
        ("0 */0 * * * *", "2026-01-01 00:00:00", "2026-01-01 00:01:00"),
        # Months without such a day are passed over.
        ("0 0 0 31 * *", "2026-01-31 00:00:00", "2026-03-31 00:00:00"),
        ("0 0 0 29 2 *", "2026-01-01 00:00:00", "2028-02-29 00:00:00"),
        # The turn of a year, and parts of a second.
        ("0 0 0 1 1 *", "2026-06-01 00:00:00.5", "2027-01-01 00:00:00"),
        ("* * * * * *", "2026-12-31 23:59:59.9", "2027-01-01 00:00:00"),
    ],
)
def test_the_next_occurrence(text: str, after: str, expected: str) -> None:
    """It is the first time after the moment that every column matches."""
    found = Ncrontab.parse(text).next_after(datetime.fromisoformat(after))
    assert found == datetime.fromisoformat(expected)


def test_a_day_that_no_month_has_never_comes() -> None:
    """NCrontab answers its end of time; here it is None."""
    assert Ncrontab.parse("0 0 0 30 2 *").next_after(START) is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "not a schedule",
        "* * * *",
        "* * * * * * *",
        "60 * * * * *",
        "0 60 * * * *",
        "0 0 24 * * *",
        "0 0 0 0 * *",
        "0 0 0 32 * *",
        "0 0 0 * 13 *",
        "0 0 0 * * 7",  # Sunday is 0 only
        "0 0 0 * Foo *",
        "0 0 0 L * *",
        "0 0 0 ? * *",
        "0 0 0 * * 5#2",
        "0 1,,2 * * * *",
        "0 ,1 * * * *",
        "0 1- * * * *",
        "0 */x * * * *",
        "0 -5 * * * *",
        "0 ٣ * * * *",
        "@hourly",
        pytest.param(f"0 {'9' * 5000} * * * *", id="thousands of digits"),
        pytest.param(f"0 */{'9' * 5000} * * * *", id="a step of thousands of digits"),
    ],
)
def test_what_is_no_expression(text: str) -> None:
    """What crontab has and NCrontab has not is none either."""
    with pytest.raises(NotNcrontab):
        Ncrontab.parse(text)


COLUMNS = [(0, 59), (0, 59), (0, 23), (1, 31), (1, 12), (0, 6)]
EXPRESSIONS = st.tuples(
    *(
        st.one_of(
            st.just("*"),
            st.lists(st.integers(low, high), min_size=1, max_size=4).map(
                lambda values: ",".join(map(str, values))
            ),
        )
        for low, high in COLUMNS[:3]
    )
).map(lambda columns: f"{' '.join(columns)} * * *")


@settings(max_examples=40, deadline=None)
@given(EXPRESSIONS, st.integers(0, 86_399))
def test_no_occurrence_is_left_out(text: str, second: int) -> None:
    """Trying every second gives the same."""
    cron = Ncrontab.parse(text)
    columns = [{*field.values} for field in cron.fields[:3]]
    moment = START + timedelta(seconds=second)
    found = cron.next_after(moment)
    tried = moment + timedelta(seconds=1)
    while not (
        tried.second in columns[0] and tried.minute in columns[1] and tried.hour in columns[2]
    ):
        tried += timedelta(seconds=1)
    assert found == tried
