"""Passes requests on to the app and its answers back, as they come: nothing waits for a whole body.

Follows RFC 9110 §7.6 (forwarding) and §7.8 (Upgrade).
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import aiohttp
from aiohttp import hdrs, web
from yarl import URL

from chatkit.core import ports
from chatkit.localcloud.core.answering import plainly
from chatkit.localcloud.core.browser.browser_view import BrowserView
from chatkit.localcloud.core.web import wants_websocket
from chatkit.localcloud.easy_auth.proxy import headers, pages, tunnel
from chatkit.localcloud.easy_auth.proxy.target import Target

MAX_HEAD_BYTES = 64 * 1024
# Servers end idle connections after some seconds (gunicorn 2, Node and uvicorn 5): never use one
# that is about to end.
IDLE_S = 1
# TRACE would show a page the identity headers (RFC 9110 §9.3.8); CONNECT is for proxies.
REFUSED = {hdrs.METH_TRACE, hdrs.METH_CONNECT}
# What aiohttp would add to the requests and answers of others.
NOT_ADDED = (hdrs.USER_AGENT, hdrs.ACCEPT, hdrs.ACCEPT_ENCODING, hdrs.CONTENT_TYPE)
ADDED = (hdrs.SERVER, hdrs.CONTENT_TYPE)
FROM_APP: web.ResponseKey[frozenset[str]] = web.ResponseKey("from_app", frozenset)


class _Body:
    """A request's body on its way to the app, once: what was sent cannot be sent again."""

    def __init__(self, stream: aiohttp.StreamReader) -> None:
        self._stream = stream
        self._is_sent = False

    def __aiter__(self) -> AsyncIterator[bytes]:
        if self._is_sent:
            raise aiohttp.ServerDisconnectedError
        self._is_sent = True
        return self._stream.iter_any()


class Forwarding:
    """Between the authentication module and the app.

    Args:
        target: The app.
        port: The port that browsers know.
    """

    def __init__(self, target: Target, port: int) -> None:
        self._target = target
        self._port = port
        timeout = aiohttp.ClientTimeout(total=None, sock_connect=10)
        self._http = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(
                limit=0, keepalive_timeout=IDLE_S, ssl=False, socket_factory=self._socket
            ),
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
            skip_auto_headers=NOT_ADDED,
            timeout=timeout,
            max_line_size=MAX_HEAD_BYTES,
            max_field_size=MAX_HEAD_BYTES,
        )

    async def close(self) -> None:
        """End the connections to the app."""
        await self._http.close()

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Answer one request."""
        if request.method in REFUSED or not request.rel_url.raw_path.startswith("/"):
            return plainly(request, 405, f"{request.method} is not passed on.")
        view = BrowserView.of(request, self._port)
        try:
            async with self._sent(request, view) as answer:
                if answer.status == 101:
                    return await tunnel.through(request, answer)
                return await self._passed_back(request, answer, view)
        except aiohttp.ClientConnectorError:
            if self._target.is_anothers():
                return pages.others_app(request, self._target)
            return pages.not_there(request, self._target)
        except (aiohttp.ClientError, TimeoutError, ValueError):
            return pages.no_answer(request, self._target)

    def _socket(self, address: ports.AddressInfo) -> ports.Socket:
        """A socket for a new connection to the app, whose port nobody else has taken."""
        if self._target.is_anothers():
            raise PermissionError(f"port {self._target.port} is another user's")
        return ports.unconnected(address)

    def _sent(
        self, request: web.Request, view: BrowserView
    ) -> aiohttp.client._RequestContextManager:
        """The request, on its way to the app."""
        upgrade = wants_websocket(request)
        sent = headers.for_app(request, view)
        if upgrade:
            sent = headers.for_upgrade(request, view)
        body = None
        if request.body_exists:
            body = _Body(request.content)
        return self._http.request(
            request.method,
            self._url(request),
            headers=sent,
            data=body,
            allow_redirects=False,
            read_until_eof=not upgrade,
        )

    def _url(self, request: web.Request) -> URL:
        """The address of the request at the app, letter by letter."""
        asked = request.rel_url
        return URL.build(
            scheme=self._target.scheme,
            host=self._target.host,
            port=self._target.port,
            path=asked.raw_path,
            query_string=asked.raw_query_string,
            encoded=True,
        )

    async def _passed_back(
        self, request: web.Request, answer: aiohttp.ClientResponse, view: BrowserView
    ) -> web.StreamResponse:
        passed = headers.for_client(answer.headers, self._target, view)
        response = web.StreamResponse(status=answer.status, reason=answer.reason, headers=passed)
        response[FROM_APP] = frozenset(name.lower() for name in passed)
        await response.prepare(request)
        try:
            async for chunk in answer.content.iter_any():
                await response.write(chunk)
        except (aiohttp.ClientError, asyncio.IncompleteReadError):
            # Half of the answer is on its way: only the connection's end tells that it is half.
            if request.transport is not None:
                request.transport.abort()
            raise ConnectionResetError("the app ended its answer") from None
        await response.write_eof()
        return response


async def as_the_app_says(_: web.Request, response: web.StreamResponse) -> None:
    """Take back what the server has added to an answer that is the app's."""
    from_app = response.get(FROM_APP)
    if from_app is None:
        return
    for name in ADDED:
        if name.lower() not in from_app:
            response.headers.popall(name, None)
