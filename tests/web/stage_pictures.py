"""Take the pictures of the stage: `python -m tests.web.stage_pictures`.

Makes a workshop of its own on the local cloud, opens its stage on loopback, lets three phones talk,
and writes docs/images/stage-screen.png and stage-phone.png. Needs Chromium.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Browser, Page, expect

from chatkit.core.settings import checkout
from chatkit.stage.shown import StageShown
from tests.chromium import launched
from tests.web.conftest import join
from tests.web.deployed import finished_workshop
from tests.web.screenshots import Said, say

HOST = "127.0.0.2"
TALK = (
    Said("alice", "Hello from the last row!"),
    Said("bob", "Hello! No account, no app: I have scanned the code."),
    Said("carol", "Who keeps all our connections open?"),
    Said("alice", "SignalR Service. The functions run only when one of us sends."),
    Said("bob", "So a hundred and fifty phones are no work for them?"),
    Said("carol", "We are about to find out"),
)


def phone(browser: Browser, stage: StageShown, name: str) -> Page:
    """A guest who has come in."""
    page = browser.new_page(
        viewport={"width": 390, "height": 720}, device_scale_factor=1.5, locale="en-GB"
    )
    page.goto(stage.url)
    join(page, name)
    return page


def take(browser: Browser, stage: StageShown, folder: Path) -> None:
    """Let the phones talk, and take both pictures."""
    screen = browser.new_page(viewport={"width": 1280, "height": 720}, locale="en-GB")
    screen.goto(dict(stage.rows)["screen"])
    phones = {name: phone(browser, stage, name) for name in ("alice", "bob", "carol")}
    for said in TALK:
        say(phones[said.who], said)
        for page in phones.values():
            page.locator(".message .text", has_text=said.text).wait_for()
    expect(screen.get_by_text(TALK[-1].text)).to_be_visible()
    expect(screen.get_by_text("3 here")).to_be_visible()
    screen.screenshot(path=folder / "stage-screen.png")
    phones["bob"].screenshot(path=folder / "stage-phone.png")


def main() -> None:
    """Make the workshop and its stage, take the pictures, clear everything away."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else checkout() / "docs" / "images"
    folder.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as home,
        finished_workshop(Path(home), sign_in=True) as workshop,
        launched() as browser,
    ):
        stage = workshop.stage(host=HOST, people=150)
        take(browser, stage, folder)
        workshop.end_stage(forget=True)
    print(folder / "stage-screen.png", folder / "stage-phone.png", sep="\n")


if __name__ == "__main__":
    main()
