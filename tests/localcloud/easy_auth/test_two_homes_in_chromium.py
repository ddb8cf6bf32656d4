"""Two homes on one machine and one real browser: each signs in and out for itself."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import BrowserContext, async_playwright

from tests.chromium import ARGUMENTS
from tests.localcloud.easy_auth.deployed_stack import App, Stack

pytestmark = [pytest.mark.slow, pytest.mark.asyncio(loop_scope="module")]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def homes(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[list[Stack]]:
    """Two local clouds, each with a folder, keys and a directory of its own."""
    async with AsyncExitStack() as exits:
        folders: list[Path] = [tmp_path_factory.mktemp(name) for name in ("first", "second")]
        yield [await exits.enter_async_context(Stack(folder)) for folder in folders]


@pytest_asyncio.fixture(loop_scope="module")
async def browser(chromium: str) -> AsyncIterator[BrowserContext]:
    """One profile of a Chromium."""
    async with async_playwright() as playwright:
        running = await playwright.chromium.launch(executable_path=chromium, args=[*ARGUMENTS])
        yield await running.new_context(locale="en-GB")
        await running.close()


async def sign_in(browser: BrowserContext, app: App, user: str) -> None:
    """Sign in with a cookie, as a person does."""
    page = await browser.new_page()
    await page.goto(f"{app.url}/.auth/login/aad?post_login_redirect_uri=/api/done")
    await page.get_by_role("button", name=user).click()
    await page.wait_for_url(f"{app.url}/api/done")
    await page.close()


async def who(browser: BrowserContext, app: App) -> str:
    """Whom the app takes the browser's person for, empty for nobody."""
    page = await browser.new_page()
    answer = await page.goto(f"{app.url}/api/who")
    assert answer is not None
    known = json.loads(await answer.text())
    await page.close()
    return str(known.get("x-ms-client-principal-name", "")).partition("@")[0]


async def test_two_clones_do_not_end_each_others_session(
    homes: list[Stack], browser: BrowserContext
) -> None:
    """Sign in to one, then to the other; sign out of one: the other one goes on."""
    first, second = (home.app for home in homes)
    await sign_in(browser, first, "alice")
    await sign_in(browser, second, "bob")
    assert [await who(browser, app) for app in (first, second)] == ["alice", "bob"]
    await sign_in(browser, first, "carol")
    assert [await who(browser, app) for app in (first, second)] == ["carol", "bob"]
    page = await browser.new_page()
    await page.goto(f"{second.url}/.auth/logout")
    assert [await who(browser, app) for app in (first, second)] == ["carol", ""]


async def test_both_sign_in_at_the_same_time(homes: list[Stack], browser: BrowserContext) -> None:
    """Two tabs: what binds a sign-in to the browser is theirs together."""
    first, second = (home.app for home in homes)
    await asyncio.gather(sign_in(browser, first, "alice"), sign_in(browser, second, "bob"))
    assert [await who(browser, app) for app in (first, second)] == ["alice", "bob"]


async def test_the_pages_of_a_sign_in_fit_a_phone(
    homes: list[Stack], browser: BrowserContext
) -> None:
    """A page that is wider than the phone is shown small, and so is one without a viewport."""
    app = homes[0].app
    page = await browser.new_page()
    await page.set_viewport_size({"width": 320, "height": 640})
    for path in ("login/aad", "login/aad/callback", "logout/done"):
        await page.goto(f"{app.url}/.auth/{path}")
        root = page.locator("html")
        assert await root.evaluate("it => it.scrollWidth <= it.clientWidth"), path
    await page.get_by_role("link", name="Return to the app").click()
    assert page.url == f"{app.url}/"
