"""An in-process stand-in for the services: real SDK clients, whose requests end in a table."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import requests
from azure.core.credentials import AccessToken
from azure.core.pipeline.transport import RequestsTransport
from requests.adapters import BaseAdapter

from chatkit.cloud.connection import Cloud

Answer = tuple[int, Any, dict[str, str]]
Handler = Callable[["Request"], Answer]


@dataclass(frozen=True)
class Request:
    """What the SDK sent."""

    method: str
    path: str
    body: Any


class Credential:
    """A credential that needs nobody."""

    def get_token(self, *scopes: str, **kwargs: Any) -> AccessToken:
        """Return a token that lasts."""
        return AccessToken("token", 4_000_000_000)


@dataclass
class FakeAzure(BaseAdapter):
    """Answers by the latest route whose verb and pattern match; notes every request."""

    routes: list[tuple[str, re.Pattern[str], Handler]] = field(default_factory=list)
    seen: list[Request] = field(default_factory=list)

    def on(self, method: str, pattern: str, answer: Handler | Answer) -> None:
        """Answer a verb and path."""
        handler = answer if callable(answer) else lambda request: answer
        self.routes.insert(0, (method, re.compile(pattern, re.IGNORECASE), handler))

    def sent(self, method: str, pattern: str = "") -> list[Request]:
        """Requests of a verb whose path matches."""
        return [
            one
            for one in self.seen
            if one.method == method and re.search(pattern, one.path, re.IGNORECASE)
        ]

    def send(
        self, request: requests.PreparedRequest, *args: Any, **kwargs: Any
    ) -> requests.Response:
        """Answer one request of an SDK client."""
        url = str(request.url)
        noted = Request(
            str(request.method), url.partition("://")[2].partition("/")[2], _decoded(request.body)
        )
        self.seen.append(noted)
        for method, pattern, handler in self.routes:
            if method == noted.method and pattern.search(noted.path):
                return _response(request, *handler(noted))
        return _response(
            request,
            404,
            {"error": {"code": "ResourceNotFound", "message": "It was not found."}},
            {},
        )

    def close(self) -> None:
        """Nothing to close."""


def _response(
    request: requests.PreparedRequest, status: int, body: Any, headers: dict[str, str]
) -> requests.Response:
    response = requests.Response()
    response.status_code = status
    response.raw = io.BytesIO(
        body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
    )
    response.headers.update({"Content-Type": "application/json", **headers})
    response.url = str(request.url)
    response.request = request
    return response


@dataclass(frozen=True)
class FakeCloud(Cloud):
    """A cloud whose clients send to a FakeAzure."""

    fake: FakeAzure = field(default_factory=FakeAzure)

    def transport_kwargs(self) -> dict[str, Any]:
        session = requests.Session()
        session.mount("https://", self.fake)
        return {
            **super().transport_kwargs(),
            "transport": RequestsTransport(session=session, session_owner=False),
        }


def cloud_over(azure: FakeAzure) -> Cloud:
    """Return a cloud whose clients send to a FakeAzure."""
    return FakeCloud(
        target="azure",
        subscription_id="sub",
        tenant_id="tenant",
        credential=Credential(),
        fake=azure,
    )


def _decoded(body: Any) -> Any:
    if isinstance(body, str | bytes) and body:
        try:
            return json.loads(body)
        except ValueError:
            return body
    return body
