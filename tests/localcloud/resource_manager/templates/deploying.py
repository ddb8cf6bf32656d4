"""Deployments over plain HTTPS, for the tests beside this module."""

from __future__ import annotations

import json
from typing import Any

from tests.localcloud.resource_manager.raw import Raw, Reply

SCHEMA = "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#"
VERSION = "2025-04-01"
ROLES = "/providers/Microsoft.Authorization/roleDefinitions"


def template(*resources: Any, **sections: Any) -> dict[str, Any]:
    """A template of some resources."""
    return {
        "$schema": SCHEMA,
        "contentVersion": "1.0.0.0",
        **sections,
        "resources": [*resources],
    }


def symbolic(**resources: Any) -> dict[str, Any]:
    """A template of resources with symbolic names."""
    return {**template(), "languageVersion": "2.0", "resources": resources}


def signalr(name: str, **more: Any) -> dict[str, Any]:
    """A SignalR Service instance in a template."""
    return {
        "type": "Microsoft.SignalRService/SignalR",
        "apiVersion": "2023-02-01",
        "name": name,
        "location": "eastus2",
        "sku": {"name": "Standard_S1", "capacity": 1},
        **more,
    }


def account(name: str, **more: Any) -> dict[str, Any]:
    """A storage account in a template."""
    return {
        "type": "Microsoft.Storage/storageAccounts",
        "apiVersion": "2025-08-01",
        "name": name,
        "location": "eastus2",
        "sku": {"name": "Standard_LRS"},
        "kind": "StorageV2",
        **more,
    }


def nested(inner: Any, name: str = "inner", **more: Any) -> dict[str, Any]:
    """A deployment within a template, with expressions of its own."""
    properties = {
        "mode": more.pop("mode", "Incremental"),
        "expressionEvaluationOptions": {"scope": "inner"},
        "parameters": more.pop("parameters", {}),
        "template": inner,
    }
    return {
        "type": "Microsoft.Resources/deployments",
        "apiVersion": VERSION,
        "name": name,
        **more,
        "properties": properties,
    }


def nested_outer(inner: Any, name: str = "inner") -> dict[str, Any]:
    """A deployment within a template, with the expressions of the template around it."""
    return {
        "type": "Microsoft.Resources/deployments",
        "apiVersion": VERSION,
        "name": name,
        "properties": {"mode": "Incremental", "template": inner},
    }


def second_group() -> dict[str, Any]:
    """A resource group in a template, beside the one that the tests have."""
    return {
        "type": "Microsoft.Resources/resourceGroups",
        "apiVersion": VERSION,
        "name": "second",
        "location": "westus2",
    }


def unknown_principal() -> dict[str, Any]:
    """A role for somebody whom the directory does not have: refused when its turn comes."""
    return {
        "type": "Microsoft.Authorization/roleAssignments",
        "apiVersion": "2022-04-01",
        "name": "11111111-1111-1111-1111-111111111111",
        "properties": {
            "roleDefinitionId": f"{ROLES}/acdd72a7-3385-48ef-bd42-f606fba81ae7",
            "principalId": "22222222-2222-2222-2222-222222222222",
        },
    }


def request(what: Any, mode: str = "Incremental", **parameters: Any) -> dict[str, Any]:
    """The body of a request for a deployment."""
    values = {name: {"value": value} for name, value in parameters.items()}
    return {"properties": {"template": what, "mode": mode, "parameters": values}}


def path(raw: Raw, name: str = "main", *, group: str = "class") -> str:
    """A deployment's path; at the subscription for no group."""
    scope = raw.group.partition("/resourceGroups")[0]
    if group:
        scope += f"/resourceGroups/{group}"
    return f"{scope}/providers/Microsoft.Resources/deployments/{name}"


def begin(
    raw: Raw, what: Any, name: str = "main", *, group: str = "class", **options: Any
) -> Reply:
    """Begin a deployment."""
    return raw("PUT", path(raw, name, group=group), request(what, **options), version=VERSION)


def ended(raw: Raw, reply: Reply) -> Any:
    """The status of a deployment that was begun, at its end."""
    assert reply.status in (200, 201), reply.body
    for _ in range(60):
        status = raw("GET", reply.headers["Azure-AsyncOperation"]).body
        if status["status"] in ("Succeeded", "Failed", "Canceled"):
            return status
    raise AssertionError(f"the deployment goes on: {status}")


def deploy(raw: Raw, what: Any, name: str = "main", *, group: str = "class", **options: Any) -> Any:
    """Deploy a template; what GET shows afterwards."""
    status = ended(raw, begin(raw, what, name, group=group, **options))
    assert status["status"] == "Succeeded", json.dumps(status, indent=1)
    return raw("GET", path(raw, name, group=group), version=VERSION).body


def failed(raw: Raw, what: Any, name: str = "main", *, group: str = "class", **options: Any) -> Any:
    """The error of a deployment that begins and fails."""
    status = ended(raw, begin(raw, what, name, group=group, **options))
    assert status["status"] == "Failed"
    return status["error"]


def outputs(deployment: Any) -> dict[str, Any]:
    """Values of a deployment's outputs."""
    return {name: one["value"] for name, one in deployment["properties"]["outputs"].items()}


def operations(raw: Raw, name: str = "main", *, group: str = "class") -> list[Any]:
    """The operations of a deployment."""
    url = path(raw, name, group=group) + "/operations"
    found: list[Any] = raw("GET", url, version=VERSION).body["value"]
    return found
