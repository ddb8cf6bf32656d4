"""The HTTP edge of Resource Manager: requests become calls, answers and errors become HTTP."""

from __future__ import annotations

import json
import uuid
from datetime import UTC, datetime

from aiohttp import web

from chatkit.localcloud.core import answering
from chatkit.localcloud.core.trace import Trace
from chatkit.localcloud.core.web import EVERY_PATH
from chatkit.localcloud.entra.tokens import Claims
from chatkit.localcloud.resource_manager.core import errors
from chatkit.localcloud.resource_manager.core.faults import Dropped
from chatkit.localcloud.resource_manager.core.http import Answer, Call
from chatkit.localcloud.resource_manager.core.routing import Match
from chatkit.localcloud.resource_manager.gateway.dispatch import Dispatch, failed, not_allowed

LIMIT_BYTES = 4 << 20
FIXED = {
    "Cache-Control": "no-cache",
    "Pragma": "no-cache",
    "Expires": "-1",
    "Strict-Transport-Security": "max-age=31536000; includeSubDomains",
    "X-Content-Type-Options": "nosniff",
}


class Edge:
    """Turns HTTP requests into calls and answers into HTTP."""

    def __init__(self, trace: Trace, dispatch: Dispatch) -> None:
        self._trace = trace
        self._dispatch = dispatch

    def app(self) -> web.Application:
        """The application to serve."""
        app = web.Application(client_max_size=LIMIT_BYTES)
        app.router.add_route("*", EVERY_PATH, self._handle)
        return app

    async def _handle(self, request: web.Request) -> web.Response:
        request_id = str(uuid.uuid4())
        try:
            answer = await self._answer(request)
        except errors.ArmError as error:
            answer = failed(error)
        except Dropped:
            if request.transport is not None:
                request.transport.abort()
            answer = Answer(503)
        except web.HTTPRequestEntityTooLarge:
            message = f"The body is larger than {LIMIT_BYTES} bytes."
            answer = failed(errors.ArmError(413, "RequestEntityTooLarge", message))
        return self._response(request, answer, request_id)

    def refuse(self, request: web.Request, status: int, sentence: str) -> web.Response:
        """What Resource Manager answers when it fails, or cannot read a body."""
        match status:
            case answering.MISDIRECTED:
                error = errors.ArmError(status, "MisdirectedRequest", sentence)
            case answering.FULL:
                error = errors.ArmError(status, answering.FULL_CODE, sentence)
            case 500:
                error = errors.ArmError(500, "InternalServerError", sentence)
            case _:
                error = errors.invalid_body(sentence)
        return self._response(request, failed(error), str(uuid.uuid4()))

    async def _answer(self, request: web.Request) -> Answer:
        match = self._dispatch.match(request.method, request.path)
        if match is not None and match.route is not None and match.route.is_open:
            call = await self._call(request, match, None)
            return await self._dispatch.run(match.route, call)
        claims = self._dispatch.check_token(request.headers.get("Authorization", ""))
        if match is None:
            raise self._dispatch.no_operation(request.path)
        if match.route is None:
            raise not_allowed(request.method, request.path, match)
        call = await self._call(request, match, claims)
        return await self._dispatch.run(match.route, call)

    async def _call(self, request: web.Request, match: Match, claims: Claims | None) -> Call:
        raw = await request.read() if request.body_exists else b""
        query = {name.lower(): value for name, value in request.query.items()}
        headers = {name.lower(): value for name, value in request.headers.items()}
        base_url = f"https://{request.headers.get('Host', '')}"
        return Call(
            request.method, request.path, match.params, query, headers, raw, base_url, claims
        )

    def _response(self, request: web.Request, answer: Answer, request_id: str) -> web.Response:
        self._trace.emit(
            "resource-manager",
            "request",
            method=request.method,
            path=request.path,
            status=answer.status,
        )
        correlation = request.headers.get("x-ms-correlation-request-id") or str(uuid.uuid4())
        stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
        headers = {
            **FIXED,
            "x-ms-request-id": request_id,
            "x-ms-correlation-request-id": correlation,
            "x-ms-routing-request-id": f"EASTUS2:{stamp}:{request_id}",
            **answer.headers,
        }
        if request.headers.get("x-ms-return-client-request-id", "").lower() == "true":
            headers["x-ms-client-request-id"] = request.headers.get("x-ms-client-request-id", "")
        if answer.text is not None:
            body = answer.text.encode()
        elif answer.body is not None:
            body = json.dumps(answer.body, ensure_ascii=False, separators=(",", ":")).encode()
        else:
            return web.Response(status=answer.status, headers=headers)
        return web.Response(
            status=answer.status,
            body=body,
            headers={**headers, "Content-Type": answer.content_type},
        )
