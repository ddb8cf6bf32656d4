"""Timers fire when they are due, once each, and what was missed comes at the next start."""

from __future__ import annotations

import asyncio

import pytest

from chatkit.localcloud.functions.triggers import timer_clock
from tests.localcloud.functions.triggers.timer_testing import TimerApp
from tests.localcloud.functions.triggers.trigger_testing import (
    MemoryRecords,
    MovedClock,
    at,
    settled,
)
from tests.times import DAY_S, HOUR_S, Times

NEVER = "0001-01-01T00:00:00+00:00"


@pytest.fixture
def app() -> TimerApp:
    """An app at noon."""
    return TimerApp(MovedClock("2026-01-01T12:00:00"), MemoryRecords())


async def test_it_fires_on_schedule(app: TimerApp) -> None:
    """Every two seconds, from the next one on."""
    async with app.running_with("*/2 * * * * *"):
        await app.clock.move_to("2026-01-01T12:00:07")
    assert app.times == [at(f"2026-01-01T12:00:0{second}") for second in (2, 4, 6)]
    assert app.last == {
        "Schedule": {"AdjustForDST": True},
        "ScheduleStatus": None,  # it fires within a minute
        "IsPastDue": False,
    }


async def test_an_interval_counts_from_the_last_invocation(app: TimerApp) -> None:
    """Not from a round minute."""
    async with app.running_with("00:01:30", runOnStartup=True):
        await app.clock.move_to("2026-01-01T12:03:30")
    assert [moment - app.times[0] for moment in app.times] == [0, 90, 180]


async def test_run_on_startup_fires_at_once_and_then_on_schedule(app: TimerApp) -> None:
    """And it is not past due."""
    async with app.running_with("0 0 13 * * *", runOnStartup=True):
        assert app.times == [at("2026-01-01T12:00:00")]
        assert app.last["IsPastDue"] is False
        await app.clock.move_to("2026-01-01T13:30:00")
    assert app.times == [at("2026-01-01T12:00:00"), at("2026-01-01T13:00:00")]


async def test_two_invocations_never_run_at_once(app: TimerApp) -> None:
    """What was due meanwhile comes once, when the first one is over."""
    async with app.running_with("0 * * * * *"):
        app.takes_until = "2026-01-01T12:03:30"
        await app.clock.move_to("2026-01-01T12:04:30")
    assert app.most_at_once == 1
    assert app.times == [
        at("2026-01-01T12:01:00"),
        at("2026-01-01T12:03:30"),
        at("2026-01-01T12:04:00"),
    ]


async def test_a_missed_invocation_comes_at_the_next_start_and_says_so(app: TimerApp) -> None:
    """However many were missed, it is one."""
    async with app.running_with("0 */5 * * * *"):
        await app.clock.move_to("2026-01-01T12:05:30")
    await app.clock.move_to("2026-01-01T12:21:00")
    async with app.running_with("0 */5 * * * *"):
        assert app.times == [at("2026-01-01T12:05:00"), at("2026-01-01T12:21:00")]
        assert app.last == {
            "Schedule": {"AdjustForDST": True},
            "ScheduleStatus": {
                "Last": "2026-01-01T12:05:00+00:00",
                "Next": "2026-01-01T12:10:00+00:00",
                "LastUpdated": "2026-01-01T12:05:00+00:00",
            },
            "IsPastDue": True,
        }
        await app.clock.move_to("2026-01-01T12:25:30")
    assert app.last["IsPastDue"] is False and len(app.calls) == 3


async def test_what_never_ran_is_missed_too(app: TimerApp) -> None:
    """The first start writes down when it is due."""
    async with app.running_with("0 */5 * * * *"):
        pass
    await app.clock.move_to("2026-01-01T12:06:00")
    async with app.running_with("0 */5 * * * *"):
        assert app.last["IsPastDue"] is True
        assert app.last["ScheduleStatus"]["Last"] == NEVER


async def test_nothing_is_missed_between_two_occurrences(app: TimerApp) -> None:
    """A restart alone fires nothing."""
    for _ in range(3):
        async with app.running_with("0 */5 * * * *"):
            await app.clock.move_to("2026-01-01T12:05:30")
    assert len(app.calls) == 1


