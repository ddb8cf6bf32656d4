"""The az CLI does the whole tutorial."""

from __future__ import annotations

import shutil
import urllib.request
from pathlib import Path

import pytest

from tests.localcloud.resource_manager.clients.az_cli import ROOT, Az

GROUP = ("-g", "azgroup")


@pytest.mark.long
def test_az_does_the_whole_tutorial(az: Az, tmp_path: Path) -> None:
    """SignalR, storage with website, Flex app with settings and deployment; all deleted."""
    az("group", "create", "-n", "azgroup", "-l", "eastus2")
    az(
        "signalr",
        "create",
        "-n",
        "az-chat-1",
        *GROUP,
        "--sku",
        "Free_F1",
        "--service-mode",
        "Serverless",
    )
    connection = az("signalr", "key", "list", "-n", "az-chat-1", *GROUP)["primaryConnectionString"]
    shown = az(
        "signalr",
        "cors",
        "add",
        "-n",
        "az-chat-1",
        *GROUP,
        "--allowed-origins",
        "http://127.0.0.1:5500",
    )
    assert "http://127.0.0.1:5500" in shown["cors"]["allowedOrigins"]
    template = (
        "url-template=http://localhost:7071/x",
        "hub-pattern=*",
        "event-pattern=*",
        "category-pattern=*",
    )
    shown = az("signalr", "upstream", "update", "-n", "az-chat-1", *GROUP, "--template", *template)
    assert shown["upstream"]["templates"][0]["urlTemplate"] == "http://localhost:7071/x"
    az(
        "storage",
        "account",
        "create",
        "-n",
        "azstore1",
        *GROUP,
        "-l",
        "eastus2",
        "--sku",
        "Standard_LRS",
    )
    storage = az("storage", "account", "show-connection-string", "-n", "azstore1", *GROUP)[
        "connectionString"
    ]
    flex = (
        "--flexconsumption-location",
        "eastus2",
        "--runtime",
        "python",
        "--runtime-version",
        "3.12",
    )
    az(
        "functionapp",
        "create",
        "-n",
        "az-chat-api",
        *GROUP,
        "--storage-account",
        "azstore1",
        *flex,
        "--disable-app-insights",
    )
    named = [f"AzureSignalRConnectionString={connection}"]
    az(
        "functionapp",
        "config",
        "appsettings",
        "set",
        "-n",
        "az-chat-api",
        *GROUP,
        "--settings",
        *named,
    )
    az(
        "functionapp",
        "cors",
        "add",
        "-n",
        "az-chat-api",
        *GROUP,
        "--allowed-origins",
        "http://127.0.0.1:1",
    )
    assert az("functionapp", "keys", "list", "-n", "az-chat-api", *GROUP)["masterKey"]
    package = shutil.make_archive(str(tmp_path / "app"), "zip", ROOT / "functions")
    az(
        "functionapp",
        "deployment",
        "source",
        "config-zip",
        "-n",
        "az-chat-api",
        *GROUP,
        "--src",
        package,
    )
    names = {
        one["name"] for one in az("functionapp", "function", "list", "-n", "az-chat-api", *GROUP)
    }
    assert "az-chat-api/SendMessage" in names
    website = (
        "--static-website",
        "true",
        "--index-document",
        "index.html",
        "--404-document",
        "404.html",
    )
    az("storage", "blob", "service-properties", "update", *website, "--connection-string", storage)
    az(
        "storage",
        "blob",
        "upload-batch",
        "-s",
        str(ROOT / "content"),
        "-d",
        "$web",
        "--connection-string",
        storage,
    )
    url = az("storage", "account", "show", "-n", "azstore1", *GROUP)["primaryEndpoints"]["web"]
    with urllib.request.urlopen(url) as page:
        assert page.headers.get_content_type() == "text/html"
    assert len(az("resource", "list", *GROUP)) == 4
    az("functionapp", "delete", "-n", "az-chat-api", *GROUP)
    az("group", "delete", "-n", "azgroup", "--yes")
    assert az("group", "exists", "-n", "azgroup") is False
    assert az.watch.specs.problems == [] and az.watch.unknown == []
