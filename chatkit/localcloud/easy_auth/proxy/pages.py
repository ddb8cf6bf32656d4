"""What the browser gets when the app itself gives no answer."""

from __future__ import annotations

import html

from aiohttp import web

from chatkit.localcloud.easy_auth.proxy.target import Target

BAD_GATEWAY = 502
STYLE = "body{font:16px/1.5 system-ui,sans-serif;max-width:40rem;margin:4rem auto;padding:0 1rem}"
HEADERS = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}


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
    if "text/html" not in request.headers.get("Accept", ""):
        return web.Response(status=BAD_GATEWAY, text=f"{what} {then}\n", headers=HEADERS)
    page = (
        '<!doctype html><html lang="en"><meta charset="utf-8">'
        f"<title>The app does not answer</title><style>{STYLE}</style>"
        f"<main><h1>{html.escape(what)}</h1><p>{html.escape(then)}</p></main></html>"
    )
    return web.Response(status=BAD_GATEWAY, text=page, content_type="text/html", headers=HEADERS)
