"""Negotiation and messages: what the page asks, what the functions answer, and what nobody gets."""

from __future__ import annotations

import ast
from typing import Any
from urllib.parse import parse_qs, urlsplit

from chatkit.core.work.course_choice import is_tutorial
from chatkit.lesson.doctor.probes import loading
from chatkit.lesson.doctor.probes.probe import Probe
from chatkit.lesson.doctor.snapshot.emitted import has_negotiate, resolved
from chatkit.lesson.doctor.snapshot.lookups import known
from chatkit.lesson.doctor.snapshot.snapshot import Snapshot
from chatkit.lesson.http import Answer

TEMPLATE = "This HTTP triggered function executed successfully"
DEPLOYED = "config.json of the deployed page"
CLIENTS = {"signalrcore", "pysignalr", "websockets", "websocket", "signalr_async"}


def _configs(snapshot: Snapshot) -> list[tuple[str, str]]:
    """Each page's name and what its config.json calls."""
    pages: tuple[tuple[str, dict[str, Any]], ...] = (
        ("my-chat/content/config.json", snapshot.folder.page_config),
        (DEPLOYED, known(snapshot.deployed_config) or {}),
    )
    return [
        (name, str(config["apiBaseUrl"]).rstrip("/"))
        for name, config in pages
        if config.get("apiBaseUrl")
    ]


def _answers(snapshot: Snapshot) -> list[tuple[str, Answer]]:
    """Where negotiate answers, and what."""
    asked = (
        ("on this machine", known(snapshot.local_negotiate)),
        ("in the function app", known(snapshot.negotiate)),
    )
    return [(where, answer) for where, answer in asked if answer and answer.status]


def _wrong_base(snapshot: Snapshot) -> str:
    if not has_negotiate(snapshot.emitted):
        return ""
    prefix = ((snapshot.folder.host_json.get("extensions") or {}).get("http") or {}).get(
        "routePrefix", "api"
    )
    if prefix != "api":
        return f"host.json changes the route prefix from api to {prefix or 'nothing'}"
    for name, url in _configs(snapshot):
        path = urlsplit(url).path
        if path and not path.endswith("/negotiate"):
            return f"{name} calls {url}, and the page adds /api by itself"
    called = str(snapshot.deployed_config().get("apiBaseUrl", "")).rstrip("/")
    elsewhere = urlsplit(called).netloc != urlsplit(snapshot.api).netloc
    if elsewhere:
        return f"the deployed page calls {called or 'nothing'}, the functions are at {snapshot.api}"
    return ""


def _twice(snapshot: Snapshot) -> str:
    ends = next((name for name, url in _configs(snapshot) if url.endswith("/negotiate")), "")
    if ends:
        return f"{ends} names an address that ends in /negotiate, and the client adds another one"
    if _with_url(snapshot):
        return "the page's script calls withUrl with /negotiate at its end"
    return ""


def _with_url(snapshot: Snapshot) -> bool:
    lines = snapshot.folder.page_text.splitlines()
    return any("withUrl(" in line and "/negotiate" in line for line in lines)


def _template(snapshot: Snapshot) -> str:
    for where, answer in _answers(snapshot):
        if (
            answer.status == 200
            and answer.text.lstrip().startswith(("This HTTP", "Hello"))
            and answer.json() is None
        ):
            return f"negotiate {where} answers a sentence, not JSON"
    file = snapshot.folder.file_with(TEMPLATE)
    if file:
        return f"{file} still has the template's sentence in it"
    return ""


def _wrong_shape(snapshot: Snapshot) -> str:
    for where, answer in _answers(snapshot):
        if answer.status not in (200, 204):
            continue
        if not answer.content.strip():
            return f"negotiate {where} answers an empty body"
        value = answer.json()
        if isinstance(value, dict) and not {"url", "accessToken"} <= set(value):
            return (
                f"negotiate {where} answers {', '.join(sorted(map(str, value))[:4]) or 'nothing'}"
                " instead of url and accessToken"
            )
    return ""


def _as_trigger(snapshot: Snapshot) -> str:
    failed = loading.failure(snapshot, "info-as-trigger")
    if failed:
        return failed
    for function, _ in snapshot.emitted().bindings("signalRConnectionInfo"):
        triggers = [
            str(one["type"]) for one in function.bindings if "trigger" in str(one["type"]).lower()
        ]
        if "httpTrigger" not in triggers:
            return f"{function.file}: {function.name} has signalRConnectionInfo and no HTTP trigger"
    return ""


