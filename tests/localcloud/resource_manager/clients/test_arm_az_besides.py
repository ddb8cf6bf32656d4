"""The az CLI does what people do beside the tutorial; apart, because az waits for minutes."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.localcloud.resource_manager.clients.az_cli import ROOT, Az


@pytest.mark.long
def test_az_does_what_people_do_besides(az: Az, tmp_path: Path) -> None:
    """A service principal, tags, containers and copies, a remote build, keys of a function."""
    side = ("-g", "azside")
    scope = f"/subscriptions/{az.known['subscription_id']}/resourceGroups/azside"
    az("group", "create", "-n", "azside", "-l", "eastus2")
    robot = az("ad", "sp", "create-for-rbac", "-n", "robot", "--role", "Reader", "--scopes", scope)
    roles = (
        "role",
        "assignment",
        "list",
        "--assignee",
        robot["appId"],
        "--all",
        "--query",
        "[].roleDefinitionName",
    )
    assert az(*roles) == ["Reader"]
    az(
        "role",
        "assignment",
        "delete",
        "--assignee",
        robot["appId"],
        "--role",
        "Reader",
        "--scope",
        scope,
    )
    assert az(*roles) == []
    az("tag", "update", "--resource-id", scope, "--operation", "merge", "--tags", "course=chat")
    assert az("group", "show", "-n", "azside", "--query", "tags") == {"course": "chat"}
    az(
        "storage",
        "account",
        "create",
        "-n",
        "azside1",
        *side,
        "-l",
        "eastus2",
        "--sku",
        "Standard_LRS",
    )
    az(
        "storage",
        "container-rm",
        "create",
        "-n",
        "box",
        "--storage-account",
        "azside1",
        *side,
        "--metadata",
        "a=b",
    )
    text = az("storage", "account", "show-connection-string", "-n", "azside1", *side)[
        "connectionString"
    ]
    az(
        "storage",
        "blob",
        "upload",
        "-c",
        "box",
        "--data",
        "hello",
        "-n",
        "a.txt",
        "--connection-string",
        text,
    )
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
    assert (
        az("storage", "blob", "copy", "start", *copy, "--connection-string", text)["copy_status"]
        == "success"
    )
    old = (
        "--consumption-plan-location",
        "eastus2",
        "--runtime",
        "python",
        "--runtime-version",
        "3.11",
        "--os-type",
        "Linux",
    )
    more = ("--functions-version", "4", "--disable-app-insights")
    az(
        "functionapp",
        "create",
        "-n",
        "az-old-api",
        *side,
        "--storage-account",
        "azside1",
        *old,
        *more,
    )
    package = shutil.make_archive(str(tmp_path / "app"), "zip", ROOT / "functions")
    deploy = (
        "functionapp",
        "deployment",
        "source",
        "config-zip",
        "--src",
        package,
        "--build-remote",
        "true",
    )
    assert az(*deploy, "-n", "az-old-api", *side)["status"] == 4
    key = ("-n", "az-old-api", *side, "--function-name", "negotiate")
    az("functionapp", "function", "keys", "set", *key, "--key-name", "mine", "--key-value", "v1")
    assert az("functionapp", "function", "keys", "list", *key)["mine"] == "v1"
    az("group", "delete", "-n", "azside", "--yes")
    assert az.watch.specs.problems == [] and az.watch.unknown == []
