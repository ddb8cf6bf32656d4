"""Killed at random in a few hundred operations: nothing acknowledged is lost or half-made."""

from __future__ import annotations

import contextlib
import http.client
import json
import random
import ssl
import subprocess
import sys
import threading
import time
import urllib.parse
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

VERSIONS = {
    "SignalR": "2023-02-01",
    "storageAccounts": "2025-08-01",
    "containers": "2025-08-01",
    "serverfarms": "2025-05-01",
    "sites": "2025-05-01",
}
NAMESPACES = {
    "SignalR": "SignalRService",
    "storageAccounts": "Storage",
    "serverfarms": "Web",
    "sites": "Web",
}
BODIES: dict[str, dict[str, Any]] = {
    "SignalR": {"location": "eastus2", "sku": {"name": "Standard_S1"}},
    "storageAccounts": {
        "location": "eastus2",
        "sku": {"name": "Standard_LRS"},
        "kind": "StorageV2",
    },
    "serverfarms": {"location": "eastus2", "sku": {"name": "Y1"}, "properties": {"reserved": True}},
    "sites": {"location": "eastus2", "kind": "functionapp,linux", "properties": {"reserved": True}},
}
KILLS = 8
OPERATIONS = 320


@dataclass
class Process:
    """The local cloud's own process, started again after each kill."""

    folder: Path
    known: dict[str, Any] = field(default_factory=dict)
    token: str = ""

    def start(self) -> None:
        """Start it and wait until it is ready."""
        root = Path(__file__).parents[4]
        self.process = subprocess.Popen(
            [sys.executable, "-m", "chatkit.localcloud.daemon", str(self.folder)], cwd=root
        )
        end = time.monotonic() + 60
        while self.known.get("pid") != self.process.pid:
            assert self.process.poll() is None and time.monotonic() < end, (
                "the local cloud did not start"
            )
            time.sleep(0.02)
            with contextlib.suppress(OSError, ValueError):
                self.known = json.loads((self.folder / "cloud.json").read_text(encoding="utf-8"))
        self.trust = ssl.create_default_context(cafile=self.known["ca_file"])
        self.connection = http.client.HTTPSConnection(
            self.known["resource_manager"].removeprefix("https://"), context=self.trust, timeout=30
        )
        if not self.token:
            self.token = self._sign_in()

    def _sign_in(self) -> str:
        form = {
            "grant_type": "client_credentials",
            "client_id": self.known["client_id"],
            "client_secret": self.known["client_secret"],
            "scope": "https://management.azure.com/.default",
        }
        url = f"{self.known['authority']}/{self.known['tenant_id']}/oauth2/v2.0/token"
        with urllib.request.urlopen(
            url, urllib.parse.urlencode(form).encode(), context=self.trust
        ) as answer:
            return str(json.load(answer)["access_token"])

    def kill(self) -> None:
        """SIGKILL: no chance to tidy up."""
        self.process.kill()
        self.process.wait()
        self.connection.close()

    def call(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        """One request; raises OSError or HTTPException when the target dies under it."""
        kind = path.split("/")[-2] if "/providers/" in path else ""
        version = VERSIONS.get(kind, "2025-04-01")
        url = f"/subscriptions/{self.known['subscription_id']}{path}?api-version={version}"
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        self.connection.request(method, url, None if body is None else json.dumps(body), headers)
        answer = self.connection.getresponse()
        raw = answer.read()
        return answer.status, json.loads(raw) if raw else None


def path_of(kind: str, name: str) -> str:
    """Path of one resource in the group."""
    return f"/resourceGroups/crash/providers/Microsoft.{NAMESPACES[kind]}/{kind}/{name}"


@dataclass
class Expected:
    """What was acknowledged, and what was on its way when the target died.

    Tags by resource; None for deleted.
    """

    tags: dict[str, str | None] = field(default_factory=dict)
    open: dict[str, str | None] = field(default_factory=dict)


def one_operation(process: Process, expected: Expected, chance: random.Random, number: int) -> None:
    """Put or delete a random resource and note what was acknowledged."""
    kind = chance.choice([*BODIES])
    path = path_of(kind, f"{kind.lower()[:8]}{chance.randrange(6)}")
    gone = chance.random() < 0.3
    tag = None if gone else str(number)
    expected.open = {path: tag}
    body = None if gone else {**BODIES[kind], "tags": {"number": tag}}
    status, _ = process.call("DELETE" if gone else "PUT", path, body)
    if status < 300:
        expected.tags[path] = tag
    expected.open = {}


def compare(process: Process, expected: Expected) -> None:
    """What was acknowledged is there; what was on its way is there wholly or not at all."""
    for path, tag in expected.tags.items():
        status, body = process.call("GET", path)
        found = body["tags"].get("number") if status == 200 else None
        allowed = {tag, expected.open[path]} if path in expected.open else {tag}
        assert found in allowed, f"{path}: {found} instead of {allowed}"
        if path in expected.open:
            expected.tags[path] = found
    for path in set(expected.open) - set(expected.tags):
        status, body = process.call("GET", path)
        assert status in (200, 404)
        expected.tags[path] = body["tags"]["number"] if status == 200 else None
    expected.open = {}


@pytest.mark.slow
def test_nothing_acknowledged_is_lost_when_the_process_is_killed(tmp_path: Path) -> None:
    """A few hundred operations, eight kills at random moments, compared after each start."""
    chance = random.Random(20261123)
    process = Process(tmp_path)
    expected = Expected()
    process.start()
    for namespace in ("Microsoft.SignalRService", "Microsoft.Storage", "Microsoft.Web"):
        process.call("POST", f"/providers/{namespace}/register")
    process.call("PUT", "/resourceGroups/crash", {"location": "eastus2"})
    done = 0
    kills = 0
    while done < OPERATIONS or kills < KILLS:
        killer = (
            threading.Timer(chance.uniform(0.02, 0.25), process.process.kill)
            if kills < KILLS
            else None
        )
        if killer:
            killer.start()
        try:
            while done < OPERATIONS or kills < KILLS:
                one_operation(process, expected, chance, done)
                done += 1
        except (OSError, http.client.HTTPException):
            kills += 1
            process.kill()
            process.start()
            compare(process, expected)
        finally:
            if killer:
                killer.cancel()
    compare(process, expected)
    process.kill()
    assert kills == KILLS
    assert sum(tag is not None for tag in expected.tags.values()) > 5


@pytest.mark.slow
def test_a_deleted_account_leaves_nothing_to_the_next_of_its_name(tmp_path: Path) -> None:
    """Killed while an account is deleted: it is there with its data, or both are gone."""
    chance = random.Random(5)
    process = Process(tmp_path)
    process.start()
    process.call("POST", "/providers/Microsoft.Storage/register")
    process.call("PUT", "/resourceGroups/crash", {"location": "eastus2"})
    account = path_of("storageAccounts", "again")
    container = f"{account}/blobServices/default/containers/box"
    for _ in range(4):
        process.call("PUT", account, BODIES["storageAccounts"])
        assert process.call("PUT", container, {})[0] in (200, 201)
        killer = threading.Timer(chance.uniform(0, 0.02), process.process.kill)
        killer.start()
        with contextlib.suppress(OSError, http.client.HTTPException):
            process.call("DELETE", account)
        killer.join()
        process.kill()
        process.start()
        is_kept = process.call("GET", account)[0] == 200
        process.call("PUT", account, BODIES["storageAccounts"])
        assert process.call("GET", container)[0] == (200 if is_kept else 404)
        assert process.call("DELETE", account)[0] == 200
    process.kill()
