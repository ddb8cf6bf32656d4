"""The page to project: how a phone gets in."""

from __future__ import annotations

import io

import segno
from aiohttp import web

from chatkit.core.results import escape
from chatkit.localcloud.stage.place import Place

POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src 'self'; base-uri 'none';"
    " form-action 'none'; frame-ancestors 'none'"
)
PAGE = """<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <meta name="color-scheme" content="light dark">
    <title>Join the chat</title>
    <style>
      body { margin: 0; min-height: 100vh; display: grid; place-content: center;
        justify-items: center; gap: 3vmin; padding: 3vmin; box-sizing: border-box;
        font: max(24px, 4vmin) system-ui, sans-serif; text-align: center; }
      h1, p { margin: 0; font-size: inherit; overflow-wrap: anywhere; }
      img { width: min(70vmin, 90vw); height: auto; background: #fff; image-rendering: pixelated; }
    </style>
  </head>
  <body>
    <h1>Join the chat with your phone</h1>
    <img src="/stage/code.svg" alt="QR code of %(url)s">
    <p><strong>%(url)s</strong></p>
  </body>
</html>
"""


def page(place: Place) -> web.Response:
    """Code and address, as large as the screen takes."""
    text = PAGE % {"url": escape(f"{place.origin}/")}
    headers = {"Content-Security-Policy": POLICY}
    return web.Response(text=text, content_type="text/html", headers=headers)


def code(place: Place) -> web.Response:
    """The code alone, as a picture."""
    picture = io.BytesIO()
    segno.make(f"{place.origin}/", error="m", micro=False).save(
        picture, kind="svg", scale=8, border=4, light="#fff"
    )
    return web.Response(body=picture.getvalue(), content_type="image/svg+xml")
