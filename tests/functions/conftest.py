"""The app's functions, called as plain Python over blobs in memory."""

from __future__ import annotations

import json
from typing import Any

import azure.functions as func
import pytest

from tests.functions.built_app import Ask, Sent, call, principal
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
def present(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """Who is connected to the hub."""
    import send_message

    users: set[str] = set()
    monkeypatch.setattr(send_message, "is_connected", lambda user: user in users)
    return users


@pytest.fixture
def post(blobs: FakeContainer, sent: Sent, present: set[str]) -> Ask:
    """POST /api/messages with a body, as alice unless told: status and answer."""

    def ask(body: Any, user: str = "alice") -> tuple[int, Any]:
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        request = func.HttpRequest("POST", "/api/messages", headers=principal(user), body=raw)
        response = call("SendMessage", request, sent)
        return response.status_code, json.loads(response.get_body())

    return ask


@pytest.fixture
def get(blobs: FakeContainer) -> Ask:
    """GET /api/messages with query parameters, as alice unless told: status and answer."""

    def ask(user: str = "alice", **params: str) -> tuple[int, Any]:
        request = func.HttpRequest(
            "GET", "/api/messages", headers=principal(user), params=params, body=b""
        )
        response = call("GetMessages", request)
        return response.status_code, json.loads(response.get_body())

    return ask
