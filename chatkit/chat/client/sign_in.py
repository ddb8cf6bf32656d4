"""Signing in to a deployed chat app without a browser: the way of the page, walked by a test user.

Follows Microsoft's page "Work with user identities in Azure App Service authentication", token
mode: the sign-in ends at an address whose fragment holds the token. An identity provider that asks
for a password cannot be walked past; a person signs in on the page then.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import unquote, urljoin, urlsplit

import aiohttp

from chatkit.chat.client.addresses import is_loopback
from chatkit.chat.client.rest import TIMEOUT, ask
from chatkit.core.errors import NotStarted, SetupError

LOGIN = "/.auth/login/aad?session_mode=token"
HEADER = "X-ZUMO-AUTH"
PRINCIPAL = "X-MS-CLIENT-PRINCIPAL-NAME"
REQUEST = re.compile(r'name="request" value="([^"]*)"')
TEST_USER = re.compile(r'<button name="user" value="([^"]*)"')
REDIRECTS = 10


class PersonNeeded(SetupError):
    """The identity provider asks for more than a name."""


@dataclass(frozen=True)
class SignedIn:
    """Somebody who is signed in to the app.

    Attributes:
        name: Sign-in name as the app is told it, for example "alice@chatkit.example".
        token: Of the session, for header X-ZUMO-AUTH; never shown. Empty where nobody stands in
            front of the app, as on this
            machine: the request names its person itself then, as the platform would.
    """

    name: str
    token: str = field(default="", repr=False)

    @property
    def is_verified(self) -> bool:
        """Whether somebody in front of the app vouches for the name."""
        return bool(self.token)

    @property
    def headers(self) -> dict[str, str]:
        """What a request of this person carries."""
        if self.token:
            return {HEADER: self.token}
        return {PRINCIPAL: self.name}

    def __repr__(self) -> str:
        return f"{self.name}, signed in"


async def sign_in(api_base_url: str, user: str) -> SignedIn:
    """Sign a test user in, in a browser profile of their own.

    Args:
        api_base_url: Scheme, host and port of the function app, without /api.
        user: A name that the sign-in page takes, for example "alice".

    Raises:
        NotStarted: Nothing listens at the address.
        PersonNeeded: Only a person can sign in there.
        SetupError: Authentication is off.
        ServiceError: The app refuses its own token.
    """
    try:
        async with aiohttp.ClientSession(
            trust_env=not is_loopback(api_base_url),
            cookie_jar=aiohttp.CookieJar(unsafe=True),
            timeout=TIMEOUT,
        ) as session:
            token = _token(await _walk(session, f"{api_base_url.rstrip('/')}{LOGIN}", user))
            return SignedIn(await who_am_i(session, api_base_url, {HEADER: token}), token)
    except (aiohttp.ClientConnectionError, TimeoutError) as error:
        raise NotStarted(
            "The sign-in does not answer.", hint="workshop.status() shows what there is."
        ) from error


async def who_am_i(
    session: aiohttp.ClientSession, api_base_url: str, headers: Mapping[str, str]
) -> str:
    """The name the platform gives to the app, from `/.auth/me`.

    Raises:
        ServiceError: The token is not good, or not any more.
    """
    known = await ask(session, "GET", f"{api_base_url.rstrip('/')}/.auth/me", headers=headers)
    if not isinstance(known, list) or not known:
        return ""
    return str(known[0]["user_id"])


async def _walk(session: aiohttp.ClientSession, url: str, user: str) -> str:
    """Follow redirects to the sign-in page, pick the user, follow redirects to the end.

    Return the last address.
    """
    form: dict[str, str] = {}
    picked = False
    for _ in range(REDIRECTS):
        method = "POST" if form else "GET"
        async with session.request(method, url, data=form or None, allow_redirects=False) as answer:
            target = answer.headers.get("Location", "")
            text = await answer.text()
        if target:
            url = urljoin(url, target)
            form = {}
        elif picked:
            break
        else:
            form = _pick(answer.status, text, user)
            picked = True
        if urlsplit(url).fragment:
            break
    return url


def _pick(status: int, page: str, user: str) -> dict[str, str]:
    """The form of the sign-in page, filled in."""
    if status == 404:
        raise SetupError(
            "This app has no sign-in.", hint="workshop.enable_authentication() turns it on."
        )
    carried = REQUEST.search(page)
    if carried is None or not TEST_USER.search(page):
        raise PersonNeeded(
            f"Only {user} can sign in as {user}: the sign-in page asks for more than a name.",
            hint="Open the chat page, workshop.web_url, and sign in there; each person in a window"
            " of their own.",
        )
    return {"request": html.unescape(carried[1]), "user": user}


def _token(url: str) -> str:
    fragment = urlsplit(url).fragment
    if not fragment.startswith("token="):
        raise SetupError(
            "The sign-in ended without a token.",
            hint="workshop.enable_authentication() sets it up again.",
        )
    return str(json.loads(unquote(fragment.removeprefix("token=")))["authenticationToken"])
