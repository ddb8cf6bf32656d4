"""Route constraints of ASP.NET Core: `{id:int}`, `{n:length(1,20)}`, `{code:regex(^a.*)}`."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime

from chatkit.localcloud.functions.host.errors import AppInvalid

Check = Callable[[str], bool]
# A value is part of a URL, which a stranger sends: `++` never gives back what it has read.
INTEGER = re.compile(r"\s*+([+-]?)(?=\d)0*+(\d*+)\s*+")
NUMBER = re.compile(r"\s*+[+-]?(\d[\d,]*+(?:\.\d*+)?+|\.\d++)(?P<exponent>[eE][+-]?\d++)?\s*+")
GUID = re.compile(
    r"[{(]?[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}[)}]?", re.IGNORECASE
)
MAX_DIGITS = 19  # of 64 bits; Python refuses to read thousands of them
DATE_FORMATS = (
    "%m/%d/%Y",
    "%m/%d/%Y %H:%M",
    "%m/%d/%Y %H:%M:%S",
    "%m/%d/%Y %I:%M %p",
    "%Y/%m/%d",
    "%d %b %Y",
    "%d %B %Y",
)


def constraint(text: str, route: str) -> Check:
    """Make the check of one constraint.

    Raises:
        AppInvalid: No such constraint, or arguments it cannot have.
    """
    found = re.fullmatch(r"(?s)(\w+)(?:\((.*)\))?", text)
    name = text
    arguments: str | None = None
    if found:
        name = found[1].lower()
        arguments = found[2]
    try:
        if arguments is None and name in PLAIN:
            return PLAIN[name]
        if arguments is not None and name in WITH_ARGUMENTS:
            return WITH_ARGUMENTS[name](arguments)
    except (ValueError, RecursionError, re.error) as error:
        raise AppInvalid(
            f"The route '{route}' has a constraint with wrong arguments: {text} ({error})."
        ) from None
    raise AppInvalid(
        f"The constraint reference '{text}' in route '{route}' could not be resolved to a type."
    )


def _integer(bits: int) -> Check:
    return lambda text: _number_of(text, bits) is not None


def _number_of(text: str, bits: int) -> int | None:
    """The number in a text; None for another text, or when the number does not fit."""
    found = INTEGER.fullmatch(text)
    if found is None or len(found[2]) > MAX_DIGITS:
        return None
    number = int(found[1] + (found[2] or "0"))
    return number if -(1 << (bits - 1)) <= number < 1 << (bits - 1) else None


def _number(*, exponent: bool) -> Check:
    def check(text: str) -> bool:
        found = NUMBER.fullmatch(text)
        return found is not None and (exponent or found["exponent"] is None)

    return check


def _datetime(text: str) -> bool:
    try:
        datetime.fromisoformat(text)
        return True
    except ValueError:
        return any(_parses(text, form) for form in DATE_FORMATS)


def _parses(text: str, form: str) -> bool:
    try:
        datetime.strptime(text, form)
    except ValueError:
        return False
    return True


def _bounds(low: int | None, high: int | None) -> Check:
    def check(text: str) -> bool:
        number = _number_of(text, 64)
        return (
            number is not None
            and (low is None or number >= low)
            and (high is None or number <= high)
        )

    return check


def _range(arguments: str) -> Check:
    low, high = (int(part) for part in arguments.split(","))
    return _bounds(low, high)


def _length(arguments: str) -> Check:
    sizes = [int(part) for part in arguments.split(",")]
    low = sizes[0]
    high = sizes[-1]
    if len(sizes) > 2:
        raise ValueError("length takes one or two numbers")
    return lambda text: low <= len(text) <= high


def _minimum_length(arguments: str) -> Check:
    low = int(arguments)
    return lambda text: len(text) >= low


def _maximum_length(arguments: str) -> Check:
    high = int(arguments)
    return lambda text: len(text) <= high


def _regex(arguments: str) -> Check:
    pattern = re.compile(arguments, re.IGNORECASE)
    return lambda text: pattern.search(text) is not None


PLAIN: dict[str, Check] = {
    "int": _integer(32),
    "long": _integer(64),
    "bool": lambda text: text.strip().lower() in ("true", "false"),
    "decimal": _number(exponent=False),
    "double": _number(exponent=True),
    "float": _number(exponent=True),
    "guid": lambda text: GUID.fullmatch(text) is not None,
    "datetime": _datetime,
    "alpha": lambda text: re.fullmatch(r"[A-Za-z]*", text) is not None,
    "required": bool,
}
WITH_ARGUMENTS: dict[str, Callable[[str], Check]] = {
    "min": lambda arguments: _bounds(int(arguments), None),
    "max": lambda arguments: _bounds(None, int(arguments)),
    "range": _range,
    "length": _length,
    "minlength": _minimum_length,
    "maxlength": _maximum_length,
    "regex": _regex,
}
