"""Answers: every function speaks JSON, and says what went wrong as `{"error": "a sentence"}`."""

from __future__ import annotations

import json
from typing import Any

import azure.functions as func


class Refused(Exception):
    """A request is not done.

    Args:
        status: The HTTP status to answer with.
        sentence: Why.
        again_s: After how many seconds it may be tried again; 0 says nothing about that.
    """

    def __init__(self, status: int, sentence: str, *, again_s: int = 0) -> None:
        super().__init__(sentence)
        self.status = status
        self.again_s = again_s


def answer(value: Any, status: int = 200, *, again_s: int = 0) -> func.HttpResponse:
    """Answer a value as JSON; nobody on the way keeps it."""
    headers = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
    if again_s:
        headers["Retry-After"] = str(again_s)
    text = json.dumps(value)
    return func.HttpResponse(text, status_code=status, mimetype="application/json", headers=headers)


def refuse(refused: Refused) -> func.HttpResponse:
    """Answer that it was not done, and why."""
    return answer({"error": str(refused)}, refused.status, again_s=refused.again_s)
