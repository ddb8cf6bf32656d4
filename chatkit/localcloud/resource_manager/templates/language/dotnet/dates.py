"""Dates by .NET's format strings in the invariant culture, and durations of ISO 8601.

Follows the pages "Standard date and time format strings" and "Custom date and time format strings".
Every date here is in UTC.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MONTHS = (
    *("January", "February", "March", "April", "May", "June", "July", "August", "September"),
    *("October", "November", "December"),
)
STANDARD = {
    "d": "MM/dd/yyyy",
    "D": "dddd, dd MMMM yyyy",
    "f": "dddd, dd MMMM yyyy HH:mm",
    "F": "dddd, dd MMMM yyyy HH:mm:ss",
    "g": "MM/dd/yyyy HH:mm",
    "G": "MM/dd/yyyy HH:mm:ss",
    "m": "MMMM dd",
    "M": "MMMM dd",
    "o": "yyyy-MM-ddTHH:mm:ss.fffffffK",
    "O": "yyyy-MM-ddTHH:mm:ss.fffffffK",
    "r": "ddd, dd MMM yyyy HH:mm:ss 'GMT'",
    "R": "ddd, dd MMM yyyy HH:mm:ss 'GMT'",
    "s": "yyyy-MM-ddTHH:mm:ss",
    "t": "HH:mm",
    "T": "HH:mm:ss",
    "u": "yyyy-MM-dd HH:mm:ss'Z'",
    "U": "dddd, dd MMMM yyyy HH:mm:ss",
    "y": "yyyy MMMM",
    "Y": "yyyy MMMM",
}
PIECE = re.compile(r"""'[^']*'|"[^"]*"|\\.|%|d+|f+|F+|g+|h+|H+|K|m+|M+|s+|t+|y+|z+|.""", re.DOTALL)
DURATION = re.compile(
    r"(-)?P(?!$)(?:([0-9]{1,9})Y)?(?:([0-9]{1,9})M)?(?:([0-9]{1,9})D)?"
    r"(?:T(?=[0-9])(?:([0-9]{1,9})H)?(?:([0-9]{1,9})M)?(?:([0-9]{1,9}(?:\.[0-9]+)?)S)?)?"
)
ISO = re.compile(
    r"([0-9]{4})-?([0-9]{2})(?:-?([0-9]{2}))?"
    r"(?:[T ]([0-9]{2}):?([0-9]{2})(?::?([0-9]{2})(?:\.([0-9]{1,9}))?)?)?"
    r"\s*(Z|[+-][0-9]{2}:?(?:[0-9]{2})?)?",
    re.IGNORECASE,
)
AMERICAN = re.compile(
    r"([0-9]{1,2})/([0-9]{1,2})/([0-9]{4})(?: ([0-9]{2}):([0-9]{2})(?::([0-9]{2}))?)?"
)


class NotADate(ValueError):
    """A text is no date, no duration, or no format for one."""


def formatted_date(moment: datetime, wanted: str) -> str:
    """A date, written as a format string says.

    Raises:
        NotADate: A single letter that is no standard format.
    """
    if len(wanted) == 1:
        if wanted not in STANDARD:
            raise NotADate("Input string was not in a correct format.")
        wanted = STANDARD[wanted]
    return "".join(_written(moment, piece) for piece in PIECE.findall(wanted))


def _written(moment: datetime, piece: str) -> str:
    kind = piece[0]
    if kind in "'\"" and len(piece) > 1:
        return piece[1:-1]
    if kind == "\\":
        return piece[1:]
    if kind in "dMy":
        return _of_the_date(moment, kind, len(piece))
    if kind in "hHmst":
        return _of_the_clock(moment, kind, len(piece))
    if kind in "fF":
        return _of_the_second(moment, kind, len(piece))
    if kind == "z":
        return {1: "+0", 2: "+00"}.get(len(piece), "+00:00")
    return {"K": "Z", "g": "A.D.", "%": ""}.get(kind, piece)


def _of_the_date(moment: datetime, kind: str, width: int) -> str:
    if kind == "y":
        return _year(moment.year, width)
    if kind == "d":
        return _number_or_name(moment.day, DAYS[moment.weekday()], width)
    return _number_or_name(moment.month, MONTHS[moment.month - 1], width)


def _year(year: int, width: int) -> str:
    if width < 3:
        year %= 100
    return str(year).rjust(width, "0")


def _number_or_name(number: int, name: str, width: int) -> str:
    """One or two letters ask for the number, three for a short name, more for the name."""
    if width < 3:
        return str(number).rjust(width, "0")
    if width == 3:
        return name[:3]
    return name


def _of_the_clock(moment: datetime, kind: str, width: int) -> str:
    if kind == "t":
        half = "AM" if moment.hour < 12 else "PM"
        return half[: min(width, 2)]
    number = {
        "h": (moment.hour + 11) % 12 + 1,
        "H": moment.hour,
        "m": moment.minute,
        "s": moment.second,
    }[kind]
    return str(number).rjust(min(width, 2), "0")


def _of_the_second(moment: datetime, kind: str, width: int) -> str:
    if width > 7:
        raise NotADate("Input string was not in a correct format.")
    digits = f"{moment.microsecond:06d}0"[:width]
    return digits if kind == "f" else digits.rstrip("0")


def date_of(text: str) -> datetime:
    """The date that a text of ISO 8601 names, or one as .NET's `d` and `G` write it.

    Raises:
        NotADate: It names none.
    """
    found = ISO.fullmatch(text.strip())
    try:
        if found:
            return _of_iso(found)
        american = AMERICAN.fullmatch(text.strip())
        if american:
            month, day, year, *clock = (int(part or 0) for part in american.groups())
            return datetime(year, month, day, clock[0], clock[1], clock[2], tzinfo=UTC)
    except (ValueError, OverflowError):
        pass
    raise NotADate(text)


def _of_iso(found: re.Match[str]) -> datetime:
    year, month, day, hour, minute, second, fraction, zone = found.groups()
    moment = datetime(
        int(year), int(month), int(day or 1), int(hour or 0), int(minute or 0), int(second or 0)
    )
    microseconds = int((fraction or "0").ljust(6, "0")[:6])
    return moment.replace(microsecond=microseconds, tzinfo=UTC) - _offset(zone)


def _offset(zone: str | None) -> timedelta:
    if zone is None or zone in "Zz":
        return timedelta()
    digits = zone[1:].replace(":", "").ljust(4, "0")
    found = timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
    return -found if zone[0] == "-" else found


def duration_of(text: str) -> timedelta:
    """A duration of ISO 8601: a year has 365 days and a month 30, as .NET's TimeSpan has them.

    Microsoft's page "Date functions" of Bicep shows it: a month after January 31 is March 2.

    Raises:
        NotADate: The text is not a duration.
    """
    found = DURATION.fullmatch(text)
    if found is None:
        raise NotADate(text)
    sign, years, months, days, hours, minutes, seconds = found.groups()
    try:
        length = timedelta(
            days=365 * int(years or 0) + 30 * int(months or 0) + int(days or 0),
            hours=int(hours or 0),
            minutes=int(minutes or 0),
            seconds=float(seconds or 0),
        )
    except OverflowError:
        raise NotADate(text) from None
    return -length if sign else length


def iso(moment: datetime) -> str:
    """With the parts of a second that there are."""
    fraction = f".{moment.microsecond:06d}".rstrip("0").rstrip(".")
    return f"{moment:%Y-%m-%dT%H:%M:%S}{fraction}Z".rjust(20, "0")
