"""Signing a test user in, against a stand-in for the app and its identity provider."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from urllib.parse import quote

import pytest
import pytest_asyncio
from aiohttp import web
from aiohttp.test_utils import TestServer

from chatkit.chat.client.sign_in import PersonNeeded, SignedIn, sign_in
from chatkit.core.errors import NotStarted, ServiceError, SetupError

PICK = (
    '<form><input type="hidden" name="request" value="{&quot;a&quot;: 1}">'
    '<button name="user" value="alice">alice</button></form>'
)
PASSWORD = '<form><input name="loginfmt"><input name="passwd" type="password"></form>'


class Provider:
    """An app with sign-in, and the provider behind it.

    Attributes:
        page: The provider's sign-in page.
        end: Where a sign-in ends.
        me: What `/.auth/me` answers.
    """

    def __init__(self) -> None:
        self.page = PICK
        self.end = "/.auth/login/done#token=" + quote(
            json.dumps({"authenticationToken": "secret", "user": {"userId": "sid:1"}})
        )
        self.me = web.json_response([{"user_id": "alice@chatkit.example"}])
        self.picked: dict[str, str] = {}
        self.binding = ""
        self.url = ""

    def app(self) -> web.Application:
        """The routes."""
        app = web.Application()
        app.router.add_get("/.auth/login/aad", self._begin)
        app.router.add_get("/authorize", self._ask)
        app.router.add_post("/authorize", self._pick)
        app.router.add_get("/callback", self._end)
        app.router.add_get("/.auth/me", self._me)
        return app

    async def _begin(self, request: web.Request) -> web.Response:
        assert request.query["session_mode"] == "token"
        response = web.Response(status=302, headers={"Location": "/authorize?state=s"})
        response.set_cookie("Nonce", "n")
        return response

    async def _ask(self, request: web.Request) -> web.Response:
        return web.Response(text=self.page, content_type="text/html")

    async def _pick(self, request: web.Request) -> web.Response:
        self.picked = {name: str(value) for name, value in (await request.post()).items()}
        return web.Response(status=302, headers={"Location": "/callback?code=c&state=s"})

    async def _end(self, request: web.Request) -> web.Response:
        self.binding = request.cookies.get("Nonce", "")
        return web.Response(status=302, headers={"Location": self.end})

    async def _me(self, request: web.Request) -> web.Response:
        assert request.headers["X-ZUMO-AUTH"] == "secret"
        return self.me


@pytest_asyncio.fixture
async def provider() -> AsyncIterator[Provider]:
    """A provider that answers."""
    made = Provider()
    async with TestServer(made.app()) as server:
        made.url = str(server.make_url("")).rstrip("/")
        yield made


async def test_a_test_user_comes_in_as_with_a_browser(provider: Provider) -> None:
    """The sign-in page's hidden request goes back unchanged, cookies too.

    The name is the one the app will be told.
    """
    alice = await sign_in(provider.url, "alice")
    assert (provider.picked, provider.binding) == ({"request": '{"a": 1}', "user": "alice"}, "n")
    assert (alice.name, alice.headers) == ("alice@chatkit.example", {"X-ZUMO-AUTH": "secret"})


async def test_a_page_that_asks_for_a_password_is_a_persons(provider: Provider) -> None:
    """Nothing is typed into it; the hint leads to the chat page."""
    provider.page = PASSWORD
    with pytest.raises(PersonNeeded, match="Only alice can sign in as alice") as caught:
        await sign_in(provider.url, "alice")
    assert "chat page" in caught.value.hint and provider.picked == {}


async def test_an_app_that_entra_does_not_know_yet_needs_no_person(provider: Provider) -> None:
    """A new registration is known late: who waits asks again."""
    provider.page = "<p>AADSTS700016: Application with identifier 'a' was not found.</p>"
    with pytest.raises(ServiceError, match="does not know the app's registration"):
        await sign_in(provider.url, "alice")


async def test_an_app_that_restarts_needs_no_person() -> None:
    """503 in the place of the sign-in page."""

    async def down(_: web.Request) -> web.Response:
        return web.Response(status=503, text="Service Unavailable")

    app = web.Application()
    app.router.add_get("/.auth/login/aad", down)
    async with TestServer(app) as server:
        with pytest.raises(ServiceError, match="answers 503 to a sign-in"):
            await sign_in(str(server.make_url("")).rstrip("/"), "alice")


@pytest.mark.parametrize("end", ["/.auth/login/done", "/.auth/login/done#error=denied"])
async def test_a_sign_in_without_a_token_is_said(provider: Provider, end: str) -> None:
    """It ended somewhere, but not signed in."""
    provider.end = end
    with pytest.raises(SetupError, match="without a token"):
        await sign_in(provider.url, "alice")


async def test_an_app_without_sign_in_is_said() -> None:
    """The hint names the verb that turns it on."""
    async with TestServer(web.Application()) as server:
        with pytest.raises(SetupError, match="no sign-in.*enable_authentication"):
            await sign_in(str(server.make_url("")), "alice")


async def test_a_token_that_the_app_refuses_is_an_error(provider: Provider) -> None:
    """Nobody is signed in with it."""
    provider.me = web.json_response({}, status=401)
    with pytest.raises(ServiceError, match="/.auth/me answered 401"):
        await sign_in(provider.url, "alice")


async def test_a_sign_in_that_does_not_answer_is_said(unused_tcp_port: int) -> None:
    """With a hint."""
    with pytest.raises(NotStarted, match="does not answer"):
        await sign_in(f"http://127.0.0.1:{unused_tcp_port}", "alice")


def test_nobody_sees_the_token() -> None:
    """Neither as text nor in a traceback's locals."""
    assert "secret" not in repr(SignedIn("alice@chatkit.example", "secret"))


def test_without_a_token_the_request_names_its_person_itself() -> None:
    """Where nobody stands in front of the app."""
    assert SignedIn("alice").headers == {"X-MS-CLIENT-PRINCIPAL-NAME": "alice"}
