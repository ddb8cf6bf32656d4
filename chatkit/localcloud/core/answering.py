"""Every request is answered in the words of its service, whatever happens in its handler."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable

from aiohttp import web
from aiohttp.abc import AbstractStreamWriter
from aiohttp.http_exceptions import HttpProcessingError

from chatkit.core.errors import NotWritten
from chatkit.core.host_names import NOT_HERE, answers_to
from chatkit.localcloud.core.connection_limits import connection_of

log = logging.getLogger("chatkit.local.http")
FAILED = "The service failed; its log says why."
CONTINUE = "100-continue"
MISDIRECTED = 421  # RFC 9110 §15.5.20
CUT = "The request body is cut or broken."
Handle = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]
Serves = Callable[[str], bool]
"""Says whether a service answers requests with a Host header."""
Refuse = Callable[[web.Request, int, str], web.Response]
"""How a service words a refusal: the request, the status (400, 421, 500 or FULL) and a sentence."""
# Azure has no disk that its users could fill. RFC 4918 §11.5 has the status, Microsoft Graph
# documents it for a quota that is used up.
FULL = 507
FULL_CODE = "InsufficientStorage"


def plainly(_: web.Request, status: int, sentence: str) -> web.Response:
    """The words of a service that has no format of its own."""
    return web.Response(status=status, text=f"{sentence}\n")


class _Nobody(web.StreamResponse):
    """The answer to a client that is gone: aiohttp takes the error for what it is."""

    async def prepare(self, request: web.BaseRequest) -> AbstractStreamWriter | None:
        raise ConnectionResetError("the client is gone")


def answering(handle: Handle, refuse: Refuse, *, serves: Serves = answers_to) -> Handle:
    """What stands around a whole web application, its router and middleware included.

    A handler that raises, or makes an answer that cannot be sent, is logged once and answered as
    the service answers its own failures. A client that is gone is no failure.
    """

    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        assert isinstance(request, web.Request)  # an application makes no others
        connection = connection_of(request)
        if connection is not None:
            connection.request_begins(request)
        try:
            return await _answer(request, handle, refuse, serves)
        finally:
            if connection is not None:
                connection.request_ends()

    return answer


async def _answer(
    request: web.Request, handle: Handle, refuse: Refuse, serves: Serves
) -> web.StreamResponse:
    try:
        problem = _header_problem(request)
        if problem:
            return refuse(request, 400, problem)
        # Azure has the network for it. Here a page elsewhere must not reach this machine by DNS
        # rebinding, whatever port it finds.
        if not serves(request.headers.get("Host", "")):
            return refuse(request, MISDIRECTED, NOT_HERE)
        answer = await handle(request)
        await answer.prepare(request)  # what cannot be sent fails here, not in aiohttp
        return answer
    except web.HTTPException:
        raise
    except web.RequestPayloadError:
        return refuse(request, 400, CUT)
    except ConnectionError:
        return _Nobody()
    except NotWritten as error:
        log.warning("%s %s: %s", request.method, request.path, error)
        return refuse(request, FULL, str(error))
    except Exception:
        log.exception("%s %s failed", request.method, request.path)
        return _after_failure(request, refuse)


def _header_problem(request: web.Request) -> str:
    """Why Kestrel would not take the headers of a request; empty when it would."""
    for name, value in request.raw_headers:
        if value.isascii():
            continue
        try:
            value.decode()
        except UnicodeDecodeError:
            return f"The value of the header {name.decode(errors='replace')} is not UTF-8."
    if request.headers.get("Expect", CONTINUE).lower() != CONTINUE:  # RFC 9110 §10.1.1
        return f"The Expect header can be {CONTINUE} only."
    return ""


def hang_up(request: web.Request) -> web.StreamResponse:
    """End a connection without an answer, as where nothing is at an address."""
    if request.transport is not None:
        request.transport.abort()
    return _Nobody()


def _after_failure(request: web.Request, refuse: Refuse) -> web.StreamResponse:
    if request.writer.output_size:
        # Half of an answer is on its way: the client can only be told by the connection's end.
        return hang_up(request)
    return refuse(request, 500, FAILED)


class _NoBadRequests(logging.Filter):
    """Leaves out what aiohttp logs about requests that are not HTTP: it has answered them 400."""

    def filter(self, record: logging.LogRecord) -> bool:
        return not (record.exc_info and isinstance(record.exc_info[1], HttpProcessingError))


server_log = logging.getLogger("chatkit.local.http.server")
server_log.addFilter(_NoBadRequests())
