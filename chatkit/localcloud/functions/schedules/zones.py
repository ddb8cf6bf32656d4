"""Whose clock a timer means, and which schedules a plan takes.

Follows Microsoft's pages "App settings reference for Azure Functions" (WEBSITE_TIME_ZONE) and
"Timer trigger for Azure Functions": plans that scale to nothing run in UTC and take no intervals.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from chatkit.localcloud.functions.schedules.schedule import Interval, NoSchedule, Schedule, parse

SETTING = "WEBSITE_TIME_ZONE"
SKU = "WEBSITE_SKU"
CONSUMPTION = {"dynamic": "Consumption", "flexconsumption": "Flex Consumption"}


@dataclass(frozen=True)
class Zone:
    """A clock.

    Attributes:
        info: Its rules; None for the clock of this machine.
        name: For the log.
        note: What the settings ask for and do not get; empty for nothing.
    """

    info: tzinfo | None
    name: str
    note: str = ""


def zone_of(settings: Mapping[str, str]) -> Zone:
    """The clock of an app's timers: as on Azure's Linux plans, in a local run this machine's."""
    wanted = settings.get(SETTING, "")
    plan = _consumption(settings)
    if plan:
        note = f"{SETTING} has no effect on a {plan} plan." if wanted else ""
        return Zone(UTC, "UTC", note)
    if not wanted:
        if SKU in settings:
            return Zone(UTC, "UTC")
        return Zone(None, "of this machine")
    try:
        return Zone(ZoneInfo(wanted), wanted)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        note = f"{SETTING} must be a name such as Europe/Berlin on Linux; '{wanted}' is none."
        return Zone(UTC, "UTC", note)


def schedule_of(text: str, settings: Mapping[str, str]) -> Schedule:
    """Read the schedule of an app's timer.

    Raises:
        NoSchedule: The text is not a schedule, or the app's plan does not take it.
    """
    try:
        schedule = parse(text, zone_of(settings).info)
    except NoSchedule as error:
        raise NoSchedule(
            f"The schedule expression '{text}' was not recognized as a valid cron expression or "
            f"timespan string: {error}."
        ) from None
    plan = _consumption(settings)
    if plan and isinstance(schedule, Interval):
        raise NoSchedule(
            f"'{text}' is not a valid CRON expression. Schedule expressions in the form HH:MM:SS "
            f"can only be used in an App Service plan, and this app has a {plan} plan."
        )
    return schedule


def _consumption(settings: Mapping[str, str]) -> str:
    """The name of a plan that scales to nothing; empty for others and in a local run."""
    return CONSUMPTION.get(settings.get(SKU, "").lower(), "")
