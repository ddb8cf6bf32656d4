"""`/admin/*`: what an administrator may see and do; a deployed app asks for the master key."""

from __future__ import annotations

import json
from typing import Any

from aiohttp import web

from chatkit.core import strict_json
from chatkit.core.time import clock
from chatkit.localcloud.functions.host import blob_bindings
from chatkit.localcloud.functions.host.bundles import version_text
from chatkit.localcloud.functions.host.host import FunctionHost
from chatkit.localcloud.functions.host.indexing import Function
from chatkit.localcloud.functions.storage.blobs import StorageUnavailable
from chatkit.localcloud.functions.storage.connections import ConnectionInvalid
from chatkit.localcloud.functions.storage.paths import PathInvalid
from chatkit.localcloud.functions.worker_process.calls import HttpData, Trigger

RUNTIME_VERSION = "4.1037.0.0"


async def handle(request: web.Request, host: FunctionHost, *, is_admin: bool) -> web.Response:
    """Answer one admin request."""
    if not is_admin:
        return web.Response(status=401)
    parts = [part for part in request.path.lower().split("/") if part][1:]
    match [request.method, *parts]:
        case ["GET" | "POST", "host", "ping"]:
            return web.Response(status=200)
        case ["GET", "host", "status"]:
            return web.json_response(status(host))
        case ["POST", "host", "synctriggers"]:
            return web.json_response({"status": "success"})
        case ["POST", "host", "restart"]:
            await host.restart()
            return web.Response(status=204)
        case ["GET", "functions"]:
            return web.json_response(
                [describe(function, request) for function in host.index.functions]
            )
        case ["GET", "functions", name]:
            function = host.index.by_name(name)
            if function is None:
                return web.Response(status=404)
            return web.json_response(describe(function, request))
        case ["GET", "functions", name, "status"]:
            function = host.index.by_name(name)
            if function is None:
                return web.Response(status=404)
            return web.json_response({"isDisabled": function.is_disabled})
        case ["POST", "functions", name]:
            return await _run(request, host, host.index.by_name(name))
    return web.Response(status=404)


def status(host: FunctionHost) -> dict[str, Any]:
    """`/admin/host/status`."""
    errors = [
        f"{function.name}: {function.error}" for function in host.index.functions if function.error
    ]
    if host.problem:
        errors = [str(host.problem)]
    found: dict[str, Any] = {
        "id": host.options.settings.get("WEBSITE_SITE_NAME", "localhost"),
        "state": "Error" if host.problem else "Running",
        "version": RUNTIME_VERSION,
        "versionDetails": f"{RUNTIME_VERSION} (chatkit local host)",
        "processUptime": int((clock.elapsed() - host.started_at) * 1000),
        "functionAppContentEditingState": "NotAllowed",
    }
    bundle = host.config.bundle
    if bundle is not None:
        found["extensionBundle"] = {"id": bundle.id, "version": version_text(bundle.version)}
    if errors:
        found["errors"] = errors
    return found


def describe(function: Function, request: web.Request) -> dict[str, Any]:
    """One function as `/admin/functions` lists it."""
    base = str(request.url.origin())
    return {
        "name": function.name,
        "script_root_path_href": f"{base}/admin/vfs/{function.name}/",
        "href": f"{base}/admin/functions/{function.name}",
        "config": {"name": function.name, "bindings": list(function.bindings)},
        "invoke_url_template": f"{base}/{function.route}" if function.is_http else None,
        "language": "python",
        "isDisabled": function.is_disabled,
    }


async def _run(request: web.Request, host: FunctionHost, function: Function | None) -> web.Response:
    """Run any function by hand: `{"input": "..."}` becomes its trigger's value."""
    if function is None:
        return web.Response(status=404)
    await host.ready()
    try:
        text = strict_json.loads(await request.read() or b"{}").get("input") or ""
    except (ValueError, AttributeError):
        return web.Response(status=400, text='The body must look like {"input": "..."}.\n')
    if function.error:
        return web.Response(status=404)
    try:
        await _call(request, host, function, str(text))
    except (ConnectionInvalid, StorageUnavailable, PathInvalid) as error:
        return web.Response(status=400, text=f"{error}\n")
    return web.Response(status=202)


async def _call(request: web.Request, host: FunctionHost, function: Function, text: str) -> None:
    name = function.trigger["name"]
    if function.is_http:
        data = HttpData("POST", str(request.url), {}, {}, {}, text.encode())
        await host.call_http(function, data, {})
    elif function.is_timer:
        info = {"IsPastDue": False, "Schedule": {"AdjustForDST": True}, "ScheduleStatus": None}
        await host.call(function, Trigger({name: {"json": json.dumps(info)}}))
    elif function.is_blob_trigger:
        trigger = await blob_bindings.trigger_by_hand(function.trigger, text, host.storage)
        if trigger is not None:
            await host.call(function, trigger)
    else:
        await host.call(function, Trigger({name: {"string": text}}))
