"""Sign-ins and sessions of an app when somebody sets the clock, and while the machine sleeps."""

from __future__ import annotations

import pytest

from tests.localcloud.easy_auth.deployed_stack import Browser, Stack
from tests.times import DAY_S, HOUR_S, JUMPS, Times

pytestmark = pytest.mark.asyncio(loop_scope="module")
SESSION_S = 8 * HOUR_S
GRACE_S = 72 * HOUR_S


async def me(stack: Stack, browser: Browser, **headers: str) -> int:
    """The status of asking who one is."""
    return (await browser.ask("GET", f"{stack.app.url}/.auth/me", headers=headers))[0]


async def renew(stack: Stack, browser: Browser, **headers: str) -> int:
    """The status of asking for a longer session."""
    return (await browser.ask("GET", f"{stack.app.url}/.auth/refresh", headers=headers))[0]


async def test_a_session_lasts_eight_hours(stack: Stack, browser: Browser, times: Times) -> None:
    """While the machine sleeps, too; within its grace it is renewed, and then it is gone."""
    await browser.sign_in(stack.app)
    times.suspend(SESSION_S - 60)
    assert await me(stack, browser) == 200
    times.suspend(120)
    assert await me(stack, browser) == 401
    assert await renew(stack, browser) == 200
    assert await me(stack, browser) == 200
    times.suspend(SESSION_S + GRACE_S + 60)
    assert await renew(stack, browser) in (401, 403)
    assert await me(stack, browser) == 401


async def test_a_session_is_of_the_clock(stack: Stack, browser: Browser, times: Times) -> None:
    """A day forward ends it, and it is renewed; a day back does not; a new one counts at once."""
    await browser.sign_in(stack.app)
    times.jump(-DAY_S)
    assert await me(stack, browser) == 200
    times.jump(2 * DAY_S)
    assert await me(stack, browser) == 401
    assert await renew(stack, browser) == 200
    assert await me(stack, browser) == 200
    other = stack.browser()
    await other.sign_in(stack.app, "bob")
    assert await me(stack, other) == 200


async def test_a_sessions_token_is_of_the_clock(
    stack: Stack, browser: Browser, times: Times
) -> None:
    """An old one is refused while the clock is elsewhere; a new one counts at once."""
    old = {"X-ZUMO-AUTH": await browser.token(stack.app)}
    outsider = stack.outsider
    assert await me(stack, outsider, **old) == 200
    for jump_s in JUMPS.values():
        times.jump(jump_s)
        assert await me(stack, outsider, **old) == 401
        new = {"X-ZUMO-AUTH": await stack.browser().token(stack.app)}
        assert await me(stack, outsider, **new) == 200
        times.jump(-jump_s)
    assert await me(stack, outsider, **old) == 200
    times.suspend(SESSION_S)
    assert await me(stack, outsider, **old) == 401
    assert await renew(stack, outsider, **old) == 200


async def test_a_sign_in_under_way_has_its_minutes(
    stack: Stack, browser: Browser, times: Times, jump_s: float
) -> None:
    """Setting the clock ends none and lets none come back twice; an hour is too long."""
    login = f"{stack.app.url}/.auth/login/aad?post_login_redirect_uri=/api/done"
    callback = await browser.to_callback(login)
    late = await browser.to_callback(login)
    # A browser forgets a cookie by the clock; what the app says of the sign-in is asked here.
    cookies = cookies_of(browser)
    times.jump(jump_s)
    assert await finish(stack, callback, cookies) == 302
    assert await finish(stack, callback, cookies) == 401
    other = stack.browser()
    assert await finish(stack, await other.to_callback(login), cookies_of(other)) == 302
    times.suspend(HOUR_S)
    assert await finish(stack, callback, cookies) == 401
    assert await finish(stack, late, cookies) == 401


def cookies_of(browser: Browser) -> str:
    """What a browser would send to the app."""
    return "; ".join(f"{cookie.key}={cookie.value}" for cookie in browser.http.cookie_jar)


async def finish(stack: Stack, callback: str, cookies: str) -> int:
    """The status of coming back from the sign-in page."""
    outsider = stack.browser()
    return (await outsider.ask("GET", callback, headers={"Cookie": cookies}))[0]
