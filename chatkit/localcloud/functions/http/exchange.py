"""An HTTP request that a function takes, and answers, piece by piece."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from aiohttp import web
from multidict import CIMultiDict

from chatkit.localcloud.core.connection_limits import connection_of
from chatkit.localcloud.functions.http.http_data import (
    OWN_HEADERS,
    RESET_CONTENT,
    check_header,
    status_of,
)
from chatkit.localcloud.functions.worker_process.calls import HttpData, Wire

LENGTH = "content-length"


class HttpExchange:
    """One request to a function that takes HTTP as a stream.

    Attributes:
        answer: What has begun to go out; None before that.
        is_complete: Whether all of it has, or is about to.
    """

    def __init__(
        self, request: web.Request, data: HttpData, custom_headers: Mapping[str, str]
    ) -> None:
        self._request = request
        self._data = data
        self._custom_headers = custom_headers
        self.answer: web.StreamResponse | None = None
        self.is_complete = False
        self._missing_bytes: int | None = None  # of an answer that says its length
        self._ended = asyncio.Event()

    def describe(self) -> Wire:
        """The request without its body."""
        url = self._request.url
        return {
            "method": self._request.method,
            "scheme": url.scheme,
            "port": url.port,
            "path": url.path,
            "raw_path": url.raw_path,
            "query": url.raw_query_string,
            "headers": [*self._data.headers.items()],
            "params": self._data.params,
        }

    async def read(self) -> bytes:
        """The next piece of the body, as soon as there is one; empty at its end."""
        content = self._request.content
        piece = b""
        while not piece and not content.at_eof():  # the end of a chunk wakes readers for nothing
            piece = await content.readany()
        return piece

    async def begin(self, status: int, headers: list[tuple[str, str]]) -> None:
        """Send the head of the answer, at once."""
        kept: CIMultiDict[str] = CIMultiDict()
        for name, value in headers:
            check_header(name, value)
            if name.lower() not in OWN_HEADERS or name.lower() == LENGTH:
                kept.add(name, value)
        for name, value in self._custom_headers.items():
            kept.setdefault(name, value)
        answer = web.StreamResponse(status=status_of(status), headers=kept)
        self._missing_bytes = answer.content_length
        self.is_complete = self._missing_bytes == 0
        await answer.prepare(self._request)
        self.answer = answer

    async def write(self, piece: bytes, *, is_last: bool) -> None:
        """Send a piece of the answer; returns when the client takes more.

        Raises:
            OSError: The client has left.
        """
        if self._missing_bytes is not None:
            self._missing_bytes -= len(piece)
        # Before it goes out: a client that has everything leaves at once.
        self.is_complete = is_last or self._missing_bytes == 0
        try:
            if piece and self.answer is not None and self.answer.status != RESET_CONTENT:
                await self.answer.write(piece)
            if is_last and self.answer is not None:
                await self.answer.write_eof()
        finally:
            if is_last:
                self._ended.set()

    async def ended(self) -> None:
        """Wait until the last piece of the answer has gone out."""
        await self._ended.wait()

    async def left(self) -> None:
        """Wait until the client has left."""
        connection = connection_of(self._request)
        if connection is not None:
            await connection.lost()

    async def end(self, *, has_failed: bool) -> web.StreamResponse:
        """End the answer; one that fails half-way is cut off, so that the client notices."""
        if self.answer is None:
            return web.Response(status=500)
        if not has_failed or self._ended.is_set():
            await self.answer.write_eof()
        elif self._request.transport is not None:
            self._request.transport.close()
        return self.answer
