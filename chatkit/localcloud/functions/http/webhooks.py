"""`/runtime/webhooks/signalr`: where SignalR Service calls the app for `signalRTrigger`.

Follows Microsoft's page "Upstream endpoints in Azure SignalR Service" and the request handling of the Functions extension:
415 for another content type, 400 without the key headers, 404 without a function, 401 for a wrong signature.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

import msgpack
from aiohttp import web

from chatkit.localcloud.functions.host import signalr_bindings
from chatkit.localcloud.functions.host.errors import AppInvalid
from chatkit.localcloud.functions.host.host import FunctionHost
from chatkit.localcloud.functions.host.indexing import Function, parameter_names
from chatkit.localcloud.functions.host.spec import HostKeys
from chatkit.localcloud.functions.http.http_data import is_identity_header
from chatkit.localcloud.functions.http.keys import may_call_extension, same
from chatkit.localcloud.functions.worker_process.calls import Result

PREFIX = "/runtime/webhooks/"
SIGNALR = "signalr"
JSON, MSGPACK = "application/json", "application/x-msgpack"
RECORD_SEPARATOR = b"\x1e"
CONNECTIONS = "connections"


@dataclass(frozen=True)
class Invocation:
    """What a client invoked: from the JSON or MessagePack form of the hub protocol's Invocation."""

    target: str
    arguments: list[Any]
    id: str = ""


async def handle(request: web.Request, host: FunctionHost, keys: HostKeys | None) -> web.Response:
    """Answer one webhook request."""
    extension = request.path[len(PREFIX) :].strip("/").lower()
    if extension != SIGNALR:
        return web.Response(status=404)
    if not may_call_extension(request, keys, "signalr_extension"):
        return web.Response(status=401)
    if request.content_type not in (JSON, MSGPACK):
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
    """Whether one of the signatures was made with the access key of the trigger's connection string."""
    try:
        setting = str(function.trigger.get("connectionStringSetting") or "")
        service = signalr_bindings.connection(host.options.settings, setting)
    except AppInvalid as error:
        host.console.host_line(str(error), error=True)
        return False
    wanted = (
        "sha256="
        + hmac.new(service.access_key.encode(), connection_id.encode(), hashlib.sha256).hexdigest()
    )
    given = request.headers.get("X-ASRS-Signature", "").lower().split(",")
    return any([same(part.strip(), wanted) for part in given])


async def _connection(request: web.Request, host: FunctionHost, function: Function) -> web.Response:
    """A client came or went. A failing `connected` function turns the client away."""
    try:
        data = json.loads(await request.read() or b"{}")
    except ValueError:
        return web.Response(status=400)
    error = (
        next((value for key, value in data.items() if key.lower() == "error"), None)
        if isinstance(data, dict)
        else None
    )
    context = _context(request, arguments=None, error=error)
    result = await _call(host, function, context, {})
    is_connected = request.headers["X-ASRS-Event"].lower() == "connected"
    return web.Response(status=403 if result.failure and is_connected else 200)


async def _message(request: web.Request, host: FunctionHost, function: Function) -> web.Response:
    """A client invoked a hub method. With an invocation id it gets the function's return value as a Completion."""
    invocation = _invocation(request.content_type, await request.read())
    if invocation is None or invocation.target.lower() != request.headers["X-ASRS-Event"].lower():
        return web.Response(status=500)
    names = parameter_names(function)
    if names and len(names) != len(invocation.arguments):
        problem = (
            f"The function accepts {len(names)} arguments ({', '.join(names)}), "
            f"but the invocation of '{invocation.target}' sent {len(invocation.arguments)}."
        )
        host.console.host_line(f"SignalRTriggerParametersNotMatchException: {problem}", error=True)
        return _completion(request.content_type, invocation, error=problem)
    data = dict(zip(names, invocation.arguments, strict=False))
    result = await _call(
        host, function, _context(request, arguments=invocation.arguments, error=None), data
    )
    if result.failure is not None:
        return _completion(request.content_type, invocation, error=result.failure.message)
    return _completion(request.content_type, invocation, value=_returned(result))


async def _call(
    host: FunctionHost, function: Function, context: Mapping[str, Any], data: Mapping[str, Any]
) -> Result:
    inputs: dict[str, Any] = {function.trigger["name"]: {"json": json.dumps(context)}}
    top_level = {
        name: context[name] for name in ("Hub", "Category", "Event", "ConnectionId", "UserId")
    }
    extra = {**top_level, **data, "headers": context["Headers"], "query": context["Query"]}
    return await host.call(function, inputs, extra, reason="(null)")


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
        "Claims": _claims(request.headers.get("X-ASRS-User-Claims", "")),
    }


def _claims(text: str) -> dict[str, str]:
    """`type: value` pairs joined by ", "; of a repeated type the first stays."""
    claims: dict[str, str] = {}
    for part in text.split(", "):
        kind, separator, value = part.partition(": ")
        if separator:
            claims.setdefault(kind.strip(), value.strip())
    return claims


def _invocation(content_type: str, body: bytes) -> Invocation | None:
    try:
        if content_type == MSGPACK:
            _, _, invocation_id, target, arguments, *_ = msgpack.unpackb(body)
        else:
            data = json.loads(body)
            invocation_id, target, arguments = (
                data.get("invocationId"),
                data["target"],
                data.get("arguments") or [],
            )
    except (ValueError, KeyError, TypeError, AttributeError):
        return None
    if not isinstance(target, str) or not isinstance(arguments, list):
        return None
    return Invocation(target, arguments, str(invocation_id or ""))


def _returned(result: Result) -> Any:
    if not result.returned:
        return None
    [(kind, value)] = result.returned.items()
    return json.loads(value) if kind == "json" else value


def _completion(
    content_type: str, invocation: Invocation, *, value: Any = None, error: str = ""
) -> web.Response:
    """200 with a framed Completion in the client's protocol, 200 with nothing when the client waits for nothing."""
    if not invocation.id:
        return web.Response(status=500 if error else 200)
    if content_type == MSGPACK:
        message = [3, {}, invocation.id, *([1, error] if error else [3, value])]
        packed: bytes = msgpack.packb(message)
        return web.Response(body=_varint(len(packed)) + packed, content_type=MSGPACK)
    outcome = {"error": error} if error else {"result": value}
    text = json.dumps({"type": 3, "invocationId": invocation.id, **outcome}, separators=(",", ":"))
    return web.Response(body=text.encode() + RECORD_SEPARATOR, content_type=JSON)


def _varint(number: int) -> bytes:
    """The length prefix of the binary hub protocol."""
    prefix = bytearray()
    while number >= 0x80:
        prefix.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*prefix, number])
