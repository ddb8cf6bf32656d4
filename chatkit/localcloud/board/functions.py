"""The board's functions, asked for somebody else: for the room, and for the instructor's page."""

from __future__ import annotations

import json
from collections.abc import Mapping
from urllib.parse import urlsplit

import aiohttp
from aiohttp import web

from chatkit.core import strict_json
from chatkit.localcloud.core.web import read_whole

LIMIT = aiohttp.ClientTimeout(total=20, connect=5)
MAX_ANSWER_BYTES = 32 * 1024 * 1024
PASSED = ("Content-Type", "Retry-After")
TOO_LONG = "The board's functions answered more than a board shows."
DOWN = "The board's functions do not answer now. Please try again."


class Functions:
    """A way to the functions.

    Args:
        api: Their address.
        session: Sends.
    """

    def __init__(self, api: str, session: aiohttp.ClientSession) -> None:
        self._api = api
        self._session = session

    async def ask(
        self, method: str, path: str, *, body: bytes, headers: Mapping[str, str]
    ) -> web.Response:
        """Let the functions answer one request.

        Args:
            method: Of the request.
            path: Below `/api/`.
            body: As it was sent.
            headers: All that they get.
        """
        try:
            async with self._session.request(
                method,
                f"{self._api}/api/{path}",
                data=body or None,
                headers=headers,
                timeout=LIMIT,
                allow_redirects=False,
            ) as answer:
                content = await read_whole(answer.content, limit_bytes=MAX_ANSWER_BYTES)
                if content is None:
                    return web.json_response({"error": TOO_LONG}, status=502)
                passed = {name: answer.headers[name] for name in PASSED if name in answer.headers}
                return web.Response(status=answer.status, body=content, headers=passed)
        except (aiohttp.ClientError, TimeoutError):
            return web.json_response({"error": DOWN}, status=503)


def at_origin(answer: web.Response, hub: str, origin: str) -> web.Response:
    """An answer to negotiate that leads to the hub at another address.

    An address that is not the hub's stays as it is.
    """
    content = answer.body
    if answer.status != 200 or not isinstance(content, bytes):
        return answer
    try:
        document = strict_json.loads(content)
        url = urlsplit(str(document["url"]))
    except (ValueError, TypeError, KeyError):
        return answer
    if f"{url.scheme}://{url.netloc}" == hub:
        document["url"] = url._replace(scheme="http", netloc=urlsplit(origin).netloc).geturl()
    answer.body = json.dumps(document).encode()
    return answer
