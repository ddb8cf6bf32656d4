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
# Operations that came later than the others, and with which version; version 1.0 has none of them.
SINCE = {
    "/:generateToken": "2022-11-01",
    "/:execute": "2023-07-01",
    "/connections/{connection}/:invoke": "2024-12-01",
    "/connections/{connection}/streams/{stream}/:send": "2024-12-01",
    "/connections/{connection}/streams/{stream}/:complete": "2024-12-01",
    "/groups/{group}/connections": "2024-12-01",
}
Action = Callable[[Call], Awaitable[web.Response] | web.Response]
C = "/connections/{connection}"
G = "/groups/{group}"
U = "/users/{user}"
# Data actions of the built-in roles. Microsoft's list says in a few words what each allows, and not
# which operation asks for it: "Close client connection", "Join / Leave group", "Check group
# existence or user existence in group".
SEND_TO_HUB = "hub/send/action"
SEND_TO_GROUP = "group/send/action"
SEND_TO_USER = "user/send/action"
SEND_TO_CONNECTION = "clientConnection/send/action"
READ_GROUP = "group/read"
READ_USER = "user/read"
READ_CONNECTION = "clientConnection/read"
CHANGE_GROUP = "group/write"
CLOSE = "clientConnection/write"
MAKE_TOKEN = "auth/clientToken/action"
# (method, path after /hubs/{hub}, action, data action); aiohttp serves HEAD with GET.
# Both path orders of a membership are served, as Microsoft's own emulator does.
# aiohttp tries them one after the other, so what is called for every message comes first.
OPERATIONS: list[tuple[str, str, Action, str]] = [
    ("POST", "/:send", actions.send_to_hub, SEND_TO_HUB),
    ("POST", "", actions.send_to_hub, SEND_TO_HUB),
    ("POST", U, actions.send_to_user, SEND_TO_USER),
    ("GET", U, actions.user_exists, READ_USER),
    ("POST", U + "/:send", actions.send_to_user, SEND_TO_USER),
    ("POST", G, actions.send_to_group, SEND_TO_GROUP),
    ("GET", G, actions.group_exists, READ_GROUP),
    ("POST", G + "/:send", actions.send_to_group, SEND_TO_GROUP),
    ("POST", C, actions.send_to_connection, SEND_TO_CONNECTION),
    ("POST", C + "/:send", actions.send_to_connection, SEND_TO_CONNECTION),
    ("POST", C + "/:invoke", actions.invoke_client, SEND_TO_CONNECTION),
    ("GET", C, actions.connection_exists, READ_CONNECTION),
    ("DELETE", C, actions.close_connection, CLOSE),
    ("DELETE", C + "/groups", actions.leave_all_groups, CHANGE_GROUP),
    ("POST", C + "/streams/{stream}/:send", actions.no_streams, SEND_TO_CONNECTION),
    ("POST", C + "/streams/{stream}/:complete", actions.no_streams, SEND_TO_CONNECTION),
    ("POST", G + "/:closeConnections", actions.close_group, CLOSE),
    ("GET", G + "/connections", actions.list_group, READ_GROUP),
    ("PUT", G + C, actions.join_group, CHANGE_GROUP),
    ("DELETE", G + C, actions.leave_group, CHANGE_GROUP),
    ("PUT", C + G, actions.join_group, CHANGE_GROUP),
    ("DELETE", C + G, actions.leave_group, CHANGE_GROUP),
    ("POST", U + "/:closeConnections", actions.close_user, CLOSE),
    ("DELETE", U + "/groups", actions.remove_user_from_all_groups, CHANGE_GROUP),
    ("GET", U + G, actions.is_user_in_group, READ_GROUP),
    ("PUT", U + G, actions.add_user_to_group, CHANGE_GROUP),
    ("DELETE", U + G, actions.remove_user_from_group, CHANGE_GROUP),
    ("GET", G + U, actions.is_user_in_group, READ_GROUP),
    ("PUT", G + U, actions.add_user_to_group, CHANGE_GROUP),
    ("DELETE", G + U, actions.remove_user_from_group, CHANGE_GROUP),
    ("POST", "/:closeConnections", actions.close_hub, CLOSE),
    ("POST", "/:generateToken", actions.generate_token, MAKE_TOKEN),
    ("POST", "/:execute", actions.execute, SEND_TO_HUB),
]


def routes(instance: Instance) -> list[web.RouteDef]:
    """Every operation, and under the prefix of version 1.0 what that has."""
    found = []
    for method, path, action, right in OPERATIONS:
        since = SINCE.get(path, "")
        if not since:
            handler = _handler(instance, action, right, legacy=True)
            found.append(web.route(method, "/api/v1/hubs/{hub}" + path, handler))
        handler = _handler(instance, action, right, since=since)
        found.append(web.route(method, "/api/hubs/{hub}" + path, handler))
    return found


def _handler(
    instance: Instance, action: Action, right: str, *, legacy: bool = False, since: str = ""
) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    async def handle(request: web.Request) -> web.StreamResponse:
        _authenticate(instance, request, right)
        if not legacy:
            _check_version(request.query.get("api-version", ""), since)
        if delay_s := instance.faults.take_delay_s():
            await asyncio.sleep(delay_s)
        answer = action(Call(instance, request, legacy=legacy))
        if isinstance(answer, web.Response):
            return answer
        return await answer

    return handle


def _authenticate(instance: Instance, request: web.Request, right: str) -> None:
    origin = f"http://{host_name(request)}"
    audiences = authentication.rest_audiences(origin, request.rel_url.raw_path, request.query)
    token = authentication.bearer(request.headers)
    instance.verify_caller(token, audiences, action=right, path=request.path)


def _check_version(version: str, since: str) -> None:
    """Refuse a version that does not exist, or does not have the operation.

    That the service refuses both is known; the words are ours.
    """
    if not version:
        raise BadRequest("The api-version query parameter is required.")
    supported = [known for known in VERSIONS if known >= since]
    if version not in supported:
        raise BadRequest(
            f"The api-version '{version}' is not supported for this operation. Supported versions:"
            f" {', '.join(supported)}."
        )
