"""One sentence and what to do next: a small page for browsers, text for programs."""

from __future__ import annotations

import html
from dataclasses import dataclass

from aiohttp import web

# A phone shows a page of 980 pixels in small without the viewport (CSS Viewport Module §4).
HEAD = (
    '<!doctype html><html lang="en"><meta charset="utf-8">'
    '<meta name="viewport" content="width=device-width">'
)
STYLE = (
    ":root{color-scheme:light dark}"
    "body{font:16px/1.5 system-ui,sans-serif;max-width:40rem;margin:4rem auto;padding:0 1rem;"
    "overflow-wrap:anywhere}"
)
POLICY = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'"
HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
}


@dataclass(frozen=True)
class Link:
    """A way on from a page."""

    address: str
    text: str


def wants_page(request: web.Request) -> bool:
    """Whether a person looks at the answer, not a script."""
    mode = request.headers.get("Sec-Fetch-Mode", "navigate")
    return mode == "navigate" and "text/html" in request.headers.get("Accept", "")


def page(title: str, sentence: str, link: Link | None = None) -> str:
    """A page that says one thing, and leads on."""
    then = ""
    if link is not None:
        then = f'<p><a href="{html.escape(link.address)}">{html.escape(link.text)}</a></p>'
    return (
        f"{HEAD}<title>{html.escape(title)}</title><style>{STYLE}</style>"
        f"<main><h1>{html.escape(title)}</h1><p>{html.escape(sentence)}</p>{then}</main></html>"
    )
