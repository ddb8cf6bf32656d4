"""The az CLI, unmodified, does the whole tutorial on a real local cloud: only its endpoints and its CA bundle are set.

Install it outside the project (`python -m venv … && pip install azure-cli`) and put it on the PATH or into CHATKIT_AZ.
"""

from __future__ import annotations

import json
import os
import shutil
import ssl
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import certifi
import pytest

from tests.localcloud.resource_manager.watching import Watch, watching

ROOT = Path(__file__).parents[3]
GROUP = ("-g", "azgroup")


@dataclass
class Az:
    """az, signed in to a local cloud of its own."""

    executable: str
    folder: Path
    known: dict[str, Any]
    watch: Watch

    def __call__(self, *words: str) -> Any:
        """Run one command and return its JSON."""
        environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("AZURE_")},
            "AZURE_CONFIG_DIR": str(self.folder / "az"),
            "AZURE_CORE_COLLECT_TELEMETRY": "0",
            "AZURE_CORE_ONLY_SHOW_ERRORS": "1",
            "REQUESTS_CA_BUNDLE": str(self.folder / "bundle.pem"),
        }
        done = subprocess.run(
            [self.executable, *words, "-o", "json"], env=environment, capture_output=True, text=True, timeout=300, cwd=self.folder
        )
        assert done.returncode == 0, f"az {' '.join(words[:3])}: {done.stderr[-2000:]}"
        return json.loads(done.stdout) if done.stdout.strip() else None


@pytest.fixture(scope="module")
def az(tmp_path_factory: pytest.TempPathFactory, require_tool: Callable[[str], str]) -> Iterator[Az]:
    """A local cloud in a process of its own, and az signed in to it with the service principal."""
    tmp_path = tmp_path_factory.mktemp("az")
    executable = os.environ.get("CHATKIT_AZ") or require_tool("az")
    process = subprocess.Popen([sys.executable, "-m", "chatkit.localcloud.daemon", str(tmp_path / "local")], cwd=ROOT)
    file, end = tmp_path / "local" / "cloud.json", time.monotonic() + 60
    while not file.exists():
        assert process.poll() is None and time.monotonic() < end
        time.sleep(0.05)
    known = json.loads(file.read_text(encoding="utf-8"))
    public = Path(ssl.get_default_verify_paths().cafile or certifi.where()).read_bytes()
    (tmp_path / "bundle.pem").write_bytes(public + Path(known["ca_file"]).read_bytes())
    with watching(known) as watch:
        yield signed_in(Az(executable, tmp_path, known, watch))
    process.terminate()
    process.wait(20)


def signed_in(made: Az) -> Az:
    """az, told where the cloud is and signed in with its service principal."""
    known, at = made.known, f"{made.watch.url}/"  # az joins some of its addresses without a slash
    made(
        *("cloud", "register", "-n", "Local"),
        *("--endpoint-resource-manager", at, "--endpoint-management", at),
        *("--endpoint-active-directory", known["authority"], "--endpoint-microsoft-graph-resource-id", known["graph"]),
        *("--endpoint-active-directory-resource-id", "https://management.core.windows.net/"),
        *("--endpoint-active-directory-graph-resource-id", "https://graph.microsoft.com/"),
    )
    made("cloud", "set", "-n", "Local")
    made("config", "set", "core.instance_discovery=false")
    secret = ("-u", known["client_id"], "-p", known["client_secret"], "--tenant", known["tenant_id"])
    made("login", "--service-principal", *secret)
    return made


