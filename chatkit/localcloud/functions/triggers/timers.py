"""Timers: one listener a function.

Follows the timer listener of the Functions host: an invocation that was missed while nothing ran
comes at the start, the next one is worked out when one is over, and two never run at once.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import datetime

from chatkit.localcloud.functions.console.console import Console
from chatkit.localcloud.functions.host.indexing import Function
from chatkit.localcloud.functions.schedules.schedule import Schedule, timespan_text
from chatkit.localcloud.functions.schedules.zones import Zone
from chatkit.localcloud.functions.storage.blobs import StorageUnavailable
from chatkit.localcloud.functions.storage.connections import ConnectionInvalid
from chatkit.localcloud.functions.triggers.host_records import HostRecords, ScheduleStatus
from chatkit.localcloud.functions.triggers.stopping import Stop
from chatkit.localcloud.functions.triggers.timer_clock import SET_BACK_S, TimerClock
from chatkit.localcloud.functions.worker_process.calls import Attempt, Failure, Trigger

Invoke = Callable[[Function, Trigger], Awaitable[Failure | None]]
SHOWN_OCCURRENCES = 5
# What a status says may differ by less than this from what is worked out anew.
ROUNDING_S = 0.001


@dataclass(frozen=True)
class Timer:
    """A function with its schedule.

    Attributes:
        function: What is invoked.
        schedule: When.
        zone: Whose clock the schedule means.
    """

    function: Function
    schedule: Schedule
    zone: Zone

    @property
    def name(self) -> str:
        """The function's name."""
        return self.function.name

    @property
    def runs_on_startup(self) -> bool:
        """Whether it fires when the app starts."""
        return bool(self.function.trigger.get("runOnStartup"))

    @property
    def keeps_status(self) -> bool:
        """Whether its status is kept, so that a missed invocation is noticed."""
        return self.schedule.keeps_status and self.function.trigger.get("useMonitor") is not False


