"""The routes of the REST API, at `/api/v1/...` and `/api/...?api-version=`.

Follows Microsoft's "Azure SignalR Service REST API" reference, versions 1.0 and 2022-06-01 to
2024-12-01.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from aiohttp import web

from chatkit.localcloud.core.web import host_name
from chatkit.localcloud.signalr.core import authentication
from chatkit.localcloud.signalr.core.errors import BadRequest
from chatkit.localcloud.signalr.core.instance import Instance
from chatkit.localcloud.signalr.rest import actions
from chatkit.localcloud.signalr.rest.call import Call

VERSIONS = ("2022-06-01", "2022-11-01", "2023-07-01", "2024-01-01", "2024-12-01")
Action = Callable[[Call], Awaitable[web.Response] | web.Response]
C = "/connections/{connection}"
G = "/groups/{group}"
U = "/users/{user}"
# (method, path after /hubs/{hub}, action); aiohttp serves HEAD with GET.
# Both path orders of a membership are served, as Microsoft's own emulator does.
# aiohttp tries them one after the other, so what is called for every message comes first.
OPERATIONS: list[tuple[str, str, Action]] = [
    ("POST", "/:send", actions.send_to_hub),
    ("POST", "", actions.send_to_hub),
    ("POST", U, actions.send_to_user),
    ("GET", U, actions.user_exists),
    ("POST", U + "/:send", actions.send_to_user),
    ("POST", G, actions.send_to_group),
    ("GET", G, actions.group_exists),
    ("POST", G + "/:send", actions.send_to_group),
    ("POST", C, actions.send_to_connection),
    ("POST", C + "/:send", actions.send_to_connection),
    ("POST", C + "/:invoke", actions.invoke_client),
    ("GET", C, actions.connection_exists),
    ("DELETE", C, actions.close_connection),
    ("DELETE", C + "/groups", actions.leave_all_groups),
    ("POST", C + "/streams/{stream}/:send", actions.no_streams),
    ("POST", C + "/streams/{stream}/:complete", actions.no_streams),
    ("POST", G + "/:closeConnections", actions.close_group),
    ("GET", G + "/connections", actions.list_group),
    ("PUT", G + C, actions.join_group),
    ("DELETE", G + C, actions.leave_group),
    ("PUT", C + G, actions.join_group),
    ("DELETE", C + G, actions.leave_group),
    ("POST", U + "/:closeConnections", actions.close_user),
    ("DELETE", U + "/groups", actions.remove_user_from_all_groups),
    ("GET", U + G, actions.is_user_in_group),
    ("PUT", U + G, actions.add_user_to_group),
    ("DELETE", U + G, actions.remove_user_from_group),
    ("GET", G + U, actions.is_user_in_group),
    ("PUT", G + U, actions.add_user_to_group),
    ("DELETE", G + U, actions.remove_user_from_group),
    ("POST", "/:closeConnections", actions.close_hub),
    ("POST", "/:generateToken", actions.generate_token),
    ("POST", "/:execute", actions.execute),
]


def routes(instance: Instance) -> list[web.RouteDef]:
    """Every operation under both prefixes."""
    found = []
    for method, path, action in OPERATIONS:
        for prefix, legacy in (("/api/v1/hubs/{hub}", True), ("/api/hubs/{hub}", False)):
            handler = _handler(instance, action, legacy=legacy)
            found.append(web.route(method, prefix + path, handler))
    return found


def _handler(
    instance: Instance, action: Action, *, legacy: bool
) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    async def handle(request: web.Request) -> web.StreamResponse:
        _authenticate(instance, request)
        if not legacy:
            _check_version(request.query.get("api-version", ""))
        if delay_s := instance.faults.take_delay_s():
            await asyncio.sleep(delay_s)
        answer = action(Call(instance, request, legacy=legacy))
        if isinstance(answer, web.Response):
            return answer
        return await answer

    return handle


def _authenticate(instance: Instance, request: web.Request) -> None:
    origin = f"http://{host_name(request)}"
    audiences = authentication.rest_audiences(origin, request.rel_url.raw_path, request.query)
    instance.verify(authentication.bearer(request.headers), audiences, path=request.path)


def _check_version(version: str) -> None:
    if not version:
        raise BadRequest("The api-version query parameter is required.")
    if version not in VERSIONS:
        raise BadRequest(
            f"The api-version '{version}' is not supported. Supported versions:"
            f" {', '.join(VERSIONS)}."
        )
