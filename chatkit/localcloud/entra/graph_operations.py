"""Operations of Microsoft Graph as data, and the check of what their callers may do."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from aiohttp import web

from chatkit.localcloud.core.web import Handler
from chatkit.localcloud.entra.core.graph_documents import Shown
from chatkit.localcloud.entra.core.permissions import Caller, Right
from chatkit.localcloud.entra.errors import GraphError
from chatkit.localcloud.entra.graph_requests import read_filter

CALLER: web.RequestKey[Caller] = web.RequestKey("caller", Caller)


@dataclass(frozen=True)
class Operation:
    """One operation of Graph.

    Attributes:
        method: HTTP method.
        path: Below the version.
        handler: What answers.
        right: What its caller needs.
        is_own: Says whether the object of a request is the caller, or one that the caller owns;
            None for operations without an object.
    """

    method: str
    path: str
    handler: Callable[[web.Request], Awaitable[web.Response]]
    right: Right
    is_own: Callable[[web.Request], bool] | None = None


def guarded(operation: Operation) -> Handler:
    """The handler of an operation, behind the check of its caller's rights.

    A caller who could not do it to any object does not learn which objects there are.
    """
    right = operation.right

    async def answer(request: web.Request) -> web.StreamResponse:
        caller = request[CALLER]
        if right.is_for_people and caller.is_app:
            sentence = f"{operation.path} request is only valid with delegated authentication flow."
            raise GraphError(400, "BadRequest", sentence)
        if right.allows(caller, is_own=False):
            return await operation.handler(request)
        if operation.is_own is None or not right.allows(caller, is_own=True):
            raise denied()
        if not operation.is_own(request):
            raise denied()
        return await operation.handler(request)

    return answer


def listed(context: str, values: Sequence[Shown], request: web.Request) -> web.Response:
    """A list, or what a `$filter` keeps of it.

    Args:
        context: Address of the list's description.
        values: All of them.
        request: Its `$filter` counts.
    """
    text = request.query.get("$filter", "")
    if text:
        keeps = read_filter(text)
        values = [value for value in values if keeps(value)]
    return web.json_response({"@odata.context": context, "value": values})


def denied() -> GraphError:
    """The caller has not the permission, or does not own the object."""
    return GraphError(
        403, "Authorization_RequestDenied", "Insufficient privileges to complete the operation."
    )


def bad_request(sentence: str) -> GraphError:
    """The request is not one that can be carried out."""
    return GraphError(400, "Request_BadRequest", sentence)


def not_found(wanted: str) -> GraphError:
    """There is no such object."""
    return GraphError(
        404,
        "Request_ResourceNotFound",
        f"Resource '{wanted}' does not exist or one of its queried reference-property objects are"
        " not present.",
    )
