"""How long Azure takes for the calls of a plan, from recordings of the real one."""

from __future__ import annotations

import re
from collections.abc import Iterable

from chatkit.cloud.plan.calls import PlannedCall
from chatkit.core.time.recorded import NOT_RECORDED, RECORDED

# Method and end of the address; the first that fits.
OPERATIONS = (
    ("PUT", re.compile(r"/signalr/[^/]+$", re.I), "signalr.create"),
    ("PATCH", re.compile(r"/signalr/[^/]+$", re.I), "signalr.update"),
    ("PUT", re.compile(r"/storageaccounts/[^/]+$", re.I), "storage.create"),
    ("PUT", re.compile(r"/serverfarms/[^/]+$", re.I), "plan.put"),
    ("PUT", re.compile(r"/sites/[^/]+$", re.I), "site.put"),
    ("PATCH", re.compile(r"/sites/[^/]+$", re.I), "site.put"),
    ("", re.compile(r"/sites/[^/]+/config/", re.I), "site.settings"),
    ("POST", re.compile(r"^\{scm\}/api/publish$"), "publish.build"),
    ("DELETE", re.compile(r"/resourcegroups/[^/]+$", re.I), "group.delete"),
    ("PUT", re.compile(r"/resourcegroups/[^/]+$", re.I), "group.put"),
    ("POST", re.compile(r"/register$"), "provider.register"),
    ("PUT", re.compile(r"/roleassignments/[^/]+$", re.I), "roles.propagate"),
)


def operation(call: PlannedCall) -> str:
    """What a call makes Azure do, as recordings call it; empty for what takes no time."""
    for method, pattern, name in OPERATIONS:
        if method in ("", call["method"]) and pattern.search(call["url"]):
            return name
    return ""


def seconds(calls: Iterable[PlannedCall]) -> float:
    """How long calls take one after the other, as far as it is recorded."""
    names = [operation(call) for call in calls]
    return sum(RECORDED[name].seconds for name in names if name in RECORDED)


def sources(calls: Iterable[PlannedCall]) -> list[str]:
    """What each kind of operation among calls takes, and from where that is known."""
    names = dict.fromkeys(filter(None, (operation(call) for call in calls)))
    known = [RECORDED[name] for name in names if name in RECORDED]
    unknown = [NOT_RECORDED[name] for name in names if name in NOT_RECORDED]
    lines = [f"{one.what}: {one.seconds:g} s ({one.source})" for one in known]
    return lines + [f"{what}: not recorded, not counted" for what in unknown]
