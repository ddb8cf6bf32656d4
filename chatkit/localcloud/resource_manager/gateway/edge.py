"""The HTTP edge of Resource Manager: requests become calls, answers and errors become HTTP."""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Callable
from datetime import UTC, datetime

from aiohttp import web

from chatkit.localcloud.core import answering
from chatkit.localcloud.core.trace import Trace
from chatkit.localcloud.core.web import EVERY_PATH
from chatkit.localcloud.entra.tokens import Claims
from chatkit.localcloud.resource_manager.core import errors
from chatkit.localcloud.resource_manager.core.faults import Dropped
from chatkit.localcloud.resource_manager.core.http import Answer, Call
from chatkit.localcloud.resource_manager.core.registry import Registry
from chatkit.localcloud.resource_manager.core.routing import Match, Route, Router
from chatkit.localcloud.resource_manager.gateway.admission import Admission

Observer = Callable[[Route, Call, Answer], None]
LIMIT_BYTES = 4 << 20
FIXED = {
    "Cache-Control": "no-cache",
    "Pragma": "no-cache",
    "Expires": "-1",
    "Strict-Transport-Security": "max-age=31536000; includeSubDomains",
    "X-Content-Type-Options": "nosniff",
}
# Operations of Microsoft.Resources on subscriptions and groups that the local cloud does not have.
OTHER_OPERATIONS = {
    *("exporttemplate", "moveresources", "validatemoveresources", "tagnames"),
    *("checkzonepeers", "checkpolicycompliance", "deploymentoperations"),
}

WHAT_IF = re.compile(r"/Microsoft\.Resources/deployments/[^/]+/whatIf/?$", re.IGNORECASE)


class Edge:
    """Turns HTTP requests into calls and answers into HTTP.

    Attributes:
        observe: Sees every call that found its operation, and its answer.
    """

    def __init__(
        self, trace: Trace, registry: Registry, router: Router, admission: Admission
    ) -> None:
        self._trace = trace
        self._registry = registry
        self._router = router
        self._admission = admission
        self.observe: Observer = _not_observed

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
            answer = _failed(error)
        except Dropped:
            if request.transport is not None:
                request.transport.abort()
            answer = Answer(503)
        except web.HTTPRequestEntityTooLarge:
            message = f"The body is larger than {LIMIT_BYTES} bytes."
            answer = _failed(errors.ArmError(413, "RequestEntityTooLarge", message))
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
        return self._response(request, _failed(error), str(uuid.uuid4()))

    async def _answer(self, request: web.Request) -> Answer:
        match = self._router.match(request.method, request.path)
        if match is not None and match.route is not None and match.route.is_open:
            call = await self._call(request, match, None)
            answer = await match.route.handler(call)
            self.observe(match.route, call, answer)
            return answer
        claims = self._admission.check_token(request.headers.get("Authorization", ""))
        if match is None:
            refusal = self._no_operation(request.path)
            if request.method == "POST" and WHAT_IF.search(request.path):
                return _failed_what_if(refusal)
            raise refusal
        if match.route is None:
            allowed = ", ".join(match.allowed)
            raise errors.ArmError(
                405,
                "HttpMethodNotAllowed",
                f"The HTTP method '{request.method}' is not supported at scope '{request.path}'."
                f" Supported: {allowed}.",
                headers={"Allow": allowed},
            )
        call = await self._call(request, match, claims)
        try:
            left = await self._admission.admit(call, match.route)
            answer = await match.route.handler(call)
        except errors.ArmError as error:
            self.observe(match.route, call, _failed(error))
            raise
        self.observe(match.route, call, answer)
        answer.headers = {**left, **answer.headers}
        return answer

    async def _call(self, request: web.Request, match: Match, claims: Claims | None) -> Call:
        raw = await request.read() if request.body_exists else b""
        query = {name.lower(): value for name, value in request.query.items()}
        headers = {name.lower(): value for name, value in request.headers.items()}
        base_url = f"https://{request.headers.get('Host', '')}"
        return Call(
            request.method, request.path, match.params, query, headers, raw, base_url, claims
        )

    def _no_operation(self, path: str) -> errors.ArmError:
        """The answer to a path of no operation: 501 where Azure has one, else 404."""
        types = self._registry.api_versions
        supported = ", ".join(type_ for type_ in types if not type_.endswith("/locations"))
        segments = [segment for segment in path.split("/") if segment]
        lowered = [segment.lower() for segment in segments]
        if OTHER_OPERATIONS.intersection(lowered[2:5]) and "providers" not in lowered[:-1]:
            return errors.not_implemented(f"The operation '{path}'", supported)
        if "providers" not in lowered[:-1]:
            sentence = f"There is nothing at '{path}'. The local cloud supports {supported}."
            return errors.ArmError(404, "InvalidRequestUri", sentence)
        at = len(lowered) - lowered[::-1].index("providers")
        type_ = "/".join(segments[at : at + 2])
        if type_.lower() in {known.lower() for known in types}:
            return errors.not_implemented(f"The operation '{path}'", supported)
        return errors.not_implemented(f"The resource type '{type_}'", supported)

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


def _failed(error: errors.ArmError) -> Answer:
    cause = "service" if error.service else "gateway"
    return Answer(error.status, error.body(), {"x-ms-failure-cause": cause, **error.headers})


def _failed_what_if(error: errors.ArmError) -> Answer:
    """An operation that went well and says that the template does not, as in Azure.

    az reads the first answer's body twice when its status is an error, and the second time ends in
    a traceback.
    """
    return Answer(200, {"status": "Failed", **error.body()})


def _not_observed(route: Route, call: Call, answer: Answer) -> None:
    """Calls are observed in tests only."""
