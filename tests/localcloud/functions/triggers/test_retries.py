"""Retry policies: a failed timer is invoked again, as the decorator says."""

from __future__ import annotations

import asyncio
import random
from itertools import islice
from pathlib import Path

import pytest

from chatkit.localcloud.functions.schedules.retries import FOR_EVER, PolicyInvalid, RetryPolicy
from chatkit.localcloud.functions.schedules.schedule import timespan_text
from chatkit.localcloud.functions.triggers import timer_clock
from tests.localcloud.functions.functions_testing import Serve, write_app
from tests.localcloud.functions.triggers.timer_testing import TimerApp
from tests.localcloud.functions.triggers.trigger_testing import (
    MemoryRecords,
    MovedClock,
    at,
    until,
)
from tests.times import HOUR_S, Times

TIMER = "@app.timer_trigger(schedule='0 0 0 1 1 *', arg_name='t', run_on_startup=True)\n"
FIXED = {"strategy": "fixed_delay", "max_count": 2, "shortest_s": 5, "longest_s": 5}


@pytest.fixture
def app() -> TimerApp:
    """An app at noon."""
    return TimerApp(MovedClock("2026-01-01T12:00:00"), MemoryRecords())


def seconds_of(app: TimerApp) -> list[float]:
    """When it was invoked, in seconds after noon."""
    return [moment - at("2026-01-01T12:00:00") for moment in app.times]


async def test_a_failed_timer_is_invoked_again_after_a_fixed_delay(app: TimerApp) -> None:
    """And once it succeeds, it waits for its schedule again."""
    app.retry = RetryPolicy(4, 5, 5)
    app.failures = 2
    async with app.running_with("0 * * * * *"):
        await app.clock.move_to("2026-01-01T12:02:30")
    assert seconds_of(app) == [60, 65, 70, 120]
    assert [attempt and attempt.number for attempt in app.attempts] == [0, 1, 2, 0]
    assert app.attempts[2] is not None
    assert str(app.attempts[2].failure) == "ValueError: 0 to come"
    said = "Waiting for `00:00:05` before retrying function execution. Next attempt: '2'."
    assert any(said in line for line in app.lines)


async def test_after_its_last_retry_a_timer_waits_for_its_schedule(app: TimerApp) -> None:
    """The log says that it was given up, and how often it was tried."""
    app.retry = RetryPolicy.of(FIXED)
    app.failures = 3
    async with app.running_with("0 * * * * *"):
        await app.clock.move_to("2026-01-01T12:02:30")
    assert seconds_of(app) == [60, 65, 70, 120]
    assert any("Function execution failed after '2' retries." in line for line in app.lines)


async def test_retries_without_an_end_hold_the_schedule_up(app: TimerApp) -> None:
    """Two invocations never run at once, and a retry belongs to the one before."""
    app.retry = RetryPolicy(FOR_EVER, 50, 50)
    app.failures = 5
    async with app.running_with("0 * * * * *"):
        await app.clock.move_to("2026-01-01T12:06:30")
    assert seconds_of(app) == [60, 110, 160, 210, 260, 310, 310, 360]


async def test_an_app_that_ends_gives_its_retries_up(app: TimerApp) -> None:
    """Nobody waits for the longest interval."""
    app.retry = RetryPolicy(FOR_EVER, HOUR_S, HOUR_S)
    app.failures = 9
    async with app.running_with("0 * * * * *"):
        await app.clock.move_to("2026-01-01T12:01:30")
    assert seconds_of(app) == [60]
    assert any("Invocation cancelled" in line for line in app.lines)


async def test_a_clock_that_is_set_keeps_no_retry_waiting(
    monkeypatch: pytest.MonkeyPatch, times: Times
) -> None:
    """A delay lasts as long as it says, whatever the machine's clock shows."""
    waited: list[float] = []

    async def sleep(seconds: float) -> None:
        waited.append(seconds)
        times.jump(-HOUR_S)
        times.suspend(seconds)

    monkeypatch.setattr(asyncio, "sleep", sleep)
    await timer_clock.TimerClock().wait(25)
    assert [round(seconds) for seconds in waited] == [10, 10, 5]


