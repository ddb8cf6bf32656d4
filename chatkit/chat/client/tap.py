"""Where one client's traffic can be watched.

As long as nobody watches, a frame costs one look at an attribute.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from time import perf_counter
from types import SimpleNamespace
from typing import Any, Literal, Protocol

import aiohttp

Direction = Literal["sent", "received"]


@dataclass(frozen=True)
class Request:
    """An HTTP request as it went out.

    Attributes:
        method: GET or POST.
        url: The whole address.
        headers: All of them, aiohttp's own too.
        body: The JSON value that was sent, None for none.
        at: When, in seconds of `time.perf_counter`.
    """

    method: str
    url: str
    headers: Mapping[str, str]
    body: Any
    at: float


@dataclass(frozen=True)
class Answer:
    """An HTTP answer with its status line in two parts."""

    status: int
    reason: str
    headers: Mapping[str, str]
    body: bytes


class Watcher(Protocol):
    """Hears everything of one client; called on the client's loop, must not block.

    What it hears has secrets in it.
    """

    def asked(self, request: Request) -> None:
        """A request's headers went out."""

    def answered(self, request: Request, answer: Answer | None, why: str) -> None:
        """The answer is complete; None, and a reason, when there is none."""

    def frame(self, direction: Direction, data: bytes) -> None:
        """One WebSocket message passed."""

    def ended(self, code: int) -> None:
        """The WebSocket ended, with code 1006 when it just vanished."""


class Tap:
    """One client's wire.

    Attributes:
        watcher: Who hears it, None for nobody.
    """

    def __init__(self) -> None:
        self.watcher: Watcher | None = None

    def traces(self) -> aiohttp.TraceConfig:
        """What a session needs for its requests to be heard.

        `trace_request_ctx` of a request is its JSON body.
        """
        config = aiohttp.TraceConfig()
        config.on_request_headers_sent.append(self._headers_sent)
        config.on_request_end.append(self._answer_began)
        config.on_response_chunk_received.append(self._answer_read)
        config.on_request_exception.append(self._failed)
        return config

    async def _headers_sent(
        self,
        _session: aiohttp.ClientSession,
        context: SimpleNamespace,
        sent: aiohttp.TraceRequestHeadersSentParams,
    ) -> None:
        if self.watcher:
            context.request = Request(
                sent.method, str(sent.url), sent.headers, context.trace_request_ctx, perf_counter()
            )
            self.watcher.asked(context.request)

    async def _answer_began(
        self,
        _session: aiohttp.ClientSession,
        context: SimpleNamespace,
        end: aiohttp.TraceRequestEndParams,
    ) -> None:
        context.response = end.response
        if "Sec-WebSocket-Key" in end.headers:
            self._answered(context, b"")

    async def _answer_read(
        self,
        _session: aiohttp.ClientSession,
        context: SimpleNamespace,
        chunk: aiohttp.TraceResponseChunkReceivedParams,
    ) -> None:
        self._answered(context, chunk.chunk)

    async def _failed(
        self,
        _session: aiohttp.ClientSession,
        context: SimpleNamespace,
        failure: aiohttp.TraceRequestExceptionParams,
    ) -> None:
        if not self.watcher:
            return
        request = Request(
            failure.method,
            str(failure.url),
            failure.headers,
            context.trace_request_ctx,
            perf_counter(),
        )
        if not hasattr(context, "request"):
            self.watcher.asked(request)
        self.watcher.answered(
            request, None, str(failure.exception) or type(failure.exception).__name__
        )

    def _answered(self, context: SimpleNamespace, body: bytes) -> None:
        request = getattr(context, "request", None)
        response = getattr(context, "response", None)
        if self.watcher and request and response is not None:
            answer = Answer(response.status, response.reason or "", response.headers, body)
            self.watcher.answered(request, answer, "")
