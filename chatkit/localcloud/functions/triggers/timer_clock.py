"""The clock that timers wait on. Tests have one that they move."""

from __future__ import annotations

import asyncio

from chatkit.core.time import clock

# The machine may be suspended, or its clock set: whoever waits looks again after this time.
LONGEST_WAIT_S = 10.0
# What is less is the correction of a clock that ran ahead.
SET_BACK_S = 60.0


class TimerClock:
    """The machine's clock."""

    def now(self) -> float:
        """Unix time."""
        return clock.wall()

    async def wait_until(self, moment: float) -> None:
        """Wait until the clock shows a moment, or a later one, or until somebody sets it back."""
        ahead_s = self.now() - clock.steady()
        while True:
            now = self.now()
            is_set_back = now - clock.steady() < ahead_s - SET_BACK_S
            if now >= moment or is_set_back:
                return
            await asyncio.sleep(min(moment - now, LONGEST_WAIT_S))

    async def wait(self, seconds: float) -> None:
        """Let some time pass, whatever somebody sets the clock to meanwhile."""
        end = clock.steady() + seconds
        while True:
            left = end - clock.steady()
            if left <= 0:
                return
            await asyncio.sleep(min(left, LONGEST_WAIT_S))
