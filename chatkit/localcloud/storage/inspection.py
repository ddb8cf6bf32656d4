"""Notes requests to storage and to websites in the trace: what was asked for, and the status."""

from __future__ import annotations

from aiohttp import web
from aiohttp.typedefs import Middleware

from chatkit.localcloud.core.trace import Trace
from chatkit.localcloud.core.web import Handler, noted

# Parts of a query that name the operation; others may hold a signature.
OPERATION = ("restype", "comp")


def traced(trace: Trace, source: str) -> Middleware:
    """Note each request that comes to an end."""

    @web.middleware
    async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
        def note(status: int, ms: float) -> None:
            operation = " ".join(request.query.get(name, "") for name in OPERATION).strip()
            trace.emit(
                source,
                "request",
                method=request.method,
                path=request.path,
                operation=operation,
                status=status,
                ms=ms,
            )

        return await noted(request, handler, note)

    return middleware
