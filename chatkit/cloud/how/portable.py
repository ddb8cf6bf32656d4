"""The whole chat as a template that goes to any resource group: names are parameters."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from chatkit.cloud.how import template
from chatkit.cloud.how.references import API, PAGE, template_of
from chatkit.cloud.how.requests import Place, Request
from chatkit.cloud.how.template_values import (
    ACCOUNT,
    ACCOUNT_NAME,
    IDENTITY_NAME,
    LOCATION,
    PLAN_NAME,
    SIGNALR_NAME,
    SITE,
    SITE_NAME,
    Values,
    quoted,
)
from chatkit.core.settings import Names

LITERAL = re.compile(r"'((?:[^']|'')*)'")
API_URL = "apiBaseUrl"
WEB_URL = "webUrl"
Document = dict[str, Any]


def text(requests: Sequence[Request], place: Place) -> str:
    """The template as JSON; empty when the requests made no resource.

    Where they deployed a template, it is that.
    """
    found = template_of(requests) or document(requests, place)
    return json.dumps(found, indent=2, ensure_ascii=False) if found["resources"] else ""


def document(requests: Sequence[Request], place: Place) -> Document:
    """The template; a resource that was only changed was made elsewhere, and is not in it."""
    plain = template.document(requests, place)
    resources = [one for one in plain["resources"] if "condition" not in one]
    names = _used(_parameters(place.names), resources)
    said = [_with_location(_named(one, names)) for one in resources]
    chosen = {name: {"type": "string", "defaultValue": known} for known, name in names.items()}
    region = {LOCATION: {"type": "string", "defaultValue": "[resourceGroup().location]"}}
    return {
        "$schema": plain["$schema"],
        "contentVersion": plain["contentVersion"],
        "parameters": {**region, **chosen, **plain.get("parameters", {})},
        "resources": said,
        "outputs": _with_names(_outputs(resources, place), names),
    }


def _parameters(names: Names) -> dict[str, str]:
    """Parameters by the names of resources that they stand for."""
    return {
        names.signalr: SIGNALR_NAME,
        names.storage_account: ACCOUNT_NAME,
        names.plan: PLAN_NAME,
        names.function_app: SITE_NAME,
        names.sign_in_identity: IDENTITY_NAME,
    }


def _used(names: Mapping[str, str], resources: Sequence[Document]) -> dict[str, str]:
    """Those of the names that the template's resources have."""
    have = {str(one["name"]).partition("/")[0] for one in resources}
    return {known: name for known, name in names.items() if known in have}


def _named(resource: Document, names: Mapping[str, str]) -> Document:
    """A resource whose names, and those it refers to, are parameters."""
    said = {
        name: one if name in ("type", "apiVersion") else _with_names(one, names)
        for name, one in resource.items()
    }
    for name in ("name", "scope"):
        if name in resource and not resource[name].startswith("["):
            said[name] = _path(resource[name], names)
    return said


def _path(path: str, names: Mapping[str, str]) -> str:
    """A name with those of its parents, or type and name of a scope."""
    for part in path.split("/"):
        if part in names:
            before, _, behind = path.partition(part)
            parts = [quoted(before), _parameter(part, names), quoted(behind)]
            used = [one for one in parts if one != "''"]
            return f"[{used[0]}]" if len(used) == 1 else f"[concat({', '.join(used)})]"
    return path


def _with_names(value: Any, names: Mapping[str, str]) -> Any:
    if isinstance(value, dict):
        return {
            _with_names(name, names): _with_names(inner, names) for name, inner in value.items()
        }
    if isinstance(value, list):
        return [_with_names(inner, names) for inner in value]
    if isinstance(value, str) and value in names:
        return f"[{_parameter(value, names)}]"
    if not isinstance(value, str) or not value.startswith("[") or value.startswith("[["):
        return value
    return LITERAL.sub(lambda found: _parameter(found[1], names) or found[0], value)


def _parameter(text: str, names: Mapping[str, str]) -> str:
    """The parameter that a literal's text is the value of; empty for none."""
    return f"parameters({quoted(names[text])})" if text in names else ""


def _with_location(resource: Document) -> Document:
    if LOCATION not in resource:
        return resource
    return {**resource, LOCATION: f"[parameters({quoted(LOCATION)})]"}


def _outputs(resources: Sequence[Document], place: Place) -> Document:
    """The addresses of functions and page, where both are made."""
    made = {one["type"] for one in resources}
    values = Values(place)
    found: Document = {}
    if SITE in made:
        found[API_URL] = {"type": "string", "value": values.told(API)}
    if ACCOUNT in made:
        found[WEB_URL] = {"type": "string", "value": values.told(PAGE)}
    return found