@pytest.mark.slow
def test_az_does_the_whole_tutorial(az: Az, tmp_path: Path) -> None:
    """SignalR, storage with website, Flex app with settings, CORS, keys and deployment, upload, everything deleted."""
    az("group", "create", "-n", "azgroup", "-l", "eastus2")
    az("signalr", "create", "-n", "az-chat-1", *GROUP, "--sku", "Free_F1", "--service-mode", "Serverless")
    connection = az("signalr", "key", "list", "-n", "az-chat-1", *GROUP)["primaryConnectionString"]
    shown = az("signalr", "cors", "add", "-n", "az-chat-1", *GROUP, "--allowed-origins", "http://127.0.0.1:5500")
    assert "http://127.0.0.1:5500" in shown["cors"]["allowedOrigins"]
    template = ("url-template=http://localhost:7071/x", "hub-pattern=*", "event-pattern=*", "category-pattern=*")
    shown = az("signalr", "upstream", "update", "-n", "az-chat-1", *GROUP, "--template", *template)
    assert shown["upstream"]["templates"][0]["urlTemplate"] == "http://localhost:7071/x"
    az("storage", "account", "create", "-n", "azstore1", *GROUP, "-l", "eastus2", "--sku", "Standard_LRS")
    storage = az("storage", "account", "show-connection-string", "-n", "azstore1", *GROUP)["connectionString"]
    flex = ("--flexconsumption-location", "eastus2", "--runtime", "python", "--runtime-version", "3.12")
    az("functionapp", "create", "-n", "az-chat-api", *GROUP, "--storage-account", "azstore1", *flex, "--disable-app-insights")
    named = [f"AzureSignalRConnectionString={connection}"]
    az("functionapp", "config", "appsettings", "set", "-n", "az-chat-api", *GROUP, "--settings", *named)
    az("functionapp", "cors", "add", "-n", "az-chat-api", *GROUP, "--allowed-origins", "http://127.0.0.1:1")
    assert az("functionapp", "keys", "list", "-n", "az-chat-api", *GROUP)["masterKey"]
    package = shutil.make_archive(str(tmp_path / "app"), "zip", ROOT / "functions")
    az("functionapp", "deployment", "source", "config-zip", "-n", "az-chat-api", *GROUP, "--src", package)
    names = {one["name"] for one in az("functionapp", "function", "list", "-n", "az-chat-api", *GROUP)}
    assert "az-chat-api/SendMessage" in names
    website = ("--static-website", "true", "--index-document", "index.html", "--404-document", "404.html")
    az("storage", "blob", "service-properties", "update", *website, "--connection-string", storage)
    az("storage", "blob", "upload-batch", "-s", str(ROOT / "content"), "-d", "$web", "--connection-string", storage)
    url = az("storage", "account", "show", "-n", "azstore1", *GROUP)["primaryEndpoints"]["web"]
    with urllib.request.urlopen(url) as page:
        assert page.headers.get_content_type() == "text/html"
    assert len(az("resource", "list", *GROUP)) == 4
    az("functionapp", "delete", "-n", "az-chat-api", *GROUP)
    az("group", "delete", "-n", "azgroup", "--yes")
    assert az("group", "exists", "-n", "azgroup") is False
    assert az.watch.specs.problems == [] and az.watch.unknown == []


@pytest.mark.slow
def test_az_does_what_people_do_besides(az: Az, tmp_path: Path) -> None:
    """A service principal with a role, tags, containers and copies, a Consumption app with a remote build, keys of a function."""
    side = ("-g", "azside")
    scope = f"/subscriptions/{az.known['subscription_id']}/resourceGroups/azside"
    az("group", "create", "-n", "azside", "-l", "eastus2")
    robot = az("ad", "sp", "create-for-rbac", "-n", "robot", "--role", "Reader", "--scopes", scope)
    roles = ("role", "assignment", "list", "--assignee", robot["appId"], "--all", "--query", "[].roleDefinitionName")
    assert az(*roles) == ["Reader"]
    az("role", "assignment", "delete", "--assignee", robot["appId"], "--role", "Reader", "--scope", scope)
    assert az(*roles) == []
    az("tag", "update", "--resource-id", scope, "--operation", "merge", "--tags", "course=chat")
    assert az("group", "show", "-n", "azside", "--query", "tags") == {"course": "chat"}
    az("storage", "account", "create", "-n", "azside1", *side, "-l", "eastus2", "--sku", "Standard_LRS")
    az("storage", "container-rm", "create", "-n", "box", "--storage-account", "azside1", *side, "--metadata", "a=b")
    text = az("storage", "account", "show-connection-string", "-n", "azside1", *side)["connectionString"]
    az("storage", "blob", "upload", "-c", "box", "--data", "hello", "-n", "a.txt", "--connection-string", text)
    copy = (
        "--source-container",
        "box",
        "--source-blob",
        "a.txt",
        "--destination-container",
        "box",
        "--destination-blob",
        "b.txt",
    )
    assert az("storage", "blob", "copy", "start", *copy, "--connection-string", text)["copy_status"] == "success"
    old = ("--consumption-plan-location", "eastus2", "--runtime", "python", "--runtime-version", "3.11", "--os-type", "Linux")
    more = ("--functions-version", "4", "--disable-app-insights")
    az("functionapp", "create", "-n", "az-old-api", *side, "--storage-account", "azside1", *old, *more)
    package = shutil.make_archive(str(tmp_path / "app"), "zip", ROOT / "functions")
    deploy = ("functionapp", "deployment", "source", "config-zip", "--src", package, "--build-remote", "true")
    assert az(*deploy, "-n", "az-old-api", *side)["status"] == 4
    key = ("-n", "az-old-api", *side, "--function-name", "negotiate")
    az("functionapp", "function", "keys", "set", *key, "--key-name", "mine", "--key-value", "v1")
    assert az("functionapp", "function", "keys", "list", *key)["mine"] == "v1"
    az("group", "delete", "-n", "azside", "--yes")
    assert az.watch.specs.problems == [] and az.watch.unknown == []
