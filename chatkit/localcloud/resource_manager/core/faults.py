"""Failures on demand: what can go wrong in Azure, switched on for a rehearsal or a test.

A fault counts down: it hits the next `times` requests that it fits. It is kept in the store, so
it outlives a restart.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from dataclasses import dataclass, field

from chatkit.localcloud.core.store import Store
from chatkit.localcloud.resource_manager.core import errors
from chatkit.localcloud.resource_manager.core.http import Call

COLLECTION = "faults"
PYTHON = "3.12"
GATEWAY_TIMEOUT = (
    "The gateway did not receive a response from 'Microsoft.Web' within the specified time period."
)


@dataclass(frozen=True)
class Kind:
    """A failure that can be switched on.

    Attributes:
        sentence: What happens, for people.
        methods: Pattern of the HTTP methods that run into it; empty for a state that the
            providers ask for.
        path: Pattern that is searched in the path, in small letters.
    """

    sentence: str
    methods: str = ""
    path: str = ""


SITE = r"/sites/[^/]+$"
KINDS = {
    "name-taken": Kind(
        "global names are taken: checks say so, creates are refused",
        "PUT",
        r"/providers/[^/]+/[^/]+/[^/]+$",
    ),
    "not-registered": Kind(
        "409 MissingSubscriptionRegistration until the provider is registered",
        "PUT|PATCH",
        r"/providers/",
    ),
    "free-quota": Kind(
        "the subscription's Free tier SignalR instances are used up", "PUT", r"/signalr/[^/]+$"
    ),
    "region-without-flex": Kind(
        "the region has no Flex Consumption", "PUT", r"/serverfarms/[^/]+$"
    ),
    "python-not-offered": Kind("the region does not run Python 3.12", "PUT", SITE),
    "triggers-late": Kind("a site shows no functions until its triggers are synchronised"),
    "throttled": Kind("429 with Retry-After: 1", ".*"),
    "server-error": Kind("500 InternalServerError on the site's PUT", "PUT", SITE),
    "unavailable": Kind("503 ServerTimeout on the site's PUT", "PUT", SITE),
    "gateway-timeout": Kind("504 GatewayTimeout on the site's PUT", "PUT", SITE),
    "scm-basic-off": Kind("publishing credentials are switched off on every site made from now on"),
    "role-delay": Kind("role assignments count only after `seconds`"),
    "no-shared-key": Kind(
        "a policy refuses storage accounts with shared keys", "PUT", r"/storageaccounts/[^/]+$"
    ),
    "slow": Kind("answers come `seconds` late", ".*"),
    "dropped": Kind("the connection is closed without an answer", ".*"),
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
        return not KINDS[self.kind].methods

    def fits(self, call: Call) -> bool:
        """Say whether a request runs into it."""
        kind = KINDS[self.kind]
        path = call.path.lower()
        if self.is_standing or self.path.lower() not in path:
            return False
        if not re.fullmatch(kind.methods, call.method) or not re.search(kind.path, path):
            return False
        return _concerns(self, call)


@dataclass
class Faults:
    """The failures that are switched on."""

    store: Store
    active: dict[str, Fault] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.active = {
            key: Fault(**document) for key, document in self.store.items(COLLECTION) if key in KINDS
        }

    def set(self, kind: str, *, times: int = 1, seconds: float = 2.0, path: str = "") -> Fault:
        """Switch a failure on; see `Fault` for the options.

        Raises:
            ValueError: No such kind, or a wrong option.
        """
        if kind not in KINDS:
            raise ValueError(f"There is no fault '{kind}'. There are {', '.join(KINDS)}.")
        fault = Fault(kind, times, seconds, path)
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
        names = [kind] if kind else [*self.active]
        for name in names:
            self.store.delete(COLLECTION, name)
            self.active.pop(name, None)

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

    async def meet(self, call: Call, name_taken: Callable[[Call], errors.ArmError]) -> None:
        """Let a request run into whatever is switched on and fits it.

        Args:
            call: The request.
            name_taken: Makes the refusal of its name, in the words of its type.

        Raises:
            ArmError: The failure, in Azure's words.
            Dropped: Close the connection.
        """
        for fault in [*self.active.values()]:
            if not fault.fits(call):
                continue
            self.uses(fault.kind)
            if fault.kind == "slow":
                await asyncio.sleep(fault.seconds)
            elif fault.kind == "dropped":
                raise Dropped
            elif fault.kind == "name-taken":
                raise name_taken(call)
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
    table = {
        "not-registered": lambda: errors.not_registered(namespace),
        "throttled": lambda: errors.too_many("writes", 1),
        "server-error": lambda: errors.web_error(
            500, "InternalServerError", "There was an unexpected InternalServerError."
        ),
        "unavailable": lambda: errors.ArmError(
            503, "ServerTimeout", "The request timed out.", headers={"Retry-After": "1"}
        ),
        "gateway-timeout": lambda: errors.ArmError(504, "GatewayTimeout", GATEWAY_TIMEOUT),
        "region-without-flex": lambda: errors.web_error(
            400,
            "BadRequest",
            "Requested features are not supported in region. Please try another region.",
        ),
        "python-not-offered": lambda: errors.web_error(
            400,
            "BadRequest",
            f"Site.FunctionAppConfig.Runtime.Version '{PYTHON}' is invalid. It is not supported in"
            " this region.",
        ),
        "free-quota": lambda: errors.free_quota(5, "this location"),
        "no-shared-key": lambda: errors.ArmError(
            403,
            "RequestDisallowedByPolicy",
            f"Resource '{name}' was disallowed by policy. Reasons: 'Storage accounts should"
            " prevent shared key access.'.",
        ),
    }
    return table[kind]()
