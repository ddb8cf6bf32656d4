"""The map's page in Chromium: a message is played, all in words too, and no text runs."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from chatkit.chat.client.background_loop import BackgroundLoop
from chatkit.localcloud.core.platform import Platform
from chatkit.localcloud.journeys.service import MapService
from chatkit.wire.check_marks import check_text, new_run
from tests.attacks.chat_map import SEND
from tests.web.test_page_safety import watch

pytestmark = pytest.mark.long
CAUSE = "0a1b2c3d-0000-1111-2222-0123456789ab"
SCRIPT = "<img src=x onerror=alert(1)>"


@dataclass
class Shown:
    """A map on a port of its own, over a trace that the test writes."""

    address: str
    folder: Path
    loop: BackgroundLoop

    def start(self) -> None:
        """A local cloud begins, with the map alone."""
        self.loop.call(self._start())

    async def _start(self) -> None:
        self.platform = Platform.open(self.folder)
        service = MapService(self.platform)
        await service.start()
        self.address = service.endpoints()["map"]

    def stop(self) -> None:
        """It ends."""
        self.loop.call(self.platform.close())

    def say(self, text: str) -> None:
        """A message of alice goes its way."""
        self.loop.call(self._say(text))

    async def _say(self, text: str) -> None:
        emit = self.platform.trace.emit
        said = json.dumps([{"sender": "alice", "text": text}])
        frame = {"direction": "out", "hub": "chat", "target": "newMessage", "receivers": 2}
        call = {"method": "POST", "path": SEND, "status": 202, "ms": 0.2}
        asked = {"method": "POST", "path": "/api/messages", "status": 200, "ms": 5.0}
        emit("signalr/chat", "frame", **frame, arguments=said, cause=CAUSE)
        emit("signalr/chat", "request", **call, cause=CAUSE)
        emit("functions/site", "request", **asked, function="SendMessage", cause=CAUSE)


@pytest.fixture
def shown(tmp_path: Path) -> Iterator[Shown]:
    loop = BackgroundLoop()
    (tmp_path / "local").mkdir()

    opened = Shown("", tmp_path / "local", loop)
    opened.start()
    yield opened
    opened.stop()
    loop.stop()


@pytest.fixture
def phone(browser: Browser) -> Iterator[BrowserContext]:
    context = browser.new_context(viewport={"width": 390, "height": 844}, color_scheme="dark")
    context.set_default_timeout(10_000)
    yield context
    context.close()


def alt(page: Page) -> str:
    return page.locator("#picture").get_attribute("alt") or ""


def test_a_message_is_played_and_told_in_words(shown: Shown, phone: BrowserContext) -> None:
    """Its way can be paused and gone through with the keyboard; nothing is wider than a phone."""
    page = phone.new_page()
    problems = watch(page)
    page.goto(shown.address)
    expect(page.locator("#now")).to_have_text("No message has passed yet. Send one.")
    assert page.url == shown.address.partition("#")[0]  # the token stands in no history
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    expect(page.get_by_role("button", name="Pause")).to_have_attribute("aria-pressed", "true")
    shown.say(SCRIPT)
    expect(page.locator("#ways button")).to_contain_text(f"alice: {SCRIPT}")
    page.keyboard.press("Tab")
    for hop in (1, 2, 3, 4):
        page.keyboard.press("Enter")
        expect(page.locator("#hop")).to_contain_text(f"{hop}. ")
        expect(page.locator("tr.now td").first).to_have_text(str(hop))
    expect(page.get_by_role("status")).to_contain_text("functions → SignalR → browsers")
    expect(page.locator("#picture")).not_to_have_js_property("naturalWidth", 0)
    assert f"alice: {SCRIPT}" in alt(page)
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    page.reload()
    expect(page.locator("#now")).to_have_text(f"alice: {SCRIPT}")
    assert problems == []


def test_a_page_says_that_the_cloud_is_down_and_goes_on(
    shown: Shown, phone: BrowserContext
) -> None:
    """At the same address, with what the new run has seen."""
    shown.say("Hello")
    page = phone.new_page()
    page.goto(shown.address)
    expect(page.locator("#ways button")).to_contain_text("alice: Hello")
    page.get_by_role("button", name="Pause").click()
    page.get_by_role("button", name="alice: Hello").click()
    expect(page.locator("#picture")).to_have_attribute("alt", re.compile("hop 1 of 4"))
    shown.stop()
    expect(page.get_by_role("alert")).to_contain_text("The local cloud is not running.")
    expect(page.locator("#ways button")).to_contain_text("alice: Hello")
    page.get_by_role("button", name="Next hop").click()
    expect(page.locator("#picture")).to_have_attribute("alt", re.compile("Hello, hop 2 of 4"))
    shown.start()
    shown.say(check_text("this goes round", new_run()))
    shown.say("Back again")
    shown.say(check_text("this goes round", new_run()))
    expect(page.locator("#ways button")).to_have_count(3)
    page.get_by_role("button", name="Next hop").click()
    expect(page.locator("#picture")).to_have_attribute("alt", re.compile("Hello, hop 3 of 4"))
    page.get_by_role("button", name="Pause").click()
    expect(page.locator("#now")).to_have_text("alice: Back again")
    expect(page.locator("#problem")).to_have_text("")
    page.reload()
    expect(page.locator("#now")).to_have_text("alice: Back again")


def test_without_the_token_the_page_shows_nothing(shown: Shown, phone: BrowserContext) -> None:
    """It says how to get the present address."""
    shown.say("Hello")
    page = phone.new_page()
    page.goto(f"{shown.address.partition('#')[0]}#mallory")
    expect(page.get_by_role("alert")).to_contain_text("workshop.map().page")
    assert "alice" not in page.locator("body").inner_text()


@pytest.mark.parametrize("moves", [True, False])
def test_who_wants_less_motion_gets_none(shown: Shown, browser: Browser, *, moves: bool) -> None:
    """The picture is an image, which does not know of the wish by itself."""
    shown.say("Hello")
    wanted: Literal["no-preference", "reduce"] = "no-preference" if moves else "reduce"
    context = browser.new_context(reduced_motion=wanted)
    page = context.new_page()
    page.goto(shown.address)
    page.get_by_role("button", name="Pause").click()
    page.get_by_role("button", name="alice: Hello").click()
    picture = page.locator("#picture")
    expect(picture).to_have_attribute("alt", re.compile(r"hop 1 of 4"))
    seen = {picture.screenshot() for _ in range(10)}
    assert (len(seen) > 1) == moves
    context.close()
