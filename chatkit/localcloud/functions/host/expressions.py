"""Binding expressions of the Functions host.

`%SETTING%`, `{headers.x}`, `{query.x}`, route values, body fields, `{rand-guid}`, `{DateTime}`.
Follows Microsoft's page "Azure Functions binding expression patterns". The host resolves them
before user code runs.
"""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from chatkit.localcloud.functions.host.errors import AppInvalid, BindingFailed

SETTING = re.compile(r"%([^%]+)%")
EXPRESSION = re.compile(r"\{([^{}]+)\}")
DATE_FORMAT = re.compile(r"yyyy|yy|MM|dd|HH|hh|mm|ss|fff")
DATE_CODES = {
    "yyyy": "%Y",
    "yy": "%y",
    "MM": "%m",
    "dd": "%d",
    "HH": "%H",
    "hh": "%I",
    "mm": "%M",
    "ss": "%S",
    "fff": "%f",
}
IDENTITY_HEADER = "x-ms-client-principal"


def with_settings(text: str, settings: Mapping[str, str], *, where: str) -> str:
    """Replace `%NAME%` by app settings.

    Raises:
        AppInvalid: A setting is not there; the function does not load.
    """

    def value(found: re.Match[str]) -> str:
        name = found[1]
        if name not in settings:
            raise AppInvalid(
                f"'%{name}%' does not resolve to a value.",
                hint=f"{where} uses it; add an app setting named {name}.",
            )
        return settings[name]

    return SETTING.sub(value, text)


def resolve(text: str, data: Mapping[str, Any], *, method: str = "") -> str:
    """Replace every `{expression}` by trigger data.

    Args:
        text: Text of a binding property, settings already replaced.
        data: Binding data: `headers`, `query`, `sys` and whatever the trigger offers at top level.
        method: Function name, for `{sys.methodname}`.

    Raises:
        BindingFailed: An expression names something the trigger does not have; the sentence is the
            real host's.
    """
    return EXPRESSION.sub(lambda found: _value(found[1].strip(), data, method), text)


def binding_data(
    headers: Mapping[str, str], query: Mapping[str, str], route: Mapping[str, str], body: bytes
) -> dict[str, Any]:
    """Binding data of an HTTP trigger: body fields, query and route values, and whole objects."""
    return {**_fields(body), **query, **route, "headers": headers, "query": query}


def _fields(body: bytes) -> dict[str, Any]:
    if not body.lstrip().startswith(b"{"):
        return {}
    try:
        data = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    if not isinstance(data, dict):
        return {}
    return data


def _value(expression: str, data: Mapping[str, Any], method: str) -> str:
    name, _, form = expression.partition(":")
    match name.lower():
        case "rand-guid" | "sys.randguid":
            return _guid(form)
        case "datetime" | "sys.utcnow":
            return _date(form)
        case "sys.methodname":
            return method
    return _text(_lookup(name, data))


def _guid(form: str) -> str:
    value = uuid.uuid4()
    return {"n": value.hex, "b": f"{{{value}}}", "p": f"({value})"}.get(form.lower(), str(value))


def _date(form: str) -> str:
    now = datetime.now(UTC)
    if not form:
        return now.strftime("%Y-%m-%dT%H:%M:%SZ")

    def value(found: re.Match[str]) -> str:
        text = now.strftime(DATE_CODES[found[0]])
        if found[0] == "fff":
            return text[:3]  # Python has microseconds only
        return text

    return DATE_FORMAT.sub(value, form)


def _lookup(path: str, data: Mapping[str, Any]) -> Any:
    value: Any = data
    first, *rest = path.split(".")
    for index, name in enumerate([first, *rest]):
        found = _member(value, name)
        if found is _MISSING:
            raise _missing(path, name, is_first=index == 0)
        value = found
    return value


_MISSING = object()


def _member(value: Any, name: str) -> Any:
    if not isinstance(value, Mapping):
        return _MISSING
    if name in value:
        return value[name]
    return next((item for key, item in value.items() if key.lower() == name.lower()), _MISSING)


def _missing(path: str, name: str, *, is_first: bool) -> BindingFailed:
    if is_first:
        return BindingFailed(f"No value for named parameter '{name}'.")
    hint = ""
    if name.lower().startswith(IDENTITY_HEADER):
        hint = (
            f"Only App Service Authentication sets the header {name}, for a signed-in "
            "user of a deployed app; "
            "a local run has none, so a request must bring the header itself."
        )
    elif path.lower().startswith("headers."):
        hint = f"The request has no header {name}, and the binding needs it."
    return BindingFailed(f"Error while accessing '{name}': property doesn't exist.", hint=hint)


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value)
    if isinstance(value, dict | list):
        return json.dumps(value, separators=(",", ":"))
    return str(value)
