"""The deployed page with authentication on: alice, bob and carol, each in a browser profile of
their own.
"""

from __future__ import annotations

import statistics
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from azure.mgmt.web.models import CookieExpiration
from playwright.sync_api import Browser, BrowserContext, Page, expect

from chatkit.workshop import Workshop
from tests.web.conftest import Profile, sign_in
from tests.web.deployed import finished_workshop

Open = Callable[..., Page]
PATHS = ("/.auth/me", "/api/messages")
WAIT_S = 10.0


@pytest.fixture(scope="module")
def workshop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workshop]:
    """Everything made, published and uploaded once, with authentication on."""
    with finished_workshop(tmp_path_factory.mktemp("home"), sign_in=True) as workshop:
        yield workshop


@pytest.fixture
def enter(browser: Browser, workshop: Workshop) -> Iterator[Open]:
    """A function that signs somebody in on the deployed page; in the profile of another page when
    one is given.
    """
    contexts: list[BrowserContext] = []

    def open_page(name: str, *, beside: Page | None = None, **options: Any) -> Page:
        if beside is None:
            contexts.append(browser.new_context(**options))
        page = (beside.context if beside else contexts[-1]).new_page()
        page.set_default_timeout(10_000)
        page.goto(workshop.web_url or "")
        sign_in(page, name)
        return page

    yield open_page
    for context in contexts:
        context.close()


@pytest.fixture
def short_sessions(workshop: Workshop) -> Iterator[None]:
    """Sessions that begin now last three seconds; afterwards as long as before."""
    settings, apps = workshop.settings, workshop.cloud.web().web_apps
    place = settings.names.resource_group, settings.names.function_app
    before = apps.get_auth_settings_v2_without_secrets(*place)
    short = apps.get_auth_settings_v2_without_secrets(*place)
    assert short.properties and short.properties.login
    short.properties.login.cookie_expiration = CookieExpiration(
        convention="FixedTime", time_to_expiration="00:00:03"
    )
    apps.update_auth_settings_v2(*place, short)
    yield
    apps.update_auth_settings_v2(*place, before)


def wait_until(condition: Callable[[], bool]) -> None:
    """Wait for something that no event tells of."""
    until = time.monotonic() + WAIT_S
    while not condition():
        assert time.monotonic() < until, "it did not happen"
        time.sleep(0.05)


def write(page: Page, text: str, *, to: str = "") -> None:
    """Write to everybody, or privately to somebody who has spoken."""
    if to:
        page.get_by_label("To", exact=True).select_option(label=to)
    page.get_by_label("Private message to" if to else "Message to everybody").fill(text)
    page.keyboard.press("Enter")
    expect(page.locator(".message.sent .text").last).to_have_text(text)
    page.keyboard.press("Escape")


def answer_to(workshop: Workshop, path: str, token: str) -> int:
    """Status of the API's answer to a request with somebody's token."""
    request = urllib.request.Request(
        f"{workshop.api_base_url}{path}", headers={"X-ZUMO-AUTH": token}
    )
    try:
        with urllib.request.urlopen(request) as response:
            return int(response.status)
    except urllib.error.HTTPError as error:
        return error.code


def test_three_profiles_chat_publicly_and_privately(enter: Open) -> None:
    """What alice writes to bob reaches both of bob's tabs, her own other tab, and not carol, now or
    from the history.
    """
    alice, bob, carol = enter("alice"), enter("bob"), enter("carol")
    her_other, his_other = enter("alice", beside=alice), enter("bob", beside=bob)
    everywhere = (alice, bob, carol, her_other, his_other)
    write(alice, "Hello everybody")
    write(bob, "Good morning")
    for page in everywhere:
        expect(page.locator(".text")).to_have_text(["Hello everybody", "Good morning"])
    write(alice, "Only for bob", to="bob")
    for page in (alice, bob, her_other, his_other):
        expect(page.locator(".message.private .text")).to_have_text(["Only for bob"])
    expect(bob.locator(".badge")).to_have_text("Private · to you")
    expect(alice.locator(".badge")).to_have_text("Private · to bob")
    write(bob, "Yes?")
    for page in (alice, bob, her_other, his_other):
        expect(page.locator(".text")).to_have_text(
            ["Hello everybody", "Good morning", "Only for bob", "Yes?"]
        )
    for _ in ("live", "from the history"):
        expect(carol.locator(".text")).to_have_text(["Hello everybody", "Good morning", "Yes?"])
        carol.reload()
        carol.wait_for_selector(".connected")
    expect(alice.locator(".fate")).to_have_count(0)


