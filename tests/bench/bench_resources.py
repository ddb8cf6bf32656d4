"""Resource Manager over TLS keep-alive, with 100 and with 10,000 resources in its store.

The peer of the many is the few.

The resources are plans, made by one PUT and copied in the store while the local cloud is down. 100
are in each resource group.
"""

from __future__ import annotations

import json
import os
import ssl
import statistics
import tempfile
import time
from collections.abc import Callable
from functools import partial
from http.client import HTTPSConnection
from pathlib import Path
from urllib.parse import urlsplit

from chatkit.cloud import local_cloud
from chatkit.cloud.connection import Cloud
from chatkit.cloud.targets import connect_local
from chatkit.localcloud.core.store import Store

FEW, MANY, IN_A_GROUP, CALLS = 100, 10_000, 100, 300
PLAN = {
    "location": "northeurope",
    "kind": "functionapp",
    "sku": {"name": "FC1", "tier": "FlexConsumption"},
}
VERSIONS = {"groups": "2021-04-01", "plans": "2024-04-01"}


def run() -> dict[str, object]:
    """Medians in milliseconds."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as home:
        os.environ["CHATKIT_HOME"] = home
        folder = Path(home) / "local"
        try:
            few = measured(folder, FEW)
            many = measured(folder, MANY)
        finally:
            local_cloud.stop(folder)
    figures: dict[str, object] = {f"{name}_of_{MANY}_p50_ms": round(many[name], 2) for name in many}
    figures |= {"peer": f"the same with {FEW} resources"} | {
        f"{name}_peer_p50_ms": round(few[name], 2) for name in few
    }
    return figures | {f"{name}_ratio": round(many[name] / few[name], 2) for name in many}


def measured(folder: Path, count: int) -> dict[str, float]:
    """Fill the store, start the local cloud and ask it."""
    local_cloud.start(folder)
    arm = ResourceManager(connect_local(folder.parent))
    arm.ask("PUT", arm.group(0), {"location": "northeurope"})
    arm.ask("PUT", arm.plan(0), PLAN)
    local_cloud.stop(folder)
    fill(folder, arm, count)
    local_cloud.start(folder)
    arm = ResourceManager(connect_local(folder.parent))
    middle = count // 2
    plans = f"{arm.group(middle // IN_A_GROUP)}/providers/Microsoft.Web/serverfarms"
    assert len(json.loads(arm.ask("GET", plans))["value"]) == IN_A_GROUP
    calls: dict[str, Callable[[], object]] = {
        "get": partial(arm.ask, "GET", arm.plan(middle)),
        "put": partial(arm.ask, "PUT", arm.plan(middle), PLAN),
        "list_100": partial(arm.ask, "GET", plans),
    }
    return {name: median_ms(call) for name, call in calls.items()}


def fill(folder: Path, arm: ResourceManager, count: int) -> None:
    """Copy the first group and the first plan until there are so many plans."""
    store = Store(folder / "state.db")
    group, plan = (
        json.dumps(store.get(*key))
        for key in (("resource-groups", arm.group(0).lower()), ("resources", arm.plan(0).lower()))
    )
    with store.transaction():
        for number in range(1, count // IN_A_GROUP):
            put(store, "resource-groups", group.replace("group-000", f"group-{number:03}"))
        for number in range(1, count):
            own = plan.replace("group-000", f"group-{number // IN_A_GROUP:03}")
            put(store, "resources", own.replace("plan-00000", f"plan-{number:05}"))
    store.close()


def put(store: Store, collection: str, text: str) -> None:
    """Store a document under its id."""
    document = json.loads(text)
    store.put(collection, document["id"].lower(), document)


def median_ms(call: Callable[[], object]) -> float:
    """Of many calls, one after another."""
    times = []
    for _ in range(CALLS):
        begun = time.perf_counter()
        call()
        times.append((time.perf_counter() - begun) * 1000)
    return statistics.median(times)


class ResourceManager:
    """One kept connection with a token."""

    def __init__(self, cloud: Cloud) -> None:
        at = urlsplit(cloud.resource_manager)
        trust = ssl.create_default_context(cafile=str(cloud.ca_file))
        self._connection = HTTPSConnection(str(at.hostname), at.port, context=trust)
        self._headers = {
            "Authorization": f"Bearer {cloud.credential.get_token(*cloud.credential_scopes).token}",
            "Content-Type": "application/json",
        }
        self._root = f"/subscriptions/{cloud.subscription_id}/resourceGroups"

    def group(self, number: int) -> str:
        """Id of a resource group."""
        return f"{self._root}/group-{number:03}"

    def plan(self, number: int) -> str:
        """Id of a plan."""
        group = self.group(number // IN_A_GROUP)
        return f"{group}/providers/Microsoft.Web/serverfarms/plan-{number:05}"

    def ask(self, method: str, id_: str, body: object = None) -> bytes:
        """One request; its answer must be a success."""
        version = VERSIONS["plans" if "providers" in id_ else "groups"]
        self._connection.request(
            method,
            f"{id_}?api-version={version}",
            json.dumps(body) if body else None,
            self._headers,
        )
        answer = self._connection.getresponse()
        content = answer.read()
        assert answer.status < 300, (answer.status, content)
        return content
