"""What a what-if takes of twenty resources that are there, against deploying the same template.

Both in wall time and in processor time of the local cloud: a busy machine moves the first alone.
"""

from __future__ import annotations

import json
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from chatkit.cloud import local_cloud
from chatkit.cloud.connection import Cloud, Rest
from chatkit.cloud.targets import connect_local

RESOURCES = 20
ROUNDS = 7
VERSION = "api-version=2025-04-01"
LIMIT_S = 1.0
REGISTER = "/providers/Microsoft.Storage/register"
SCHEMA = "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#"


def run() -> dict[str, object]:
    """Medians of several rounds."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as home:
        os.environ["CHATKIT_HOME"] = home
        folder = Path(home) / "local"
        known = local_cloud.start(folder)
        try:
            return measured(connect_local(Path(home)), psutil.Process(known["pid"]))
        finally:
            local_cloud.stop(folder)


def measured(cloud: Cloud, process: psutil.Process) -> dict[str, object]:
    """Deploy, then ask what deploying would change, again and again."""
    group = f"/subscriptions/{cloud.subscription_id}/resourceGroups/bench"
    manager = cloud.rest(cloud.resource_manager)
    manager.send("PUT", f"{group}?{VERSION}", json={"location": "eastus2"})
    manager.send("POST", f"/subscriptions/{cloud.subscription_id}{REGISTER}?{VERSION}")
    deployment = Deployment(manager, f"{group}/providers/Microsoft.Resources/deployments/main")
    deployment.deploy()
    asked = [took(process, deployment.what_if) for _ in range(ROUNDS)]
    deployed = [took(process, deployment.deploy) for _ in range(ROUNDS)]
    wall, processor = (statistics.median(one) for one in zip(*asked, strict=True))
    peer_wall, peer_processor = (statistics.median(one) for one in zip(*deployed, strict=True))
    return {
        "resources": RESOURCES,
        "what_if_s": round(wall, 3),
        "what_if_processor_s": round(processor, 3),
        "peer": "deploying the same template",
        "peer_s": round(peer_wall, 3),
        "peer_processor_s": round(peer_processor, 3),
        "ratio": round(wall / peer_wall, 2),
        "processor_ratio": round(processor / peer_processor, 2),
        "limit_s": LIMIT_S,
        "is_within_limit": processor <= LIMIT_S,
    }


@dataclass(frozen=True)
class Deployment:
    """One deployment of storage accounts.

    Attributes:
        manager: Resource Manager.
        address: The deployment's path.
    """

    manager: Rest
    address: str

    def what_if(self) -> None:
        """Ask, and read the answer."""
        answer = self.manager.send("POST", f"{self.address}/whatIf?{VERSION}", json=body())
        shown = self._ended(answer.headers["Location"])
        changes = shown["properties"]["changes"]
        kinds = [one["changeType"] for one in changes]
        assert kinds == ["NoChange"] * RESOURCES, kinds

    def deploy(self) -> None:
        """Deploy, and wait until it is done."""
        address = f"{self.address}?{VERSION}"
        answer = self.manager.send("PUT", address, json=body())
        assert answer.status_code < 300, answer.text()
        while True:
            shown = self.manager.send("GET", address).json()["properties"]
            if shown["provisioningState"] in ("Succeeded", "Failed"):
                break
            time.sleep(0.02)
        assert shown["provisioningState"] == "Succeeded", json.dumps(shown)

    def _ended(self, location: str) -> Any:
        while True:
            answer = self.manager.send("GET", location)
            if answer.status_code == 200:
                return answer.json()
            time.sleep(0.02)


def body() -> dict[str, Any]:
    """Twenty storage accounts."""
    account = {
        "type": "Microsoft.Storage/storageAccounts",
        "apiVersion": "2025-01-01",
        "name": "[concat('benchstore', copyIndex())]",
        "location": "[resourceGroup().location]",
        "kind": "StorageV2",
        "sku": {"name": "Standard_LRS"},
        "tags": {"made": "[toLower(deployment().name)]"},
        "copy": {"name": "accounts", "count": RESOURCES},
    }
    template = {"$schema": SCHEMA, "contentVersion": "1.0.0.0", "resources": [account]}
    return {"properties": {"mode": "Incremental", "template": template}}


def took(process: psutil.Process, work: Callable[[], None]) -> tuple[float, float]:
    """Seconds of a clock, and seconds of the local cloud's processor."""
    before = process.cpu_times()
    began = time.perf_counter()
    work()
    wall = time.perf_counter() - began
    after = process.cpu_times()
    return wall, after.user + after.system - before.user - before.system
