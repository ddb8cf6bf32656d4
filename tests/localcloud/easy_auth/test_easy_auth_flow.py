"""Signing in to a deployed app: round trip, headers, refresh, sign-out, live settings."""

from __future__ import annotations

import base64
import json

import pytest
from yarl import URL

from tests.localcloud.easy_auth.deployed_stack import PAGE, Browser, Stack

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_alice_signs_in_with_a_cookie(stack: Stack, browser: Browser) -> None:
    """The app is told who she is, in Azure's four headers, and gets the provider's tokens."""
    assert await browser.sign_in(stack.app) == "/api/done"
    status, text, _ = await browser.ask("GET", f"{stack.app.url}/api/who")
    seen = json.loads(text)
    assert status == 200 and seen["x-ms-client-principal-name"].startswith("alice@")
    assert json.loads(base64.b64decode(seen["x-ms-client-principal"]))["auth_typ"] == "aad"
    assert {
        "x-ms-client-principal-id",
        "x-ms-client-principal-idp",
        "x-ms-token-aad-id-token",
        "x-ms-token-aad-expires-on",
    } <= {*seen}


@pytest.mark.parametrize(
    ("name", "header"),
    [("é@contoso.example", "%C3%A9@contoso.example"), ("bo%62@a.example", "bo%2562@a.example")],
)
async def test_a_name_arrives_in_ascii(
    stack: Stack, browser: Browser, name: str, header: str
) -> None:
    """A header carries nothing else, and no name is the encoding of another one."""
    await browser.sign_in(stack.app, name)
    _, text, _ = await browser.ask("GET", f"{stack.app.url}/api/who")
    assert json.loads(text)["x-ms-client-principal-name"] == header
    _, text, _ = await browser.ask("GET", f"{stack.app.url}/.auth/me")
    assert json.loads(text)[0]["user_id"] == name


async def test_alice_signs_in_with_a_token(stack: Stack, browser: Browser) -> None:
    """The token comes in the fragment and works in X-ZUMO-AUTH without any cookie."""
    token = await browser.token(stack.app)
    _, text, _ = await stack.outsider.ask(
        "GET", f"{stack.app.url}/api/who", headers={"X-ZUMO-AUTH": token}
    )
    assert json.loads(text)["x-ms-client-principal-name"].startswith("alice@")


async def test_two_tabs_sign_in_as_two_people_at_the_same_time(
    stack: Stack, browser: Browser
) -> None:
    """Both sign-ins of one profile come to their end."""
    login = f"{stack.app.url}/.auth/login/aad?session_mode=token&post_login_redirect_uri={PAGE}"
    ends = [await browser.to_callback(login, user) for user in ("alice", "bob")]
    answers = [await browser.ask("GET", end) for end in ends]
    assert [answer[0] for answer in answers] == [302, 302]
    assert all(answer[2]["Location"].startswith(f"{PAGE}#token=") for answer in answers)


async def test_me_refresh_and_logout(stack: Stack, browser: Browser) -> None:
    """Who am I; a renewed session.

    Then nothing works any more, and the browser passes by the provider.
    """
    await browser.sign_in(stack.app)
    status, text, _ = await browser.ask("GET", f"{stack.app.url}/.auth/me")
    assert status == 200 and json.loads(text)[0]["provider_name"] == "aad"
    assert (await browser.ask("HEAD", f"{stack.app.url}/.auth/me/"))[0] == 200
    assert (await browser.ask("GET", f"{stack.app.url}/.auth/refresh"))[0] == 200
    status, _, headers = await browser.ask(
        "GET", f"{stack.app.url}/.auth/logout?post_logout_redirect_uri={PAGE}/bye"
    )
    assert status == 302 and "/oauth2/v2.0/logout?" in headers["Location"]
    _, _, headers = await browser.ask("GET", headers["Location"])
    _, _, headers = await browser.ask("GET", headers["Location"])
    assert headers["Location"] == f"{PAGE}/bye"
    assert (await browser.ask("GET", f"{stack.app.url}/.auth/me"))[0] == 401


async def test_a_provider_token_is_exchanged_for_a_session(stack: Stack, browser: Browser) -> None:
    """Client-directed sign-in with the id token."""
    await browser.sign_in(stack.app)
    _, text, _ = await browser.ask("GET", f"{stack.app.url}/.auth/me")
    body = {"id_token": json.loads(text)[0]["id_token"]}
    status, text, _ = await stack.outsider.ask(
        "POST", f"{stack.app.url}/.auth/login/aad", json=body
    )
    assert status == 200 and json.loads(text)["user"]["userId"].startswith("sid:")
    bearer = {"Authorization": f"Bearer {body['id_token']}"}
    _, text, _ = await stack.outsider.ask("GET", f"{stack.app.url}/api/who", headers=bearer)
    assert json.loads(text)["x-ms-client-principal-name"].startswith("alice@")


@pytest.mark.parametrize(
    ("action", "accept", "status"),
    [
        ("AllowAnonymous", "*/*", 200),
        ("Return401", "*/*", 401),
        ("Return403", "*/*", 403),
        ("RedirectToLoginPage", "text/html", 302),
        ("RedirectToLoginPage", "application/json", 401),
    ],
)
async def test_settings_work_at_once(stack: Stack, action: str, accept: str, status: int) -> None:
    """What a request without identity is answered; an excluded path and a preflight always pass."""
    url = stack.app.url
    await stack.app.configure(unauthenticatedClientAction=action, excludedPaths=["/api/open"])
    try:
        assert (await stack.outsider.ask("GET", f"{url}/api/who", headers={"Accept": accept}))[
            0
        ] == status
        assert (await stack.outsider.ask("GET", f"{url}/api/open/x"))[0] == 200
        preflight = {
            "Origin": PAGE,
            "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": "x-zumo-auth",
        }
        assert (await stack.outsider.ask("OPTIONS", f"{url}/api/who", headers=preflight))[0] == 204
    finally:
        await stack.app.configure()


@pytest.mark.parametrize("name", ["two%20words.png", "%C3%BC.js", "a.b-c_d~1", "a;v=1.js"])
async def test_files_below_an_excluded_path_have_any_name(stack: Stack, name: str) -> None:
    """A name that can be read in one way only needs no sign-in."""
    url = URL(f"{stack.app.url}/api/open/{name}", encoded=True)
    await stack.app.configure(unauthenticatedClientAction="Return401", excludedPaths=["/api/open"])
    try:
        assert (await stack.outsider.ask("GET", url))[0] == 200
    finally:
        await stack.app.configure()


async def test_sessions_go_with_their_site(stack: Stack, browser: Browser) -> None:
    """A site of the same name knows nobody of before."""
    token = await browser.token(stack.other)
    await stack.cloud.functions.remove("two")
    await stack.other.configure()
    assert (
        await browser.ask("GET", f"{stack.other.url}/.auth/me", headers={"X-ZUMO-AUTH": token})
    )[0] == 401
