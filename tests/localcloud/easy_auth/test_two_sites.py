"""Two sites on localhost: their browsers' cookies are the same, their sessions are not."""

from __future__ import annotations

import json
from http.cookies import SimpleCookie

import pytest
from yarl import URL

from tests.attacks import pages
from tests.localcloud.easy_auth.deployed_stack import App, Browser, Stack

pytestmark = pytest.mark.asyncio(loop_scope="module")
AZURES_NAME = "AppServiceAuthSession"


def own_name(app: App) -> str:
    """The cookie that no other site sets."""
    return f"{AZURES_NAME}-{app.spec.port}"


def cookies(browser: Browser) -> dict[str, str]:
    """What the browser has for localhost, whatever the port."""
    return {cookie.key: cookie.value for cookie in browser.http.cookie_jar}


async def user_of(app: App, browser: Browser, **headers: str) -> str:
    """Who somebody is at a site, empty for nobody."""
    status, text, _ = await browser.ask("GET", f"{app.url}/.auth/me", headers=headers)
    return str(json.loads(text)[0]["user_id"]).partition("@")[0] if status == 200 else ""


@pytest.mark.parametrize("name", pages.NEIGHBOURS)
async def test_a_neighbour_does_not_become_or_end_alice(
    stack: Stack, browser: Browser, name: str
) -> None:
    """Two clones of the kit, or two apps of one: cookies do not tell ports apart."""
    await browser.sign_in(stack.app, "alice")
    await browser.sign_in(stack.other, "bob")
    theirs = cookies(browser)[own_name(stack.other)]
    jar = browser.http.cookie_jar
    match name:
        case "signs alice out":
            await browser.ask("GET", f"{stack.other.url}/.auth/logout")
            assert await user_of(stack.other, browser) == ""
        case "sets its session under Azure's name":
            jar.update_cookies({AZURES_NAME: theirs}, URL(stack.other.url))
        case "sets its session under this site's name":
            await browser.ask("GET", f"{stack.other.url}/.auth/logout")
            await browser.sign_in(stack.app, "alice")
            jar.update_cookies({own_name(stack.app): theirs}, URL(stack.other.url))
        case "sets nonsense under both names":
            names = (AZURES_NAME, own_name(stack.app))
            jar.update_cookies(dict.fromkeys(names, "x"), URL(stack.other.url))
    expected = "" if name == "sets nonsense under both names" else "alice"
    assert await user_of(stack.app, browser) == expected


async def test_each_signs_out_for_itself(stack: Stack, browser: Browser) -> None:
    """The one that signed in last has Azure's name; the other one's sign-out leaves it alone."""
    await browser.sign_in(stack.app, "alice")
    await browser.sign_in(stack.other, "bob")
    await browser.ask("GET", f"{stack.app.url}/.auth/logout")
    assert set(cookies(browser)) == {AZURES_NAME, own_name(stack.other)}
    assert (await user_of(stack.app, browser), await user_of(stack.other, browser)) == ("", "bob")
    await browser.ask("GET", f"{stack.other.url}/.auth/logout")
    assert cookies(browser) == {}


async def test_a_client_that_knows_azures_name_works(stack: Stack, browser: Browser) -> None:
    """It takes that cookie and no other from the answer, and sends it."""
    login = f"{stack.app.url}/.auth/login/aad?post_login_redirect_uri=/"
    callback = await browser.to_callback(login, "carol")
    _, _, headers = await browser.ask("GET", callback)
    set_cookies = headers.getall("Set-Cookie")  # type: ignore[attr-defined]
    (mine,) = [one for one in set_cookies if one.startswith(f"{AZURES_NAME}=")]
    assert "HttpOnly" in mine and "Path=/" in mine and "SameSite=Lax" in mine
    sent = f"{AZURES_NAME}={SimpleCookie(mine)[AZURES_NAME].value}"
    assert await user_of(stack.app, stack.outsider, Cookie=sent) == "carol"
    _, _, headers = await stack.outsider.ask(
        "GET", f"{stack.app.url}/.auth/logout", headers={"Cookie": sent}
    )
    cleared = headers.getall("Set-Cookie")  # type: ignore[attr-defined]
    assert any(one.startswith(f'{AZURES_NAME}="";') for one in cleared)
    assert await user_of(stack.app, stack.outsider, Cookie=sent) == ""


async def test_tabs_that_begin_in_the_same_instant_all_sign_in(
    stack: Stack, browser: Browser
) -> None:
    """Neither has a cookie yet when it asks, at one site or at two; both end signed in."""
    logins = [f"{app.url}/.auth/login/aad" for app in (stack.app, stack.app, stack.other)]
    fresh = [stack.browser() for _ in logins]
    pages = [await tab.to_page(login) for tab, login in zip(fresh, logins, strict=True)]
    for tab in fresh:
        browser.http.cookie_jar.update_cookies(cookies(tab), URL(stack.app.url))
    for (page, hidden), user in zip(pages, ("alice", "alice", "bob"), strict=True):
        data = {"request": hidden, "user": user}
        _, text, headers = await browser.ask("POST", page, data=data)
        assert "Location" in headers, text
        status, text, _ = await browser.ask("GET", headers["Location"])
        assert status == 302, text
    users = [await user_of(app, browser) for app in (stack.app, stack.other)]
    assert users == ["alice", "bob"]


async def test_sign_ins_that_nobody_ends_do_not_pile_up(stack: Stack, browser: Browser) -> None:
    """A page that is loaded again and again: eight wait, and the newest is one of them."""
    login = f"{stack.app.url}/.auth/login/aad?post_login_redirect_uri=/"
    for _ in range(20):
        await browser.to_page(login)
    assert len(cookies(browser)) == 8
    callback = await browser.to_callback(login)
    assert (await browser.ask("GET", callback))[0] == 302
    assert await user_of(stack.app, browser) == "alice"
