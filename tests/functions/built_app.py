"""The app of functions/, indexed once, as a host does it."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import azure.functions as func

FOLDER = Path(__file__).resolve().parents[2] / "functions"
sys.path.insert(0, str(FOLDER))

import function_app  # noqa: E402

Ask = Callable[..., tuple[int, Any]]

FUNCTIONS: dict[str, Any] = {
    str(each.get_function_name()): each for each in function_app.app.get_functions()
}


class Sent:
    """The signalR output binding: what a function sets."""

    def __init__(self) -> None:
        self.values: list[Any] = []

    def set(self, value: str) -> None:
        self.values.append(json.loads(value))


def call(name: str, request: func.HttpRequest, *bindings: Any) -> func.HttpResponse:
    """Call a function with a request and the values of its other bindings."""
    response = FUNCTIONS[name].get_user_function()(request, *bindings)
    assert isinstance(response, func.HttpResponse)
    return response


def principal(user: str, user_id: str = "") -> dict[str, str]:
    """What a front adds to a request: a name, nothing for nobody; with sign-in, an id, too."""
    headers = {"x-ms-client-principal-name": user, "x-ms-client-principal-id": user_id}
    return {name: text for name, text in headers.items() if text}
