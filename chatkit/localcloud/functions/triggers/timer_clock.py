"""The clock that timers wait on. Tests have one that they move."""

from __future__ import annotations

import asyncio

from chatkit.core.time import clock

# The machine may be suspended, or its clock set: whoever waits looks again after this time.
LONGEST_WAIT_S = 10.0


class TimerClock:
    """The machine's clock."""

    def now(self) -> float:
        """Unix time."""
        return clock.wall()

    async def wait_until(self, moment: float) -> None:
        """Wait until the clock shows a moment, or a later one."""
        while True:
            left = moment - self.now()
            if left <= 0:
                return
            await asyncio.sleep(min(left, LONGEST_WAIT_S))
