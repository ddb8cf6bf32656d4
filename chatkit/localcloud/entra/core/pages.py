"""The sign-in pages: small, without scripts from elsewhere, every foreign text escaped."""

from __future__ import annotations

import html
import json
from collections.abc import Mapping

from aiohttp import web

HEADERS = {
    "Cache-Control": "no-store",
    # Not "no-referrer": forms would be sent with "Origin: null" then, and over plain http a
    # browser sends nothing else that tells them from another site's.
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
STYLE = (
    ":root{color-scheme:light dark}"
    "body{font:16px/1.5 system-ui,sans-serif;background:#f3f2f1;color:#201f1e;"
    "display:grid;grid-template-columns:minmax(0,1fr);place-items:center;min-height:90vh}"
    "main{background:#fff;padding:2.5rem;width:27rem;max-width:100%;box-sizing:border-box;"
    "border-radius:4px;overflow-wrap:anywhere}"
    "h1{font-size:1.4rem;margin-top:0}"
    "button{display:block;width:100%;padding:.7rem;margin:.4rem 0;font:inherit;text-align:left;"
    "border:1px solid #8a8886;background:#fff;border-radius:3px;cursor:pointer}"
    "button:hover,button:focus{background:#f3f2f1}"
    "input{width:100%;box-sizing:border-box;padding:.6rem;font:inherit;margin:.2rem 0}"
    "label{display:block;margin-top:1rem}"
    ".note{font-size:.85rem;color:#605e5c}"
    "@media(max-width:30rem){main{padding:1.25rem}}"
    "@media(prefers-color-scheme:dark){body{background:#1b1a19;color:#f3f2f1}"
    "main{background:#292827}.note{color:#c8c6c4}"
    "button{background:#292827;color:inherit}button:hover,button:focus{background:#3b3a39}}"
)


def pick_user(
    application: str, asked: Mapping[str, str], *, hint: str, users: tuple[str, ...]
) -> web.Response:
    """Ask who signs in to an application."""
    request = _hidden("request", json.dumps(dict(asked)))
    body = (
        "<h1>Pick an account</h1>"
        f"<p>to continue to <strong>{html.escape(application)}</strong></p>"
        f'<form method="post">{request}{_users(users)}</form>'
        f'<form method="post">{request}'
        '<label for="user">Another name</label>'
        '<input id="user" name="user" maxlength="64" autocomplete="username" required'
        f' value="{html.escape(hint)}">'
        "<button>Sign in</button></form>"
        f'<form method="post">{request}'
        '<button name="cancel" value="1">Cancel</button></form>'
    )
    return _page("Sign in to your account", body)


def device(code: str, *, users: tuple[str, ...]) -> web.Response:
    """Ask for the code that a device shows."""
    body = (
        "<h1>Enter code</h1>"
        "<p>Enter the code displayed on your app or device, then pick who you are.</p>"
        '<form method="post"><label for="otc">Code</label>'
        f'<input id="otc" name="otc" required value="{html.escape(code)}">'
        f"{_users(users)}"
        '<button name="cancel" value="1">Decline</button></form>'
    )
    return _page("Sign in to your account", body)


def message(title: str, text: str, *, status: int = 200) -> web.Response:
    """Say one thing."""
    return _page(title, f"<h1>{html.escape(title)}</h1><p>{html.escape(text)}</p>", status=status)


def refuse(_: web.Request, status: int, sentence: str) -> web.Response:
    """Say that a request failed, or is for another host."""
    return message("Something went wrong", sentence, status=status)


def form_post(target: str, values: Mapping[str, str]) -> web.Response:
    """Send values to the application as a form (response_mode=form_post)."""
    fields = "".join(_hidden(name, value) for name, value in values.items())
    body = (
        f'<form method="post" action="{html.escape(target)}">{fields}'
        "<button>Continue</button></form>"
        "<script>document.forms[0].submit()</script>"
    )
    return _page("Working…", body, script=True)


def _hidden(name: str, value: str) -> str:
    return f'<input type="hidden" name="{html.escape(name)}" value="{html.escape(value)}">'


def _users(users: tuple[str, ...]) -> str:
    return "".join(
        f'<button name="user" value="{html.escape(user)}">{html.escape(user)}</button>'
        for user in users
    )


def _page(title: str, body: str, *, status: int = 200, script: bool = False) -> web.Response:
    policy = (
        "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'"
    )
    text = (
        '<!doctype html><html lang="en"><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width">'
        f"<title>{html.escape(title)}</title><style>{STYLE}</style><main>{body}"
        '<p class="note">This is chatkit&#39;s local stand-in for Microsoft Entra ID. '
        "There are no passwords here.</p></main></html>"
    )
    if script:
        policy += "; script-src 'unsafe-inline'"
    headers = {**HEADERS, "Content-Security-Policy": policy}
    return web.Response(status=status, text=text, content_type="text/html", headers=headers)
