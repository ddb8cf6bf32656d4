"""Chromium on the chat page."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from tests.chromium import ARGUMENTS, launched
from tests.functions.fake_blobs import FakeContainer
from tests.web.stand_in import Room

Visit = Callable[..., Page]
Profile = Callable[..., BrowserContext]


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Browser]:
    """A Chromium for one file."""
    with launched(path=chromium) as browser:
        yield browser


@pytest.fixture
def profile(browser: Browser, chromium: str, tmp_path: Path) -> Iterator[Profile]:
    """A function that starts a Chromium whose owner has chosen whether other sites' cookies are
    blocked.
    """
    contexts: list[BrowserContext] = []

    def start(*, block_cookies: bool) -> BrowserContext:
        folder = tmp_path / f"profile-{len(contexts)}"
        (folder / "Default").mkdir(parents=True)
        choice = {
            "cookie_controls_mode": int(block_cookies),
            "block_third_party_cookies": block_cookies,
        }
        (folder / "Default" / "Preferences").write_text(
            json.dumps({"profile": choice}), encoding="utf-8"
        )
        kind = browser.browser_type
        contexts.append(
            kind.launch_persistent_context(folder, executable_path=chromium, args=ARGUMENTS)
        )
        return contexts[-1]

    yield start
    for context in contexts:
        context.close()


@pytest.fixture
def chat(monkeypatch: pytest.MonkeyPatch) -> Iterator[Room]:
    """A chat room with an empty history."""
    import day_blobs

    blobs = FakeContainer()
    monkeypatch.setattr(day_blobs, "connect", lambda: blobs)
    monkeypatch.setattr(day_blobs, "_parts", {})
    with Room(blobs) as room:
        monkeypatch.setenv("AzureSignalRConnectionString", room.connection_string)
        yield room


@pytest.fixture
def visit(browser: Browser, chat: Room) -> Iterator[Visit]:
    """A function that opens the page as somebody in a browser profile of their own; `name=None`
    joins under no name.
    """
    contexts: list[BrowserContext] = []

    def open_page(name: str | None = "alice", *, wait: str = ".connected", **options: Any) -> Page:
        options = {"viewport": {"width": 1280, "height": 800}, "locale": "en-GB"} | options
        contexts.append(browser.new_context(**options))
        page = contexts[-1].new_page()
        page.set_default_timeout(10_000)
        page.goto(chat.page_url)
        if name is not None:
            join(page, name, wait)
        return page

    yield open_page
    for context in contexts:
        context.close()


@pytest.fixture
def signed_in(chat: Room, visit: Visit) -> Visit:
    """A function that opens the page of a chat with sign-in, and signs somebody in, each in a
    browser profile of their own.
    """
    chat.has_sign_in = True

    def open_page(name: str | None = "alice", **options: Any) -> Page:
        page = visit(None, **options)
        if name is not None:
            sign_in(page, name)
        return page

    return open_page


def sign_in(page: Page, name: str, wait: str = ".connected") -> None:
    """Sign in by the page's button and the provider's page, and wait for the room."""
    page.get_by_role("button", name="Sign in").click()
    button = page.get_by_role("button", name=name, exact=True)
    other = page.get_by_label("Another name")
    button.or_(other).first.wait_for()
    if not button.count():
        other.fill(name)
        page.keyboard.press("Enter")
    else:
        button.click()
    page.wait_for_selector(wait)


def join(page: Page, name: str, wait: str = ".connected") -> None:
    """Give a name in the form and wait for the room."""
    page.get_by_label("Your name").fill(name)
    page.keyboard.press("Enter")
    page.wait_for_selector(wait)
