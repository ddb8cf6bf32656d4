"""App Service Authentication in token mode, as little of it as the page needs."""

from __future__ import annotations

import html
import json
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import NamedTuple
from urllib.parse import quote

from aiohttp import web

HEADER = "X-ZUMO-AUTH"
DOMAIN = "@chatkit.example"
OBJECT_ID = "http://schemas.microsoft.com/identity/claims/objectidentifier"
TEST_USERS = ("alice", "bob", "carol", "<img src=x onerror=alert(1)>")
PICK = """<!doctype html><html lang="en"><title>Who are you?</title>
<form method="post">{buttons}</form></html>"""


class Person(NamedTuple):
    """Somebody as the provider knows them; two may have one name."""

    id: str
    name: str


def id_of(user: str) -> str:
    """The object id of a user, by the sign-in name or the part before its domain."""
    return str(uuid.uuid5(uuid.NAMESPACE_DNS, user.removesuffix(DOMAIN)))


@dataclass
class SignIns:
    """Who is signed in.

    Attributes:
        sessions: Token to person.
        names: User to the name that others see, for who has another one than their sign-in name.
        seen: Requests to `/.auth`: path, whether a token came along, whether a cookie.
        closed: Whether `/.auth/logout` does not answer.
    """

    sessions: dict[str, Person] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    seen: list[tuple[str, bool, bool]] = field(default_factory=list)
    closed: bool = False

    def expire(self) -> None:
        """No session is good any more."""
        self.sessions.clear()

    def routes(self) -> dict[str, Callable[[web.Request], Awaitable[web.StreamResponse]]]:
        """What stands before the app."""
        return {
            "GET /.auth/login/aad": self._ask,
            "POST /.auth/login/aad": self._start,
            "GET /.auth/me": self._me,
            "GET /.auth/logout": self._logout,
        }

    def person_of(self, request: web.Request) -> Person:
        """Who asks, for the principal headers; empty for nobody.

        A token that is no good is refused before the app sees it.
        """
        token = request.headers.get(HEADER)
        if token is None:
            return Person("", "")
        if token not in self.sessions:
            raise web.HTTPUnauthorized(text="The token has expired.")
        return self.sessions[token]

    async def _ask(self, request: web.Request) -> web.StreamResponse:
        buttons = "".join(
            f'<button name="user" value="{html.escape(name)}">{quote(name)}</button>'
            for name in (*self.names, *TEST_USERS)
        )
        response = web.Response(text=PICK.format(buttons=buttons), content_type="text/html")
        response.set_cookie("AppServiceAuthSession", "for-every-site", samesite="None", secure=True)
        return response

    async def _start(self, request: web.Request) -> web.StreamResponse:
        token = uuid.uuid4().hex
        user = str((await request.post())["user"])
        self.sessions[token] = Person(id_of(user), self.names.get(user, user + DOMAIN))
        document = json.dumps(
            {"authenticationToken": token, "user": {"userId": f"sid:{uuid.uuid4().hex}"}}
        )
        raise web.HTTPFound(
            f"{request.query['post_login_redirect_url']}#token={quote(document, safe='')}"
        )

    async def _me(self, request: web.Request) -> web.StreamResponse:
        self._note(request)
        person = self.person_of(request)
        if not person.id:
            raise web.HTTPUnauthorized
        claims = [{"typ": "name", "val": person.name}, {"typ": OBJECT_ID, "val": person.id}]
        known = {"provider_name": "aad", "user_id": person.name, "user_claims": claims}
        return web.json_response([known])

    async def _logout(self, request: web.Request) -> web.StreamResponse:
        self._note(request)
        if self.closed:
            raise web.HTTPServiceUnavailable
        self.sessions.pop(request.headers.get(HEADER, ""), None)
        return web.Response(text="You have been signed out.")

    def _note(self, request: web.Request) -> None:
        self.seen.append((request.path, HEADER in request.headers, "Cookie" in request.headers))
