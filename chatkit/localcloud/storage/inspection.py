"""Requests to storage and to websites, in the trace: what was asked for, and which status came."""

from __future__ import annotations

import time

from aiohttp import web
from aiohttp.typedefs import Middleware

from chatkit.localcloud.core.trace import Trace
from chatkit.localcloud.core.web import Handler

# nginx's status for a client that left before its answer.
CLIENT_CLOSED_REQUEST = 499
# Parts of a query that name the operation; others may hold a signature.
OPERATION = ("restype", "comp")


def traced(trace: Trace, source: str) -> Middleware:
    """Note each request that comes to an end."""

    @web.middleware
    async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
        began = time.perf_counter()
        status = CLIENT_CLOSED_REQUEST
        try:
            answer = await handler(request)
            status = answer.status
        except ConnectionError:
            raise
        except Exception:
            status = 500
            raise
        finally:
            operation = " ".join(request.query.get(name, "") for name in OPERATION).strip()
            trace.emit(
                source,
                "request",
                method=request.method,
                path=request.path,
                operation=operation,
                status=status,
                ms=round((time.perf_counter() - began) * 1000, 2),
            )
        return answer

    return middleware
