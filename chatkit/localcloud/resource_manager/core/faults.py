"""Failures on demand: what can go wrong in Azure, switched on for a rehearsal or a test.

A fault counts down: it hits the next `times` requests that it fits. It is kept in the store, so it outlives a restart.
"""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass, field
from typing import Any

from chatkit.localcloud.core.store import Store
from chatkit.localcloud.resource_manager.core import errors
from chatkit.localcloud.resource_manager.core.http import Call

COLLECTION = "faults"
PYTHON = "3.12"
WEB = (
    "The gateway did not receive a response from 'Microsoft.Web' within the specified time period."
)
# Name: what it does, the requests it fits (method, path), one sentence for people.
KINDS: dict[str, tuple[str, str, str]] = {
    "name-taken": (
        "PUT",
        r"/providers/[^/]+/[^/]+/[^/]+$",
        "global names are taken: checks say so, creates answer 409",
    ),
    "not-registered": (
        "PUT|PATCH",
        r"/providers/",
        "409 MissingSubscriptionRegistration until the provider is registered",
    ),
    "free-quota": (
        "PUT",
        r"/signalr/[^/]+$",
        "the subscription's Free tier SignalR instances are used up",
    ),
    "region-without-flex": ("PUT", r"/serverfarms/[^/]+$", "the region has no Flex Consumption"),
    "python-not-offered": ("PUT", r"/sites/[^/]+$", "the region does not run Python 3.12"),
    "triggers-late": ("", r"", "a site shows no functions until its triggers are synchronised"),
    "throttled": (".*", r"", "429 with Retry-After: 1"),
    "server-error": ("PUT", r"/sites/[^/]+$", "500 InternalServerError on the site's PUT"),
    "unavailable": ("PUT", r"/sites/[^/]+$", "503 ServerTimeout on the site's PUT"),
    "gateway-timeout": ("PUT", r"/sites/[^/]+$", "504 GatewayTimeout on the site's PUT"),
    "scm-basic-off": (
        "",
        r"",
        "publishing credentials are switched off on every site made from now on",
    ),
    "role-delay": ("", r"", "role assignments count only after `seconds`"),
    "no-shared-key": (
        "PUT",
        r"/storageaccounts/[^/]+$",
        "a policy refuses storage accounts with shared keys",
    ),
    "slow": (".*", r"", "answers come `seconds` late"),
    "dropped": (".*", r"", "the connection is closed without an answer"),
}


class Dropped(Exception):
    """The connection is to be closed without an answer."""


@dataclass
class Fault:
    """One failure that is switched on.

    Attributes:
        kind: One of KINDS.
        times: How many requests it still hits; 0 for every one until it is cleared.
        seconds: For "slow" and "role-delay".
        path: Only requests whose path contains this text.
    """

    kind: str
    times: int = 1
    seconds: float = 2.0
    path: str = ""

    @property
    def is_standing(self) -> bool:
        """True for faults that are a state, not a count of requests."""
        return KINDS[self.kind][0] == ""


