"""What a tier allows: connections at once, and outbound messages a day.

Follows Microsoft's pages "Azure SignalR Service limits" and "Messages and connections": a message
counts once per 2 KB and receiver.
"""

from __future__ import annotations

from chatkit.core.time import clock
from chatkit.localcloud.signalr.core.errors import QuotaExceeded
from chatkit.localcloud.signalr.core.spec import InstanceSpec

FREE_CONNECTIONS = 20
STANDARD_CONNECTIONS = 1000
FREE_MESSAGES_A_DAY = 20_000
MESSAGE_UNIT_BYTES = 2048


class Quotas:
    """Counts of one instance. The day is UTC's."""

    def __init__(self, spec: InstanceSpec) -> None:
        self.spec = spec
        self._day = 0
        self._messages = 0

    def change(self, spec: InstanceSpec) -> None:
        """Take a changed resource; another tier counts from nothing.

        Azure moves the instance to other machines then. And what a standard tier has sent would
        keep a free one silent until midnight.
        """
        was_free = self.is_free
        self.spec = spec
        if self.is_free is not was_free:
            self.reset()

    @property
    def is_free(self) -> bool:
        """Say whether the instance is of the Free tier."""
        return self.spec.sku.lower().startswith("free")

    @property
    def max_connections(self) -> int:
        """Connections allowed at once."""
        a_unit = FREE_CONNECTIONS if self.is_free else STANDARD_CONNECTIONS
        return a_unit * self._units

    @property
    def messages_today(self) -> int:
        """Outbound messages counted since midnight."""
        self._turn_day()
        return self._messages

    @property
    def counted(self) -> tuple[int, int]:
        """The day, counted from 1970, and its messages until now."""
        self._turn_day()
        return self._day, self._messages

    def go_on_from(self, day: int, messages: int) -> None:
        """Count on from what was counted of a day; nothing happens when that is over."""
        self._turn_day()
        if day == self._day:
            self._messages = messages

    @property
    def _units(self) -> int:
        return max(1, self.spec.capacity)

    def check_connection(self, open_now: int) -> None:
        """Refuse one connection too many.

        Raises:
            QuotaExceeded: The tier's connections are used up.
        """
        if open_now >= self.max_connections:
            raise QuotaExceeded(f"Connection count reaches limit: {self.max_connections}.")

    def check_messages(self) -> None:
        """Refuse to send when the day's messages are used up.

        Raises:
            QuotaExceeded: They are.
        """
        if self.is_free and self.messages_today >= FREE_MESSAGES_A_DAY * self._units:
            raise QuotaExceeded(f"Message count reaches limit: {FREE_MESSAGES_A_DAY} a day.")

    def count(self, receivers: int, size_bytes: int) -> None:
        """Count one message sent to so many receivers."""
        self._turn_day()
        self._messages += receivers * max(1, -(-size_bytes // MESSAGE_UNIT_BYTES))

    def reset(self) -> None:
        """Count from nothing."""
        self._messages = 0

    def _turn_day(self) -> None:
        day = int(clock.steady() // 86400)
        if day != self._day:
            self._day = day
            self._messages = 0
