"""The chat that a stage shows: its page and its API, deployed or run on this machine."""

from __future__ import annotations

from typing import Protocol
from urllib.parse import urlsplit

import aiohttp
from aiohttp import web
from yarl import URL

from chatkit.core import ports
from chatkit.core.peers.listening_users import is_anothers
from chatkit.localcloud.core.answering import plainly
from chatkit.localcloud.core.web import HANDED_ON, HandedOn
from chatkit.localcloud.functions.service import FunctionsService
from chatkit.localcloud.storage.service import StorageService

MOST_CALLS = 64
ANSWER_WITHIN_S = 60
NO_APP = "There is no function app any more."
NOT_RUN = "The functions do not run on this machine any more."
NO_PAGE = "The page is not served on this machine any more."


class Chat(Protocol):
    """A page and its API."""

    async def page(self, request: web.Request) -> web.StreamResponse:
        """Answer with a file of the page."""

    async def api(self, request: web.Request, handed_on: HandedOn) -> web.StreamResponse:
        """Let the app answer."""

    async def close(self) -> None:
        """End what is open."""


class DeployedChat:
    """The chat as it was deployed to the local cloud: answered in this process.

    Args:
        functions: Has the function app.
        site: Its name.
        storage: Has the website.
        account: The storage account of it.
    """

    def __init__(
        self, functions: FunctionsService, site: str, storage: StorageService, account: str
    ) -> None:
        self._functions = functions
        self._site = site
        self._storage = storage
        self._account = account

    async def page(self, request: web.Request) -> web.StreamResponse:
        """Answer with a file of the account's website."""
        return await self._storage.answer_website(self._account, request)

    async def api(self, request: web.Request, handed_on: HandedOn) -> web.StreamResponse:
        """Let the function app answer, past the sign-in in front of it."""
        request[HANDED_ON] = handed_on
        try:
            return await self._functions.answer(self._site, request)
        except KeyError:
            return plainly(request, 503, NO_APP)

    async def close(self) -> None:
        """Nothing is open."""


class LocalChat:
    """The chat as it runs on this machine: page and functions are programs of their own.

    Args:
        page_url: Where the page is.
        api_url: Where the functions are.
    """

    def __init__(self, page_url: str, api_url: str) -> None:
        self._page_url = page_url
        self._api_url = api_url
        self._http = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=MOST_CALLS, socket_factory=_own_socket),
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=aiohttp.ClientTimeout(total=ANSWER_WITHIN_S),
        )

    async def page(self, request: web.Request) -> web.StreamResponse:
        """Answer with what the page's own server has."""
        handed_on = HandedOn({}, b"")
        return await self._ask(request, self._page_url, handed_on, NO_PAGE)

    async def api(self, request: web.Request, handed_on: HandedOn) -> web.StreamResponse:
        """Let the functions on this machine answer."""
        return await self._ask(request, self._api_url, handed_on, NOT_RUN)

    async def close(self) -> None:
        """End the connections to both."""
        await self._http.close()

    async def _ask(
        self, request: web.Request, base: str, handed_on: HandedOn, sentence: str
    ) -> web.StreamResponse:
        parts = urlsplit(base)
        asked = request.rel_url
        url = URL.build(
            scheme="http",
            host=parts.hostname or "",
            port=parts.port,
            path=asked.raw_path,
            query_string=asked.raw_query_string,
            encoded=True,
        )
        sent = self._http.request(
            request.method,
            url,
            headers=dict(handed_on.headers),
            data=handed_on.body or None,
            allow_redirects=False,
        )
        try:
            async with sent as answer:
                content = await answer.read()
                kind = answer.headers.get("Content-Type", "application/octet-stream")
                return web.Response(
                    status=answer.status, body=content, headers={"Content-Type": kind}
                )
        except (aiohttp.ClientError, TimeoutError, OSError):
            return plainly(request, 502, sentence)


def _own_socket(address: ports.AddressInfo) -> ports.Socket:
    """A socket for a new connection to a port that nobody else has taken.

    A program of another user there would be told who the guests are.
    """
    port = int(address[4][1])
    if is_anothers(port):
        raise PermissionError(f"port {port} is another user's")
    return ports.unconnected(address)
