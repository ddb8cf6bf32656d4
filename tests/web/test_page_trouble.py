"""What the page does when something around it does not work: it says so, and goes on as soon as it
can.
"""

from __future__ import annotations

import asyncio

import pytest
from playwright.sync_api import Page, Route, expect

from tests.web.conftest import Visit
from tests.web.stand_in import Room

pytestmark = pytest.mark.long


def write(page: Page, text: str) -> None:
    page.get_by_label("Message to everybody").fill(text)
    page.keyboard.press("Enter")


@pytest.mark.parametrize(
    ("config", "words"),
    [
        ("", "There is no config.json beside this page"),
        ("{", "config.json has to name the function app"),
        ("[]", "config.json has to name the function app"),
        ('{"apiBaseUrl": 7071}', "config.json has to name the function app"),
        ('{"apiBaseUrl": "javascript:alert(1)"}', "config.json has to name the function app"),
        ('{"apiBaseUrl": "http://"}', "config.json has to name the function app"),
    ],
)
def test_a_page_without_its_config_says_so(
    visit: Visit, chat: Room, config: str, words: str
) -> None:
    """And goes on once it is there."""
    chat.faults.config = config
    page = visit(None)
    expect(page.get_by_role("alert")).to_contain_text(words)
    chat.faults.config = None
    page.get_by_role("button", name="Try again").click()
    expect(page.get_by_label("Your name")).to_be_visible()


def test_a_slash_at_the_end_of_the_address_does_not_matter(visit: Visit, chat: Room) -> None:
    """The request still goes to /api, not to //api."""
    chat.faults.config = f'{{"apiBaseUrl": "{chat.api_url}/"}}'
    visit()
    assert any(request.startswith("POST /api/negotiate") for request in chat.requests)


def test_loading_is_shown(visit: Visit, chat: Room) -> None:
    """Until the history has arrived."""
    chat.faults.hold = asyncio.Event()
    page = visit()
    expect(page.locator(".skeleton")).to_be_visible()
    chat.let_go()
    expect(page.locator(".empty")).to_be_visible()


def test_what_is_said_between_history_and_connection_is_not_missed(
    visit: Visit, chat: Room
) -> None:
    """The history is there before the connection is: who comes in hears of both, and of what lies
    between.
    """
    chat.faults.negotiate = 500
    page = visit(wait=".banner")
    expect(page.locator(".empty")).to_be_visible()
    chat.post("bob", "Just now")
    chat.faults.negotiate = None
    expect(page.locator(".text")).to_have_text("Just now")


def test_chat_goes_on_without_history(visit: Visit, chat: Room) -> None:
    """The app's sentence is shown, live messages arrive, and the history comes on demand."""
    chat.post("bob", "from before")
    chat.blobs.down = True
    page = visit()
    expect(page.get_by_role("alert")).to_contain_text("The history cannot be read now")
    chat.post("bob", "live")
    expect(page.locator(".text")).to_have_text(["live"])
    write(page, "mine")
    expect(page.locator(".fate")).to_contain_text("Sent, but not kept in the history: who comes")
    chat.blobs.down = False
    page.get_by_role("button", name="Load the history again").click()
    expect(page.locator(".text")).to_have_text(["from before", "live", "mine"])
    expect(page.get_by_role("alert")).to_have_count(0)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (
            (400, '{"error": "The text is too long: at most 2,000 characters."}'),
            "The text is too long",
        ),
        ((500, "<h1>Error</h1>"), "The function app answered with status 500."),
        ((400, '{"error": {"not": "a sentence"}}'), "The function app answered with status 400."),
    ],
)
def test_a_message_that_was_refused_can_be_sent_again(
    visit: Visit, chat: Room, answer: tuple[int, str], words: str
) -> None:
    """It stays where it is, says why, and goes out on the next try."""
    page = visit()
    chat.faults.send = answer
    write(page, "Hello")
    expect(page.locator(".message.failed .fate")).to_contain_text(f"Not sent. {words}")
    chat.faults.send = None
    page.get_by_role("button", name="Try again").click()
    expect(page.locator(".message.sent .text")).to_have_text(["Hello"])
    expect(page.locator(".fate")).to_have_count(0)


def test_a_message_that_was_refused_can_be_removed(visit: Visit, chat: Room) -> None:
    """And does not come back."""
    page = visit()
    chat.faults.send = (500, "")
    write(page, "Hello")
    page.get_by_role("button", name="Remove").click()
    expect(page.locator(".message")).to_have_count(0)


def test_a_function_app_that_is_away_is_named(visit: Visit, chat: Room) -> None:
    """With the two causes that a browser does not tell apart: it is down, or CORS says no."""
    page = visit()
    page.route("**/api/messages", lambda route: route.abort())
    write(page, "Hello")
    expect(page.locator(".fate")).to_contain_text(
        "Is it down for now, or does its CORS setting not name this page?"
    )
    page.unroute("**/api/messages")
    page.get_by_role("button", name="Try again").click()
    expect(page.locator(".message.sent .text")).to_have_text(["Hello"])


