"""Take the pictures of the deployed page: `python -m tests.web.screenshots`.

Makes two workshops of its own on the local cloud, one without and one with sign-in, lets three
people chat on each, and writes
docs/images/chat-*.png: desktop and phone, light and dark. Needs Chromium.
"""

from __future__ import annotations

import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from playwright.sync_api import Browser, Page

from chatkit.core.settings import checkout
from tests.chromium import launched
from tests.web.conftest import join, sign_in
from tests.web.deployed import finished_workshop

Scheme = Literal["light", "dark"]


@dataclass(frozen=True)
class Said:
    """A message of the talk; `to` makes it private."""

    who: str
    text: str
    to: str = ""


@dataclass(frozen=True)
class Picture:
    """One picture: whose window, how big, in which colours."""

    file: str
    viewer: str
    scheme: Scheme
    width: int = 1280
    height: int = 800
    scale: float = 1


def phone(file: str, viewer: str, scheme: Scheme) -> Picture:
    """A picture in the size of a phone."""
    return Picture(file, viewer, scheme, width=390, height=884, scale=1.5)


ANONYMOUS = (
    Said("alice", "Hello! The chat room is up 🎉"),
    Said("bob", "I can see you. Who keeps our connections open, the function app?"),
    Said("alice", "No, SignalR Service does. A function runs when one of us sends."),
    Said("alice", "And the page comes straight out of Blob storage."),
    Said("carol", "Late as always… but everything you said is here."),
    Said("bob", "That is the history: one line per message, in an append blob."),
    Said("alice", "Next: sign-in, so that nobody can pretend to be you."),
)
SIGNED_IN = (
    Said("alice", "Now everybody here is who they say 🎉"),
    Said("bob", "The name comes from the platform, the page cannot choose it."),
    Said("carol", "Good. I have tried: my forged header was ignored."),
    Said("alice", "Shall we surprise carol with cake on Friday?", to="bob"),
    Said("bob", "Yes! I bring the candles.", to="alice"),
    Said("carol", "You two are so quiet…"),
)
PICTURES = {
    "anonymous": (
        Picture("chat-desktop.png", "alice", "light"),
        Picture("chat-desktop-dark.png", "alice", "dark"),
        phone("chat-phone.png", "bob", "dark"),
        phone("chat-phone-light.png", "bob", "light"),
    ),
    "signed in": (
        Picture("chat-private-desktop.png", "alice", "light"),
        Picture("chat-private-desktop-dark.png", "alice", "dark"),
        phone("chat-private-phone.png", "bob", "dark"),
        phone("chat-private-phone-light.png", "bob", "light"),
    ),
}


def enter(browser: Browser, url: str, name: str, picture: Picture, *, signs_in: bool) -> Page:
    """Open the page as somebody, in the size and colours of a picture."""
    page = browser.new_page(
        viewport={"width": picture.width, "height": picture.height},
        color_scheme=picture.scheme,
        device_scale_factor=picture.scale,
        locale="en-GB",
    )
    page.goto(url)
    (sign_in if signs_in else join)(page, name)
    return page


def say(page: Page, said: Said) -> None:
    """Write a message, privately by a click on the recipient's name."""
    if said.to:
        page.get_by_role("button", name=f"Write privately to {said.to}").last.click()
    page.locator("#text").fill(said.text)
    page.keyboard.press("Enter")
    page.locator(".message.sent .text", has_text=said.text).wait_for()
    page.keyboard.press("Escape")


def take(
    url: str, folder: Path, talk: tuple[Said, ...], pictures: tuple[Picture, ...], *, signs_in: bool
) -> None:
    """Let the talk happen on the page at an address, and take every picture of it."""
    with launched() as browser:
        speakers = {
            who: enter(browser, url, who, pictures[0], signs_in=signs_in)
            for who in ("alice", "bob", "carol")
        }
        for said in talk:
            say(speakers[said.who], said)
            for who, page in speakers.items():
                if not said.to or who in (said.who, said.to):
                    page.locator(".message.sent .text", has_text=said.text).wait_for()
        for picture in pictures:
            page = enter(browser, url, picture.viewer, picture, signs_in=signs_in)
            page.locator(".message.sent .text", has_text=talk[-1].text).wait_for()
            if signs_in:
                page.get_by_role("button", name="Write privately to").last.click()
            page.evaluate("() => Promise.all(document.getAnimations().map(one => one.finished))")
            page.screenshot(path=folder / picture.file)


def main() -> None:
    """Make the workshops, take the pictures, clear everything away."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else checkout() / "docs" / "images"
    folder.mkdir(parents=True, exist_ok=True)
    for state, talk in (("anonymous", ANONYMOUS), ("signed in", SIGNED_IN)):
        signs_in = state == "signed in"
        with (
            tempfile.TemporaryDirectory() as home,
            finished_workshop(Path(home), sign_in=signs_in) as workshop,
        ):
            take(workshop.web_url or "", folder, talk, PICTURES[state], signs_in=signs_in)
        print(*(folder / picture.file for picture in PICTURES[state]), sep="\n")


if __name__ == "__main__":
    main()
