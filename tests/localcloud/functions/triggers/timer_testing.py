"""An app with one timer and no process: tests look when it fires, by a clock that they move."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from chatkit.localcloud.functions.console.console import Console
from chatkit.localcloud.functions.host.indexing import Function
from chatkit.localcloud.functions.schedules.retries import RetryPolicy
from chatkit.localcloud.functions.schedules.zones import schedule_of, zone_of
from chatkit.localcloud.functions.triggers.timers import Timer, TimerListener
from chatkit.localcloud.functions.worker_process.calls import Attempt, Failure, Trigger
from tests.localcloud.functions.triggers.trigger_testing import (
    MemoryRecords,
    MovedClock,
    at,
    settled,
)

UTC_SETTINGS = {"WEBSITE_SKU": "ElasticPremium"}


class TimerApp:
    """An app with one timer, whose invocations are noted.

    Attributes:
        calls: When the function was invoked, and what it was told.
        attempts: Which attempt each invocation was.
        takes_until: When the next invocation ends; empty for at once.
        failures: How many of the next invocations fail.
        retry: The function's retry policy.
    """

    def __init__(self, clock: MovedClock, records: MemoryRecords) -> None:
        self.clock = clock
        self.records = records
        self.lines: list[str] = []
        self.calls: list[tuple[float, dict[str, Any]]] = []
        self.attempts: list[Attempt | None] = []
        self.takes_until = ""
        self.failures = 0
        self.retry: RetryPolicy | None = None
        self.running = 0
        self.most_at_once = 0

    async def invoke(self, _: Function, trigger: Trigger) -> Failure | None:
        """Note an invocation; it lasts until `takes_until`."""
        self.running += 1
        self.most_at_once = max(self.most_at_once, self.running)
        [value] = trigger.inputs.values()
        assert value is not None
        self.calls.append((self.clock.now(), json.loads(value["json"])))
        if self.takes_until:
            until = at(self.takes_until)
            self.takes_until = ""
            await self.clock.wait_until(until)
        self.running -= 1
        self.attempts.append(trigger.attempt)
        if not self.failures:
            return None
        self.failures -= 1
        return Failure("ValueError", f"{self.failures} to come")

    @asynccontextmanager
    async def running_with(self, schedule: str, **options: bool) -> AsyncIterator[TimerListener]:
        """Run the app for the length of a block."""
        binding = {"type": "timerTrigger", "name": "t", "schedule": schedule, **options}
        timer = Timer(
            Function("id", "tick", (binding,), retry=self.retry),
            schedule_of(schedule, UTC_SETTINGS),
            zone_of(UTC_SETTINGS),
        )
        console = Console("app", echo=self.lines.append)
        listener = TimerListener(timer, self.invoke, self.records, console, self.clock)
        task = asyncio.create_task(listener.run())
        await settled()
        try:
            yield listener
        finally:
            listener.stop.ask()
            await task

    @property
    def times(self) -> list[float]:
        """When it was invoked."""
        return [moment for moment, _ in self.calls]

    @property
    def last(self) -> dict[str, Any]:
        """What the function was told the last time."""
        return self.calls[-1][1]