async def test_another_schedule_is_not_past_due(app: TimerApp) -> None:
    """What the old one had due does not count for the new one."""
    async with app.running_with("0 */5 * * * *"):
        await app.clock.move_to("2026-01-01T12:05:30")
    await app.clock.move_to("2026-01-01T12:59:30")
    async with app.running_with("0 0 * * * *"):
        assert len(app.calls) == 1
        assert app.records.kept["tick"].next == at("2026-01-01T13:00:00")
        await app.clock.move_to("2026-01-01T13:00:30")
    assert app.times[-1] == at("2026-01-01T13:00:00")


async def test_without_monitor_nothing_is_kept(app: TimerApp) -> None:
    """And nothing is ever past due."""
    async with app.running_with("0 */5 * * * *", useMonitor=False):
        await app.clock.move_to("2026-01-01T12:05:30")
    await app.clock.move_to("2026-01-01T12:31:00")
    async with app.running_with("0 */5 * * * *", useMonitor=False):
        assert len(app.calls) == 1
    assert app.records.kept == {} and app.last["ScheduleStatus"] is None


async def test_a_storage_that_is_away_is_named_once_and_the_timer_fires(app: TimerApp) -> None:
    """Azure would not fire; the line says so."""
    app.records.is_down = True
    async with app.running_with("0 * * * * *"):
        await app.clock.move_to("2026-01-01T12:03:30")
        assert len(app.calls) == 3
        assert sum("on Azure the timer would not fire" in line for line in app.lines) == 1
        app.records.is_down = False
        await app.clock.move_to("2026-01-01T12:04:30")
    assert app.records.kept["tick"].last == at("2026-01-01T12:04:00")


async def test_a_clock_that_is_set_back_silences_no_timer(app: TimerApp) -> None:
    """Else it would not fire until the clock is where it was, a day later."""
    async with app.running_with("0 */5 * * * *"):
        await app.clock.move_to("2026-01-01T12:05:30")
        await app.clock.set_back_to("2025-12-31T12:02:00")
        assert len(app.calls) == 1
        await app.clock.move_to("2025-12-31T12:05:30")
    assert app.times[1:] == [at("2025-12-31T12:05:00")]


async def test_nor_does_one_that_is_set_back_while_the_app_is_down(app: TimerApp) -> None:
    """What is kept is of a time to come then."""
    async with app.running_with("0 */5 * * * *"):
        await app.clock.move_to("2026-01-01T12:05:30")
    await app.clock.set_back_to("2025-12-31T12:02:00")
    async with app.running_with("0 */5 * * * *"):
        await app.clock.move_to("2025-12-31T12:05:30")
    assert app.times[1:] == [at("2025-12-31T12:05:00")]
    assert app.last["IsPastDue"] is False


async def test_a_wait_ends_when_the_clock_is_set_back(
    times: Times, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A second is the correction of a clock that ran ahead, and no reason."""
    monkeypatch.setattr(timer_clock, "LONGEST_WAIT_S", 0)
    machine = timer_clock.TimerClock()
    waiting = asyncio.create_task(machine.wait_until(machine.now() + HOUR_S))
    for seconds, is_over in ((-1, False), (-DAY_S, True)):
        times.jump(seconds)
        await settled()
        assert waiting.done() is is_over


async def test_a_schedule_that_never_comes_ends_quietly(app: TimerApp) -> None:
    """30 February."""
    async with app.running_with("0 0 0 30 2 *"):
        await app.clock.move_to("2027-01-01T00:00:00")
    assert app.calls == []


async def test_stopping_waits_for_the_invocation_that_runs(app: TimerApp) -> None:
    """The app after it starts its own only then."""
    async with app.running_with("0 * * * * *") as listener:
        app.takes_until = "2026-01-01T12:02:00"
        await app.clock.move_to("2026-01-01T12:01:30")
        listener.stop.ask()
        await settled()
        assert app.running == 1
        await app.clock.move_to("2026-01-01T12:10:00")
        assert app.running == 0 and len(app.calls) == 1
