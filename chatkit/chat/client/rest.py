"""The chat client's HTTP requests: JSON in, JSON out, errors as sentences that say what to do."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import aiohttp

from chatkit.core.availability import Availability
from chatkit.core.errors import NotStarted, RemoteProtocolError, ServiceError

LONGEST = 300
NOT_FOUND = 404
TIMEOUT = aiohttp.ClientTimeout(total=30, connect=5)
HINTS = {
    401: "The app asks who you are: sign in first.",
    403: "You are signed in, but not allowed to do this.",
    404: "Is that function deployed, and does it allow this method?"
    " The address ends in /api/ and the function's route.",
    429: "A Free unit of SignalR Service holds 20 connections and sends 20,000 messages a day:"
    " close other tabs and panels.",
    500: "A function failed; the app's log shows where.",
    503: "The app could not start; its log shows why.",
}


async def ask(
    session: aiohttp.ClientSession,
    method: str,
    url: str,
    *,
    body: Any = None,
    headers: Mapping[str, str] | None = None,
    hint: str = "",
) -> Any:
    """Send one request and return the JSON it answers, None for an empty answer.

    Args:
        hint: What helps when nothing answers.

    Raises:
        NotStarted: Nothing listens at the address.
        ServiceError: The answer's status is not 2xx.
        RemoteProtocolError: The answer is not JSON.
    """
    try:
        async with session.request(
            method, url, json=body, headers=headers, timeout=TIMEOUT, trace_request_ctx=body
        ) as answer:
            text = await answer.text(errors="replace")
            if not 200 <= answer.status < 300:
                raise refusal(answer.status, method, url, text)
    except (aiohttp.ClientConnectionError, TimeoutError) as error:
        raise NotStarted(f"{_origin(url)} does not answer.", hint=hint) from error
    try:
        if not text:
            return None
        return json.loads(text)
    except (ValueError, RecursionError):
        raise RemoteProtocolError(
            f"{method} {_path(url)} answered text that is not JSON: {text[:60]!r}.",
            hint="Does the function return what its binding gave it?",
        ) from None


async def ask_app(
    session: aiohttp.ClientSession,
    method: str,
    url: str,
    availability: Availability,
    *,
    body: Any = None,
    headers: Mapping[str, str] | None = None,
) -> Any:
    """Send one request to the functions, as `ask` does.

    Raises:
        ServiceError: As `ask`; where a function failed, the error names the line.
    """
    since = datetime.now(UTC)
    hint = availability.app_hint()
    try:
        return await ask(session, method, url, body=body, headers=headers, hint=hint)
    except ServiceError as error:
        if error.status >= 500 or error.status == NOT_FOUND:
            await asyncio.to_thread(availability.blame, error, since)
        raise


def refusal(status: int, method: str, url: str, text: str) -> ServiceError:
    """The error for an answer that is not 2xx: the service's own sentence where it gave one."""
    words = _sentence(text)
    message = f"{method} {_path(url)} answered {status}."
    if words:
        message = f"{method} {_path(url)} answered {status}: {words}"
    return ServiceError(status, "", message, hint=HINTS.get(status, ""))


def _sentence(text: str) -> str:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        # A proxy's or a host's page tells nothing that fits into a sentence.
        if text.lstrip().startswith("<"):
            return ""
        return text.strip()[:LONGEST]
    if isinstance(value, dict):
        value = value.get("error", value.get("message", ""))
    if isinstance(value, dict):
        value = value.get("message", "")
    return str(value)[:LONGEST]


def _origin(url: str) -> str:
    return "/".join(url.split("/", 3)[:3])


def _path(url: str) -> str:
    return "/" + url.split("?")[0].split("/", 3)[-1]