@dataclass
class Faults:
    """The failures that are switched on."""

    store: Store
    active: dict[str, Fault] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.active = {
            key: Fault(**document) for key, document in self.store.items(COLLECTION) if key in KINDS
        }

    def set(self, kind: str, **options: Any) -> Fault:
        """Switch a failure on.

        Raises:
            ValueError: No such kind, or a wrong option.
        """
        if kind not in KINDS:
            raise ValueError(f"There is no fault '{kind}'. There are {', '.join(KINDS)}.")
        fault = Fault(kind, **options)
        if (
            not isinstance(fault.times, int)
            or fault.times < 0
            or not 0 <= float(fault.seconds) <= 600
        ):
            raise ValueError("times must be a whole number from 0 up, seconds 0 to 600.")
        self.store.put(COLLECTION, kind, dict(vars(fault)))
        self.active[kind] = fault
        return fault

    def clear(self, kind: str = "") -> None:
        """Switch one failure off, or all."""
        for name in [kind] if kind else [*self.active]:
            self.active.pop(name, None)
            self.store.delete(COLLECTION, name)

    def standing(self, kind: str) -> Fault | None:
        """The fault of this kind, if it is on; for faults that are a state."""
        return self.active.get(kind)

    def uses(self, kind: str) -> bool:
        """Count one use of a fault down; say whether it was on."""
        fault = self.active.get(kind)
        if fault is None:
            return False
        if fault.times == 1:
            self.clear(kind)
        elif fault.times:
            self.set(kind, times=fault.times - 1, seconds=fault.seconds, path=fault.path)
        return True

    async def meet(self, call: Call) -> None:
        """Let a request run into whatever is switched on and fits it.

        Raises:
            ArmError: The failure, in Azure's words.
            Dropped: Close the connection.
        """
        if not self.active:
            return
        for fault in [*self.active.values()]:
            method, path, _ = KINDS[fault.kind]
            where = call.path.lower()
            fits = (
                re.fullmatch(method, call.method)
                and re.search(path, where)
                and fault.path.lower() in where
            )
            if fault.is_standing or not fits or not _concerns(fault, call):
                continue
            self.uses(fault.kind)
            if fault.kind == "slow":
                await asyncio.sleep(fault.seconds)
            elif fault.kind == "dropped":
                raise Dropped
            else:
                raise _error(fault.kind, call)


def _concerns(fault: Fault, call: Call) -> bool:
    if fault.kind == "no-shared-key":
        return (call.body().get("properties") or {}).get("allowSharedKeyAccess") is not False
    if fault.kind == "free-quota":
        return (call.body().get("sku") or {}).get("name") == "Free_F1"
    if fault.kind == "region-without-flex":
        return "fc1" in str(call.body().get("sku")).lower()
    if fault.kind == "python-not-offered":
        return PYTHON in str((call.body().get("properties") or {}).get("functionAppConfig"))
    return True


def _error(kind: str, call: Call) -> errors.ArmError:
    name = call.path.rstrip("/").rpartition("/")[2]
    namespace = call.path.partition("/providers/")[2].partition("/")[0]
    if kind == "name-taken":
        return taken(namespace, name)
    table = {
        "not-registered": lambda: errors.not_registered(namespace),
        "throttled": lambda: errors.too_many("writes", 1),
        "server-error": lambda: errors.web_error(
            500, "InternalServerError", "There was an unexpected InternalServerError."
        ),
        "unavailable": lambda: errors.ArmError(
            503, "ServerTimeout", "The request timed out.", headers={"Retry-After": "1"}
        ),
        "gateway-timeout": lambda: errors.ArmError(504, "GatewayTimeout", WEB),
        "region-without-flex": lambda: errors.web_error(
            400,
            "BadRequest",
            "Requested features are not supported in region. Please try another region.",
        ),
        "python-not-offered": lambda: errors.web_error(
            400,
            "BadRequest",
            f"Site.FunctionAppConfig.Runtime.Version '{PYTHON}' is invalid. It is not supported in this region.",
        ),
        "free-quota": lambda: errors.free_quota(5, "this location"),
        "no-shared-key": lambda: errors.ArmError(
            403,
            "RequestDisallowedByPolicy",
            f"Resource '{name}' was disallowed by policy. Reasons: 'Storage accounts should prevent shared key access.'.",
        ),
    }
    return table[kind]()


def taken(namespace: str, name: str) -> errors.ArmError:
    """409 for a global name, in the words of the provider."""
    if namespace.lower() == "microsoft.storage":
        return errors.service_error(
            409, "StorageAccountAlreadyTaken", f"The storage account named {name} is already taken."
        )
    if namespace.lower() == "microsoft.web":
        return errors.web_error(
            409,
            "Conflict",
            f"Website with given name {name} already exists.",
            name,
            extended_code="54001",
        )
    return errors.service_error(
        409,
        "NameAlreadyExists",
        f"The name '{name}' is already taken. Please try a different name.",
        target="name",
    )