def test_who_is_away_is_told_to_the_sender(enter: Open) -> None:
    """Bob has spoken here and left."""
    alice, bob = enter("alice"), enter("bob")
    write(bob, "I have to go")
    with bob.expect_response("**/.auth/logout"):
        bob.get_by_role("button", name="Sign out").click()
    expect(alice.locator(".text").last).to_have_text("I have to go")
    write(alice, "See you tomorrow", to="bob")
    expect(alice.locator(".fate").last).to_contain_text(
        "was not here, and will find it in the history."
    )


def test_two_people_of_one_look_write_to_each_other(enter: Open) -> None:
    """Two spellings of Zoë's accent are one person; a wider letter makes another one."""
    names = ("Zoë 山田", "Zoe\u0308 山田", "\uff3aoë 山田")
    first, same, other = (enter(name) for name in names)
    write(first, "I am Zoë")
    expect(same.locator(".own .text").last).to_have_text("I am Zoë")
    write(other, "So am I")
    box = first.get_by_label("To", exact=True)
    (label,) = [text for text in box.locator("option").all_inner_texts() if "山田 (" in text]
    write(first, "Hello, Zoë", to=label)
    expect(other.locator(".private .text")).to_have_text("Hello, Zoë")
    expect(other.locator(".badge")).to_have_text("Private · to you")


def test_signing_out_ends_the_session_in_the_app(enter: Open, workshop: Workshop) -> None:
    """A copied token is worth nothing afterwards, for the module nor for the functions."""
    page = enter("carol")
    token = str(page.evaluate("sessionStorage.getItem('chat-token')"))
    assert [answer_to(workshop, path, token) for path in PATHS] == [200, 200]
    with page.expect_response("**/.auth/logout") as answered:
        page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("alert")).to_have_text("You have signed out.")
    assert (answered.value.status, [answer_to(workshop, path, token) for path in PATHS]) == (
        200,
        [401, 401],
    )


def test_an_expired_session_leads_back_to_the_sign_in(
    enter: Open, workshop: Workshop, short_sessions: None
) -> None:
    """The page was open all the time; its next message does not go out, says why, and waits for its
    writer.
    """
    page = enter("carol")
    token = str(page.evaluate("sessionStorage.getItem('chat-token')"))
    wait_until(lambda: answer_to(workshop, "/.auth/me", token) == 401)
    page.get_by_label("Message to everybody").fill("Too late")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_have_text("Your sign-in has ended. Please sign in again.")
    assert page.evaluate("sessionStorage.getItem('chat-token')") is None
    sign_in(page, "carol")
    expect(page.get_by_label("Message to everybody")).to_have_value("Too late")


def test_it_works_with_other_sites_cookies_blocked(profile: Profile, workshop: Workshop) -> None:
    """The page is on 127.0.0.1, the app on localhost: two sites, as in Azure."""
    page = profile(block_cookies=True).new_page()
    page.goto(workshop.web_url or "")
    assert {urlsplit(url or "").hostname for url in (page.url, workshop.api_base_url)} == {
        "127.0.0.1",
        "localhost",
    }
    sign_in(page, "alice")
    write(page, "No cookie needed")
    page.reload()
    expect(page.locator(".text").last).to_have_text("No cookie needed")


def test_somebody_signs_in_again_and_again(enter: Open) -> None:
    """From the press on "Sign in" over picking alice to the room with its connection.

    The time is printed, not judged.
    """
    page = enter("alice")
    rounds_s = []
    for _ in range(5):
        page.get_by_role("button", name="Sign out").click()
        expect(page.get_by_role("alert")).to_have_text("You have signed out.")
        begun = time.perf_counter()
        sign_in(page, "alice")
        rounds_s.append(time.perf_counter() - begun)
    print(f"signed in after {statistics.median(rounds_s):.3f} s, at best {min(rounds_s):.3f} s")