def test_messages_wait_for_an_app_that_is_down(visit: Visit, chat: Room) -> None:
    """They say so, and go out by themselves: in order, each once, also after a reload."""
    page = visit()
    chat.faults.send = (503, "<h1>Service Unavailable</h1>")
    write(page, "one")
    expect(page.locator(".fate")).to_contain_text("Not sent yet. The function app is down for now")
    write(page, "two")
    expect(page.locator(".message.waiting .text")).to_have_text(["one", "two"])
    page.reload()
    expect(page.locator(".message.waiting .text")).to_have_text(["one", "two"])
    chat.faults.send = None
    expect(page.locator(".message.sent .text")).to_have_text(["one", "two"])
    expect(page.locator(".fate")).to_have_count(0)
    expect(visit().locator(".text")).to_have_text(["one", "two"])


@pytest.mark.parametrize("is_connected", [True, False])
def test_a_message_whose_answer_was_lost_is_not_sent_twice(
    visit: Visit, chat: Room, is_connected: bool
) -> None:
    """The hub brings it, or it is in the history."""
    page = visit()
    if not is_connected:
        chat.faults.negotiate = 503
        chat.drop()
        expect(page.locator(".banner")).to_be_visible()

    def lose(route: Route) -> None:
        if route.request.method == "POST":
            route.fetch()
            route.abort()
        else:
            route.continue_()

    page.route("**/api/messages*", lose)
    write(page, "Hello")
    expect(page.locator(".message.sent .text")).to_have_text(["Hello"])
    page.unroute("**/api/messages*")
    chat.faults.negotiate = None
    expect(visit().locator(".text")).to_have_text(["Hello"])


def test_a_dropped_connection_comes_back_with_what_was_missed(visit: Visit, chat: Room) -> None:
    """A banner counts down; the gap is filled from the history."""
    page = visit()
    chat.post("bob", "before")
    expect(page.locator(".text")).to_have_text(["before"])
    chat.drop()
    expect(page.locator(".banner")).to_contain_text("The connection was lost. Trying again in")
    chat.post("bob", "meanwhile")
    expect(page.locator(".state")).to_have_text("Connected")
    expect(page.locator(".text")).to_have_text(["before", "meanwhile"])
    expect(page.locator(".banner")).to_have_count(0)


def test_a_long_absence_leaves_no_hole(visit: Visit, chat: Room) -> None:
    """More was missed than one page holds: the page starts again from the newest, and the rest is
    above.
    """
    page = visit()
    chat.post("bob", "before")
    expect(page.locator(".text")).to_have_count(1)
    chat.faults.negotiate = 500
    chat.drop()
    for number in range(60):
        chat.post("bob", f"number {number}")
    chat.faults.negotiate = None
    page.get_by_role("button", name="Try now").click()
    expect(page.get_by_text("number 59", exact=True)).to_be_in_viewport()
    page.locator(".log").press("Home")
    expect(page.locator(".text").first).to_have_text("number 10")
    page.get_by_role("button", name="Show earlier messages").click()
    expect(page.get_by_text("number 9", exact=True)).to_be_attached()
    page.locator(".log").press("Home")
    expect(page.locator(".text").first).to_have_text("before")


@pytest.mark.parametrize("status", [404, 500])
def test_a_hub_that_cannot_be_reached_is_tried_again(visit: Visit, chat: Room, status: int) -> None:
    """The banner names the status; history works meanwhile."""
    chat.post("bob", "from before")
    chat.faults.negotiate = status
    page = visit(wait=".banner")
    expect(page.locator(".banner")).to_contain_text(
        f"The function app answered with status {status}."
    )
    expect(page.locator(".text")).to_have_text(["from before"])
    chat.faults.negotiate = None
    page.get_by_role("button", name="Try now").click()
    expect(page.locator(".state")).to_have_text("Connected")


def test_a_device_without_network_says_so_and_comes_back_by_itself(
    visit: Visit, chat: Room
) -> None:
    """The browser tells when the network is there again."""
    page = visit()
    page.context.set_offline(True)
    chat.drop()
    expect(page.locator(".banner")).to_contain_text("This device is offline.")
    page.context.set_offline(False)
    expect(page.locator(".state")).to_have_text("Connected")


def test_leaving_closes_the_connection(visit: Visit) -> None:
    """Nobody stays connected who has left."""
    page = visit()
    with page.expect_event("websocket") as opened:
        page.reload()
    page.wait_for_selector(".connected")
    with opened.value.expect_event("close"):
        page.get_by_role("button", name="Change name").click()
    expect(page.get_by_label("Your name")).to_be_visible()
