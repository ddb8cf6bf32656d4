"""The data-plane REST API: send, look, group and close, at `/api/v1/...` and `/api/...?api-version=`.

Follows Microsoft's "Azure SignalR Service REST API" reference, versions 1.0 and 2022-06-01 to 2024-12-01.
"""

from __future__ import annotations

import asyncio
import codecs
import re
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web

from chatkit.core.errors import LocalProtocolError
from chatkit.localcloud.signalr.core import authentication
from chatkit.localcloud.signalr.core.bodies import read_whole
from chatkit.localcloud.signalr.core.connection import Connection
from chatkit.localcloud.signalr.core.errors import (
    BODY_RULE,
    GROUP_RULE,
    HUB_RULE,
    USER_RULE,
    BadRequest,
    NotFound,
    SignalRError,
)
from chatkit.localcloud.signalr.core.filters import compile_filter
from chatkit.localcloud.signalr.core.hub import Hub, without
from chatkit.localcloud.signalr.core.instance import Instance
from chatkit.localcloud.signalr.transports.clients import HUB_NAME
from chatkit.wire import strict_json
from chatkit.wire.hub_messages import VOID, Invocation
from chatkit.wire.tokens import client_token

VERSIONS = ("2022-06-01", "2022-11-01", "2023-07-01", "2024-01-01", "2024-12-01")
MAX_BODY_BYTES = 1024 * 1024
Handler = Callable[["Call"], Awaitable[web.Response] | web.Response]


class Call:
    """One authenticated REST request."""

    def __init__(self, instance: Instance, request: web.Request, *, legacy: bool) -> None:
        self.instance = instance
        self.request = request
        self.legacy = legacy
        self._parts = request.match_info
        application = request.query.get("application", "")
        if not HUB_NAME.match(self._parts["hub"]):
            raise BadRequest(HUB_RULE)
        self.hub_name = (f"{application}_" if application else "") + self._parts["hub"]

    @property
    def hub(self) -> Hub:
        return self.instance.hub(self.hub_name)

    @property
    def user(self) -> str:
        user = self._parts["user"]
        if not 1 <= len(user) <= 1024:
            raise BadRequest(USER_RULE)
        return user

    @property
    def group(self) -> str:
        return valid_group(self._parts["group"])

    @property
    def connection(self) -> Connection | None:
        return self.hub.connections.get(self._parts["connection"])

    @property
    def excluded(self) -> list[str]:
        return self.request.query.getall("excluded", [])

    def done(self, legacy_status: int, status: int) -> web.Response:
        """An empty answer with the status of the API's generation."""
        return web.Response(status=legacy_status if self.legacy else status)

    async def message(self) -> Invocation:
        """The message in the body."""
        return message_of(await self.body())

    async def body(self) -> Any:
        """The body as JSON."""
        content = await read_whole(self.request.content, limit_bytes=MAX_BODY_BYTES)
        if content is None:
            raise SignalRError(413, "PayloadTooLarge", "The request body is larger than 1 MB.")
        content = content.removeprefix(codecs.BOM_UTF8)
        if not content.strip():
            raise BadRequest(BODY_RULE)
        try:
            return strict_json.loads(content)
        except ValueError as error:
            raise BadRequest("The request body is not valid JSON.") from error

    def ttl_s(self) -> float | None:
        """The time to live in the query, None without one."""
        text = self.request.query.get("ttl", "")
        return float(_number(text, "ttl")) if text else None


def message_of(body: Any) -> Invocation:
    """Read a message; its members in any case: Microsoft's own C# sample (AzureSignalR-samples, Serverless) sends `Target`.

    Raises:
        BadRequest: It has no target, or arguments that are no array.
    """
    if not isinstance(body, dict):
        raise BadRequest(BODY_RULE)
    members = {name.lower(): value for name, value in body.items()}
    target, arguments = members.get("target"), members.get("arguments")
    if not isinstance(target, str) or not target:
        raise BadRequest("The target of the message is required.")
    if arguments is not None and not isinstance(arguments, list):
        raise BadRequest("The arguments of the message must be an array.")
    return Invocation(target, tuple(arguments or ()))


def valid_group(group: str) -> str:
    """A group name as it is.

    Raises:
        BadRequest: It is empty, blank or too long.
    """
    if not group.strip() or len(group) > 1024:
        raise BadRequest(GROUP_RULE)
    return group


async def send_to_hub(call: Call) -> web.Response:
    call.instance.broadcast(call.hub, await call.message(), excluded=call.excluded)
    return web.Response(status=202)


async def send_to_user(call: Call) -> web.Response:
    call.instance.send(
        call.hub_name, call.hub.of_user(call.user), await call.message(), excluded=call.excluded
    )
    return web.Response(status=202)


async def send_to_group(call: Call) -> web.Response:
    call.instance.send(
        call.hub_name, call.hub.of_group(call.group), await call.message(), excluded=call.excluded
    )
    return web.Response(status=202)


