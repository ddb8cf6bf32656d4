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
from typing import Any
from urllib.parse import quote, unquote, urljoin, urlsplit

import aiohttp

from chatkit.chat.client.addresses import is_loopback
from chatkit.chat.client.rest import TIMEOUT, ask
from chatkit.core.errors import NotStarted, ServiceError, SetupError

LOGIN = "/.auth/login/aad?session_mode=token"
HEADER = "X-ZUMO-AUTH"
PRINCIPAL = "X-MS-CLIENT-PRINCIPAL-NAME"
REQUEST = re.compile(r'name="request" value="([^"]*)"')
TEST_USER = re.compile(r'<button name="user" value="([^"]*)"')
ID_CLAIMS = ("objectidentifier", "oid", "nameidentifier", "sub")
"""Which claim the app gets as X-MS-CLIENT-PRINCIPAL-ID: Entra's object id, else the subject.

App Service has long names for them, which end in these, and tokens have short ones.
"""
REDIRECTS = 10
NOT_KNOWN_YET = "AADSTS700016"


class PersonNeeded(SetupError):
    """The identity provider asks for more than a name."""


class SignInEnded(SetupError):
    """The sign-in ended, and nobody is signed in."""


@dataclass(frozen=True)
class SignedIn:
    """Somebody who is signed in to the app.

    Attributes:
        name: Sign-in name as the app is told it, for example "alice@chatkit.example".
        token: Of the session, for header X-ZUMO-AUTH; never shown. Empty where no sign-in
            stands in front of the app, as on this machine: the request then names its person
            itself, as the platform would.
        id: What tells this person from everybody else, also from people of the same name. Empty
            where no sign-in stands in front of the app.
    """

    name: str
    token: str = field(default="", repr=False)
    id: str = ""

    @property
    def key(self) -> str:
        """What the app knows this person by: the id, or the name where nobody signs in."""
        return self.id or self.name

    @property
    def is_verified(self) -> bool:
        """Whether somebody in front of the app vouches for the name."""
        return bool(self.token)

    @property
    def headers(self) -> dict[str, str]:
        """What a request of this person carries."""
        if self.token:
            return {HEADER: self.token}
        return {PRINCIPAL: header_text(self.name)}

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
        SignInEnded: The sign-in ends without a token.
        ServiceError: The app restarts, or refuses its own token, or Entra ID does not know it.
    """
    try:
        async with aiohttp.ClientSession(
            trust_env=not is_loopback(api_base_url),
            cookie_jar=aiohttp.CookieJar(unsafe=True),
            timeout=TIMEOUT,
        ) as session:
            token = _token(await _walk(session, f"{api_base_url.rstrip('/')}{LOGIN}", user))
            me = await who_am_i(session, api_base_url, {HEADER: token})
            return SignedIn(me.name, token, me.id)
    except (aiohttp.ClientConnectionError, TimeoutError) as error:
        raise NotStarted(
            "The sign-in does not answer.", hint="workshop.status() shows what there is."
        ) from error


async def who_am_i(
    session: aiohttp.ClientSession, api_base_url: str, headers: Mapping[str, str]
) -> SignedIn:
    """The person as the platform names them to the app, from `/.auth/me`; without the token.

    Raises:
        ServiceError: The token is not good, or not any more.
    """
    known = await ask(session, "GET", f"{api_base_url.rstrip('/')}/.auth/me", headers=headers)
    if not isinstance(known, list) or not known:
        return SignedIn("")
    return SignedIn(str(known[0]["user_id"]), id=_id_of(known[0]))


def header_text(name: str) -> str:
    """A name as the platform writes it into a header: in ASCII, and "%" never as it is."""
    if "%" not in name and name.isascii() and name.isprintable():
        return name
    return quote(name, safe="@.:/ -_")


def _id_of(me: Any) -> str:
    given = me.get("user_claims") or ()
    claims = {str(one.get("typ")).rpartition("/")[2]: str(one.get("val")) for one in given}
    return next((claims[kind] for kind in ID_CLAIMS if claims.get(kind)), "")


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
    if NOT_KNOWN_YET in page:
        raise ServiceError(
            status,
            NOT_KNOWN_YET,
            "Entra ID does not know the app's registration.",
            hint="A new one is known after a minute or two; workshop.enable_authentication() makes"
            " one where there is none.",
        )
    if status >= 500:
        raise ServiceError(
            status,
            "SignInNotReady",
            f"The app answers {status} to a sign-in.",
            hint="It restarts after a change of its settings: try again in a minute.",
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
        raise SignInEnded(
            "The sign-in ended without a token.",
            hint="workshop.enable_authentication() sets it up again.",
        )
    return str(json.loads(unquote(fragment.removeprefix("token=")))["authenticationToken"])
