"""Schedules of timers: an NCRONTAB expression in a time zone, or an interval.

Follows `TimerSchedule` of the Functions host. Moments are Unix times; what a clock on the wall
shows is worked out here, so that an hour which summer time repeats or leaves out is treated as the
host treats it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from typing import Protocol

from chatkit.localcloud.functions.schedules.ncrontab import Ncrontab, NotNcrontab

DAY_S = 86_400
# A TimeSpan has at most 10,675,199 days.
TIMESPAN = re.compile(
    r"(?P<sign>-?)(?:(?P<days>\d{1,8})[.:])??(?P<hours>\d{1,8}):(?P<minutes>\d{1,8})"
    r"(?::(?P<seconds>\d{1,8})(?:\.(?P<fraction>\d{1,7}))?)?"
)
DAYS_ONLY = re.compile(r"-?\d{1,8}")
# What is due after the year 9998 never comes.
LATEST = datetime(9999, 1, 1, tzinfo=UTC).timestamp()


class NoSchedule(ValueError):
    """A text is neither an NCRONTAB expression nor an interval."""


class Schedule(Protocol):
    """When a timer fires."""

    @property
    def keeps_status(self) -> bool:
        """Whether the host keeps a status of it: not when it fires more than once a minute."""

    @property
    def adjusts_for_dst(self) -> bool:
        """What the function is told as `AdjustForDST`."""

    def next_after(self, moment: float) -> float | None:
        """The first time after a moment; None for never."""


@dataclass(frozen=True)
class CronSchedule:
    """An NCRONTAB expression.

    Attributes:
        cron: The expression.
        zone: Whose clock it means; None for the clock of this machine.
    """

    cron: Ncrontab
    zone: tzinfo | None
    adjusts_for_dst: bool = True

    @property
    def keeps_status(self) -> bool:
        """See `Schedule`."""
        return not self.cron.fires_within_a_minute

    def __str__(self) -> str:
        return f"Cron: '{self.cron}'"

    def next_after(self, moment: float) -> float | None:
        """See `Schedule`."""
        now = datetime.fromtimestamp(moment, self.zone).replace(tzinfo=None)
        following = self.cron.next_after(now)
        if following is None:
            return None
        # In the hour that is left out, the clock of before counts; in the repeated one, the second.
        fold = 1 if self._is_ambiguous(following) else 0
        following = following.replace(fold=fold)
        if not self._is_ambiguous(now) and not self._is_ambiguous(following):
            return self._at(following)
        return self._adjusted(now, following)

    def _adjusted(self, now: datetime, following: datetime) -> float | None:
        """Where summer time ends between the two: once for a time, on and on for an interval."""
        change = self._offset(following) - self._offset(now)
        if change and (self.cron.is_interval or self._is_ambiguous(following)):
            return self._at(following) + change
        if self.cron.is_interval:
            return self._at(following)
        later: datetime | None = following  # it has fired in the first of the two hours
        while later is not None and self._is_ambiguous(later):
            later = self.cron.next_after(later)
        return None if later is None else self._at(later)

    def _at(self, wall: datetime) -> float:
        return wall.replace(tzinfo=self.zone).timestamp()

    def _offset(self, wall: datetime) -> float:
        """Seconds that the wall clock is ahead of UTC."""
        offset = wall.replace(tzinfo=self.zone).astimezone(self.zone).utcoffset()
        assert offset is not None
        return offset.total_seconds()

    def _is_ambiguous(self, wall: datetime) -> bool:
        """Whether the clock shows this time twice."""
        return self._at(wall.replace(fold=0)) < self._at(wall.replace(fold=1))


@dataclass(frozen=True)
class Interval:
    """A fixed time between two invocations."""

    seconds: float
    adjusts_for_dst: bool = False

    @property
    def keeps_status(self) -> bool:
        """See `Schedule`."""
        return self.seconds >= 60

    def __str__(self) -> str:
        return f"Constant: {self.seconds:g} s"

    def next_after(self, moment: float) -> float | None:
        """See `Schedule`."""
        following = moment + self.seconds
        if following > LATEST:
            return None
        return following


def parse(text: str, zone: tzinfo | None) -> Schedule:
    """Read a timer's schedule.

    Raises:
        NoSchedule: The text is not a schedule; the message says why.
    """
    try:
        return CronSchedule(Ncrontab.parse(text), zone)
    except NotNcrontab as error:
        seconds = timespan(text)
        if seconds is None:
            raise NoSchedule(str(error)) from None
    if seconds <= 0:
        raise NoSchedule(f"the interval '{text}' is not longer than nothing")
    return Interval(seconds)


def timespan(text: str) -> float | None:
    """Seconds of a .NET TimeSpan such as "00:05:00" or "1.00:00:00"; None for another text.

    As in .NET, "24:00:00" means 24 days, since a day has no hour 24, and "7" means 7 days.
    """
    text = text.strip()
    if DAYS_ONLY.fullmatch(text):
        return int(text) * DAY_S
    found = TIMESPAN.fullmatch(text)
    if found is None:
        return None
    days, hours, minutes, seconds = (
        int(found[name] or 0) for name in ("days", "hours", "minutes", "seconds")
    )
    if hours > 23 and not found["days"] and not found["fraction"]:
        days, hours, minutes, seconds = hours, minutes, seconds, 0
    if hours > 23 or minutes > 59 or seconds > 59:
        return None
    whole = ((days * 24 + hours) * 60 + minutes) * 60 + seconds
    total = whole + float(f"0.{found['fraction'] or 0}")
    if found["sign"]:
        return -total
    return total


def timespan_text(seconds: float) -> str:
    """The same the other way, as .NET writes it: "00:05:00", "1.00:00:00", "00:00:02.2500000"."""
    whole = int(seconds)
    days = whole // DAY_S
    text = f"{days}." if days else ""
    text += f"{whole // 3600 % 24:02}:{whole // 60 % 60:02}:{whole % 60:02}"
    if seconds == whole:
        return text
    return f"{text}.{int((seconds - whole) * 10_000_000):07}"
