"""The HTTP edge of Resource Manager: who asks, which operation, which api-version, and every answer's headers."""

from __future__ import annotations

import json
import logging
import uuid
from collections.abc import Callable
from datetime import UTC, datetime

from aiohttp import web

from chatkit.localcloud.core.bearer import bearer_token
from chatkit.localcloud.core.web import loopback_only
from chatkit.localcloud.entra.errors import TokenRejected
from chatkit.localcloud.entra.tokens import Claims, Tokens
from chatkit.localcloud.resource_manager.core import errors, regions
from chatkit.localcloud.resource_manager.core.context import Context
from chatkit.localcloud.resource_manager.core.faults import Dropped
from chatkit.localcloud.resource_manager.core.http import Answer, Call
from chatkit.localcloud.resource_manager.core.routing import Match, Route, Router
from chatkit.localcloud.resource_manager.gateway.authorization import Authorization
from chatkit.localcloud.resource_manager.gateway.throttle import Throttle

log = logging.getLogger("chatkit.local.arm")
AUDIENCES = ("https://management.azure.com", "https://management.core.windows.net")
Observer = Callable[[Route, Call, Answer], None]
LIMIT_BYTES = 4 << 20
REJECTIONS = {
    "missing": "AuthenticationFailed",
    "expired": "ExpiredAuthenticationToken",
    "audience": "InvalidAuthenticationTokenAudience",
    "issuer": "InvalidAuthenticationTokenTenant",
}
FIXED = {
    "Cache-Control": "no-cache",
    "Pragma": "no-cache",
    "Expires": "-1",
    "Strict-Transport-Security": "max-age=31536000; includeSubDomains",
    "X-Content-Type-Options": "nosniff",
}


class Edge:
    """Turns HTTP requests into calls and answers into HTTP.

    Attributes:
        throttle: Token buckets of the callers.
        observe: Sees every call that found its operation, and its answer.
    """

    def __init__(
        self,
        context: Context,
        router: Router,
        tokens: Tokens,
        authorization: Authorization,
        *,
        authority: str,
    ) -> None:
        self._context = context
        self._router = router
        self._tokens = tokens
        self._authorization = authorization
        self.throttle = Throttle()
        self.observe: Observer = lambda route, call, answer: None
        self._sign_in = f"{authority}/{context.directory.tenant_id}"
        self._audiences = (*AUDIENCES, context.base_url)

    def app(self) -> web.Application:
        """The application to serve."""
        app = web.Application(middlewares=[loopback_only], client_max_size=LIMIT_BYTES)
        app.router.add_route("*", "/{path:.*}", self._handle)
        return app

    async def _handle(self, request: web.Request) -> web.Response:
        request_id = str(uuid.uuid4())
        try:
            answer = await self._answer(request)
        except errors.ArmError as error:
            answer = _failed(error)
        except Dropped:
            if request.transport is not None:
                request.transport.abort()
            answer = Answer(503)
        except web.HTTPRequestEntityTooLarge:
            answer = _failed(
                errors.ArmError(
                    413, "RequestEntityTooLarge", f"The body is larger than {LIMIT_BYTES} bytes."
                )
            )
        except Exception:
            log.exception("%s %s failed (%s)", request.method, request.path, request_id)
            answer = _failed(
                errors.ArmError(
                    500,
                    "InternalServerError",
                    f"The server met an unexpected error. Request id {request_id}.",
                )
            )
        self._context.platform.trace.emit(
            "resource-manager",
            "request",
            method=request.method,
            path=request.path,
            status=answer.status,
        )
        return self._response(request, answer, request_id)

    async def _answer(self, request: web.Request) -> Answer:
        match = self._router.match(request.method, request.path)
        if match is not None and match.route is not None and match.route.is_open:
            call = await self._call(request, match, None)
            answer = await match.route.handler(call)
            self.observe(match.route, call, answer)
            return answer
        claims = self._check_token(request)
        if match is None:
            raise _no_operation(request.path)
        if match.route is None:
            raise errors.ArmError(
                405,
                "HttpMethodNotAllowed",
                f"The HTTP method '{request.method}' is not supported at scope '{request.path}'."
                f" Supported: {', '.join(match.allowed)}.",
                headers={"Allow": ", ".join(match.allowed)},
            )
        call = await self._call(request, match, claims)
        try:
            left = await self._admit(call, match.route)
            answer = await match.route.handler(call)
        except errors.ArmError as error:
            self.observe(match.route, call, _failed(error))
            raise
        self.observe(match.route, call, answer)
        answer.headers = {**left, **answer.headers}
        return answer

    async def _admit(self, call: Call, route: Route) -> dict[str, str]:
        if route.type:
            regions.check(route.type, call.api_version)
        self._context.check_subscription(call)
        left = self.throttle.take(call.claims.oid if call.claims else "", call.method)
        await self._context.faults.meet(call)
        self._authorization.check(call, route)
        return left

    async def _call(self, request: web.Request, match: Match, claims: Claims | None) -> Call:
        raw = await request.read() if request.body_exists else b""
        query = {name.lower(): value for name, value in request.query.items()}
        headers = {name.lower(): value for name, value in request.headers.items()}
        base_url = f"https://{request.headers.get('Host', '')}"
        return Call(
            request.method, request.path, match.params, query, headers, raw, base_url, claims
        )

    def _check_token(self, request: web.Request) -> Claims:
        token = bearer_token(request.headers.get("Authorization", ""))
        try:
            return self._tokens.verify(token, self._audiences)
        except TokenRejected as rejected:
            code = REJECTIONS.get(rejected.code, "InvalidAuthenticationToken")
            message = rejected.message
            if rejected.code == "missing":
                message = "Authentication failed. The 'Authorization' header is missing."
            error = "invalid_token" if rejected.code != "missing" else "invalid_request"
            challenge = f'Bearer authorization_uri="{self._sign_in}", error="{error}", error_description="{message}"'
            raise errors.ArmError(
                401, code, message, headers={"WWW-Authenticate": challenge}
            ) from None

    def _response(self, request: web.Request, answer: Answer, request_id: str) -> web.Response:
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


def _failed(error: errors.ArmError) -> Answer:
    cause = "service" if error.service else "gateway"
    return Answer(error.status, error.body(), {"x-ms-failure-cause": cause, **error.headers})


def _no_operation(path: str) -> errors.ArmError:
    segments = [segment for segment in path.split("/") if segment]
    lowered = [segment.lower() for segment in segments]
    supported = ", ".join(
        type_ for type_ in regions.API_VERSIONS if not type_.endswith("/locations")
    )
    if "providers" in lowered[:-1]:
        at = len(lowered) - 1 - lowered[::-1].index("providers")
        namespace, kind = segments[at + 1], "/".join(segments[at + 2 : at + 3])
        known = any(
            type_.lower() == f"{namespace}/{kind}".lower() for type_ in regions.API_VERSIONS
        )
        what = f"The operation '{path}'" if known else f"The resource type '{namespace}/{kind}'"
        return errors.not_implemented(what, supported)
    return errors.ArmError(
        404,
        "InvalidRequestUri",
        f"There is nothing at '{path}'. The local cloud supports {supported}.",
    )
