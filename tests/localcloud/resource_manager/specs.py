"""Checks requests and answers against Azure's own models (tests/data/azure/models.json)."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from chatkit.localcloud.resource_manager.core.http import Answer, Call
from chatkit.localcloud.resource_manager.core.routing import Route

DATA = Path(__file__).parents[2] / "data" / "azure" / "models.json"
PLAIN: dict[str, tuple[type, ...]] = {
    "String": (str,),
    "DateTime": (str,),
    "Date": (str,),
    "Location": (str,),
    "Boolean": (bool,),
    "Integer": (int,),
    "Float": (int, float),
    "Tags": (dict,),
    "SystemData": (dict,),
}
# What az reads in real answers and the definitions lack.
BEYOND = {
    "Provider/FunctionAppRuntimeSettings": {"Sku", "supportedFunctionsExtensionVersionsInfo"},
    "WebApps/KeyInfo": {"properties"},  # az wraps it
}
FLAT = {
    "WebApps_ListFunctionKeys"
}  # recorded: the names and keys themselves, not below `properties`
# Recorded: az sends the text "true" there, and Azure takes it.
SWITCH = "request.properties.platform.enabled"
# And the text of a number: https://github.com/Azure/azure-cli/issues/31414
DIGITS = "estrictions[].priority"
ENVELOPE = {
    "id",
    "name",
    "type",
    "location",
    "tags",
    "systemData",
    "identity",
    "kind",
    "sku",
    "etag",
}
# What the definitions call required, and templates that Microsoft deploys on Azure leave out:
# quickstarts/microsoft.web/functions-managed-identity/azuredeploy.json has no kind.
TAKEN_WITHOUT = {("StorageAccounts_Create request", "kind")}


@cache
def models() -> Any:
    """The trimmed definitions."""
    return json.loads(DATA.read_text(encoding="utf-8"))


@dataclass
class SpecCheck:
    """Watches a Resource Manager and collects what does not fit.

    Attributes:
        problems: One line each.
        seen: Names of the operations that were answered with success.
        tried: Names of all operations that were called.
    """

    problems: list[str] = field(default_factory=list)
    seen: set[str] = field(default_factory=set)
    tried: set[str] = field(default_factory=set)

    def __call__(self, route: Route, call: Call, answer: Answer) -> None:
        """Look at one request and its answer."""
        operation = models()["operations"].get(route.name)
        self.tried.add(route.name)
        if answer.status >= 400:
            self._check_error(answer, f"{route.name} {answer.status}")
            return
        self.seen.add(route.name)
        if operation is None:
            return
        if answer.status not in operation["statuses"]:
            self.problems.append(
                f"{route.name}: status {answer.status} is not one of {operation['statuses']}"
            )
        if operation["request"] is not None and call.raw.strip():
            self._check(
                operation["folder"], operation["request"], call.body(), f"{route.name} request"
            )
        if operation["response"] is not None and answer.body is not None and route.name not in FLAT:
            values = answer.body["value"] if operation["list"] else [answer.body]
            for value in values:
                self._check(
                    operation["folder"], operation["response"], value, f"{route.name} answer"
                )

    @staticmethod
    def parsed(body: bytes) -> Any:
        """A body as JSON; None for an empty or other one."""
        try:
            return json.loads(body) if body else None
        except ValueError:
            return None

    def _check_error(self, answer: Answer, where: str) -> None:
        """Both shapes of errors have a code and a sentence; an answer to HEAD has neither."""
        body = answer.body
        if body is None:
            return
        said = body.get("error", body) if isinstance(body, dict) else {}
        names = ("code", "message") if "error" in body else ("Code", "Message")
        if not isinstance(said, dict) or not all(
            isinstance(said.get(name), str) and said[name] for name in names
        ):
            self.problems.append(f"{where}: an error in neither of Azure's shapes")

    def _check(self, folder: str, kind: Any, value: Any, where: str) -> None:
        if value is None or kind is None or kind == "RawObject":
            return
        if isinstance(kind, str):
            self._check_plain(kind, value, where)
        elif "ref" in kind:
            self._check_named(f"{folder}/{kind['ref']}", value, where)
        elif "list" in kind:
            if not isinstance(value, list):
                self.problems.append(f"{where}: {type(value).__name__} instead of a list")
                return
            for item in value:
                self._check(folder, kind["list"], item, f"{where}[]")
        elif "dictionary" in kind:
            for name, item in value.items():
                self._check(folder, kind["dictionary"], item, f"{where}.{name}")

    def _check_plain(self, kind: str, value: Any, where: str) -> None:
        expected = PLAIN.get(kind)
        if where.endswith(SWITCH) and str(value).lower() in ("true", "false"):
            return
        if " request." in where and where.endswith(DIGITS) and str(value).isdigit():
            return
        if expected and (
            not isinstance(value, expected) or isinstance(value, bool) and bool not in expected
        ):
            self.problems.append(f"{where}: {type(value).__name__} instead of {kind}")

    def _check_named(self, name: str, value: Any, where: str) -> None:
        constants = models()["constants"].get(name)
        if constants is not None:
            if str(value).lower() not in {str(constant).lower() for constant in constants}:
                self.problems.append(f"{where}: {value!r} is not one of {constants}")
            return
        fields = models()["models"].get(name)
        if fields is None or not isinstance(value, dict):
            self.problems.append(f"{where}: {type(value).__name__} instead of {name}")
            return
        for field_name, (kind, required) in fields.items():
            is_needed = required and "_Update request" not in where
            is_needed = is_needed and (where, field_name) not in TAKEN_WITHOUT
            if is_needed and value.get(field_name) is None:
                self.problems.append(f"{where}: required {field_name} is missing")
            self._check(
                name.partition("/")[0], kind, value.get(field_name), f"{where}.{field_name}"
            )
        top = ENVELOPE if where.endswith((" answer", " request")) else set()
        recorded = {*models()["recorded"].get(name, ()), *BEYOND.get(name, ())}
        for unknown in set(value) - set(fields) - top - recorded:
            self.problems.append(f"{where}: {unknown} is not a property of {name}")
