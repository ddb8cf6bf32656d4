"""`/runtime/webhooks/signalr`: where SignalR Service calls the app for `signalRTrigger`.

Follows Microsoft's page "Upstream endpoints in Azure SignalR Service" and the request handling of
the Functions extension: 415 for another content type, 400 without the key headers, 404 without a
function, 401 for a wrong signature.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import math
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

from aiohttp import web

from chatkit.core import strict_json
from chatkit.core.errors import LocalProtocolError, RemoteProtocolError
from chatkit.core.text.constant_time import is_same_secret
from chatkit.localcloud.core.web import is_identity_header
from chatkit.localcloud.functions.host.errors import AppInvalid
from chatkit.localcloud.functions.host.host import FunctionHost
from chatkit.localcloud.functions.host.indexing import Function, parameter_names
from chatkit.localcloud.functions.host.signalr_service import connection
from chatkit.localcloud.functions.host.spec import HostKeys
from chatkit.localcloud.functions.http.keys import may_call_extension
from chatkit.localcloud.functions.worker_process.calls import Result, Trigger
from chatkit.wire.hub_messages import Completion, Invocation
from chatkit.wire.hub_protocol import PROTOCOLS

PREFIX = "/runtime/webhooks/"
SIGNALR = "signalr"
# The encoding of a client's hub protocol, by the content type of the request about it.
ENCODINGS = {
    "application/json": PROTOCOLS["json"],
    "application/x-msgpack": PROTOCOLS["messagepack"],
}
CONNECTIONS = "connections"


async def handle(request: web.Request, host: FunctionHost, keys: HostKeys | None) -> web.Response:
    """Answer one webhook request."""
    extension = request.path[len(PREFIX) :].strip("/").lower()
    if extension != SIGNALR:
        return web.Response(status=404)
    if not may_call_extension(request, keys, "signalr_extension"):
        return web.Response(status=401)
    if request.content_type not in ENCODINGS:
        return web.Response(status=415)
    hub, category, event, connection_id = (
        request.headers.get(f"X-ASRS-{name}", "")
        for name in ("Hub", "Category", "Event", "Connection-Id")
    )
    if not (hub and category and event and connection_id):
        return web.Response(status=400)
    function = host.index.by_signalr_event(hub, category, event)
    if function is None or function.is_disabled:
        return web.Response(status=404)
    if not _signed(request, host, function, connection_id):
        return web.Response(status=401, reason="Invalid X-ASRS-Signature")
    if category.lower() == CONNECTIONS:
        return await _connection(request, host, function)
    return await _message(request, host, function)


def _signed(
    request: web.Request, host: FunctionHost, function: Function, connection_id: str
) -> bool:
    """Whether a signature was made with the access key of the trigger's connection string.

    A connection without a key has nothing to check it with, in Microsoft's extension neither: the
    extension's key and the site's sign-in say who calls.
    """
    try:
        setting = str(function.trigger.get("connectionStringSetting") or "")
        service = connection(host.options.settings, setting)
    except AppInvalid as error:
        host.console.host_line(str(error), error=True)
        return False
    if service.credential is not None:
        return True
    wanted = (
        "sha256="
        + hmac.new(service.access_key.encode(), connection_id.encode(), hashlib.sha256).hexdigest()
    )
    given = request.headers.get("X-ASRS-Signature", "").lower().split(",")
    return any([is_same_secret(part.strip(), wanted) for part in given])


async def _connection(request: web.Request, host: FunctionHost, function: Function) -> web.Response:
    """A client came or went. A failing `connected` function turns the client away."""
    try:
        data = strict_json.loads(await request.read() or b"{}")
    except ValueError:
        return web.Response(status=400)
    error = None
    if isinstance(data, dict):
        error = next((value for key, value in data.items() if key.lower() == "error"), None)
    context = _context(request, arguments=None, error=error)
    result = await _call(host, function, context, {})
    is_connected = request.headers["X-ASRS-Event"].lower() == "connected"
    return web.Response(status=403 if result.failure and is_connected else 200)


async def _message(request: web.Request, host: FunctionHost, function: Function) -> web.Response:
    """A client invoked a hub method.

    With an invocation id it gets the function's return value as a Completion.
    """
    invocation = _invocation(request.content_type, await request.read())
    if invocation is None or invocation.target.lower() != request.headers["X-ASRS-Event"].lower():
        return web.Response(status=500)
    try:
        arguments = [as_json(argument) for argument in invocation.arguments]
    except RecursionError:
        problem = f"The arguments of '{invocation.target}' are nested too deeply."
        host.console.host_line(problem, error=True)
        return _failed(request.content_type, invocation, problem)
    names = parameter_names(function)
    if names and len(names) != len(arguments):
        problem = (
            f"The function accepts {len(names)} arguments ({', '.join(names)}), "
            f"but the invocation of '{invocation.target}' sent {len(arguments)}."
        )
        host.console.host_line(f"SignalRTriggerParametersNotMatchException: {problem}", error=True)
        return _failed(request.content_type, invocation, problem)
    data = dict(zip(names, arguments, strict=False))
    context = _context(request, arguments=arguments, error=None)
    result = await _call(host, function, context, data)
    if result.failure is not None:
        return _failed(request.content_type, invocation, result.failure.message)
    try:
        return _completed(request.content_type, invocation, _returned(result))
    except LocalProtocolError as error:
        problem = f"What '{function.name}' returned cannot be sent to the client. {error}"
        host.console.host_line(problem, error=True)
        return _failed(request.content_type, invocation, problem)


async def _call(
    host: FunctionHost, function: Function, context: Mapping[str, Any], data: Mapping[str, Any]
) -> Result:
    inputs = {function.trigger["name"]: {"json": json.dumps(context)}}
    top_level = {
        name: context[name] for name in ("Hub", "Category", "Event", "ConnectionId", "UserId")
    }
    extra = {**top_level, **data, "headers": context["Headers"], "query": context["Query"]}
    return await host.call(function, Trigger(inputs, extra, reason="(null)"))


def _context(request: web.Request, *, arguments: list[Any] | None, error: object) -> dict[str, Any]:
    """The InvocationContext that user code gets as JSON text."""
    headers: dict[str, str] = {}
    for name, value in request.headers.items():
        if is_identity_header(name):
            continue
        headers[name] = f"{headers[name]},{value}" if name in headers else value
    return {
        "Arguments": arguments,
        "Error": error,
        "Category": request.headers["X-ASRS-Category"],
        "Event": request.headers["X-ASRS-Event"],
        "Hub": request.headers["X-ASRS-Hub"],
        "ConnectionId": request.headers["X-ASRS-Connection-Id"],
        "UserId": request.headers.get("X-ASRS-User-Id"),
        "Headers": headers,
        "Query": dict(
            parse_qsl(
                request.headers.get("X-ASRS-Client-Query", "").lstrip("?"), keep_blank_values=True
            )
        ),
        "Claims": claims_of(request.headers.get("X-ASRS-User-Claims", "")),
    }


def claims_of(text: str) -> dict[str, str]:
    """`type: value` pairs joined by ", "; of a repeated type the first stays."""
    claims: dict[str, str] = {}
    for part in text.split(", "):
        kind, separator, value = part.partition(": ")
        if separator:
            claims.setdefault(kind.strip(), value.strip())
    return claims


def _invocation(content_type: str, body: bytes) -> Invocation | None:
    """The client's invocation, without framing; None for anything else."""
    try:
        message = ENCODINGS[content_type].parse(body)
    except RemoteProtocolError:
        return None
    if isinstance(message, Invocation):
        return message
    return None


