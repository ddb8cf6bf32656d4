"""The history that an app answers, without what nobody sees."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web

from chatkit.core import strict_json
from chatkit.localcloud.stage.moderation.rules import Rules, View, is_before, shown, visible

MAX_ROUNDS = 50
CHECKS = b"A check is running: "
"""Is in an answer when a message of a check may be."""

Ask = Callable[[str], Awaitable[web.StreamResponse]]


async def filled_page(first: web.StreamResponse, limit: int, view: View, ask: Ask) -> list[Any]:
    """A page of the history as everybody sees it, as full as one with nothing hidden.

    A page that is shorter than what was asked for tells a phone that there is nothing before it.

    Args:
        first: What the app answered.
        limit: How many messages a page has; 0 when nobody said.
        view: What is not there.
        ask: Asks the app for the page before a message.
    """
    page = page_of(first) or []
    limit = limit or len(page)
    found = shown(page, view)
    for _ in range(MAX_ROUNDS):
        if len(found) >= limit or len(page) < limit or _is_cleared(page, view.rules):
            break
        last = page[-1].get("id") if isinstance(page[-1], dict) else None
        if not isinstance(last, str):
            break
        page = page_of(await ask(last)) or []
        found += shown(page, view)
    return found[:limit]


def page_of(answer: web.StreamResponse) -> list[Any] | None:
    """The list in an answer; None for every other answer."""
    if answer.status != 200:
        return None
    value = _value_of(answer)
    return value if isinstance(value, list) else None


def may_hide(answer: web.Response, view: View) -> bool:
    """Whether there may be something in an answer that somebody does not see."""
    if view.rules.hides_something:
        return True
    return not view.with_checks and isinstance(answer.body, bytes) and CHECKS in answer.body


def filtered(answer: web.Response, view: View) -> web.Response:
    """An answer without the messages that are not there, wherever they stand in it."""
    value = _value_of(answer)
    if value is None:
        return answer
    return rewritten(answer, visible(value, view))


def rewritten(answer: web.Response, value: Any) -> web.Response:
    """An answer with another value."""
    kind = answer.headers.get("Content-Type", "application/json")
    body = json.dumps(value).encode()
    return web.Response(status=answer.status, body=body, headers={"Content-Type": kind})


def _is_cleared(page: list[Any], rules: Rules) -> bool:
    """Whether everything before a page is hidden."""
    if not rules.before or not page:
        return not page
    return isinstance(page[-1], dict) and is_before(page[-1], rules.before)


def _value_of(answer: web.StreamResponse) -> Any:
    if not isinstance(answer, web.Response) or not isinstance(answer.body, bytes):
        return None
    try:
        return strict_json.loads(answer.body)
    except ValueError:
        return None
