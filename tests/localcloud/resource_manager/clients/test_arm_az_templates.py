"""`az deployment`, unmodified, on a real local cloud; a proxy looks at what goes over the wire."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.localcloud.resource_manager.clients.az_cli import Az
from tests.localcloud.resource_manager.templates import published
from tests.localcloud.resource_manager.templates.deploying import second_group, signalr, template

COMMENTED = "// a template may have comments\n"


def written(folder: Path, name: str, what: Any) -> str:
    """A template as a file with a comment in it."""
    path = folder / name
    path.write_text(COMMENTED + json.dumps(what, indent=2), encoding="utf-8")
    return str(path)


def refused(az: Az, *words: str) -> str:
    """What az says of a command that fails."""
    with pytest.raises(AssertionError) as caught:
        az(*words)
    return str(caught.value)


@pytest.mark.long
def test_az_deploys_to_a_group(az: Az) -> None:
    """validate, what-if, create, show, operations, export, and a refusal."""
    az("group", "create", "-n", "class", "-l", "eastus2")
    file = written(az.folder, "main.json", published.signalr())
    to = ("-g", "class", "-n", "main", "-f", file, "-p", "name=chat-1")
    validated = az("deployment", "group", "validate", *to)
    assert validated["properties"]["provisioningState"] == "Succeeded"
    predicted = az("deployment", "group", "what-if", "--no-pretty-print", *to)
    assert [one["changeType"] for one in predicted["changes"]] == ["Create"]
    made = az("deployment", "group", "create", *to)
    assert made["properties"]["provisioningState"] == "Succeeded"
    (one, _) = az("deployment", "operation", "group", "list", "-g", "class", "-n", "main")
    assert one["properties"]["targetResource"]["resourceName"] == "chat-1"
    bad = written(az.folder, "bad.json", template(signalr("chat-2", sku={"name": "Bad_S1"})))
    said = refused(az, "deployment", "group", "create", "-g", "class", "-f", bad)
    assert "InvalidParameter" in said and "Bad_S1" in said
    assert not az.watch.unknown


@pytest.mark.long
def test_az_draws_the_difference(az: Az) -> None:
    """Its own drawing of what-if; then complete mode, lists, cancelling, exports, deletion."""
    az("group", "create", "-n", "class", "-l", "eastus2")
    file = written(az.folder, "main.json", published.signalr())
    to = ("-g", "class", "-n", "main", "-f", file, "-p", "name=chat-1")
    az("deployment", "group", "create", *to)
    done = subprocess.run(
        [az.executable, "deployment", "group", "what-if", *to, "capacity=2", "-o", "json"],
        env=az.environment(),
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=300,
    )
    assert "~ sku.capacity: 1 => 2" in done.stdout, done.stdout + done.stderr
    assert "1 to modify" in done.stdout
    empty = written(az.folder, "empty.json", template())
    complete = ("--mode", "Complete", "-n", "clear", "-g", "class", "-f", empty)
    exported = az("group", "export", "-g", "class")
    assert exported["resources"][0]["type"] == "Microsoft.SignalRService/SignalR"
    az("deployment", "group", "create", *complete)
    assert az("resource", "list", "-g", "class") == []
    names = [one["name"] for one in az("deployment", "group", "list", "-g", "class")]
    assert names == ["clear", "main"]
    assert "cannot be cancelled" in refused(
        az, "deployment", "group", "cancel", "-g", "class", "-n", "main"
    )
    assert az("deployment", "group", "export", "-g", "class", "-n", "main") == published.signalr()
    az("deployment", "group", "delete", "-g", "class", "-n", "main")
    assert "DeploymentNotFound" in refused(
        az, "deployment", "group", "show", "-g", "class", "-n", "main"
    )


@pytest.mark.long
def test_az_deploys_to_the_subscription(az: Az) -> None:
    """A group, with what-if and its operations."""
    group = second_group()
    file = written(az.folder, "all.json", template(group))
    to = ("-l", "eastus2", "-n", "all", "-f", file)
    predicted = az("deployment", "sub", "what-if", "--no-pretty-print", *to)
    assert [one["changeType"] for one in predicted["changes"]] == ["Create"]
    az("deployment", "sub", "validate", *to)
    az("deployment", "sub", "create", *to)
    assert az("group", "show", "-n", "second")["location"] == "westus2"
    assert [one["name"] for one in az("deployment", "sub", "list")] == ["all"]
    (one, _) = az("deployment", "operation", "sub", "list", "-n", "all")
    assert one["properties"]["targetResource"]["resourceName"] == "second"
    az("deployment", "sub", "delete", "-n", "all")
    assert not az.watch.unknown


@pytest.mark.long
def test_az_deploys_by_link_and_rolls_back(az: Az) -> None:
    """A template spec, a blob with a SAS, and an earlier deployment after one that fails."""
    az("group", "create", "-n", "class", "-l", "eastus2")
    file = written(az.folder, "main.json", published.signalr())
    create = ("deployment", "group", "create", "-g", "class")
    spec = az("ts", "create", "-g", "class", "-n", "chat", "-v", "1.0", "-l", "eastus2", "-f", file)
    made = az(*create, "-n", "spec", "--template-spec", spec["id"], "-p", "name=chat-1")
    assert made["properties"]["templateLink"]["id"] == spec["id"]
    az("storage", "account", "create", "-g", "class", "-n", "linkstore", "-l", "eastus2")
    shown = az("storage", "account", "show-connection-string", "-g", "class", "-n", "linkstore")
    to = ("--connection-string", shown["connectionString"])
    az("storage", "container", "create", "-n", "tpl", *to)
    az("storage", "blob", "upload", "-c", "tpl", "-n", "main.json", "-f", file, *to)
    rights = ("--permissions", "r", "--expiry", "2099-01-01")
    sas = az("storage", "container", "generate-sas", "-n", "tpl", *rights, *to)
    address = az("storage", "blob", "url", "-c", "tpl", "-n", "main.json", *to)
    link = ("--template-uri", address, "--query-string", sas)
    az(*create, "-n", "blob", *link, "-p", "name=chat-2")
    bad = written(az.folder, "bad.json", template(signalr("chat-3", sku={"name": "Bad_S1"})))
    refused(az, *create, "-n", "bad", "-f", bad, "--rollback-on-error", "spec")
    back = az("deployment", "group", "show", "-g", "class", "-n", "bad")["properties"]
    assert back["onErrorDeployment"]["provisioningState"] == "Succeeded"
    assert [one["name"] for one in az("signalr", "list", "-g", "class")] == ["chat-1"]
    assert not az.watch.unknown
