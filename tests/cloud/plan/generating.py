"""chatkit/cloud/plan/calls.json: the calls of a whole tutorial, from what one has sent.

`CHATKIT_WRITE_TABLES=1 python -m pytest -m "" tests/cloud/plan/test_whole_tutorial.py` writes
it anew.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from chatkit.cloud.how.references import FIELDS
from chatkit.cloud.plan.calls import PATH, PlannedCall
from chatkit.cloud.trace.entry import Entry
from chatkit.localcloud.resource_manager.core.http import Call
from chatkit.localcloud.resource_manager.core.routing import Match, Router
from chatkit.localcloud.resource_manager.gateway.authorization import action_of
from tests.cloud.plan.whole_tutorial import REGION, REGION_SHOWN, Whole
from tests.localcloud.resource_manager.coverage_table import routes

GUID = re.compile(r"\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b", re.IGNORECASE)
SOURCES = Path(__file__).parents[3] / "chatkit"
OPERATIONS = re.compile(
    r"/(operationStatuses|(whatIf)?operationResults|asyncoperations)/", re.IGNORECASE
)
PAGE_FILE = re.compile(r"(\{blob\}/\$web/).+")
ROLE = re.compile(r"roleDefinitions/[^/]+$")
CHECKED = re.compile(r"chatkit-check-[0-9a-f]+")
DAY = re.compile(r"\d{4}-\d\d-\d\d")
PLACES = ("{arm}", "{graph}", "{authority}", "{scm}", "{blob}", "{signalr}", "{web}", "{app}")
Key = tuple[str, ...]


@cache
def _router() -> Router:
    return Router(routes())


@cache
def _known_ids() -> frozenset[str]:
    """Ids that stand in the kit's own code: roles, permissions of Graph."""
    texts = (
        path.read_text(encoding="utf-8") for path in filter(_is_of_the_kit, SOURCES.rglob("*.py"))
    )
    return frozenset(one.lower() for text in texts for one in GUID.findall(text))


def _is_of_the_kit(path: Path) -> bool:
    return "localcloud" not in path.parts


def found(method: str, path: str) -> Match | None:
    """The operation of Resource Manager behind a path."""
    return _router().match(method, path)


def planned(whole: Whole) -> list[PlannedCall]:
    """The calls of each section, each step's once, in the order in which they began."""
    calls: list[PlannedCall] = []
    for section, entries in whole.sent.items():
        known: set[Key] = set()
        for entry in sorted(entries, key=lambda one: one["at"]):
            call = _call(section, entry, whole)
            if call is not None and key(call) not in known:
                known.add(key(call))
                calls.append(call)
    return calls


def key(call: PlannedCall) -> Key:
    """What makes two calls the same one."""
    body = json.dumps(call.get("body"), sort_keys=True)
    return (call["section"], call["step"], call["method"], call["url"], body)


def is_poll(url: str) -> bool:
    """Whether a request asks how far an operation is."""
    return OPERATIONS.search(url) is not None


def templated(text: str, whole: Whole) -> str:
    """A text with names in the place of addresses, ids and the suffix of one tutorial."""
    for address, name in sorted(whole.addresses.items(), key=lambda one: -len(one[0])):
        text = text.replace(address, name)
    text = re.sub(r"https?://(\{(?:app|scm|signalr)\})", r"\1", text)
    for name in (REGION, REGION_SHOWN):
        text = text.replace(name, "{region}")
    for suffix in whole.suffixes:
        text = text.replace(suffix, "{suffix}")
    text = CHECKED.sub("<container of the check>", DAY.sub("<day>", text))
    return GUID.sub(lambda one: one[0] if one[0].lower() in _known_ids() else "<id>", text)


def _call(section: str, entry: Entry, whole: Whole) -> PlannedCall | None:
    """One call; None for a poll, and for what does not go to Azure."""
    parts = urlsplit(entry["url"])
    url = unquote(templated(entry["url"].partition("?")[0], whole))
    if is_poll(entry["url"]) or not url.startswith(PLACES):
        return None
    url = PAGE_FILE.sub(r"\1<each file of the page>", url)
    url = ROLE.sub("roleDefinitions/<each role you have>", url)
    query = dict(parse_qsl(parts.query))
    call: PlannedCall = {
        "section": section,
        "step": entry["step"],
        "operation": entry["operation"],
        "method": entry["method"],
        "url": url,
        "api_version": query.get("api-version", ""),
        "action": _action(entry["method"], parts.path, url),
    }
    if "body" in entry:
        call["body"] = _without_template(_templated_body(entry["body"], whole))
    elif entry.get("size_bytes"):
        call["body"] = "<bytes>"
    return call


def _without_template(body: Any) -> Any:
    """A body without a template that it carries: that is a file, which says more than the plan."""
    properties = body.get("properties") if isinstance(body, dict) else None
    if not isinstance(properties, dict) or "template" not in properties:
        return body
    return {**body, "properties": {**properties, "template": "<the template>"}}


def _action(method: str, path: str, url: str) -> str:
    """The action of Azure's roles that a call of Resource Manager needs; empty elsewhere."""
    if not url.startswith("{arm}"):
        return ""
    match = found(method, path)
    assert match is not None and match.route is not None, f"{method} {path}"
    call = object.__new__(Call)
    object.__setattr__(call, "method", method)
    object.__setattr__(call, "params", match.params)
    return action_of(call, match.route) if "{subscription}" in match.route.template else ""


def _templated_body(value: Any, whole: Whole, field: str = "") -> Any:
    if isinstance(value, dict):
        return {
            templated(name, whole): _templated_body(one, whole, name) for name, one in value.items()
        }
    if isinstance(value, list):
        return [_templated_body(one, whole) for one in value]
    if not isinstance(value, str):
        return value
    text = templated(value, whole)
    return FIELDS.get(field, text) if text == "<id>" else text


def writes(calls: Iterable[PlannedCall]) -> Iterator[Key]:
    """Those that change something, in order, but for what runs at the same time."""
    for call in calls:
        is_parallel = call["section"] == "12" or call["url"].endswith("/register")
        if call["method"] in ("PUT", "PATCH", "DELETE") and not is_parallel:
            yield key(call)


def write(calls: list[PlannedCall]) -> None:
    """Write the data."""
    PATH.write_text(f"{json.dumps(calls, indent=1)}\n", encoding="utf-8")
