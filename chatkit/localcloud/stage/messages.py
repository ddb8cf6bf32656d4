"""Messages of guests: what the app gets of them, and what guests get of its history."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from aiohttp import web

from chatkit.localcloud.core.web import HandedOn, whole_number
from chatkit.localcloud.stage.chat import Chat
from chatkit.localcloud.stage.moderation import history
from chatkit.localcloud.stage.moderation.moderator import Moderator
from chatkit.localcloud.stage.moderation.posts import PostRefused, Writer
from chatkit.localcloud.stage.moderation.rules import Rules, View, shown

MESSAGES = "/api/messages"
MOST_READ = 4
"""How many guests' histories the app reads at the same time. When a whole room comes back at once,
who still has to connect does not wait behind a thousand of them.
"""


class Messages:
    """Between guests and the app.

    Args:
        chat: Has the app.
        moderator: Knows what nobody sees, and who may write.
    """

    def __init__(self, chat: Chat, moderator: Moderator) -> None:
        self._chat = chat
        self._moderator = moderator
        self._reading = asyncio.Semaphore(MOST_READ)

    async def post(
        self, request: web.Request, headers: Mapping[str, str], writer: Writer
    ) -> web.StreamResponse:
        """Let the app have a message, if its writer may send it now.

        Args:
            request: The guest's.
            headers: What the app gets of it.
            writer: Who the guest is.
        """
        body = await request.read()
        try:
            admitted = self._moderator.admit(body, writer)
        except PostRefused as refused:
            return _refusal(refused)
        answer = await self._chat.api(request, HandedOn(headers, admitted))
        if answer.status != 200:
            self._moderator.rates.give_back(writer.id)
        return answer

    async def read(
        self, request: web.Request, headers: Mapping[str, str], *, with_checks: bool = False
    ) -> web.StreamResponse:
        """A page of the history, without what nobody sees.

        Args:
            request: The guest's.
            headers: What the app gets of it.
            with_checks: Also what checks and rehearsals have written.
        """
        async with self._reading:
            answer = await self._chat.api(request, HandedOn(headers, b""))
        view = View(self._moderator.rules, with_checks)
        if not isinstance(answer, web.Response) or not history.may_hide(answer, view):
            return answer
        if history.page_of(answer) is None:
            return history.filtered(answer, view)

        limit = whole_number(request.query.get("limit", "0")) or 0
        page = await history.filled_page(answer, limit, view, earlier(self._chat, request, headers))
        # While the app was asked, the presenter may have hidden something.
        view = View(self._moderator.rules, with_checks)
        return history.rewritten(answer, shown(page, view))

    async def people(
        self, request: web.Request, headers: Mapping[str, str], limit: int
    ) -> list[str] | None:
        """Who has spoken lately, and to whom; None when the app does not tell now.

        Args:
            request: Asks the app for the newest messages.
            headers: What the app gets of it.
            limit: How many messages.
        """
        answer = await self._chat.api(request, HandedOn(headers, b""))
        if answer.status >= 500:
            return None
        before = earlier(self._chat, request, headers)
        everybodys = View(Rules(0))  # phones of a rehearsal are nobody
        return _names_in(await history.filled_page(answer, limit, everybodys, before))


def _names_in(page: list[Any]) -> list[str]:
    """Senders and recipients."""
    messages = [one for one in page if isinstance(one, dict)]
    people = [one.get(key) for one in messages for key in ("sender", "recipient")]
    return [name for name in people if isinstance(name, str)]


def earlier(chat: Chat, request: web.Request, headers: Mapping[str, str]) -> history.Ask:
    """A function that asks the app for the page before a message.

    Args:
        chat: Has the app.
        request: Asked for the first page.
        headers: What the app gets of it.
    """

    async def ask(before: str) -> web.StreamResponse:
        url = request.rel_url.update_query(before=before)
        return await chat.api(request.clone(rel_url=url), HandedOn(headers, b""))

    return ask


def _refusal(refused: PostRefused) -> web.Response:
    headers = {"Retry-After": str(refused.wait_s)} if refused.wait_s else None
    answer = {"error": str(refused), "reason": refused.reason}
    return web.json_response(answer, status=refused.status, headers=headers)
