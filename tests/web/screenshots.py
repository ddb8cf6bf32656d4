"""Take the README's pictures of the deployed page: `python -m tests.web.screenshots`.

Makes a workshop of its own on the local cloud, lets three people chat, and writes docs/images/chat-desktop.png (light) and
docs/images/chat-phone.png (dark). Needs Chromium.
"""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from playwright.sync_api import Browser, Page, sync_playwright

from chatkit.settings import checkout
from tests.web.conftest import NAMES, join
from tests.web.deployed import finished_workshop

TALK = (
    ("alice", "Hello! The chat room is up 🎉"),
    ("bob", "I can see you. Who keeps our connections open, the function app?"),
    ("alice", "No, SignalR Service does. A function runs when one of us sends."),
    ("alice", "And the page comes straight out of Blob storage."),
    ("carol", "Late as always… but everything you said is here."),
    ("bob", "That is the history: one line per message, in an append blob."),
    ("alice", "Next: sign-in, so that nobody can pretend to be you."),
)


@dataclass(frozen=True)
class Picture:
    """One picture: whose window, how big, in which colours."""

    file: str
    viewer: str
    width: int
    height: int
    scheme: Literal["light", "dark"]
    scale: float


PICTURES = (
    Picture("chat-desktop.png", "alice", 1280, 800, "light", 1),
    Picture("chat-phone.png", "bob", 390, 844, "dark", 1.5),
)


def enter(browser: Browser, url: str, name: str, picture: Picture | None = None) -> Page:
    """Open the page as somebody, in the size and colours of a picture."""
    if picture is None:
        page = browser.new_page()
    else:
        page = browser.new_page(
            viewport={"width": picture.width, "height": picture.height},
            color_scheme=picture.scheme,
            device_scale_factor=picture.scale,
            locale="en-GB",
        )
    page.goto(url)
    join(page, name)
    return page


def take(url: str, folder: Path) -> None:
    """Let the talk happen on the page at an address, and take every picture of it."""
    with sync_playwright() as playwright:
        path = next(filter(None, map(shutil.which, NAMES)))
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        viewers = {picture.viewer: enter(browser, url, picture.viewer, picture) for picture in PICTURES}
        windows = dict(viewers)
        for number, (who, text) in enumerate(TALK, 1):
            if who not in windows:
                windows[who] = enter(browser, url, who)
            windows[who].get_by_label("Message to everybody").fill(text)
            windows[who].keyboard.press("Enter")
            for page in windows.values():
                page.wait_for_function("number => document.querySelectorAll('.message.sent').length === number", arg=number)
        for picture in PICTURES:
            page = viewers[picture.viewer]
            page.wait_for_function("() => document.getAnimations().length === 0")
            page.screenshot(path=folder / picture.file)
        browser.close()


def main() -> None:
    """Make the workshop, take the pictures, clear it away."""
    folder = checkout() / "docs" / "images"
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as home, finished_workshop(Path(home)) as workshop:
        take(workshop.web_url or "", folder)
    print(*(folder / picture.file for picture in PICTURES), sep="\n")


if __name__ == "__main__":
    main()
