"""The page to project: how a phone gets in."""

from __future__ import annotations

from chatkit.core.results import escape

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
      img { width: min(70vmin, 90vw); height: auto; background: #fff; }
    </style>
  </head>
  <body>
    <h1>Join the chat with your phone</h1>
    <img src="%(picture)s" alt="QR code of %(address)s">
    <p>or type <strong>%(short)s</strong></p>
  </body>
</html>
"""


def page(address: str, picture: str) -> str:
    """Code and address, as large as the screen takes.

    Args:
        address: Where the chat is.
        picture: Where the code is.
    """
    known = {"address": address, "picture": picture, "short": short(address)}
    return PAGE % {name: escape(value) for name, value in known.items()}


def short(address: str) -> str:
    """What people type into a browser: it adds the rest itself."""
    return address.removeprefix("http://").removesuffix("/")
