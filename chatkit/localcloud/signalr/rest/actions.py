"""What the REST API does: send, look, group, close.

`routes.py` says which request asks for which.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from typing import Any

from aiohttp import web

from chatkit.core import strict_json
from chatkit.core.errors import LocalProtocolError
from chatkit.localcloud.signalr.core.connection import Connection
from chatkit.localcloud.signalr.core.errors import BadRequest, NotFound, SignalRError
from chatkit.localcloud.signalr.core.hub import Hub, without
from chatkit.localcloud.signalr.core.names import valid_group
from chatkit.localcloud.signalr.rest.call import Call, message_of, whole_number
from chatkit.localcloud.signalr.rest.filters import compile_filter
from chatkit.wire.hub_messages import VOID
from chatkit.wire.tokens import client_token

COMMAND_RULE = "A command's type is SendMessage, JoinGroup, LeaveGroup or CloseConnection."


async def send_to_hub(call: Call) -> web.Response:
    message = await call.message()
    call.instance.broadcast(call.hub, message, excluded=call.excluded)
    return web.Response(status=202)


async def send_to_user(call: Call) -> web.Response:
    user = call.user
    message = await call.message()
    receivers = call.hub.of_user(user)
    call.instance.send(call.hub_name, receivers, message, excluded=call.excluded)
    return web.Response(status=202)


async def send_to_group(call: Call) -> web.Response:
    group = call.group
    message = await call.message()
    receivers = call.hub.of_group(group)
    call.instance.send(call.hub_name, receivers, message, excluded=call.excluded)
    return web.Response(status=202)


async def send_to_connection(call: Call) -> web.Response:
    message = await call.message()
    connection = call.connection
    receivers = [] if connection is None else [connection]
    call.instance.send(call.hub_name, receivers, message)
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


def _close(call: Call, connections: Iterable[Connection]) -> web.Response:
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
    minutes = whole_number(
        query.get("minutesToExpire", "60"), "minutesToExpire", at_least=1, at_most=1440
    )
    try:
        token = client_token(
            call.instance.connection_string,
            call.hub_name,
            user_id=query.get("userId", ""),
            lifetime_s=minutes * 60,
        )
    except LocalProtocolError as error:
        raise BadRequest(error.message) from error
    return web.json_response({"token": token})


def list_group(call: Call) -> web.Response:
    query = call.request.query
    size = whole_number(query.get("maxpagesize", "200"), "maxpagesize", at_least=1, at_most=200)
    start = whole_number(query.get("continuationToken", "0"), "continuationToken")
    members = sorted(call.hub.of_group(call.group), key=lambda connection: connection.id)
    top = whole_number(query["top"], "top", at_least=1) if "top" in query else len(members)
    page = members[start : min(start + size, top)]
    value = [
        {"connectionId": connection.id, "userId": connection.user_id or None} for connection in page
    ]
    body: dict[str, Any] = {"value": value}
    if start + size < min(top, len(members)):
        body["nextLink"] = str(call.request.url.update_query(continuationToken=start + size))
    return web.json_response(body)


async def invoke_client(call: Call) -> web.Response:
    message = await call.message()
    connection = call.connection
    if connection is None:
        raise NotFound("Error.Connection.NotExisted")
    try:
        completion = await call.instance.invoke(connection, message)
    except TimeoutError as error:
        raise SignalRError(504, "ClientTimeout", "The client did not answer in time.") from error
    if completion.error is not None:
        raise SignalRError(400, "ClientError", completion.error)
    result = completion.result
    if result is VOID:
        result = None
    try:
        return web.Response(
            body=strict_json.dumps({"result": result}), content_type="application/json"
        )
    except (TypeError, ValueError) as error:
        raise SignalRError(
            400, "ClientError", f"The client's result is not a JSON value: {error}."
        ) from error


async def execute(call: Call) -> web.Response:
    """Run a list of commands for every connection the filter picks.

    All commands are read before the first one runs.
    """
    body = await call.body()
    if not isinstance(body, list) or not body:
        raise BadRequest("The request body must be an array of commands.")
    commands = [_command(call, item) for item in body]
    wanted = compile_filter(call.request.query.get("filter", "") or "true")
    chosen = [connection for connection in call.hub.connections.values() if wanted(connection)]
    for command in commands:
        command(chosen)
        await asyncio.sleep(0)  # a thousand commands for a thousand clients hold up nobody
    return web.Response(status=202)


def _command(call: Call, item: Any) -> Callable[[list[Connection]], None]:
    if not isinstance(item, dict):
        raise BadRequest(COMMAND_RULE)
    kind = item.get("type")
    if kind == "SendMessage":
        message = message_of(item.get("message"))
        return lambda chosen: call.instance.send(call.hub_name, chosen, message)
    if kind in ("JoinGroup", "LeaveGroup"):
        group = valid_group(str(item.get("group") or ""))
        return _for_each(lambda connection: _change(call.hub, connection, group, kind))
    if kind == "CloseConnection":
        return _for_each(lambda connection: connection.close(item.get("reason")))
    raise BadRequest(COMMAND_RULE)


def _change(hub: Hub, connection: Connection, group: str, kind: str) -> None:
    if connection.id not in hub.connections:
        return  # it has ended since the commands began
    if kind == "JoinGroup":
        hub.join(connection, group)
    else:
        hub.leave(connection, group)


def _for_each(action: Callable[[Connection], None]) -> Callable[[list[Connection]], None]:
    def run(chosen: list[Connection]) -> None:
        for connection in chosen:
            action(connection)

    return run


def no_streams(_call: Call) -> web.Response:
    raise SignalRError(
        501,
        "NotImplemented",
        "Streams to clients are not provided by the local service; sends and :invoke are.",
    )