def test_exponential_delays_double_up_to_the_longest() -> None:
    """Each is what the WebJobs SDK works out, give or take a fifth."""
    policy = RetryPolicy(FOR_EVER, 10, 60, is_exponential=True)
    delays = [*islice(policy.delays_s(random.Random(1)), 6)]
    assert delays[0] == 10
    for delay, middle in zip(delays[1:], (20, 30, 50), strict=False):
        assert abs(delay - middle) <= 0.2 * (middle - 10)
    assert delays[4:] == [60, 60]


def test_a_thousand_exponential_delays_can_be_worked_out() -> None:
    """An interval of nothing stays nothing, and no number grows without an end."""
    none = RetryPolicy(FOR_EVER, 0, 1, is_exponential=True)
    some = RetryPolicy(FOR_EVER, 1, 9, is_exponential=True)
    assert {*islice(none.delays_s(), 2000)} == {0}
    assert next(islice(some.delays_s(), 2000, None)) == 9


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"max_count": -2}, "max_retry_count -2"),
        ({"shortest_s": 9}, "greater than its maximumInterval"),
    ],
)
def test_what_azures_host_refuses_is_said(wrong: dict[str, int], said: str) -> None:
    """It is one function's error."""
    with pytest.raises(PolicyInvalid, match=said):
        RetryPolicy.of({**FIXED, **wrong})


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "00:00:00"), (90, "00:01:30"), (2.25, "00:00:02.2500000"), (90_061, "1.01:01:01")],
)
def test_intervals_are_written_as_dotnet_does(seconds: float, text: str) -> None:
    """The log has the line of Azure's."""
    assert timespan_text(seconds) == text


async def test_a_function_knows_which_attempt_it_is(tmp_path: Path, serve: Serve) -> None:
    """By its context; a policy where Azure has none is named, and refused ones are errors."""
    script = (
        TIMER
        + """@app.retry(strategy="fixed_delay", max_retry_count="2", delay_interval="00:00:00")
def flaky(t: func.TimerRequest, context: func.Context):
    found = context.retry_context
    failure = getattr(found.exception, "message", None)
    print("attempt", found.retry_count, "of", found.max_retry_count, failure)
    if found.retry_count < 2:
        raise ValueError("not yet")
@app.route(route="web")
@app.retry(strategy="exponential_backoff", max_retry_count="1", minimum_interval="00:00:01")
def web(req): return "fine"
"""
        + TIMER
        + """@app.retry(strategy="fixed_delay", max_retry_count="-5", delay_interval="00:00:01")
def wrong(t: func.TimerRequest): pass
"""
    )
    served = await serve(write_app(tmp_path / "app", script))
    await until(lambda: "attempt 2 of 2 ValueError: not yet" in served.log)
    assert "attempt 0 of 2 None" in served.log
    assert "Retries are not supported for function 'Functions.web'." in served.log
    assert "The 'wrong' function is in error" in served.log


@pytest.mark.long
@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ('"fixed_delay", "two", "00:00:01"', "ValueError: invalid literal"),
        ('"fixed_delay", "2"', "TypeError"),
        ('"fixed_delay", "2", "soon"', "ValueError: time data 'soon'"),
        ('"linear", "2", "00:00:01"', 'ValueError: unknown enum label "linear"'),
    ],
)
async def test_a_malformed_policy_keeps_the_app_from_loading(
    tmp_path: Path, serve: Serve, arguments: str, said: str
) -> None:
    """As in Microsoft's worker, which reads it while it indexes the app."""
    script = f"{TIMER}@app.retry({arguments})\ndef tick(t: func.TimerRequest): pass\n"
    served = await serve(write_app(tmp_path / "app", script))
    assert said in served.log
    assert (await served.ask("GET", "/api/tick"))[0] == 503
