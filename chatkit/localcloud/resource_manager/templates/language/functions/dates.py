"""Date functions: the page "Date functions" of Microsoft's reference."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from chatkit.localcloud.resource_manager.templates.language.core.errors import TemplateError
from chatkit.localcloud.resource_manager.templates.language.core.invocation import (
    Function,
    Invocation,
)
from chatkit.localcloud.resource_manager.templates.language.core.values import Json
from chatkit.localcloud.resource_manager.templates.language.dotnet.dates import (
    NotADate,
    date_of,
    duration_of,
    formatted_date,
    iso,
)
from chatkit.localcloud.resource_manager.templates.language.functions.arguments import (
    integer,
    invalid,
    text,
)

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
WITHOUT_A_FORMAT = "yyyyMMddTHHmmssZ"


def _date_time_add(call: Invocation) -> Json:
    base = text(call, 0)
    duration = text(call, 1)
    try:
        start = date_of(base)
    except NotADate:
        raise _invalid(call, f"first parameter '{base}'", "ISO8601 DateTime") from None
    try:
        length = duration_of(duration)
    except NotADate:
        raise _invalid(call, f"second parameter '{duration}'", "ISO8601 Duration") from None
    try:
        moment = start + length
    except OverflowError:
        raise invalid(call, "yields a date that is out of range.") from None
    if len(call) < 3:
        return iso(moment)
    return _formatted(call, moment, text(call, 2))


def _invalid(call: Invocation, which: str, expected: str) -> TemplateError:
    return TemplateError(
        f"The template function '{call.name}' has an invalid parameter. The {which} is not a valid"
        f" {expected} string. Please see https://aka.ms/arm-syntax-functions ."
    )


def _formatted(call: Invocation, moment: datetime, wanted: str) -> str:
    try:
        return formatted_date(moment, wanted)
    except NotADate as error:
        raise invalid(call, f"was given the format '{wanted}': {error}") from None


def _date_time_from_epoch(call: Invocation) -> Json:
    try:
        return iso(EPOCH + timedelta(seconds=integer(call, 0)))
    except OverflowError:
        raise invalid(call, "yields a date that is out of range.") from None


def _date_time_to_epoch(call: Invocation) -> Json:
    written = text(call, 0)
    try:
        moment = date_of(written)
    except NotADate:
        raise _invalid(call, f"first parameter '{written}'", "ISO8601 DateTime") from None
    return (moment - EPOCH) // timedelta(seconds=1)


def _utc_now(call: Invocation) -> Json:
    wanted = text(call, 0) if len(call) else WITHOUT_A_FORMAT
    return _formatted(call, call.scope.resources.utc_now().astimezone(UTC), wanted)


FUNCTIONS = (
    Function("dateTimeAdd", 2, 3, _date_time_add),
    Function("dateTimeFromEpoch", 1, 1, _date_time_from_epoch),
    Function("dateTimeToEpoch", 1, 1, _date_time_to_epoch),
    Function("utcNow", 0, 1, _utc_now),
)
