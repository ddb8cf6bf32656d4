"""The app's functions, called as plain Python over blobs in memory."""

from __future__ import annotations

import json
from typing import Any

import azure.functions as func
import pytest

from tests.functions.built_app import Ask, Sent, call
from tests.functions.fake_blobs import FakeContainer


@pytest.fixture
def blobs(monkeypatch: pytest.MonkeyPatch) -> FakeContainer:
    """An empty storage account, in which nobody has made a container yet."""
    import day_blobs  # importable once the app is built

    container = FakeContainer()
    monkeypatch.setattr(day_blobs, "connect", lambda: container)
    monkeypatch.setattr(day_blobs, "_parts", {})
    return container


@pytest.fixture
def sent() -> Sent:
    """What went out to the hub."""
    return Sent()


@pytest.fixture
def post(blobs: FakeContainer, sent: Sent) -> Ask:
    """POST /api/messages with a body: status and answer."""

    def ask(body: Any) -> tuple[int, Any]:
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        response = call("SendMessage", func.HttpRequest("POST", "/api/messages", body=raw), sent)
        return response.status_code, json.loads(response.get_body())

    return ask


@pytest.fixture
def get(blobs: FakeContainer) -> Ask:
    """GET /api/messages with query parameters: status and answer."""

    def ask(**params: str) -> tuple[int, Any]:
        response = call("GetMessages", func.HttpRequest("GET", "/api/messages", params=params, body=b""))
        return response.status_code, json.loads(response.get_body())

    return ask
