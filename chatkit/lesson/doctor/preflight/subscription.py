"""The preflight in the cloud: subscription, rights, resource providers, quota, region, cost.

The same calls on both targets.
"""

from __future__ import annotations

import fnmatch
import time
from collections.abc import Callable, Iterator
from email.utils import parsedate_to_datetime
from functools import partial
from typing import Any, TypedDict

from azure.core.exceptions import AzureError, HttpResponseError

from chatkit.cloud import hints
from chatkit.cloud.connection import Cloud
from chatkit.cloud.provision.resource_group import PROVIDERS
from chatkit.cloud.provision.signalr import FREE_QUOTA
from chatkit.cloud.targets import API_VERSION
from chatkit.core.errors import ChatkitError
from chatkit.core.work.course_choice import is_tutorial
from chatkit.knowledge import problems as knowledge
from chatkit.knowledge.problems import recognition
from chatkit.lesson.doctor.preflight.finding import Finding
from chatkit.lesson.doctor.snapshot.lookups import (
    NoAnswer,
    NotThere,
    Unknown,
    cause_of,
    known,
)
from chatkit.lesson.doctor.snapshot.snapshot import QUICK, Snapshot
from chatkit.lesson.tokens import claims

AUTHORIZATION = "providers/Microsoft.Authorization"
AUTHORIZATION_API = "2022-04-01"
ACTIONS = (
    "Microsoft.Resources/subscriptions/resourceGroups/write",
    "Microsoft.SignalRService/SignalR/write",
    "Microsoft.SignalRService/SignalR/listKeys/action",
    "Microsoft.Storage/storageAccounts/write",
    "Microsoft.Storage/storageAccounts/listKeys/action",
    "Microsoft.Web/serverfarms/write",
    "Microsoft.Web/sites/write",
)
REGISTER = "{}/register/action"
ANOTHER_REGION = "`Workshop.open(region='...')` chooses another region."
LARGEST_SKEW_S = 300
"""Microsoft Entra and Resource Manager take tokens that are this much too early or too late."""
PRICES = "https://azure.microsoft.com/pricing/details/"
COST = (
    "0 USD a day, as an estimate: SignalR Free costs nothing, Flex Consumption nothing within its"
    " monthly free grant (no instance is kept ready), storage about 0.02 USD a GB and month, of"
    f" which the chat room needs some MB. Prices: {PRICES}signalr-service/ {PRICES}functions/"
    f" {PRICES}storage/blobs/"
)


class Permissions(TypedDict, total=False):
    """What a role definition allows: patterns of actions, and exceptions from them."""

    actions: list[str]
    notActions: list[str]


def reachable(snapshot: Snapshot) -> Finding:
    """Whether the subscription answers and may be used."""
    if snapshot.absent is not None:
        raise NotThere("the local cloud does not run, which another check says")
    try:
        cloud = snapshot.cloud()
        found = _get(cloud, f"/subscriptions/{cloud.subscription_id}", version=API_VERSION)
    except NotThere:
        raise
    except (AzureError, ChatkitError, OSError, Unknown) as error:
        return _not_reached(cause_of(error))
    state = str(found.get("state", ""))
    return Finding.judge(
        "Subscription",
        state == "Enabled",
        f"reached, {state.lower()}",
        else_do="Choose another one: `az account set`.",
    )


def _not_reached(error: BaseException) -> Finding:
    """Why the subscription does not answer: nobody signed in, no az, no network."""
    hint = "Look at `az login`, network and proxy."
    found = hints.problem_of(error) or recognition.certain(str(error))
    if isinstance(error, NoAnswer):
        return Finding("Subscription", None, "not reached, no answer in time", hint)
    what = f"not reached ({type(error).__name__})"
    if found is None:
        return Finding("Subscription", False, what, hint)
    return Finding("Subscription", False, f"{what}: {found.title.lower()}", found.fix, found.key)


