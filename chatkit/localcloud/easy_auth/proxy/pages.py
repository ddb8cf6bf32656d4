"""What the browser gets when the app itself gives no answer."""

from __future__ import annotations

from aiohttp import web

from chatkit.localcloud.easy_auth.pages import HEADERS, page, wants_page
from chatkit.localcloud.easy_auth.proxy.target import Target

BAD_GATEWAY = 502


def not_there(request: web.Request, target: Target) -> web.Response:
    """Nothing listens at the app's address."""
    return _failed(
        request,
        f"Nothing answers at {target.origin}.",
        "Start the app, then load this page again. Sign-in waits for it.",
    )


def no_answer(request: web.Request, target: Target) -> web.Response:
    """The app has ended the connection, or has not answered in HTTP."""
    return _failed(
        request,
        f"The app at {target.origin} gave no answer that can be passed on.",
        "Its own output may say why.",
    )


def others_app(request: web.Request, target: Target) -> web.Response:
    """Another user's program has the port: it must not learn who is signed in."""
    return _failed(
        request,
        f"The program at {target.origin} belongs to another user of this machine.",
        "Nothing is passed on to it. Let your app listen on another port.",
    )


def _failed(request: web.Request, what: str, then: str) -> web.Response:
    """The same sentences as a page or as text."""
    if not wants_page(request):
        return web.Response(status=BAD_GATEWAY, text=f"{what} {then}\n", headers=HEADERS)
    text = page(what, then)
    return web.Response(status=BAD_GATEWAY, text=text, content_type="text/html", headers=HEADERS)
