"""Writes the types of request bodies from Azure's schemas.

    python -m tests.localcloud.resource_manager.body_types_of_specs FOLDER

The folder has the schemas of github.com/Azure/azure-resource-manager-schemas that `SCHEMAS` names.
What of them no body of ours has is left out.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from chatkit.localcloud.resource_manager.bodies import body_types

SIGNALR = "Microsoft.SignalRService.2024-03-01.json"
WEB = "Microsoft.Web.2024-11-01.json"
STORAGE = "Microsoft.Storage.2026-04-01.json"
SCHEMAS = {
    SIGNALR: {"Microsoft.SignalRService/SignalR": "signalR"},
    STORAGE: {
        "Microsoft.Storage/storageAccounts": "storageAccounts",
        "Microsoft.Storage/storageAccounts/blobServices": "storageAccounts_blobServices",
        "Microsoft.Storage/storageAccounts/blobServices/containers": (
            "storageAccounts_blobServices_containers"
        ),
    },
    WEB: {
        "Microsoft.Web/serverfarms": "serverfarms",
        "Microsoft.Web/sites": "sites",
        "Microsoft.Web/sites/config": "sites_config",
    },
}
CONFIGS = ("authsettingsV2", "connectionstrings", "slotConfigNames", "web")
# What Azure takes beside what its schemas say, as recorded.
TAKEN_TOO = {
    ("AuthPlatform", "enabled"): "switch",
    ("IpSecurityRestriction", "priority"): "digits",
}
# What a template has and a request has not.
OF_TEMPLATES = ("apiVersion", "name", "resources", "type", "expression")


class Types:
    """The types of one schema's bodies, each definition once."""

    def __init__(self, schema: dict[str, Any]) -> None:
        self._schema = schema
        self.definitions: dict[str, Any] = {}

    def resource(self, name: str) -> Any:
        """The type of a resource's body."""
        return self._object(self._schema["resourceDefinitions"][name])

    def configs(self, name: str) -> Iterator[tuple[str, Any]]:
        """The types of the bodies of a resource that has several kinds."""
        for variant in self._schema["resourceDefinitions"][name]["oneOf"]:
            kind = variant["properties"]["name"]["oneOf"][0]["pattern"].strip("^$.*/")
            if kind in CONFIGS:
                yield kind, {"properties": self._type(variant["properties"]["properties"])}

    def _object(self, node: dict[str, Any]) -> dict[str, Any]:
        return {
            name: self._type(part)
            for name, part in sorted(node["properties"].items())
            if name not in OF_TEMPLATES
        }

    def _type(self, node: dict[str, Any]) -> Any:
        if "oneOf" in node:
            others = [part for part in node["oneOf"] if not self._is_expression(part)]
            return self._type(others[0]) if len(others) == 1 else body_types.ANY
        if "$ref" in node:
            return self._definition(node["$ref"].rpartition("/")[2])
        kind = node.get("type", body_types.ANY)
        if kind == "array":
            return [self._type(node["items"])]
        if kind != "object":
            return kind
        if node.get("properties"):
            return self._object(node)
        extra = node.get("additionalProperties")
        return {"*": self._type(extra)} if isinstance(extra, dict) else {}

    def _is_expression(self, part: dict[str, Any]) -> bool:
        return str(part.get("$ref", "")).endswith("/expression")

    def _definition(self, name: str) -> str:
        if name not in self.definitions:
            self.definitions[name] = {}  # a definition may lead back to itself
            self.definitions[name] = self._type(self._schema["definitions"][name])
        return f"#{name}"


def document(folder: Path) -> dict[str, Any]:
    """What is kept of the schemas."""
    bodies: dict[str, Any] = {}
    definitions: dict[str, Any] = {}
    for file, resources in SCHEMAS.items():
        types = Types(json.loads((folder / file).read_text(encoding="utf-8")))
        for type_, name in resources.items():
            if name == "sites_config":
                bodies |= {f"{type_}/{kind}": one for kind, one in types.configs(name)}
            else:
                bodies[type_] = types.resource(name)
        shared = definitions.keys() & types.definitions.keys()
        assert all(definitions[name] == types.definitions[name] for name in shared), shared
        definitions |= types.definitions
    for (name, part), type_ in TAKEN_TOO.items():
        definitions[name][part] = type_
    source = "github.com/Azure/azure-resource-manager-schemas: " + ", ".join(SCHEMAS)
    return {"source": source, "bodies": bodies, "definitions": definitions}


def text(found: dict[str, Any]) -> str:
    """One line a body and a definition."""
    lines = [f'{{"source": {json.dumps(found["source"])}']
    for part in ("bodies", "definitions"):
        types = sorted(found[part].items())
        rows = [f"{json.dumps(name)}: {json.dumps(type_)}" for name, type_ in types]
        lines.append(f'"{part}": {{\n' + ",\n".join(rows) + "\n}")
    return ",\n".join(lines) + "}\n"


if __name__ == "__main__":
    body_types.FILE.write_text(text(document(Path(sys.argv[1]))), encoding="utf-8")
