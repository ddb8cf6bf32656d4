"""The page to project, and the code on it."""

from __future__ import annotations

from aiohttp import web

from chatkit.core.codes import qr, screen
from chatkit.localcloud.stage.place import Place

CODE = "/stage/code.svg"
POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src 'self'; base-uri 'none';"
    " form-action 'none'; frame-ancestors 'none'"
)


def page(place: Place) -> web.Response:
    """Code and address, as large as the screen takes."""
    text = screen.page(f"{place.origin}/", CODE)
    headers = {"Content-Security-Policy": POLICY}
    return web.Response(text=text, content_type="text/html", headers=headers)


def code(place: Place) -> web.Response:
    """The code alone, as a picture."""
    return web.Response(text=qr.svg(f"{place.origin}/"), content_type="image/svg+xml")