async def send_to_connection(call: Call) -> web.Response:
    message, connection = await call.message(), call.connection
    call.instance.send(call.hub_name, [connection] if connection else [], message)
    return web.Response(status=202)


def connection_exists(call: Call) -> web.Response:
    return _found(call.connection is not None, "Warning.Connection.NotExisted")


def group_exists(call: Call) -> web.Response:
    return _found(bool(call.hub.of_group(call.group)), "Warning.Group.NotExisted")


def user_exists(call: Call) -> web.Response:
    return _found(bool(call.hub.of_user(call.user)), "Warning.User.NotExisted")


def is_user_in_group(call: Call) -> web.Response:
    return _found(call.hub.is_user_in(call.user, call.group), "Info.User.NotInGroup")


def _found(there: bool, code: str) -> web.Response:
    if not there:
        raise NotFound(code)
    return web.Response(status=200)


def close_connection(call: Call) -> web.Response:
    if call.connection is not None:
        call.connection.close(call.request.query.get("reason"))
    return call.done(202, 200)


def close_hub(call: Call) -> web.Response:
    return _close(call, call.hub.connections.values())


def close_group(call: Call) -> web.Response:
    return _close(call, call.hub.of_group(call.group))


def close_user(call: Call) -> web.Response:
    return _close(call, call.hub.of_user(call.user))


def _close(call: Call, connections: Any) -> web.Response:
    for connection in without(connections, call.excluded):
        connection.close(call.request.query.get("reason"))
    return web.Response(status=204)


def join_group(call: Call) -> web.Response:
    connection = call.connection
    if connection is None:
        raise NotFound("Error.Connection.NotExisted")
    call.hub.join(connection, call.group)
    return web.Response(status=200)


def leave_group(call: Call) -> web.Response:
    connection = call.connection
    if connection is None:
        raise NotFound("Error.Connection.NotExisted")
    call.hub.leave(connection, call.group)
    return web.Response(status=200)


def leave_all_groups(call: Call) -> web.Response:
    if call.connection is not None:
        for group in [*call.connection.groups]:
            call.hub.leave(call.connection, group)
    return web.Response(status=200)


def add_user_to_group(call: Call) -> web.Response:
    call.hub.add_user(call.user, call.group, ttl_s=call.ttl_s())
    return call.done(202, 200)


def remove_user_from_group(call: Call) -> web.Response:
    call.hub.remove_user(call.user, call.group)
    return call.done(202, 204)


def remove_user_from_all_groups(call: Call) -> web.Response:
    call.hub.remove_user_from_all(call.user)
    return call.done(200, 204)


def generate_token(call: Call) -> web.Response:
    query = call.request.query
    minutes = _number(
        query.get("minutesToExpire", "60"), "minutesToExpire", at_least=1, at_most=1440
    )
    connection, user = call.instance.connection_string, query.get("userId", "")
    try:
        token = client_token(connection, call.hub_name, user_id=user, lifetime_s=minutes * 60)
    except LocalProtocolError as error:
        raise BadRequest(error.message) from error
    return web.json_response({"token": token})


def list_group(call: Call) -> web.Response:
    query = call.request.query
    size = _number(query.get("maxpagesize", "200"), "maxpagesize", at_least=1, at_most=200)
    start = _number(query.get("continuationToken", "0"), "continuationToken")
    members = sorted(call.hub.of_group(call.group), key=lambda connection: connection.id)
    top = _number(query["top"], "top", at_least=1) if "top" in query else len(members)
    page = members[start : min(start + size, top)]
    body: dict[str, Any] = {
        "value": [{"connectionId": c.id, "userId": c.user_id or None} for c in page]
    }
    if start + size < min(top, len(members)):
        body["nextLink"] = str(call.request.url.update_query(continuationToken=start + size))
    return web.json_response(body)


def _number(text: str, name: str, *, at_least: int = 0, at_most: int = 2**31 - 1) -> int:
    if not re.fullmatch(r"[0-9]{1,10}", text) or not at_least <= int(text) <= at_most:
        raise BadRequest(f"{name} must be a whole number from {at_least} to {at_most}.")
    return int(text)


async def invoke_client(call: Call) -> web.Response:
    connection, message = call.connection, await call.message()
    if connection is None:
        raise NotFound("Error.Connection.NotExisted")
    try:
        completion = await call.instance.invoke(connection, message)
    except TimeoutError as error:
        raise SignalRError(504, "ClientTimeout", "The client did not answer in time.") from error
    if completion.error is not None:
        raise SignalRError(400, "ClientError", completion.error)
    result = None if completion.result is VOID else completion.result
    try:
        return web.Response(
            body=strict_json.dumps({"result": result}), content_type="application/json"
        )
    except (TypeError, ValueError) as error:
        raise SignalRError(
            400, "ClientError", f"The client's result is not a JSON value: {error}."
        ) from error