class TimerListener:
    """Fires one timer until it is stopped."""

    def __init__(
        self,
        timer: Timer,
        invoke: Invoke,
        records: HostRecords,
        console: Console,
        clock: TimerClock,
    ) -> None:
        self.stop = Stop()
        self._timer = timer
        self._invoke = invoke
        self._records = records
        self._console = console
        self._clock = clock
        self._status = ScheduleStatus(None, None, None)
        self._has_told_of_storage = False

    async def run(self) -> None:
        """Fire until `stop`; an invocation that runs then is waited for."""
        timer = self._timer
        now = self._clock.now()
        missed = await self._begin(now)
        self._tell_schedule(now)
        if missed:
            self._console.host_line(
                f"Function '{timer.name}' is past due on startup. Executing now."
            )
            await self._fire(is_past_due=True)
        elif timer.runs_on_startup:
            self._console.host_line(
                f"Function '{timer.name}' is configured to run on startup. Executing now."
            )
            await self._fire(is_startup=True)
        while self._status.next is not None:
            if not await self.stop.unless_stopped(self._clock.wait_until(self._status.next)):
                return
            if self._is_later(self._status.next):
                await self._begin_anew()
            else:
                await self._fire()

    async def _begin(self, now: float) -> bool:
        """Find out when it is due; returns whether an invocation was missed."""
        schedule = self._timer.schedule
        first = ScheduleStatus(None, schedule.next_after(now), now)
        self._status = first
        if not self._timer.keeps_status:
            return False
        kept = await self._kept_status()
        base = (kept and (kept.last or kept.updated)) or now
        if kept is None or self._is_later(base):
            await self._keep()
            return False
        expected = schedule.next_after(base)
        if not _is_same(kept.next, expected):  # the schedule is another one than before
            if expected is not None and now > expected:
                expected = first.next
                base = now
            kept = ScheduleStatus(None, expected, base)
            self._status = kept
            await self._keep()
        self._status = kept
        return kept.next is not None and now > kept.next

    def _is_later(self, moment: float) -> bool:
        """Whether a moment that has been is to come: the clock was set back."""
        return moment > self._clock.now() + SET_BACK_S

    async def _begin_anew(self) -> None:
        """Wait for what is due by a clock that was set back, not for the time before it."""
        now = self._clock.now()
        self._status = ScheduleStatus(None, self._timer.schedule.next_after(now), now)
        if self._timer.keeps_status:
            await self._keep()

    async def _fire(self, *, is_past_due: bool = False, is_startup: bool = False) -> None:
        now = self._clock.now()
        due = self._status.next
        await self._invoke_until_success(self._trigger(now, is_past_due))
        if not is_past_due and not is_startup and due is not None and due > now:
            now = due  # a clock that runs ahead would fire the same occurrence twice
        self._status = ScheduleStatus(now, self._timer.schedule.next_after(now), now)
        if self._timer.keeps_status:
            await self._keep()

    async def _invoke_until_success(self, trigger: Trigger) -> None:
        """Invoke the function, and again as its retry policy says; the schedule waits."""
        function = self._timer.function
        policy = function.retry
        if policy is None:
            await self._invoke(function, trigger)
            return
        failure: Failure | None = None
        for number, delay_s in enumerate(policy.delays_s()):
            attempt = Attempt(number, policy.max_count, failure)
            failure = await self._invoke(function, replace(trigger, attempt=attempt))
            if failure is None:
                return
            if not policy.allows(number):
                self._console.host_line(
                    f"Function execution failed after '{number}' retries.", error=True
                )
                return
            self._console.host_line(
                f"Waiting for `{timespan_text(delay_s)}` before retrying function execution. "
                f"Next attempt: '{number + 1}'. Max retry count: '{policy.max_count}'."
            )
            if not await self.stop.unless_stopped(self._clock.wait(delay_s)):
                self._console.host_line("Invocation cancelled - exiting retry loop.")
                return

    def _trigger(self, now: float, is_past_due: bool) -> Trigger:
        status = None
        if self._timer.keeps_status:
            status = self._status.document(self._timer.zone.info)
        info = {
            "Schedule": {"AdjustForDST": self._timer.schedule.adjusts_for_dst},
            "ScheduleStatus": status,
            "IsPastDue": is_past_due,
        }
        fired_at = self._shown(now)
        name = self._timer.function.trigger["name"]
        return Trigger(
            {name: {"json": json.dumps(info)}},
            data={"TimerTrigger": fired_at},
            reason=f"Timer fired at {fired_at}",
        )

    async def _kept_status(self) -> ScheduleStatus | None:
        try:
            return await self._records.status(self._timer.name)
        except (ConnectionInvalid, StorageUnavailable) as error:
            self._tell_of_storage(error)
            return None

    async def _keep(self) -> None:
        try:
            await self._records.keep_status(self._timer.name, self._status, self._timer.zone.info)
            self._has_told_of_storage = False
        except (ConnectionInvalid, StorageUnavailable) as error:
            self._tell_of_storage(error)

    def _tell_of_storage(self, error: ConnectionInvalid | StorageUnavailable) -> None:
        if not self._has_told_of_storage:
            self._console.host_line(
                f"The schedule status of '{self._timer.name}' is not kept, so that missed "
                f"invocations are not noticed; on Azure the timer would not fire. {error}",
                error=True,
            )
        self._has_told_of_storage = True

    def _tell_schedule(self, now: float) -> None:
        timer = self._timer
        self._console.host_line(
            f"The '{timer.name}' timer is using the schedule '{timer.schedule}' and the local time "
            f"zone: '{timer.zone.name}'. {timer.zone.note}".rstrip()
        )
        shown = []
        moment: float | None = now
        for _ in range(SHOWN_OCCURRENCES):
            moment = None if moment is None else timer.schedule.next_after(moment)
            if moment is not None:
                shown.append(self._shown(moment))
        self._console.host_line(
            f"The next {len(shown)} occurrences of the '{timer.name}' schedule will be: "
            f"{', '.join(shown) or 'none'}"
        )

    def _shown(self, moment: float) -> str:
        zone = self._timer.zone.info
        return datetime.fromtimestamp(moment, zone).astimezone(zone).isoformat()


def _is_same(one: float | None, other: float | None) -> bool:
    if one is None or other is None:
        return one is other
    return abs(one - other) < ROUNDING_S
