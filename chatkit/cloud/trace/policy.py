"""The policy of every client that notes each request: each attempt, and each poll."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from azure.core.pipeline import PipelineRequest, PipelineResponse
from azure.core.pipeline.policies import SansIOHTTPPolicy

from chatkit.cloud.trace import entry
from chatkit.cloud.trace.record import Record

STARTED = "chatkit_started"
SENT = "chatkit_sent"
Told = Callable[[], tuple[str, str]]


class NoteRequests(SansIOHTTPPolicy[Any, Any]):
    """Notes what is sent and how it is answered. It stands behind the policy that retries.

    Args:
        record: Where.
        told: Says which step it belongs to, and which method of an SDK.
        is_api: Whether an address is one of Azure's APIs.
    """

    def __init__(self, record: Record, told: Told, is_api: Callable[[str], bool]) -> None:
        self._record = record
        self._told = told
        self._is_api = is_api

    def on_request(self, request: PipelineRequest[Any]) -> None:
        """Remember what is sent, and when."""
        http = request.http_request
        kind = http.headers.get("Content-Type", "")
        api = self._is_api(http.url)
        request.context[STARTED] = time.time()
        request.context[SENT] = entry.sent(http.method, http.url, kind, body_of(http), is_api=api)

    def on_response(
        self, request: PipelineRequest[Any], response: PipelineResponse[Any, Any]
    ) -> None:
        """Note the request with its answer."""
        http = response.http_response
        content = b""
        # A stream can be read once only, and its caller does that.
        if not response.context.options.get("stream", True):
            content = _content(http)
        api = self._is_api(request.http_request.url)
        self._note(request, entry.answered(http.status_code, http.headers, content, is_api=api))

    def on_exception(self, request: PipelineRequest[Any]) -> None:
        """Note a request without an answer."""
        import sys

        error = sys.exc_info()[0]
        self._note(request, {"status": 0, "failure": error.__name__ if error else ""})

    def _note(self, request: PipelineRequest[Any], how: dict[str, Any]) -> None:
        started = request.context.get(STARTED)
        if started is None:
            return
        step, operation = self._told()
        self._record.note(
            {
                "at": round(started, 3),
                "step": step,
                "operation": operation,
                **request.context[SENT],
                **how,
                "seconds": round(time.time() - started, 3),
            }
        )


def body_of(sent: Any) -> bytes:
    """The body of an SDK's request; none of a stream, which can be read once only."""
    content = getattr(sent, "content", None) or getattr(sent, "data", None)
    if isinstance(content, str):
        return content.encode()
    return bytes(content) if isinstance(content, bytes | bytearray) else b""


def _content(http: Any) -> bytes:
    """The body of an answer that was read; the SDKs have two kinds of answers."""
    if hasattr(http, "body"):
        read: bytes = http.body()
        return read
    content = getattr(http, "content", b"")
    if isinstance(content, bytes):
        return content
    return b""