def _client_inside(snapshot: Snapshot) -> str:
    modules = [
        (file, alias.name)
        for file, node in snapshot.folder.nodes(ast.Import)
        for alias in node.names
    ]
    modules += [(file, node.module or "") for file, node in snapshot.folder.nodes(ast.ImportFrom)]
    for file, module in modules:
        if module.partition(".")[0] in CLIENTS:
            return f"{file} imports a SignalR client"
    return ""


def _arguments(snapshot: Snapshot) -> str:
    if not is_tutorial():  # what another course's page listens to is not known
        return ""
    for file, node in snapshot.folder.nodes(ast.Dict):
        pairs = {
            key.value: value
            for key, value in zip(node.keys, node.values, strict=True)
            if isinstance(key, ast.Constant)
        }
        arguments = pairs.get("arguments")
        target = pairs.get("target")
        if isinstance(arguments, ast.List) and len(arguments.elts) != 1:
            return f"{file} sends {len(arguments.elts)} arguments, the page's handler takes one"
        if (
            "arguments" in pairs
            and isinstance(target, ast.Constant)
            and target.value != "newMessage"
        ):
            return f"{file} calls {str(target.value)}, the page listens to newMessage"
    return ""


def _names(snapshot: Snapshot) -> str:
    failed = loading.failure(snapshot, "binding-name")
    if failed:
        return failed
    for function in snapshot.emitted().functions:
        names = {str(one.get("name", "")) for one in function.bindings} - {"$return", ""}
        lacking = sorted(names - set(function.parameters))
        if lacking:
            return (
                f"{function.file}: the binding of {function.name} is called {lacking[0]}, and the"
                " function has no such parameter"
            )
    return ""


def _hubs_differ(snapshot: Snapshot) -> str:
    """What negotiate really hands out, beside what the output bindings name."""
    settings = snapshot.folder.values
    listens = _hub_of(known(snapshot.local_negotiate)) or _declared_hub(snapshot)
    for function, binding in snapshot.emitted().bindings("signalR"):
        sends = resolved(binding.get("hubName"), settings)
        if listens and sends and sends.lower() != listens.lower():
            return (
                f"clients that ask negotiate listen on hub {listens}, and {function.name}"
                f" ({function.file}) sends to hub {sends}"
            )
    return _deployed_hubs_differ(snapshot)


def _declared_hub(snapshot: Snapshot) -> str:
    found = snapshot.emitted().bindings("signalRConnectionInfo")
    hubs = [resolved(binding.get("hubName"), snapshot.folder.values) for _, binding in found]
    return next(iter(hubs), "")


def _deployed_hubs_differ(snapshot: Snapshot) -> str:
    listens = _hub_of(known(snapshot.negotiate)) or _hub_of_alice(snapshot)
    settings = known(snapshot.app_settings) or {}
    for name, binding in known(snapshot.deployed_bindings) or ():
        sends = resolved(binding.get("hubName"), settings)
        is_output = str(binding.get("type", "")).lower() == "signalr"
        if is_output and listens and sends and sends.lower() != listens.lower():
            return (
                f"clients that ask the deployed negotiate listen on hub {listens}, and the"
                f" deployed {name} sends to hub {sends}"
            )
    return ""


def _hub_of_alice(snapshot: Snapshot) -> str:
    asked = known(snapshot.negotiate_as_alice)
    return _hub_of(asked[1]) if asked else ""


def _hub_of(answer: Answer | None) -> str:
    """The hub of the address that a negotiate answer hands out."""
    value = answer.json() if answer is not None and answer.status == 200 else None
    if not isinstance(value, dict):
        return ""
    query = parse_qs(urlsplit(str(value.get("url", ""))).query)
    return next(iter(query.get("hub", [])), "")


def _refused(*statuses: int, where_is: str = "") -> Probe:
    """A probe that sees negotiate answer with one of some statuses.

    Args:
        statuses: Any of them.
        where_is: Only there; empty for everywhere.
    """

    def look(snapshot: Snapshot) -> str:
        for where, answer in _answers(snapshot):
            if where_is in where and answer.status in statuses:
                return f"negotiate {where} answers {answer.status}"
        return ""

    return look


def _not_found(snapshot: Snapshot) -> str:
    return _refused(404)(snapshot) if has_negotiate(snapshot.emitted) else ""


PROBES: dict[str, Probe] = {
    "negotiate-404": _wrong_base,
    "negotiate-twice": _twice,
    "template-answer": _template,
    "wrong-shape": _wrong_shape,
    "info-as-trigger": _as_trigger,
    "client-in-function": _client_inside,
    "handler-does-not-match": _arguments,
    "hubs-differ": _hubs_differ,
    "binding-name": _names,
}
GENERAL: dict[str, Probe] = {
    "negotiate-404": _not_found,
    "host-not-running": _refused(502, 503),
    "settings-not-uploaded": _refused(500, where_is="in the function app"),
}
