"""The page to project: the room's last messages, the code, and what the presenter can do.

The page itself holds nothing of a chat. What it shows it asks for: everybody may know where the
chat is and how many are there, the rest takes the presenter's token.
"""

from __future__ import annotations

from importlib import resources
from typing import Final

from aiohttp import web

from chatkit.core.codes import qr, screen
from chatkit.localcloud.stage.place import Place

SCREEN: Final = "/stage"
CODE: Final = "/stage/code.svg"
STYLE: Final = "text/css"
SCRIPT: Final = "text/javascript"
SCRIPTS: Final = (
    *("screen.js", "cloud.js", "room.js", "view.js", "messages.js"),
    *("presenter.js", "keys.js", "dialogs.js", "ways.js", "words.js"),
)
FILES: Final = {
    SCREEN: ("stage.html", "text/html"),
    f"{SCREEN}/stage.css": ("stage.css", STYLE),
    **{f"{SCREEN}/{name}": (name, SCRIPT) for name in SCRIPTS},
}
HEADERS: Final = {
    "Cache-Control": "no-cache",
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:;"
        " connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",  # browsers from before frame-ancestors
}

POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src 'self'; base-uri 'none';"
    " form-action 'none'; frame-ancestors 'none'"
)


def file(path: str) -> web.Response:
    """A file of the page.

    Args:
        path: One of FILES.
    """
    name, kind = FILES[path]
    text = (resources.files(__package__) / "page" / name).read_text(encoding="utf-8")
    return web.Response(text=text, content_type=kind, headers=HEADERS)


def page(place: Place) -> web.Response:
    """Code and address, as large as the screen takes."""
    text = screen.page(f"{place.origin}/", CODE)
    headers = {"Content-Security-Policy": POLICY}
    return web.Response(text=text, content_type="text/html", headers=headers)


def code(place: Place) -> web.Response:
    """The code alone, as a picture."""
    return web.Response(text=qr.svg(f"{place.origin}/"), content_type="image/svg+xml")
