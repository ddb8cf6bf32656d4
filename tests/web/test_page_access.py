"""The page for everybody: keyboard, screen readers, small screens, both colour schemes."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.tools import Tools
from tests.web.conftest import Visit, sign_in
from tests.web.stand_in import Room
from tests.web.stand_in_auth import id_of

SIZES = {
    "desktop": {"width": 1280, "height": 800},
    "phone": {"width": 390, "height": 844},
    "tiny": {"width": 320, "height": 480},
}

# `-m long` has the other pairs.
LOOKS = [
    ("light", "desktop"),
    pytest.param("dark", "phone", marks=pytest.mark.long),
    pytest.param("light", "tiny", marks=pytest.mark.long),
    pytest.param("dark", "desktop", marks=pytest.mark.long),
    pytest.param("light", "phone", marks=pytest.mark.long),
    pytest.param("dark", "tiny", marks=pytest.mark.long),
]

FOCUSED = (
    "document.activeElement.getAttribute('aria-label')"
    " ?? (document.activeElement.id || document.activeElement.innerText)"
)


@pytest.fixture(scope="module")
def axe(tools: Tools) -> str:
    """The source of axe-core, which finds what machines can find."""
    return (tools.node_package("web", "axe-core") / "axe.min.js").read_text(encoding="utf-8")


def complaints(page: Page, axe: str) -> list[str]:
    """What axe finds of any weight, one line each.

    Injected past the page's policy, as a browser extension is.
    """
    session = page.context.new_cdp_session(page)
    session.send("Runtime.evaluate", {"expression": axe})
    report: Any = page.evaluate("axe.run()")
    return [
        f"{each['impact']} {each['id']}: {node['html']}"
        for each in report["violations"]
        for node in each["nodes"]
    ]


@pytest.mark.parametrize(("scheme", "size"), LOOKS)
def test_axe_finds_nothing(visit: Visit, chat: Room, axe: str, scheme: str, size: str) -> None:
    """In the form, in an empty room, among messages, and when things fail."""
    page = visit(None, color_scheme=scheme, viewport=SIZES[size], reduced_motion="reduce")
    found = {"form": complaints(page, axe)}
    page.get_by_role("button", name="Join the chat").click()
    found["no name"] = complaints(page, axe)
    page.get_by_label("Your name").fill("alice")
    page.keyboard.press("Enter")
    page.wait_for_selector(".empty")
    found["empty"] = complaints(page, axe)
    for name in (
        "alice",
        "bob",
        "carol",
        "Ada Lovelace",
        "مرحبا",
        "dave",
        "eve",
        "Zoë",
        "x",
        "Mallory",
    ):
        chat.post(name, f"Hello from {name}")
    expect(page.locator(".text")).to_have_count(10)
    chat.faults.send, chat.faults.negotiate = (500, ""), 500
    page.get_by_label("Message to everybody").fill("Hello")
    page.keyboard.press("Enter")
    page.wait_for_selector(".failed")
    chat.drop()
    page.wait_for_selector(".banner")
    found["trouble"] = complaints(page, axe)
    assert not any(found.values()), found


@pytest.mark.parametrize(("scheme", "size"), LOOKS)
def test_axe_finds_nothing_with_sign_in(
    signed_in: Visit, chat: Room, axe: str, scheme: str, size: str
) -> None:
    """In the form, among private and unverified messages, while writing one, and when the sign-in
    is over.
    """
    page = signed_in(None, color_scheme=scheme, viewport=SIZES[size], reduced_motion="reduce")
    found = {"form": complaints(page, axe)}
    sign_in(page, "alice")
    chat.post("bob", "From before", sender_id="")
    chat.post("bob@chatkit.example", "Hello")
    chat.post("bob@chatkit.example", "Only for you", recipient=id_of("alice"))
    page.get_by_role("button", name="Write privately to bob").last.click()
    page.get_by_label("Private message to bob").fill("Hello")
    page.keyboard.press("Enter")
    page.wait_for_selector(".fate[role=status]")
    found["private"] = complaints(page, axe)
    chat.faults.send = (500, "")
    page.locator("#text").fill("Hello")
    page.keyboard.press("Enter")
    page.wait_for_selector(".failed.private")
    found["failed"] = complaints(page, axe)
    chat.sign_ins.expire()
    chat.drop()
    page.get_by_role("button", name="Sign in").wait_for()
    found["ended"] = complaints(page, axe)
    assert not any(found.values()), found


@pytest.mark.long
@pytest.mark.parametrize("width", [320, 390, 1280])
def test_nothing_sticks_out_sideways_with_sign_in(signed_in: Visit, chat: Room, width: int) -> None:
    """Names as long as sign-in names get, in the message list, above the field and in the list of
    people.
    """
    name = f"{'w' * 64}@{'d' * 60}.example"
    chat.post(name, "w" * 500, recipient=id_of("alice"))
    page = signed_in("alice", viewport={"width": width, "height": 640})
    page.get_by_role("button", name="Write privately to").click()
    expect(page.locator(".composer.private")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.locator(".log").evaluate("log => log.scrollWidth - log.clientWidth") == 0
    for each in (
        page.get_by_role("button", name="Send"),
        page.get_by_role("button", name="Sign out"),
        page.locator("#recipient"),
    ):
        expect(each).to_be_in_viewport(ratio=1)


@pytest.mark.long
@pytest.mark.parametrize("width", [320, 1280])
def test_what_one_presses_is_big_enough(signed_in: Visit, chat: Room, width: int) -> None:
    """24 by 24 pixels at least."""
    chat.post("bob@chatkit.example", "Hello")
    page = signed_in("alice", viewport={"width": width, "height": 640})
    page.get_by_role("button", name="Write privately to bob").wait_for()
    for each in page.locator("button:visible, select:visible, textarea:visible").all():
        box = each.bounding_box()
        assert box and round(min(box["width"], box["height"])) >= 24, each.inner_text()


@pytest.mark.long
def test_a_private_message_can_be_begun_and_left_by_keyboard(signed_in: Visit, chat: Room) -> None:
    """From the field up to the name, Enter, and Escape back to everybody."""
    chat.post("bob@chatkit.example", "Hello")
    page = signed_in("alice")
    page.get_by_role("button", name="Write privately to bob").wait_for()
    names = []
    for _ in range(4):
        page.keyboard.press("Shift+Tab")
        names.append(page.evaluate(FOCUSED))
        if names[-1] == "Write privately to bob":
            page.keyboard.press("Enter")
            break
    assert names == ["recipient", "Write privately to bob"]
    expect(page.get_by_label("Private message to bob")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.get_by_label("Message to everybody")).to_be_focused()


@pytest.mark.long
@pytest.mark.parametrize("width", [320, 360, 390, 768, 1280, 1920])
def test_nothing_sticks_out_sideways(visit: Visit, chat: Room, width: int) -> None:
    """The longest name and a word without end included; the composer stays in sight."""
    chat.post("W" * 50, "w" * 500)
    page = visit("W" * 50, viewport={"width": width, "height": 640})
    expect(page.locator(".text")).to_have_count(1)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.locator(".log").evaluate("log => log.scrollWidth - log.clientWidth") == 0
    title, me = page.locator("h1").bounding_box(), page.locator(".me").bounding_box()
    assert title and me and title["x"] + title["width"] <= me["x"]
    expect(page.get_by_role("button", name="Send")).to_be_in_viewport(ratio=1)
    expect(page.get_by_role("button", name="Change name")).to_be_in_viewport(ratio=1)


@pytest.mark.long
@pytest.mark.parametrize("size", [(667, 375), (640, 320), (320, 256)])
def test_a_low_window_keeps_messages_and_composer_usable(
    visit: Visit, chat: Room, size: tuple[int, int]
) -> None:
    """A phone on its side, and 400 % zoom."""
    page = visit(viewport={"width": size[0], "height": size[1]})
    chat.post("bob", "Hello")
    page.get_by_label("Message to everybody").fill("one\ntwo\nthree\nfour")
    expect(page.get_by_role("button", name="Send")).to_be_in_viewport(ratio=1)
    page.locator(".text").scroll_into_view_if_needed()
    expect(page.locator(".text")).to_be_in_viewport(ratio=1)
    assert page.evaluate("document.documentElement.scrollWidth") <= size[0]


@pytest.mark.long
def test_everything_can_be_reached_by_keyboard(visit: Visit, chat: Room) -> None:
    """In the order of the page."""
    page = visit()
    chat.faults.send = (500, "")
    page.keyboard.type("Hello")
    page.keyboard.press("Enter")
    page.wait_for_selector(".failed")
    names = []
    for _ in range(4):
        page.keyboard.press("Shift+Tab")
        names.append(
            page.evaluate(
                "document.activeElement.getAttribute('aria-label')"
                " ?? document.activeElement.innerText"
            )
        )
    assert names == ["Remove", "Try again", "Messages", "Change name"]


@pytest.mark.long
def test_the_history_is_not_read_out_but_new_messages_are(visit: Visit, chat: Room) -> None:
    """The log's live region is off until the history is there."""
    chat.faults.hold = asyncio.Event()
    page = visit()
    log = page.get_by_role("log", name="Messages")
    expect(log).to_have_attribute("aria-live", "off")
    chat.let_go()
    expect(log).to_have_attribute("aria-live", "polite")


@pytest.mark.long
def test_the_connection_is_told_in_words_without_counting(visit: Visit, chat: Room) -> None:
    """A screen reader hears that it is gone, not every second of the wait."""
    page = visit()
    expect(page.get_by_role("status")).to_have_text("Connected")
    chat.faults.negotiate = 500
    chat.drop()
    expect(page.get_by_role("status")).to_have_text("Not connected")
    expect(page.locator(".banner [aria-hidden=true]")).to_contain_text("Trying again in")


@pytest.mark.long
def test_nothing_moves_for_who_wants_no_motion(visit: Visit, chat: Room) -> None:
    """Neither a new message nor the skeleton."""
    chat.faults.hold = asyncio.Event()
    page = visit(reduced_motion="reduce")
    page.wait_for_selector(".skeleton")
    assert page.evaluate("document.getAnimations().length") == 0
    chat.say({"id": "1", "sender": "bob", "text": "Hello", "sentAt": "2026-11-23T10:00:00Z"})
    expect(page.locator(".text")).to_have_count(1)
    assert page.evaluate("document.getAnimations().length") == 0
