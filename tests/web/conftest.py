"""Chromium on the chat page."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from tests.functions.fake_blobs import FakeContainer
from tests.web.stand_in import Room

NAMES = ("chromium", "chromium-browser", "google-chrome")
Visit = Callable[..., Page]


@pytest.fixture(scope="session")
def browser(require_tool: Callable[[str], str]) -> Iterator[Browser]:
    """The system's Chromium, without a window."""
    path = next(filter(None, map(shutil.which, NAMES)), None) or require_tool(NAMES[0])
    with sync_playwright() as playwright:
        # Without the sandbox only because root may not have one; the pages are our own.
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser
        browser.close()


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
    """A function that opens the page as somebody in a browser profile of their own; `name=None` stops at the door."""
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
    """A function that opens the page of a chat with sign-in, and signs somebody in, each in a browser profile of their own."""
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
    page.get_by_role("button", name=name, exact=True).click()
    page.wait_for_selector(wait)


def join(page: Page, name: str, wait: str = ".connected") -> None:
    """Give a name at the door and wait for the room."""
    page.get_by_label("Your name").fill(name)
    page.keyboard.press("Enter")
    page.wait_for_selector(wait)
