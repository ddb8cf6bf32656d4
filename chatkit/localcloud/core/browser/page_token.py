"""The token that opens a page's port: of the map, the stage's screen, a class's board.

The token stands behind the `#` of the page's address, a part that a browser sends to nobody. The
page sends a proof that it knows the token, and not the token: something else may listen at the port
while ours is closed. The proof is of one run, and opens nothing in the next one.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Callable, Mapping

from aiohttp import web
from aiohttp.typedefs import Handler

from chatkit.core.running import start_proof
from chatkit.core.running.reachable import TOKEN_HEADER
from chatkit.core.text.constant_time import is_same_secret

HEADERS = {
    "Cache-Control": "no-store",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",  # browsers from before frame-ancestors
}


class PageToken:
    """The token of a page, in one run of the program that has its port.

    Args:
        token: What it is now; empty while there is none, and then nobody knows it.
        run: Of the program; by default a new one.
    """

    def __init__(self, token: Callable[[], str], run: str = "") -> None:
        self._token = token
        self._run = run or secrets.token_hex(8)

    async def tell_run(self, _: web.Request) -> web.Response:
        """Answer with what the page makes its proof of."""
        return web.json_response({"run": self._run})

    def is_known_to(self, request: web.Request) -> bool:
        """Whether the sender of a request has proven to know the token."""
        token = self._token()
        right = proof(token, self._run)
        is_proven = is_same_secret(request.headers.get(TOKEN_HEADER, ""), right)
        return is_proven and bool(token)


def proof(token: str, run: str) -> str:
    """What shows a run of a program that somebody knows its page's token."""
    return hmac.new(token.encode(), run.encode(), hashlib.sha256).hexdigest()


def harden(app: web.Application, headers: Mapping[str, str] = HEADERS) -> None:
    """Give all answers of an application these headers, where they have none of their own."""

    async def add(_: web.Request, response: web.StreamResponse) -> None:
        for name, value in headers.items():
            response.headers.setdefault(name, value)

    app.on_response_prepare.append(add)


def refuse(_: web.Request, status: int, sentence: str) -> web.Response:
    """What the port of a page answers when it fails, or does not do something."""
    return web.json_response({"error": sentence}, status=status, headers=HEADERS)


def forbid(request: web.Request) -> web.Response:
    """The answer to a caller who has not proven to know the token."""
    return refuse(request, 403, f"The {TOKEN_HEADER} header is missing or wrong.")


def proving(secret: str, port: int, page: str) -> Handler:
    """Answers at `/` of a process of its own: the starter's challenge, and browsers.

    Args:
        secret: What the process proves itself with.
        port: Where it listens.
        page: The path to which browsers are led.
    """

    async def prove(request: web.Request) -> web.Response:
        challenge = request.headers.get(start_proof.CHALLENGE_HEADER, "")
        if not challenge or not secret:
            raise web.HTTPFound(page)
        given = start_proof.proof(secret, challenge, port=port)
        return web.Response(status=204, headers={start_proof.PROOF_HEADER: given})

    return prove
