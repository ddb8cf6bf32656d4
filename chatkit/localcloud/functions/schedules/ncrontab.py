"""NCRONTAB: the cron expressions of Azure's timers, with seconds.

Follows Microsoft's page "Timer trigger for Azure Functions" and the behaviour of NCrontab, which
the Functions host uses. Three things set it apart from crontab, and no library of Python's has
them: day and day of the week must both match, a name may be any beginning of the English name of a
month or weekday, and a range that runs backwards is turned round.
"""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)
WEEKDAYS = ("Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday")
NUMBER = re.compile(r"[0-9]{1,9}")
STEP = re.compile(r"[+-]?[0-9]{1,9}")
# In every 400 years the calendar repeats itself, weekdays included.
LONGEST_SEARCH_YEARS = 400


class NotNcrontab(ValueError):
    """A text is no NCRONTAB expression."""


@dataclass(frozen=True)
class FieldKind:
    """What one column of an expression may hold."""

    name: str
    lowest: int
    highest: int
    names: tuple[str, ...] = ()


KINDS = (
    FieldKind("second", 0, 59),
    FieldKind("minute", 0, 59),
    FieldKind("hour", 0, 23),
    FieldKind("day", 1, 31),
    FieldKind("month", 1, 12, MONTHS),
    FieldKind("day of the week", 0, 6, WEEKDAYS),
)


@dataclass(frozen=True)
class Field:
    """One column: the values at which it holds, in order."""

    kind: FieldKind
    values: tuple[int, ...]

    @property
    def is_open(self) -> bool:
        """Whether every value holds."""
        return len(self.values) == self.kind.highest - self.kind.lowest + 1

    def __str__(self) -> str:
        """As NCrontab writes it: `*`, or runs and single values."""
        if self.is_open:
            return "*"
        runs: list[list[int]] = []
        for value in self.values:
            if runs and value == runs[-1][-1] + 1:
                runs[-1].append(value)
            else:
                runs.append([value])
        return ",".join(str(run[0]) if len(run) == 1 else f"{run[0]}-{run[-1]}" for run in runs)


@dataclass(frozen=True)
class Ncrontab:
    """A parsed expression.

    Attributes:
        fields: Second, minute, hour, day, month, day of the week.
        has_seconds: Six columns were given, not five.
    """

    fields: tuple[Field, Field, Field, Field, Field, Field]
    has_seconds: bool

    @classmethod
    def parse(cls, text: str) -> Ncrontab:
        """Read six columns, or the five of crontab, which mean second 0.

        Raises:
            NotNcrontab: It is no such expression, and why.
        """
        columns = text.split()
        has_seconds = len(columns) != 5  # as the host tells the two forms apart
        if not has_seconds:
            columns = ["0", *columns]
        if len(columns) != len(KINDS):
            raise NotNcrontab(f"'{text}' has {len(columns)} columns, not six (or five)")
        fields = [_field(kind, column) for kind, column in zip(KINDS, columns, strict=True)]
        second, minute, hour, day, month, weekday = fields
        return cls((second, minute, hour, day, month, weekday), has_seconds)

    def __str__(self) -> str:
        shown = self.fields if self.has_seconds else self.fields[1:]
        return " ".join(str(field) for field in shown)

    @property
    def is_interval(self) -> bool:
        """Whether it goes on through the hour that is repeated when summer time ends.

        The host asks for `*` or a run of values in a column of the time of day.
        """
        return any(sign in str(field) for field in self.fields[:3] for sign in "*-")

    @property
    def fires_within_a_minute(self) -> bool:
        """Whether it fires more than once a minute, all the time: no status is kept then."""
        seconds, *others = self.fields
        return len(seconds.values) > 1 and all(field.is_open for field in others)

    def next_after(self, moment: datetime) -> datetime | None:
        """The first time that matches after a moment of the same clock; None for never."""
        moment = moment.replace(microsecond=0, tzinfo=None)
        for day in self._days_from(moment.date()):
            after = moment.time() if day == moment.date() else None
            found = self._time_after(after)
            if found is not None:
                return datetime.combine(day, found)
        return None

    def _days_from(self, first: date) -> Iterator[date]:
        """Days that match, in order."""
        _, _, _, days, months, weekdays = self.fields
        for month in _months_from(first, set(months.values)):
            length = monthrange(month.year, month.month)[1]
            for number in days.values:
                if number > length:
                    break
                day = month.replace(day=number)
                # Python's Monday is 0, and Sunday is 0 here.
                if day >= first and (day.weekday() + 1) % 7 in weekdays.values:
                    yield day

    def _time_after(self, after: time | None) -> time | None:
        """The first time of a day that matches, after another one if that is given."""
        seconds, minutes, hours, *_ = self.fields
        for hour in hours.values:
            if after is not None and hour < after.hour:
                continue
            for minute in minutes.values:
                if after is not None and (hour, minute) < (after.hour, after.minute):
                    continue
                for second in seconds.values:
                    found = time(hour, minute, second)
                    if after is None or found > after:
                        return found
        return None


def _months_from(first: date, wanted: set[int]) -> Iterator[date]:
    """The first days of months that are wanted, for as long as the calendar has others."""
    month = first.replace(day=1)
    last_year = min(first.year + LONGEST_SEARCH_YEARS, date.max.year - 1)
    while month.year <= last_year:
        if month.month in wanted:
            yield month
        month = (month + timedelta(days=31)).replace(day=1)


def _field(kind: FieldKind, column: str) -> Field:
    try:
        values = {value for part in column.split(",") for value in _values(kind, part)}
    except NotNcrontab as error:
        raise NotNcrontab(f"'{column}' is no {kind.name}: {error}") from None
    return Field(kind, tuple(sorted(values)))


def _values(kind: FieldKind, part: str) -> range:
    """Values of one part of a column: `*`, `5`, `1-5`, each with `/2` or without."""
    part, slash, step = part.partition("/")
    if slash and not STEP.fullmatch(step):
        raise NotNcrontab(f"the step '{step}' is no number")
    every = max(int(step), 1) if slash else 1
    if part == "*":
        return range(kind.lowest, kind.highest + 1, every)
    start, dash, end = part.partition("-")
    first = _value(kind, start)
    last = first
    if dash:
        last = _value(kind, end)
    elif slash:
        last = kind.highest
    return range(min(first, last), max(first, last) + 1, every)


def _value(kind: FieldKind, text: str) -> int:
    if NUMBER.fullmatch(text):
        value = int(text)
        if not kind.lowest <= value <= kind.highest:
            raise NotNcrontab(f"{value} is not between {kind.lowest} and {kind.highest}")
        return value
    for number, name in enumerate(kind.names, start=kind.lowest):
        if text and name.lower().startswith(text.lower()):
            return number
    raise NotNcrontab(f"'{text}' is no value")