def clock(snapshot: Snapshot) -> Finding:
    """Whether this machine's clock agrees with Azure's: a token is refused before its time and
    after it.
    """
    cloud = snapshot.cloud()
    answer = cloud.rest(cloud.resource_manager, signed_in=False).get(
        f"/subscriptions?api-version={API_VERSION}", **QUICK
    )
    skew_s = time.time() - parsedate_to_datetime(answer.headers["Date"]).timestamp()
    if abs(skew_s) <= LARGEST_SKEW_S:
        return Finding("Clock skew", True, "less than 5 minutes")
    found = f"this machine is {abs(skew_s) / 60:.0f} minutes {'ahead' if skew_s > 0 else 'behind'}"
    return Finding(
        "Clock skew", False, found, "Set the clock, and let it be set over the network from now on."
    )


def rights(snapshot: Snapshot) -> Finding:
    """Whether this account's roles allow what the notebooks do."""
    roles = _roles(snapshot)
    if roles is None:
        return Finding("Rights", None, "not known: this account may not read its own roles")
    missing = [action for action in ACTIONS if not _allows(roles, action)]
    if not missing:
        return Finding("Rights", True, "everything that the notebooks create")
    hint = "You need Contributor on the subscription, or on a resource group made for you."
    return Finding("Rights", False, f"not allowed: {', '.join(missing)}", hint)


def providers(snapshot: Snapshot) -> Finding:
    """Whether the resource providers are registered, or can be."""
    client = snapshot.cloud().resources().providers
    states = {name: str(client.get(name, **QUICK).registration_state) for name in PROVIDERS}
    open_ones = [
        name for name, state in states.items() if state not in ("Registered", "Registering")
    ]
    if not open_ones:
        return Finding("Resource providers", True, f"{len(states)} registered")
    refused = [name for name in open_ones if not _allows(_roles(snapshot), REGISTER.format(name))]
    found = f"not registered: {', '.join(open_ones)}"
    if not refused:
        makes = "section 02" if is_tutorial() else "workshop.create_resource_group()"
        return Finding("Resource providers", True, f"{found}; {makes} registers them")
    return Finding(
        "Resource providers",
        False,
        found,
        "Ask an owner of the subscription: `az provider register --namespace ...`.",
    )


def quota(snapshot: Snapshot) -> Finding:
    """Whether the region has a free SignalR instance left for this subscription."""
    region = snapshot.settings.region
    usages = snapshot.cloud().signalr().usages.list(region, **QUICK)
    usage = next((one for one in usages if one.name and one.name.value == FREE_QUOTA), None)
    if usage is None:
        return Finding("SignalR quota", True, f"{region} names no limit of free instances")
    used = usage.current_value or 0
    limit = usage.limit or 0
    good = used < limit or bool(snapshot.facts.signalr)
    return Finding.judge(
        "SignalR quota",
        good,
        f"{used} of {limit} free instances of {region} in use",
        else_do=f"Delete a free instance you no longer need. {ANOTHER_REGION}",
    )


def region(snapshot: Snapshot) -> Finding:
    """Whether the region offers everything that is made."""
    cloud = snapshot.cloud()
    chosen = snapshot.settings.region
    offers = {
        "Flex Consumption": [
            str(one.name) for one in cloud.web().list_geo_regions(sku="FlexConsumption", **QUICK)
        ],
        "SignalR Service": _locations(cloud, "Microsoft.SignalRService", "SignalR"),
        "Storage": _locations(cloud, "Microsoft.Storage", "storageAccounts"),
    }
    lacking = [
        what
        for what, places in offers.items()
        if places and _plain(chosen) not in map(_plain, places)
    ]
    if lacking:
        return Finding("Region", False, f"{chosen} has no {', no '.join(lacking)}", ANOTHER_REGION)
    return Finding("Region", True, f"{chosen} offers everything")


