"""One request as it is noted: what was sent without secrets, and of the answer its form.

Of an answer no value is kept but those that say how the request ended: status, states, an error's
code and message. So no key, no person's name and no text of the chat can be in it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, NotRequired, TypedDict
from urllib.parse import urlsplit

from chatkit.cloud.trace.scrubbing import scrub, scrub_body, scrub_url

HEADERS = ("retry-after", "x-ms-error-code", "x-ms-failure-cause", "content-type", "etag")
"""Of an answer, in lower case; of `etag` only that it is there."""
OPERATION_HEADERS = ("azure-asyncoperation", "location")
"""They lead to an operation that runs; their addresses are noted without their queries."""
STATES = ("status", "provisioningState", "registrationState", "state", "nameAvailable", "reason")
STATE_LENGTH = 40
MOST_BYTES = 400_000
MESSAGE_LENGTH = 600
DEEPEST = 30


class Entry(TypedDict):
    """A request and its answer.

    Attributes:
        at: When, in Unix seconds.
        target: "local" or "azure".
        step: What the verb does that sent it; empty for cells, checks and the doctor.
        operation: The SDK's method; empty without one.
        url: Without secrets.
        body: The JSON that was sent, without secrets; missing where the app itself is asked.
        size_bytes: Of another body.
        status: 0 without an answer.
        headers: Those of an answer that matter.
        answer: Its form: names of fields, and the type of each value.
        states: Values that say how it ended.
        code: Of an error.
        message: Of an error, without secrets.
        failure: Type of the exception where there is no answer.
        seconds: Until the answer.
    """

    at: float
    target: str
    step: str
    operation: str
    method: str
    url: str
    status: int
    seconds: float
    body: NotRequired[Any]
    size_bytes: NotRequired[int]
    headers: NotRequired[dict[str, str]]
    answer: NotRequired[Any]
    states: NotRequired[dict[str, str]]
    code: NotRequired[str]
    message: NotRequired[str]
    failure: NotRequired[str]


def sent(method: str, url: str, content_type: str, body: bytes, *, is_api: bool) -> dict[str, Any]:
    """The part of an entry that says what was sent.

    Args:
        method: HTTP verb.
        url: As it went out.
        content_type: Of the body.
        body: Bytes.
        is_api: It goes to an API of Azure; else to the app or the page, whose bodies are people's.
    """
    noted: dict[str, Any] = {"method": method, "url": scrub_url(url)}
    document = _document(body, content_type) if is_api else None
    if isinstance(document, dict):
        noted["body"] = scrub_body(document, urlsplit(url).path)
    elif body:
        noted["size_bytes"] = len(body)
    return noted


def answered(
    status: int, headers: Mapping[str, str], body: bytes, *, is_api: bool
) -> dict[str, Any]:
    """The part of an entry that says how it was answered."""
    kept = {name.lower(): value for name, value in headers.items()}
    noted: dict[str, Any] = {"status": status, "headers": _headers(kept)}
    document = _document(body, kept.get("content-type", "")) if is_api else None
    if document is not None:
        noted["answer"] = shape(document)
    if isinstance(document, dict):
        states = _states(document)
        if states:
            noted["states"] = states
        if status >= 400:
            noted |= _error(document)
    return noted


def shape(value: Any, depth: int = DEEPEST) -> Any:
    """The form of a JSON document; of a list that of its first element."""
    if depth == 0:
        return "string"
    if isinstance(value, dict):
        return {scrub(str(name)): shape(one, depth - 1) for name, one in sorted(value.items())}
    if isinstance(value, list):
        return [shape(value[0], depth - 1)] if value else []
    if value is None:
        return "null"
    return {bool: "boolean", int: "number", float: "number"}.get(type(value), "string")


def _headers(headers: Mapping[str, str]) -> dict[str, str]:
    found = {name: scrub(headers[name]) for name in HEADERS if name in headers}
    if "etag" in found:
        found["etag"] = "there"
    places = {
        name: scrub_url(headers[name].partition("?")[0])
        for name in OPERATION_HEADERS
        if name in headers
    }
    return found | places


def _states(document: dict[str, Any]) -> dict[str, str]:
    """Values of the fields that say how far something is, at the top and in `properties`."""
    properties = document.get("properties")
    places = [document, properties if isinstance(properties, dict) else {}]
    found: dict[str, str] = {}
    for place in places:
        for name in STATES:
            value = place.get(name)
            if isinstance(value, bool | int) or (
                isinstance(value, str) and len(value) <= STATE_LENGTH
            ):
                found[name] = scrub(str(value))
    return found


def _error(document: dict[str, Any]) -> dict[str, Any]:
    """Code and message in the form of Resource Manager and Graph, or in that of App Service."""
    inner = document.get("error")
    error: dict[str, Any] = inner if isinstance(inner, dict) else document
    code = error.get("code") or error.get("Code") or ""
    message = error.get("message") or error.get("Message") or ""
    return {"code": scrub(str(code))[:80], "message": scrub(str(message))[:MESSAGE_LENGTH]}


def _document(body: bytes, content_type: str) -> Any:
    if not body or "json" not in content_type.lower() or len(body) > MOST_BYTES:
        return None
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None
