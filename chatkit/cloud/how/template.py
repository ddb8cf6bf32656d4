"""A step as resources of a template, as `az deployment group create` takes them.

https://learn.microsoft.com/azure/azure-resource-manager/templates/syntax
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from typing import Any

from chatkit.cloud.how.references import with_ids
from chatkit.cloud.how.requests import Request, ResourcePath

SCHEMAS = "https://schema.management.azure.com/schemas"
GROUP_SCHEMA = f"{SCHEMAS}/2019-04-01/deploymentTemplate.json#"
SUBSCRIPTION_SCHEMA = f"{SCHEMAS}/2018-05-01/subscriptionDeploymentTemplate.json#"
GROUP = "Microsoft.Resources/resourceGroups"
RESOURCE_ID = re.compile(r"/subscriptions/[^/\s]+/resourceGroups/[^/\s]+/providers/[^\s\"]+")
# In the order of Microsoft's pages; properties come last.
ORDER = ("type", "apiVersion", "name", "scope", "location", "tags", "kind", "sku", "identity")
Resource = dict[str, Any]


def text(requests: Sequence[Request]) -> str:
    """The resources that the requests made, as one template; empty when they made none."""
    found: dict[str, Resource] = {}
    for request in with_ids(requests):
        path = request.resource
        if path is None or request.method not in ("PUT", "PATCH") or request.body is None:
            continue
        key = f"{path.type}/{path.name}".lower()
        found[key] = _merged(found.get(key, {}), _resource(request, path))
    if len(found) > 1:
        # A template is deployed into the group, or makes it and nothing else.
        found = {key: one for key, one in found.items() if one["type"] != GROUP}
    if not found:
        return ""
    resources = [_with_needs(resource, [*found.values()]) for resource in found.values()]
    document = {
        "$schema": _schema(found.values()),
        "contentVersion": "1.0.0.0",
        "resources": resources,
    }
    return json.dumps(document, indent=2, ensure_ascii=False)


def _resource(request: Request, path: ResourcePath) -> Resource:
    body = request.body or {}
    said = {
        "type": path.type,
        "apiVersion": request.api_version,
        "name": path.name,
        **({"scope": path.scope} if path.scope else {}),
        **body,
    }
    said.setdefault("properties", {})
    first = {name: said[name] for name in ORDER if name in said}
    resource: Resource = _with_references({**first, **said})
    return resource


def _with_references(value: Any) -> Any:
    """Say the ids of resources by the function that a template has for it."""
    if isinstance(value, str):
        # In a template a text that begins with a bracket is an expression, unless it has two.
        text = f"[{value}" if value.startswith("[") else value
        return _reference(value) if RESOURCE_ID.fullmatch(value) else text
    if isinstance(value, dict):
        return {_with_references(name): _with_references(inner) for name, inner in value.items()}
    return [_with_references(inner) for inner in value] if isinstance(value, list) else value


def _reference(resource_id: str) -> str:
    path = ResourcePath.parse(resource_id)
    return resource_id if path is None else f"[{_function(path.type, path.name)}]"


def _function(type_name: str, name: str) -> str:
    names = ", ".join(f"'{part}'" for part in name.split("/"))
    return f"resourceId('{type_name}', {names})"


def _with_needs(resource: Resource, others: list[Resource]) -> Resource:
    """Name the resources of the same template that have to be there first."""
    needs = [
        f"[{_function(other['type'], other['name'])}]"
        for other in others
        if other is not resource and _is_needed(other, resource)
    ]
    if not needs:
        return resource
    properties = resource["properties"]
    rest = {name: value for name, value in resource.items() if name != "properties"}
    return {**rest, "dependsOn": needs, "properties": properties}


def _is_needed(other: Resource, resource: Resource) -> bool:
    """Whether a resource is a part of another one, or names it."""
    is_parent = resource["type"].lower().startswith(f"{other['type']}/".lower())
    if is_parent and resource["name"].startswith(f"{other['name']}/"):
        return True
    said = json.dumps([resource["properties"], resource.get("identity")])
    # Services spell the types of others as they like.
    if _function(other["type"], other["name"]).lower() in said.lower():
        return True
    if resource.get("scope") == f"{other['type']}/{other['name']}":
        return True
    container = str(other["name"]).rpartition("/")[2]
    return "/containers" in other["type"] and f'/{container}"' in said


def _merged(one: Resource, other: Resource) -> Resource:
    """One resource of two requests: the second changes the first."""
    both = {**one, **other}
    for name in ("properties", "identity"):
        if isinstance(one.get(name), dict) and isinstance(other.get(name), dict):
            both[name] = {**one[name], **other[name]}
    return both


def _schema(resources: Iterable[Resource]) -> str:
    is_subscriptions = any(resource["type"] == GROUP for resource in resources)
    return SUBSCRIPTION_SCHEMA if is_subscriptions else GROUP_SCHEMA
