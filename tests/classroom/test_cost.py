"""What a class costs."""

from __future__ import annotations

import pytest

from chatkit.classroom import cost
from chatkit.cloud.provision import prices


def test_thirty_people_for_four_hours() -> None:
    """Free instances cost nothing; writes of blobs are what is left."""
    free, shared, each = cost.estimates(30, 4)
    assert free.way.endswith("Free") and free.dollars == pytest.approx(0.18, abs=0.01)
    assert shared.dollars - free.dollars == pytest.approx(prices.SIGNALR.dollars)
    assert each.dollars - free.dollars == pytest.approx(30 * prices.SIGNALR.dollars)


def test_a_second_day_of_standard_costs_again() -> None:
    """Days are counted whole."""
    one, two = (cost.estimates(10, hours)[1].lines[0].dollars for hours in (24, 24.5))
    assert two == pytest.approx(2 * one)


def test_what_is_behind_the_free_grant_is_paid() -> None:
    """500 people for a day use more than the grant of a month."""
    lines = {line.what: line.dollars for line in cost.estimates(500, 24)[0].lines}
    executions = 500 * 24 * cost.EXECUTIONS_AN_HOUR
    expected = (executions * prices.FUNCTION_GB - prices.FREE_GB_S) * prices.FLEX_TIME.dollars
    assert lines[prices.FLEX_TIME.what] == pytest.approx(expected)


def test_every_price_says_where_when_and_who() -> None:
    """An estimate without a date is none."""
    for price in prices.PRICES:
        assert price.where and price.when[:3] == "202" and "https://" in price.source
