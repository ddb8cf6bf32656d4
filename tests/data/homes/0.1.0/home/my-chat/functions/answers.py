"""Answers: every function speaks JSON, and says what went wrong as `{"error": "a sentence"}`."""

import json
from typing import Any

import azure.functions as func


def answer(value: Any, status: int = 200) -> func.HttpResponse:
    """Answer a value as JSON."""
    return func.HttpResponse(json.dumps(value), status_code=status, mimetype="application/json")


def refuse(sentence: str, status: int) -> func.HttpResponse:
    """Answer that it did not work, and why."""
    return answer({"error": sentence}, status)
