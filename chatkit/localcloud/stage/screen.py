"""The page to project: the room's last messages, the code, and what the presenter can do.

The page itself holds nothing of a chat. What it shows it asks for: everybody may know where the
chat is and how many are there, the rest takes the presenter's token.
"""

from __future__ import annotations

from typing import Final

from aiohttp import web

from chatkit.core.codes import qr
from chatkit.localcloud.core.answering import plainly
from chatkit.localcloud.core.browser import page_token
from chatkit.localcloud.core.browser.page_files import page_files
from chatkit.localcloud.stage.place import Place

SCREEN: Final = "/stage"
CODE: Final = "/stage/code.svg"
NAMES: Final = (
    *("stage.css", "screen.js", "cloud.js", "room.js", "view.js", "messages.js"),
    *("presenter.js", "keys.js", "dialogs.js", "ways.js", "words.js"),
)
FILES: Final = page_files(
    __package__,
    {SCREEN: "stage.html", **{f"{SCREEN}/{name}": name for name in NAMES}},
    below=SCREEN,
)
HEADERS: Final = {
    **page_token.HEADERS,
    "Cache-Control": "no-cache",
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:;"
        " connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
}

NO_ADDRESS: Final = "The stage has no address now."


def file(path: str) -> web.Response:
    """A file of the page.

    Args:
        path: One of FILES.
    """
    return FILES[path].answer(HEADERS)


def code(request: web.Request, place: Place | None) -> web.Response:
    """The code of the stage's present address, as a picture."""
    if place is None:
        return plainly(request, 404, NO_ADDRESS)
    return web.Response(text=qr.svg(f"{place.origin}/"), content_type="image/svg+xml")