def as_json(value: Any) -> Any:
    """An argument as the function's JSON text has it.

    MessagePack carries more than JSON. Microsoft's extension reads it into .NET objects, without
    extension types such as a Date's, and Json.NET writes those: bytes as base64, numbers that are
    none as text.
    """
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, float) and not math.isfinite(value):
        if math.isnan(value):
            return "NaN"
        return "Infinity" if value > 0 else "-Infinity"
    if isinstance(value, list):
        return [as_json(item) for item in value]
    if isinstance(value, dict):
        return {_as_key(key): as_json(item) for key, item in value.items()}
    if isinstance(value, bool | int | float | str):
        return value
    return None


def _as_key(key: Any) -> str:
    text = as_json(key)
    return text if isinstance(text, str) else json.dumps(text)


def _returned(result: Result) -> Any:
    if not result.returned:
        return None
    [(kind, value)] = result.returned.items()
    if kind == "json":
        return json.loads(value)
    if kind == "bytes":
        return base64.b64decode(value)
    return value


def _completed(content_type: str, invocation: Invocation, result: Any) -> web.Response:
    """200 with a framed Completion, or with nothing when the client waits for nothing.

    Raises:
        LocalProtocolError: The client's protocol cannot carry the result.
    """
    if not invocation.invocation_id:
        return web.Response(status=200)
    return _answer(content_type, Completion(invocation.invocation_id, result))


def _failed(content_type: str, invocation: Invocation, error: str) -> web.Response:
    """200 with a Completion that has an error; 500 when the client waits for nothing."""
    if not invocation.invocation_id:
        return web.Response(status=500)
    # Half of a surrogate pair, which a Python text may have and no encoding of the hub protocol,
    # becomes "?".
    sentence = error.encode(errors="replace").decode()
    return _answer(content_type, Completion(invocation.invocation_id, error=sentence))


def _answer(content_type: str, completion: Completion) -> web.Response:
    frame = ENCODINGS[content_type].serialize(completion)
    return web.Response(body=frame, content_type=content_type)
