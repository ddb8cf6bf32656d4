"""A step as resources of a template, as `az deployment group create` takes them.

What is secret, or chosen by a service, is an expression or a parameter (`template_values`).
https://learn.microsoft.com/azure/azure-resource-manager/templates/syntax
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

from chatkit.cloud.how.references import (
    template_of,
    with_addresses,
    with_container,
    with_ids,
)
from chatkit.cloud.how.requests import Place, Request, ResourcePath
from chatkit.cloud.how.template_values import SITE, Values, quoted, resource_id

SCHEMAS = "https://schema.management.azure.com/schemas"
GROUP_SCHEMA = f"{SCHEMAS}/2019-04-01/deploymentTemplate.json#"
SUBSCRIPTION_SCHEMA = f"{SCHEMAS}/2018-05-01/subscriptionDeploymentTemplate.json#"
GROUP = "Microsoft.Resources/resourceGroups"
ROLE = "Microsoft.Authorization/roleAssignments"
SETTINGS = "appsettings"
NOT_WHOLE = (
    "This step changes what is there already, and a template states whole resources: this one is"
    " not deployed. workshop.template() has it whole."
)
# In the order of Microsoft's pages; properties come last.
ORDER = (
    "comments",
    "condition",
    "type",
    "apiVersion",
    "name",
    "scope",
    "location",
    "tags",
    "kind",
    "sku",
    "identity",
)
Resource = dict[str, Any]


def text(requests: Sequence[Request], place: Place) -> str:
    """The resources that the requests made, as one template; empty when they made none.

    Where they deployed a template, it is that.
    """
    found = template_of(requests) or document(requests, place)
    return json.dumps(found, indent=2, ensure_ascii=False) if found["resources"] else ""


def document(requests: Sequence[Request], place: Place) -> Resource:
    """The same as a document, with no resource where the requests made none."""
    values = Values(place)
    found: dict[str, Resource] = {}
    for request in with_addresses(with_ids(requests), place):
        path = request.resource
        if path is None or request.method not in ("PUT", "PATCH") or request.body is None:
            continue
        if place.names.shared and path.group.lower() == place.names.signalr_group.lower():
            continue  # it belongs to the class
        resource = _resource(with_container(request), path)
        key = f"{path.scope}/{path.type}/{_name(resource)}".lower()
        found[key] = _merged(found.get(key, {}), resource)
    if len(found) > 1:
        # A template is deployed into the group, or makes it and nothing else.
        found = {key: one for key, one in found.items() if one["type"] != GROUP}
    said = [values.told(one) for one in _without_replaced_settings([*found.values()])]
    resources = [_in_order(_with_needs(_named(one), said)) for one in said]
    parameters = {"parameters": values.parameters} if values.parameters else {}
    return {
        "$schema": _schema(said),
        "contentVersion": "1.0.0.0",
        **parameters,
        "resources": resources,
    }


def _resource(request: Request, path: ResourcePath) -> Resource:
    said: Resource = {
        "type": path.type,
        "apiVersion": request.api_version,
        "name": path.name,
        **({"scope": path.scope} if path.scope else {}),
        **(request.body or {}),
    }
    said.setdefault("properties", {})
    if _is_part_of_one(request, path):
        said |= {"comments": NOT_WHOLE, "condition": False}
    return said


def _is_part_of_one(request: Request, path: ResourcePath) -> bool:
    """Whether a request says only some of a resource: those with a location say it all."""
    is_tracked = len(path.names) == 1 and path.type != ROLE
    return request.method == "PATCH" and is_tracked and "location" not in (request.body or {})


def _name(resource: Resource) -> str:
    """What tells a resource from others: of a role, who has which."""
    if resource["type"] != ROLE:
        return str(resource["name"])
    properties = resource["properties"]
    return f"{properties.get('roleDefinitionId')} {properties.get('principalId')}"


def _named(resource: Resource) -> Resource:
    """Give a role's assignment a name that follows from what it is: each must have its own."""
    role = str(resource["properties"].get("roleDefinitionId", ""))
    if resource["type"] != ROLE or "scope" not in resource or not role.startswith("["):
        return resource
    kind, _, name = resource["scope"].rpartition("/")
    who = str(resource["properties"].get("principalId", ""))
    who = quoted("app") if who.startswith("[") else quoted(who)
    return {**resource, "name": f"[guid({resource_id(kind, name)}, {role[1:-1]}, {who})]"}


def _without_replaced_settings(resources: list[Resource]) -> list[Resource]:
    """Leave out of a site the settings that the same template takes away again."""
    written = {
        one["name"].rpartition("/")[0]: one["properties"]
        for one in resources
        if one["type"].startswith(SITE) and one["name"].endswith(f"/{SETTINGS}")
    }
    kept = []
    for one in resources:
        if one["type"] == SITE and one["name"] in written:
            kept.append(_with_settings_of(one, written[one["name"]]))
        else:
            kept.append(one)
    return kept


def _with_settings_of(site: Resource, settings: Resource) -> Resource:
    """A site whose own settings are only those that a request for its settings has, too."""
    config = site["properties"].get("siteConfig") or {}
    if "appSettings" not in config:
        return site
    kept = [one for one in config["appSettings"] if one["name"] in settings]
    config = {**config, "appSettings": kept}
    return {**site, "properties": {**site["properties"], "siteConfig": config}}


def _with_needs(resource: Resource, others: list[Resource]) -> Resource:
    """Name the resources of the same template that have to be there first."""
    needs = [
        f"[{resource_id(other['type'], other['name'])}]"
        for other in others
        if not _is_same(other, resource) and _is_needed(other, resource)
    ]
    return {**resource, "dependsOn": needs} if needs else resource


def _is_same(one: Resource, other: Resource) -> bool:
    return (one["type"], one["name"]) == (other["type"], other["name"])


def _is_needed(other: Resource, resource: Resource) -> bool:
    """Whether a resource is a part of another one, or names it."""
    if other["type"] == ROLE:
        return False
    is_parent = resource["type"].lower().startswith(f"{other['type']}/".lower())
    if is_parent and resource["name"].startswith(f"{other['name']}/"):
        return True
    said = json.dumps([resource["properties"], resource.get("identity")])
    # Services spell the types of others as they like.
    if resource_id(other["type"], other["name"]).lower() in said.lower():
        return True
    if resource.get("scope", "").lower() == f"{other['type']}/{other['name']}".lower():
        return True
    container = str(other["name"]).rpartition("/")[2]
    is_packages = "/containers" in other["type"] and resource["type"] == SITE
    return is_packages and (f'/{container}"' in said or f"'{container}'" in said)


def _in_order(resource: Resource) -> Resource:
    """Its parts in the order of Microsoft's pages."""
    first = {name: resource[name] for name in ORDER if name in resource}
    rest = {name: one for name, one in resource.items() if name != "properties"}
    return {**first, **rest, "properties": resource["properties"]}


def _merged(one: Resource, other: Resource) -> Resource:
    """One resource of two requests: the second changes the first."""
    both = {**one, **other}
    if str(other["name"]).endswith(f"/{SETTINGS}"):
        return both  # a request for settings replaces all of them
    for name in ("properties", "identity"):
        if isinstance(one.get(name), dict) and isinstance(other.get(name), dict):
            both[name] = {**one[name], **other[name]}
    if one and "condition" not in one:
        for name in ("condition", "comments"):
            both.pop(name, None)
    return both


def _schema(resources: Iterable[Resource]) -> str:
    is_subscriptions = any(resource["type"] == GROUP for resource in resources)
    return SUBSCRIPTION_SCHEMA if is_subscriptions else GROUP_SCHEMA
