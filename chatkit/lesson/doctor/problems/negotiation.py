"""Negotiation and messages: what the page asks, what the functions answer, and what nobody gets."""

from __future__ import annotations

import ast
from typing import Any
from urllib.parse import urlsplit

from chatkit.lesson.doctor.problems.problem import Problem
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
    for one in snapshot.folder.decorators:
        if (
            one.keywords.get("type", "").lower() == "signalrconnectioninfo"
            and one.name != "generic_input_binding"
        ):
            return f"{one.file}: {one.function} has signalRConnectionInfo in {one.name}"
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
    declared = {
        (one.file, one.function): one for one in snapshot.folder.decorators if one.is_signalr
    }
    for file, node in snapshot.folder.nodes(ast.FunctionDef):
        binding = declared.get((file, node.name))
        if binding is None:
            continue
        wanted = binding.keywords.get("arg_name", "")
        parameters = {argument.arg for argument in (*node.args.args, *node.args.kwonlyargs)}
        if wanted and wanted not in parameters:
            return (
                f"{file}: the binding of {node.name} is called {wanted}, and the function has no"
                " such parameter"
            )
    return ""


PROBLEMS = (
    Problem(
        8,
        "404 on negotiate",
        (
            "The page calls another address than that of the functions: the base is scheme and"
            " host, the page adds /api/negotiate."
        ),
        "workshop.set_page_url(), then workshop.upload_page(); keep the route prefix api.",
        ("Azure/azure-signalr#494",),
        (r"^(?!.*negotiate/negotiate).*(negotiate.{0,160}\b404\b|\b404\b.{0,160}/negotiate)",),
        _wrong_base,
    ),
    Problem(
        9,
        "…/negotiate/negotiate",
        (
            "The address given to the client ends in negotiate already, and the client adds it by"
            " itself."
        ),
        "Give withUrl the address up to /api, as content/live.js does.",
        ("MicrosoftDocs/azure-docs#50855",),
        (r"negotiate/negotiate",),
        _twice,
    ),
    Problem(
        10,
        "Unexpected token T, This HTTP …",
        "The function still returns its template's sentence where the client expects JSON.",
        (
            "Return what the binding gave: run the cell of section 04 that writes"
            " signalr_info.py, then start or publish anew."
        ),
        ("MicrosoftDocs/azure-docs#108287",),
        (
            r"unexpected token '?t'?.{0,40}this http",
            r"this http.triggered function executed",
            r"unexpected token t in json at position 0",
        ),
        _template,
    ),
    Problem(
        11,
        "negotiate answers nothing, or in the wrong case",
        (
            "The connection info was serialised once more: the client needs url and accessToken,"
            " in this spelling."
        ),
        (
            "Return the binding's text unchanged, with content type application/json, as in"
            " section 04."
        ),
        (
            "Azure/azure-functions-dotnet-worker#995",
            "aspnet/AzureSignalR-samples#287",
            "MicrosoftDocs/azure-docs#119694",
        ),
        (
            r'(?-i:"AccessToken"\s*:)',
            r'(?-i:"Url"\s*:\s*"https?:)',
            r"negotiate.{0,60}(empty|no) (body|response)",
        ),
        _wrong_shape,
    ),
    Problem(
        12,
        "The connection info is taken for the trigger",
        (
            "signalRConnectionInfo is an extra input of a function whose trigger is HTTP;"
            " examples of the older model hide that."
        ),
        (
            "Give the function a route and a generic_input_binding of type signalRConnectionInfo,"
            " as in section 04."
        ),
        ("Azure/azure-functions-nodejs-library#120",),
        (
            r"signalrconnectioninfo.{0,80}(is not a|isn't a|as a?) ?trigger",
            r"context\.bindings\.connectioninfo",
            r"extrainputs.{0,80}signalr",
            r"no trigger (binding )?(was )?found.{0,80}(negotiate|signalr)",
        ),
        _as_trigger,
    ),
    Problem(
        13,
        "Cannot read property 'secure'",
        (
            "The function itself connects to the hub with a client; only the browser does that,"
            " the function hands out the token."
        ),
        (
            "Leave the client out of the function: it answers url and accessToken, and sends"
            " through its output binding."
        ),
        ("Azure/azure-signalr#1799",),
        (r"cannot read propert(y|ies) .{0,30}'secure'", r"reading 'secure'"),
        _client_inside,
    ),
    Problem(
        14,
        "The message is sent, and the handler never fires",
        (
            "Target and number of arguments have to be those of the client's handler: newMessage"
            " with one object."
        ),
        (
            'Send {"target": "newMessage", "arguments": [message]}: run the cell that writes'
            " send_message.py again."
        ),
        ("Azure-Samples/signalr-service-quickstart-serverless-chat#8",),
        (
            r"no client method with the name '?\w+'? found",
            r"invocation provides \d+ argument\(s\) but target expects \d+",
            r"handler (never|does not|doesn't) (fire|run)",
        ),
        _arguments,
    ),
    Problem(
        15,
        "A binding's name that is no parameter",
        "The arg_name of a binding is the function's parameter.",
        "Compare with the cells of sections 04 and 05: arg_name as in the signature.",
        ("MicrosoftDocs/azure-docs#90568", "MicrosoftDocs/azure-docs#65486"),
        (
            (
                r"parameters are declared in (python|function\.json) but not in (function\.json"
                r"|python)"
            ),
            r"outmessages.{0,80}(not|unknown|undefined)",
        ),
        _names,
    ),
)
