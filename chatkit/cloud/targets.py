"""Connecting to a target: the local cloud of a home, or an Azure subscription."""

from __future__ import annotations

import json
import logging
import os
from functools import partial
from pathlib import Path
from typing import NotRequired, TypedDict

from chatkit.cloud.connection import Cloud
from chatkit.cloud.local_cloud import absence, not_running, read
from chatkit.cloud.trace.record import Record
from chatkit.core.errors import SetupError
from chatkit.core.settings import Settings

SUBSCRIPTIONS = "/subscriptions"
API_VERSION = "2022-12-01"
NEEDED = {
    "tenant_id",
    "client_id",
    "client_secret",
    "authority",
    "ca_file",
    "subscription_id",
    "resource_manager",
    "graph",
}
"""What a connection takes from `cloud.json`."""


class Subscription(TypedDict):
    """A subscription as Resource Manager describes it, as far as it is used here."""

    subscriptionId: str
    displayName: NotRequired[str]
    tenantId: NotRequired[str]
    state: str


def connect(settings: Settings, home: Path) -> Cloud:
    """Return the cloud of the settings' target.

    Raises:
        NotStarted: The local cloud does not run.
        SetupError: No Azure subscription could be chosen.
    """
    if settings.target == "local":
        return connect_local(home)
    return connect_azure(Record(home, "azure"))


def connect_local(home: Path) -> Cloud:
    """Read where this home's local cloud listens.

    Raises:
        NotStarted: It does not run.
    """
    from azure.identity import ClientSecretCredential

    at = read(home / "local")
    if not at.keys() >= NEEDED:
        raise not_running(home / "local")
    credential = ClientSecretCredential(
        at["tenant_id"],
        at["client_id"],
        at["client_secret"],
        authority=at["authority"],
        disable_instance_discovery=True,
        connection_verify=at["ca_file"],
    )
    return Cloud(
        target="local",
        subscription_id=at["subscription_id"],
        tenant_id=at["tenant_id"],
        credential=credential,
        resource_manager=at["resource_manager"],
        ca_file=Path(at["ca_file"]),
        app_scheme="http",
        graph=at["graph"],
        authority=at["authority"],
        absence=partial(absence, home / "local"),
        record=Record(home, "local"),
    )


def connect_azure(record: Record | None = None) -> Cloud:
    """Sign in as `az login` did, else as DefaultAzureCredential does, and choose the subscription.

    `CHATKIT_SUBSCRIPTION` names the subscription; without it, the default of `az` counts, else the
    only one there is.

    Args:
        record: Where requests are noted; None for nowhere.

    Raises:
        SetupError: There is no way to choose a subscription.
    """
    from azure.identity import AzureCliCredential, ChainedTokenCredential, DefaultAzureCredential

    # The error says it; without a handler Python prints each way that was tried as well.
    logging.getLogger("azure.identity").addHandler(logging.NullHandler())
    credential = ChainedTokenCredential(
        AzureCliCredential(process_timeout=30), DefaultAzureCredential()
    )
    cloud = Cloud(
        target="azure", subscription_id="", tenant_id="", credential=credential, record=record
    )
    wanted = os.environ.get("CHATKIT_SUBSCRIPTION") or _default_of_az()
    found = _subscriptions(cloud)
    if wanted:
        found = [one for one in found if wanted.lower() in _names(one)]
    if len(found) != 1:
        called = f" that are called {wanted}" if wanted else ""
        raise SetupError(
            f"There are {len(found)} subscriptions to choose from{called}.",
            hint="`az login`, then set CHATKIT_SUBSCRIPTION to the id"
            " that `az account list` shows.",
        )
    chosen = found[0]
    return Cloud(
        target="azure",
        subscription_id=chosen["subscriptionId"],
        tenant_id=chosen.get("tenantId", ""),
        credential=credential,
        record=record,
    )


def subscription(cloud: Cloud) -> Subscription:
    """Ask Resource Manager about the connection's subscription."""
    manager = cloud.rest(cloud.resource_manager)
    answer = manager.get(f"{SUBSCRIPTIONS}/{cloud.subscription_id}?api-version={API_VERSION}")
    answer.raise_for_status()
    found: Subscription = answer.json()
    return found


def _subscriptions(cloud: Cloud) -> list[Subscription]:
    from chatkit.cloud.calls import Calls

    manager = cloud.rest(cloud.resource_manager)
    answer = Calls().call(manager.get, f"{SUBSCRIPTIONS}?api-version={API_VERSION}")
    answer.raise_for_status()
    return list(answer.json()["value"])


def _names(subscription: Subscription) -> tuple[str, str]:
    return subscription["subscriptionId"].lower(), subscription.get("displayName", "").lower()


def _default_of_az() -> str:
    """Id of the subscription that `az account set` chose, empty when there is none."""
    folder = Path(os.environ.get("AZURE_CONFIG_DIR") or Path.home() / ".azure")
    try:
        profile = json.loads((folder / "azureProfile.json").read_text(encoding="utf-8-sig"))
    except (OSError, ValueError):
        return ""
    for known in profile.get("subscriptions", ()):
        if known.get("isDefault"):
            return str(known["id"])
    return ""
