"""Requests to an app, and what they set off, in a trace."""

from __future__ import annotations

from dataclasses import dataclass

from aiohttp import web
from aiohttp.typedefs import Middleware

from chatkit.localcloud.core.trace import CAUSE, Trace, caused
from chatkit.localcloud.core.web import HANDED_ON, IDENTITY_HEADERS, Handler, noted
from chatkit.localcloud.functions.worker_process.calls import Failure

FUNCTION: web.RequestKey[str] = web.RequestKey("function", str)
PRINCIPAL_NAME = "x-ms-client-principal-name"


@dataclass(frozen=True)
class AppTrace:
    """The trace of one app.

    Attributes:
        trace: Keeps the events.
        source: The app's name in it.
    """

    trace: Trace
    source: str


@dataclass
class _Open:
    """How many requests were begun, and how many are being answered."""

    begun: int = 0
    now: int = 0


def traced(app: AppTrace) -> Middleware:
    """Note each request with its answer: no query, no header but who asks and from which page.

    What it sets off has the same `cause`.
    """
    requests = _Open()

    @web.middleware
    async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
        requests.begun += 1
        requests.now += 1
        number, is_alone = requests.begun, requests.now == 1

        def note(status: int, ms: float) -> None:
            requests.now -= 1
            app.trace.emit(
                app.source,
                "request",
                cause=cause,
                method=request.method,
                path=request.path,
                status=status,
                ms=ms,
                function=request.get(FUNCTION, ""),
                user=_user(request),
                origin=request.headers.get("Origin", ""),
                alone=is_alone and requests.begun == number,
            )

        with caused() as cause:
            return await noted(request, handler, note)

    return middleware


def note_invocation(app: AppTrace, name: str, seconds: float, failure: Failure | None) -> None:
    """Note that a function has run. What an exception says stays in the app's log.

    It may be what a function was given: somebody's private message, a token.
    """
    failed, where = "", ""
    if failure is not None:
        failed = failure.raised or failure.type  # the host's own have written ones
        where = failure.where
    app.trace.emit(
        app.source,
        "invocation",
        cause=CAUSE.get(),
        function=name,
        ms=_ms(seconds),
        failure=failed,
        where=where,
    )


def _user(request: web.Request) -> str:
    """Who asks, by App Service Authentication or by what stands in its place."""
    handed_on = request.get(HANDED_ON)
    told = handed_on.headers if handed_on else request.get(IDENTITY_HEADERS)
    for name, value in (told or {}).items():
        if name.lower() == PRINCIPAL_NAME:
            return str(value)
    return ""


def _ms(seconds: float) -> float:
    return round(seconds * 1000, 2)