async def execute(call: Call) -> web.Response:
    """Run a list of commands for every connection the filter picks. All commands are read before the first one runs."""
    body = await call.body()
    if not isinstance(body, list) or not body:
        raise BadRequest("The request body must be an array of commands.")
    commands = [_command(call, item) for item in body]
    wanted = compile_filter(call.request.query.get("filter", "") or "true")
    chosen = [connection for connection in call.hub.connections.values() if wanted(connection)]
    for command in commands:
        command(chosen)
    return web.Response(status=202)


def _command(call: Call, item: Any) -> Callable[[list[Connection]], None]:
    kind = item.get("type") if isinstance(item, dict) else None
    if kind == "SendMessage":
        message = message_of(item.get("message"))
        return lambda chosen: call.instance.send(call.hub_name, chosen, message)
    if kind in ("JoinGroup", "LeaveGroup"):
        group, change = (
            valid_group(str(item.get("group") or "")),
            call.hub.join if kind == "JoinGroup" else call.hub.leave,
        )
        return _for_each(lambda connection: change(connection, group))
    if kind == "CloseConnection":
        return _for_each(lambda connection: connection.close(item.get("reason")))
    raise BadRequest("A command's type is SendMessage, JoinGroup, LeaveGroup or CloseConnection.")


def _for_each(action: Callable[[Connection], None]) -> Callable[[list[Connection]], None]:
    def run(chosen: list[Connection]) -> None:
        for connection in chosen:
            action(connection)

    return run


def no_streams(call: Call) -> web.Response:
    raise SignalRError(
        501,
        "NotImplemented",
        "Streams to clients are not provided by the local service; sends and :invoke are.",
    )


C, G, U = "/connections/{connection}", "/groups/{group}", "/users/{user}"
LOOK = ("GET",)  # aiohttp serves HEAD with it
# (methods, path after /hubs/{hub}, handler). Both path orders of a membership are served, as Microsoft's own emulator does.
# aiohttp tries them one after the other, so what is called for every message comes first.
OPERATIONS: list[tuple[tuple[str, ...], str, Handler]] = [
    (("POST",), "/:send", send_to_hub),
    (("POST",), "", send_to_hub),
    (("POST",), U, send_to_user),
    (LOOK, U, user_exists),
    (("POST",), U + "/:send", send_to_user),
    (("POST",), G, send_to_group),
    (LOOK, G, group_exists),
    (("POST",), G + "/:send", send_to_group),
    (("POST",), C, send_to_connection),
    (("POST",), C + "/:send", send_to_connection),
    (("POST",), C + "/:invoke", invoke_client),
    (LOOK, C, connection_exists),
    (("DELETE",), C, close_connection),
    (("DELETE",), C + "/groups", leave_all_groups),
    (("POST",), C + "/streams/{stream}/:send", no_streams),
    (("POST",), C + "/streams/{stream}/:complete", no_streams),
    (("POST",), G + "/:closeConnections", close_group),
    (("GET",), G + "/connections", list_group),
    (("PUT",), G + C, join_group),
    (("DELETE",), G + C, leave_group),
    (("PUT",), C + G, join_group),
    (("DELETE",), C + G, leave_group),
    (("POST",), U + "/:closeConnections", close_user),
    (("DELETE",), U + "/groups", remove_user_from_all_groups),
    (LOOK, U + G, is_user_in_group),
    (("PUT",), U + G, add_user_to_group),
    (("DELETE",), U + G, remove_user_from_group),
    (LOOK, G + U, is_user_in_group),
    (("PUT",), G + U, add_user_to_group),
    (("DELETE",), G + U, remove_user_from_group),
    (("POST",), "/:closeConnections", close_hub),
    (("POST",), "/:generateToken", generate_token),
    (("POST",), "/:execute", execute),
]


def routes(instance: Instance) -> list[web.RouteDef]:
    """Every operation under both prefixes."""
    found = []
    for methods, path, operation in OPERATIONS:
        for prefix, legacy in (("/api/v1/hubs/{hub}", True), ("/api/hubs/{hub}", False)):
            for method in methods:
                found.append(
                    web.route(method, prefix + path, _handler(instance, operation, legacy=legacy))
                )
    return found


def _handler(
    instance: Instance, operation: Handler, *, legacy: bool
) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    async def handle(request: web.Request) -> web.StreamResponse:
        _authenticate(instance, request)
        if not legacy:
            _check_version(request.query.get("api-version", ""))
        if delay_s := instance.faults.take_delay_s():
            await asyncio.sleep(delay_s)
        answer = operation(Call(instance, request, legacy=legacy))
        return answer if isinstance(answer, web.Response) else await answer

    return handle


def _authenticate(instance: Instance, request: web.Request) -> None:
    origin = f"http://{instance.host(request)}"
    audiences = authentication.rest_audiences(origin, request.rel_url.raw_path, request.query)
    instance.verify(authentication.bearer(request.headers), audiences, path=request.path)


def _check_version(version: str) -> None:
    if not version:
        raise BadRequest("The api-version query parameter is required.")
    if version not in VERSIONS:
        raise BadRequest(
            f"The api-version '{version}' is not supported. Supported versions: {', '.join(VERSIONS)}."
        )
