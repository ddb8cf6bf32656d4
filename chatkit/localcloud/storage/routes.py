"""Blob storage over HTTP: requests become calls, answers become responses, with the headers every answer has."""

from __future__ import annotations

import re
import uuid
from collections.abc import AsyncIterator, Callable, Mapping

from aiohttp import web

from chatkit.localcloud.core.web import loopback_only
from chatkit.localcloud.storage import cors
from chatkit.localcloud.storage.formats import dates
from chatkit.localcloud.storage.operations.operations import Operations, refusal
from chatkit.localcloud.storage.state.call import (
    NEWEST_VERSION,
    Answer,
    Call,
    Query,
    Target,
    read_target,
)
from chatkit.localcloud.storage.state.errors import StorageError, bad_header, not_provided
from chatkit.localcloud.storage.state.models import Account
from chatkit.localcloud.storage.state.repository import Repository
from chatkit.localcloud.storage.state.spec import AccountSpec

AT_ONCE = 256 * 1024
SERVER = "Windows-Azure-Blob/1.0 Microsoft-HTTPAPI/2.0"
OTHER_SERVICE = re.compile(r"-(queue|table|file|dfs)$")
METADATA = "x-ms-meta-"
NOBODY = Account(AccountSpec("", "", ""))

Accounts = Callable[[str], Account | None]


def application(
    operations: Operations, repository: Repository, accounts: Accounts
) -> web.Application:
    """The blob service on one port.

    Args:
        operations: What is done.
        repository: Where it is done.
        accounts: Finds the accounts that this port serves.
    """
    edge = Edge(operations, repository, accounts)
    app = web.Application(middlewares=[loopback_only], client_max_size=0)
    app.router.add_route("*", "/{path:.*}", edge.serve)
    return app


class Edge:
    """One port's door."""

    def __init__(self, operations: Operations, repository: Repository, accounts: Accounts) -> None:
        self._operations = operations
        self._repository = repository
        self._accounts = accounts

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """Answer one request."""
        call = read_call(request, self._repository)
        answer = await self._answer(request, call)
        headers = {**answer.headers, **_common(call), **self._cors(call)}
        if answer.content is not None and request.method != "HEAD":
            return await self._send_content(request, answer, headers, call.account.name)
        body = None if request.method == "HEAD" or answer.status in (204, 304) else answer.body
        if body is None and answer.status >= 400:
            headers.pop(
                "Content-Type", None
            )  # clients read what has a type: there is no error document here
        return web.Response(status=answer.status, headers=headers, body=body)

    async def _answer(self, request: web.Request, call: Call) -> Answer:
        try:
            _check_headers(call)
            path, _, query = request.raw_path.partition("?")
            call.path, call.query = path, Query.parse(query)
            call.target = read_target(path, call.query)
            call.account = self._account(call.target)
            if request.method == "OPTIONS":
                return _preflight(call)
        except StorageError as error:
            return refusal(call, error)
        return await self._operations.answer(call)

    def _account(self, target: Target) -> Account:
        found = self._accounts(target.account)
        if found is not None:
            return found
        if OTHER_SERVICE.search(target.account):
            raise not_provided("Queue, Table, File or Data Lake storage")
        raise StorageError(
            "ResourceNotFound",
            f"There is no storage account called '{target.account}' at this address.",
        )

    def _cors(self, call: Call) -> Mapping[str, str]:
        if call.method == "OPTIONS":
            return {}
        return cors.response_headers(
            call.account.cors, origin=call.header("origin"), method=call.method
        )

    async def _send_content(
        self, request: web.Request, answer: Answer, headers: dict[str, str], account: str
    ) -> web.StreamResponse:
        assert answer.content is not None
        pieces, start, length = answer.content
        contents = self._repository.contents
        if length <= AT_ONCE:
            return web.Response(
                status=answer.status,
                headers=headers,
                body=contents.read(account, pieces, start, length),
            )
        response = web.StreamResponse(status=answer.status, headers=headers)
        response.content_length = length
        await response.prepare(request)
        async for part in contents.send(account, pieces, start, length):
            await response.write(part)
        await response.write_eof()
        return response


def read_call(request: web.Request, repository: Repository) -> Call:
    """What a request says, before anything in it is understood."""
    headers: dict[str, str] = {}
    metadata: dict[str, str] = {}
    for name, value in request.headers.items():
        folded = name.lower()
        headers[folded] = f"{headers[folded]},{value}" if folded in headers else value
        if folded.startswith(METADATA):
            metadata[name[len(METADATA) :]] = value
    return Call(
        method=request.method,
        path=request.path,
        query=Query(()),
        headers=headers,
        repository=repository,
        target=Target(""),
        account=NOBODY,
        origin=f"{request.scheme}://{request.host}",
        secure=request.secure,
        request_id=str(uuid.uuid4()),
        metadata=metadata,
        body=lambda: _body(request),
    )


def _check_headers(call: Call) -> None:
    """Refuse header values that are not UTF-8; they could be neither signed nor stored."""
    for name, value in call.headers.items():
        try:
            value.encode()
        except UnicodeEncodeError:
            raise bad_header(name, ascii(value)) from None


async def _body(request: web.Request) -> AsyncIterator[bytes]:
    async for chunk in request.content.iter_any():
        yield chunk


def _common(call: Call) -> dict[str, str]:
    shown = {
        "Server": SERVER,
        "Date": dates.http_date(dates.now()),
        "x-ms-request-id": call.request_id,
    }
    shown["x-ms-version"] = call.header("x-ms-version") or NEWEST_VERSION
    if 0 < len(call.header("x-ms-client-request-id")) <= 1024:
        shown["x-ms-client-request-id"] = call.header("x-ms-client-request-id")
    return shown


def _preflight(call: Call) -> Answer:
    origin, method = call.header("origin"), call.header("access-control-request-method")
    if not origin or not method:
        raise StorageError(
            "InvalidHeaderValue",
            "A preflight request needs Origin and Access-Control-Request-Method.",
        )
    headers = call.header("access-control-request-headers")
    return Answer(
        200, cors.preflight(call.account.cors, origin=origin, method=method, headers=headers)
    )