def websocket(snapshot: Snapshot) -> Finding:
    """Whether a client connects to the hub from here, through whatever lies between."""
    refusal = snapshot.refusal()
    if not refusal:
        return Finding("WebSocket", True, "a client connects to the hub")
    return Finding(
        "WebSocket",
        False,
        refusal.rstrip("."),
        "The problems that are named here say why.",
        "unknown-connection",
    )


def cost(snapshot: Snapshot) -> Finding:
    """What the chat room costs a day."""
    where = ""
    if snapshot.settings.target == "local":
        where = "nothing on the local cloud; on Azure "
    instance = known(snapshot.instance)
    tier = (instance and instance.sku and instance.sku.name) or ""
    if tier and not tier.startswith("Free"):
        return Finding(
            "Cost",
            False,
            f"{where}the SignalR tier {tier} costs money by the day",
            knowledge.problem("bill").fix,
            "bill",
        )
    return Finding("Cost", True, where + COST)


CHECKS: dict[str, Callable[[Snapshot], Finding]] = {
    "subscription": reachable,
    "clock skew": clock,
    "rights": rights,
    "resource providers": providers,
    "SignalR quota": quota,
    "region": region,
    "WebSocket": websocket,
    "cost": cost,
}


def _roles(snapshot: Snapshot) -> list[Permissions] | None:
    """Permissions of each role that this account has at the subscription or at the workshop's
    group; None when unknown.
    """
    return snapshot.lookups.ask("roles", partial(_asked_roles, snapshot))()


def _asked_roles(snapshot: Snapshot) -> list[Permissions] | None:
    """Ask at the subscription; who may not read there may do so at a group made for them."""
    cloud = snapshot.cloud()
    subscription = f"/subscriptions/{cloud.subscription_id}"
    group = f"{subscription}/resourceGroups/{snapshot.settings.names.resource_group}"
    for scope in (subscription, group):
        try:
            return [*_permissions(cloud, scope, group)]
        except HttpResponseError as error:
            if error.status_code not in (403, 404):
                raise
    return None


def _permissions(cloud: Cloud, scope: str, group: str) -> Iterator[Permissions]:
    person = claims(cloud.credential.get_token(*cloud.credential_scopes).token).get("oid", "")
    answer = _get(
        cloud, f"{scope}/{AUTHORIZATION}/roleAssignments", f"$filter=assignedTo('{person}')&"
    )
    for assignment in answer.get("value", ()):
        place = str(assignment["properties"]["scope"]).lower().rstrip("/")
        if scope.lower().startswith(place) or group.lower() == place:
            definition = str(assignment["properties"]["roleDefinitionId"]).rpartition("/")[2]
            role = _get(cloud, f"{scope}/{AUTHORIZATION}/roleDefinitions/{definition}")
            yield from role["properties"]["permissions"]


def _get(
    cloud: Cloud, path: str, query: str = "", *, version: str = AUTHORIZATION_API
) -> dict[str, Any]:
    answer = cloud.rest(cloud.resource_manager).get(f"{path}?{query}api-version={version}", **QUICK)
    answer.raise_for_status()
    body: dict[str, Any] = answer.json()
    return body


def _allows(permissions: list[Permissions] | None, action: str) -> bool:
    """Whether one of the roles allows an action; yes, when they are not known."""
    if permissions is None:
        return True
    return any(
        _fits(one.get("actions"), action) and not _fits(one.get("notActions"), action)
        for one in permissions
    )


def _fits(patterns: list[str] | None, action: str) -> bool:
    return any(fnmatch.fnmatchcase(action.lower(), pattern.lower()) for pattern in patterns or ())


def _locations(cloud: Cloud, namespace: str, kind: str) -> list[str]:
    found = cloud.resources().providers.get(namespace, **QUICK).resource_types or ()
    return [
        str(place)
        for one in found
        if str(one.resource_type).lower() == kind.lower()
        for place in one.locations or ()
    ]


def _plain(region: str) -> str:
    return region.replace(" ", "").lower()
