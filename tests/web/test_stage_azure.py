"""The screen of a chat with the target azure; addresses of a local cloud stand in for Azure's."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from chatkit import post
from chatkit.core import settings as store
from chatkit.core.running import presence
from chatkit.stage import stage
from chatkit.stage.stage import Wanted
from chatkit.steps import identity
from chatkit.steps.session import Session
from chatkit.workshop import Workshop
from tests.web.deployed import finished_workshop

pytestmark = [pytest.mark.long, pytest.mark.slow]
LIMIT_MS = 20_000
Verb = Callable[..., str]


@pytest.fixture(scope="module", params=[False, True], ids=["open", "sign-in"])
def workshop(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Workshop]:
    """A deployed chat, without and with authentication."""
    home = tmp_path_factory.mktemp("home")
    with finished_workshop(home, sign_in=request.param) as workshop:
        yield workshop


@pytest.fixture
def home(workshop: Workshop, tmp_path: Path) -> Iterator[Path]:
    """The home of somebody whose chat is on Azure."""
    store.save(tmp_path, store.load(tmp_path).wanted(target="azure", suffix="abcdef", region=None))
    api = workshop.api_base_url or ""
    Session(tmp_path).learn(api_base_url=api, web_url=workshop.web_url or "")
    yield tmp_path
    typed(tmp_path, "stop")


def typed(home: Path, *words: str) -> str:
    """What a verb prints."""
    done = subprocess.run(
        [sys.executable, "-m", "chatkit", *words],
        env={**os.environ, "CHATKIT_HOME": str(home)},
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def says(workshop: Workshop, text: str) -> None:
    """Let bob write, signed in where the chat asks for it."""
    headers = {}
    if identity.has_sign_in(workshop.session, "deployed"):
        headers = dict(identity.sign_in_as(workshop.session, "bob").headers)
    body = {"sender": "bob", "text": text}
    assert post(f"{workshop.api_base_url}/api/messages", body, headers=headers).status == 200


def test_the_screen_shows_the_chat_and_hides_on_itself(
    workshop: Workshop, home: Path, browser: Browser
) -> None:
    """Opened as the verb does it once somebody is signed in to Azure, ended by the verb."""
    opened = stage.up(Session(home), Wanted(for_s=3600))
    assert opened.url == workshop.web_url
    link = json.loads(typed(home, "stage", "status", "--json"))["stage_url"]
    page = browser.new_page()
    page.goto(link)
    expect(page.locator("#bar")).to_be_visible(timeout=LIMIT_MS)
    expect(page.locator("#notice")).to_be_hidden(timeout=LIMIT_MS)
    says(workshop, "Hello from a phone")
    expect(page.locator("#messages .text")).to_have_text("Hello from a phone", timeout=LIMIT_MS)
    page.keyboard.press("p")
    expect(page.locator("#said")).to_contain_text("Azure has no such power")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("h")
    expect(page.locator("#messages .text")).to_have_count(0)
    expect(page.locator("#rules")).to_contain_text("Hidden on this screen only")
    page.keyboard.press("u")
    expect(page.locator("#messages .text")).to_have_text("Hello from a phone")
    page.close()
    assert "The screen has ended" in typed(home, "stage", "down")
    assert presence.running(home) == []
