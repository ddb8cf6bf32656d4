"""Blob storage over HTTP: requests in, answers out, with the headers every answer has."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Mapping

from aiohttp import web

from chatkit.localcloud.core.answering import CUT, FULL, FULL_CODE, MISDIRECTED, hang_up
from chatkit.localcloud.core.cors import Preflight, answer_headers, preflight_headers
from chatkit.localcloud.core.etags import http_date
from chatkit.localcloud.core.web import EVERY_PATH
from chatkit.localcloud.drills import rooms
from chatkit.localcloud.drills.drills import Drills
from chatkit.localcloud.drills.table import STORAGE
from chatkit.localcloud.storage.formats import dates
from chatkit.localcloud.storage.formats.account_hosts import account_of
from chatkit.localcloud.storage.operations.call import Answer
from chatkit.localcloud.storage.operations.dispatch import Operations, refusal
from chatkit.localcloud.storage.sending import send_part
from chatkit.localcloud.storage.state import cors
from chatkit.localcloud.storage.state.contents import Contents
from chatkit.localcloud.storage.state.errors import StorageError, not_provided
from chatkit.localcloud.storage.state.models import Account
from chatkit.localcloud.storage.state.request import (
    NEWEST_VERSION,
    Query,
    Request,
    Target,
    read_target,
)

SERVER = "Windows-Azure-Blob/1.0 Microsoft-HTTPAPI/2.0"
OTHER_SERVICE = re.compile(r"-(queue|table|file|dfs)$")
METADATA = "x-ms-meta-"

Accounts = Callable[[str], Account | None]


def application(
    operations: Operations,
    contents: Contents,
    accounts: Accounts,
    drills: Drills,
    is_reachable: Callable[[str], bool],
) -> web.Application:
    """The blob service on one port.

    Args:
        operations: What is done.
        contents: Where blobs are.
        accounts: Finds the accounts that this port serves.
        drills: Failures that callers meet.
        is_reachable: Whether the host name of an account is known already.
    """
    edge = Edge(operations, contents, accounts, drills, is_reachable)
    # The size limit is for what aiohttp reads at once. Bodies are read in chunks here.
    app = web.Application(client_max_size=0)
    app.router.add_route("*", EVERY_PATH, edge.serve)
    return app


class Edge:
    """Turns requests of the web server into storage requests, and answers into responses."""

    def __init__(
        self,
        operations: Operations,
        contents: Contents,
        accounts: Accounts,
        drills: Drills,
        is_reachable: Callable[[str], bool],
    ) -> None:
        self._operations = operations
        self._contents = contents
        self._accounts = accounts
        self._drills = drills
        self._is_reachable = is_reachable

    async def serve(self, sent: web.Request) -> web.StreamResponse:
        """Answer one request."""
        headers = read_headers(sent)
        request_id = str(uuid.uuid4())
        common = _common(headers, request_id)
        try:
            request = self._read(sent, headers, request_id)
            if not self._is_reachable(request.account.name):
                return hang_up(sent)
            if self._drills.on(STORAGE, rooms.account(request.account.name)):
                raise StorageError("ServerBusy")
        except StorageError as error:
            return _respond(sent, refusal(error, request_id), common)
        if request.method == "OPTIONS":
            return _respond(sent, _answer_preflight(request), common)
        answer = await self._operations.answer(request)
        more = {**common, **_cors(request)}
        if answer.part is not None and request.method != "HEAD":
            return await send_part(
                sent,
                self._contents,
                answer.part,
                status=answer.status,
                headers={**answer.headers, **more},
            )
        return _respond(sent, answer, more)

    def _read(self, sent: web.Request, headers: Mapping[str, str], request_id: str) -> Request:
        """Understand a request.

        Raises:
            StorageError: Its headers or URL cannot be understood, or its account is not served
                here.
        """
        path, _, query_text = sent.raw_path.partition("?")
        query = Query.parse(query_text)
        named_by_host = account_of(sent.host)
        target = read_target(f"/{named_by_host}{path}" if named_by_host else path, query)
        account = self._account(target)
        origin = f"{sent.scheme}://{sent.host}"
        return Request(
            method=sent.method,
            path=path,
            query=query,
            headers=headers,
            target=target,
            account=account,
            origin=origin,
            endpoint=origin if named_by_host else f"{origin}/{account.name}",
            request_id=request_id,
            secure=sent.secure,
            metadata=_metadata(sent),
            body=sent.content.iter_any,
        )

    def _account(self, target: Target) -> Account:
        found = self._accounts(target.account)
        if found is not None:
            return found
        if OTHER_SERVICE.search(target.account):
            raise not_provided("Queue, Table, File or Data Lake storage")
        # In Azure the host's name does not resolve. 404 would say that a blob is not there: clients
        # that ask whether it exists take it for an answer.
        raise StorageError(
            "InvalidUri", f"There is no storage account called '{target.account}' at this address."
        )


def refuse(sent: web.Request, status: int, sentence: str) -> web.Response:
    """What the service answers when it fails, or cannot read a body."""
    request_id = str(uuid.uuid4())
    if status == 500:
        error = StorageError("InternalError")
    elif status == FULL:
        error = StorageError(FULL_CODE, sentence)
    elif status == MISDIRECTED:
        # Azure's code for an address that is none of its accounts'.
        error = StorageError("InvalidUri", sentence, status=status)
    else:
        code = "InvalidInput" if sentence == CUT else "InvalidHeaderValue"
        error = StorageError(code, sentence)
    return _respond(sent, refusal(error, request_id), _common({}, request_id))


def _respond(sent: web.Request, answer: Answer, more: Mapping[str, str]) -> web.Response:
    """An answer without a part of a blob, as the web server sends it."""
    headers = {**answer.headers, **more}
    if sent.method == "HEAD" or answer.status in (204, 304):
        if answer.status >= 400:
            # Clients parse what has a type, and there is no error document here.
            headers.pop("Content-Type", None)
        return web.Response(status=answer.status, reason=answer.phrase, headers=headers)
    return web.Response(
        status=answer.status, reason=answer.phrase, headers=headers, body=answer.body
    )


def read_headers(sent: web.Request) -> dict[str, str]:
    """Headers by lower-case name; several of one name are joined by commas."""
    headers: dict[str, str] = {}
    for name, value in sent.headers.items():
        folded = name.lower()
        if folded in headers:
            value = f"{headers[folded]},{value}"
        headers[folded] = value
    return headers


def _metadata(sent: web.Request) -> dict[str, str]:
    return {
        name[len(METADATA) :]: value
        for name, value in sent.headers.items()
        if name.lower().startswith(METADATA)
    }


def _common(headers: Mapping[str, str], request_id: str) -> dict[str, str]:
    """What every answer says."""
    common = {
        "Server": SERVER,
        "Date": http_date(dates.now()),
        "x-ms-request-id": request_id,
        "x-ms-version": headers.get("x-ms-version") or NEWEST_VERSION,
    }
    client_request_id = headers.get("x-ms-client-request-id", "")
    if 0 < len(client_request_id) <= 1024:
        common["x-ms-client-request-id"] = client_request_id
    return common


def _cors(request: Request) -> Mapping[str, str]:
    """Headers that let a page read an answer."""
    if not request.account.cors:
        return {}
    rules = cors.effective(request.account.cors)
    allowed = answer_headers(rules, origin=request.header("origin"), method=request.method)
    # An account with rules answers differently by origin, so caches have to know it.
    return allowed or {"Vary": "Origin"}


def _answer_preflight(request: Request) -> Answer:
    """Answer any OPTIONS request: the blob service knows it as a preflight only."""
    asked = Preflight.read(request.method, request.headers)
    if asked is None or not asked.origin or not asked.method:
        error = StorageError(
            "InvalidHeaderValue",
            "A preflight request needs Origin and Access-Control-Request-Method.",
        )
        return refusal(error, request.request_id)
    headers = preflight_headers(cors.effective(request.account.cors), asked)
    if headers is None:
        return refusal(StorageError("CorsPreflightFailure"), request.request_id)
    return Answer(200, headers)
