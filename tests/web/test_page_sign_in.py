"""Signing in and out on the page, and what happens when a sign-in is over."""

from __future__ import annotations

import asyncio
from urllib.parse import quote

import pytest
from playwright.sync_api import Page, expect

from tests.web.conftest import Profile, Visit, join, sign_in
from tests.web.stand_in import Room
from tests.web.stand_in_auth import Person

pytestmark = pytest.mark.long

ENDED = "Your sign-in has ended. Please sign in again."
STOLEN = '{"authenticationToken": "of-mallory"}'


def write(page: Page, text: str) -> None:
    page.get_by_label("Message to everybody").fill(text)
    page.keyboard.press("Enter")


def kept(page: Page, key: str = "chat-token") -> str | None:
    """What the tab's session storage holds."""
    value = page.evaluate("key => sessionStorage.getItem(key)", key)
    return None if value is None else str(value)


def negotiations(chat: Room) -> int:
    return sum(request.startswith("POST /api/negotiate") for request in chat.requests)


def test_somebody_signs_in(signed_in: Visit, chat: Room) -> None:
    """The room knows the name; the token is in sessionStorage only, gone from the address bar and
    from the way back.
    """
    page = signed_in("alice")
    expect(page.locator(".me .name")).to_have_text("alice@chatkit.example")
    assert page.url == chat.page_url
    assert kept(page) in chat.sign_ins.sessions
    assert page.evaluate("localStorage.length + document.cookie.length") == 0
    write(page, "Hello")
    expect(page.locator(".message.sent .who bdi")).to_have_text(["alice"])
    token = str(kept(page))
    page.go_back()
    assert token not in page.url


def test_without_sign_in_in_its_config_the_page_asks_for_a_name(visit: Visit, chat: Room) -> None:
    """And asks nobody who that is, nor for whom a message is."""
    page = visit("alice")
    write(page, "Hello")
    expect(page.locator(".message.sent")).to_have_count(1)
    for role in ("Sign in", "Sign out", "Write privately"):
        expect(page.get_by_role("button", name=role)).to_have_count(0)
    expect(page.get_by_label("To", exact=True)).to_have_count(0)
    assert (chat.sign_ins.seen, kept(page)) == ([], None)


def test_a_reload_stays_signed_in_and_a_second_tab_is_somebody_else(
    signed_in: Visit, chat: Room
) -> None:
    """The token belongs to the tab."""
    page = signed_in("alice")
    page.reload()
    expect(page.locator(".me .name")).to_have_text("alice@chatkit.example")
    other = page.context.new_page()
    other.goto(chat.page_url)
    sign_in(other, "bob")
    expect(other.locator(".me .name")).to_have_text("bob@chatkit.example")
    expect(page.locator(".me .name")).to_have_text("alice@chatkit.example")


def test_signing_out_ends_the_session(signed_in: Visit, chat: Room) -> None:
    """Here and in the function app; the messages are gone from the screen, and the way back is a
    button.
    """
    page = signed_in("alice")
    write(page, "Hello")
    expect(page.locator(".message.sent")).to_have_count(1)
    with page.expect_response("**/.auth/logout"):
        page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("alert")).to_have_text("You have signed out.")
    expect(page.get_by_role("button", name="Sign in")).to_be_focused()
    assert (kept(page), chat.sign_ins.sessions) == (None, {})
    expect(page.locator(".text")).to_have_count(0)
    page.reload()
    sign_in(page, "bob")
    expect(page.locator(".me .name")).to_have_text("bob@chatkit.example")


def test_signing_out_without_an_answer_still_forgets(signed_in: Visit, chat: Room) -> None:
    """And says what it could not do."""
    page = signed_in("alice")
    chat.sign_ins.closed = True
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("alert")).to_contain_text("The function app could not be told.")
    assert kept(page) is None


def test_an_expired_sign_in_at_the_start_leads_to_sign_in(signed_in: Visit, chat: Room) -> None:
    """With a sentence."""
    page = signed_in("alice")
    chat.sign_ins.expire()
    page.reload()
    expect(page.get_by_role("alert")).to_have_text(ENDED)
    assert kept(page) is None
    sign_in(page, "alice")


def test_what_could_not_be_sent_waits_for_the_same_person(signed_in: Visit, chat: Room) -> None:
    """The sign-in ended while alice was writing: she finds her words, and to whom they were, after
    the next one.
    """
    page = signed_in("alice")
    chat.post("bob@chatkit.example", "Hello")
    page.get_by_role("button", name="Write privately to bob").click()
    chat.sign_ins.expire()
    page.get_by_label("Private message to").fill("A long answer")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_have_text(ENDED)
    sign_in(page, "alice")
    expect(page.get_by_label("Private message to bob")).to_have_value("A long answer")
    assert kept(page, "chat-draft") is None


def test_what_could_not_be_sent_is_not_shown_to_somebody_else(signed_in: Visit, chat: Room) -> None:
    """In the same tab."""
    page = signed_in("alice")
    chat.sign_ins.expire()
    write(page, "My secret")
    expect(page.get_by_role("alert")).to_have_text(ENDED)
    sign_in(page, "bob")
    expect(page.get_by_label("Message to everybody")).to_have_value("")
    assert kept(page, "chat-draft") is None


def test_a_connection_that_is_refused_is_not_tried_for_ever(signed_in: Visit, chat: Room) -> None:
    """The sign-in ends, the connection drops: one try, then sign-in, and no more."""
    page = signed_in("alice")
    before = negotiations(chat)
    chat.sign_ins.expire()
    chat.drop()
    page.get_by_role("button", name="Sign in").wait_for()
    expect(page.get_by_role("alert")).to_have_text(ENDED)
    page.evaluate("dispatchEvent(new Event('online'))")  # nothing listens any more
    page.reload()
    expect(page.get_by_role("button", name="Sign in")).to_be_visible()
    assert negotiations(chat) - before == 1


def test_history_that_is_refused_leads_to_sign_in(signed_in: Visit, chat: Room) -> None:
    """Also from the app itself, which does not know the person."""
    page = signed_in("alice")
    chat.faults.history = (401, '{"error": "Sign in first."}')
    page.reload()
    expect(page.get_by_role("alert")).to_have_text(ENDED)


def test_an_app_that_is_away_does_not_lose_the_sign_in(signed_in: Visit, chat: Room) -> None:
    """Who am I cannot be answered: try again, still signed in."""
    page = signed_in("alice")
    page.route("**/.auth/me", lambda route: route.abort())
    page.reload()
    expect(page.get_by_role("alert")).to_contain_text("The function app does not answer.")
    page.unroute("**/.auth/me")
    page.get_by_role("button", name="Try again").click()
    expect(page.locator(".me .name")).to_have_text("alice@chatkit.example")


def test_the_page_says_that_it_signs_somebody_in(signed_in: Visit, chat: Room) -> None:
    """While the app is asked who that is."""
    page = signed_in("alice")
    held = asyncio.Event()
    page.route("**/.auth/me", lambda route: held.set())
    page.reload(wait_until="commit")
    expect(page.get_by_role("status")).to_have_text("Signing you in…")


def test_a_link_with_somebody_elses_token_signs_nobody_in(signed_in: Visit, chat: Room) -> None:
    """Otherwise a victim would write as the sender of the link."""
    chat.sign_ins.sessions["of-mallory"] = Person("her-id", "mallory@chatkit.example")
    page = signed_in(None)
    page.goto("about:blank")
    page.goto(f"{chat.page_url}#token={quote(STOLEN)}")
    expect(page.get_by_role("alert")).to_contain_text("It was not begun here")
    assert (kept(page), page.url, chat.sign_ins.seen) == (None, chat.page_url, [])


@pytest.mark.parametrize(
    "fragment",
    ["%7B", "%E0%A4%A", "null", "{}", '{"authenticationToken":7}', '{"authenticationToken":""}'],
)
def test_a_sign_in_that_brings_nothing_says_so(signed_in: Visit, chat: Room, fragment: str) -> None:
    """And the address bar is clean all the same."""
    page = signed_in(None)
    page.evaluate("sessionStorage.setItem('chat-sign-in-begun', 'yes')")
    page.goto("about:blank")
    page.goto(f"{chat.page_url}#token={fragment}")
    expect(page.get_by_role("alert")).to_have_text(
        "The sign-in brought no token back. Please try again."
    )
    assert (kept(page), page.url) == (None, chat.page_url)


def test_the_token_goes_to_the_function_app_only(signed_in: Visit, chat: Room) -> None:
    """Neither to SignalR Service nor to the page's own server; and no cookie goes along."""
    page = signed_in(None)
    brought: dict[str, set[str]] = {}
    page.on(
        "request",
        lambda request: brought.setdefault(request.url.split("/")[2], set()).update(
            request.headers
        ),
    )
    sign_in(page, "alice")
    write(page, "Hello")
    expect(page.locator(".message.sent")).to_have_count(1)
    carried = {host for host, headers in brought.items() if "x-zumo-auth" in headers}
    assert carried == {chat.api_url.split("/")[2]}
    assert "x-zumo-auth" not in chat.hub_headers
    assert {cookie for _, _, cookie in chat.sign_ins.seen} == {False}


@pytest.mark.parametrize("blocked", [True, False])
def test_it_works_whether_or_not_other_sites_cookies_are_blocked(
    profile: Profile, chat: Room, blocked: bool
) -> None:
    """Page on 127.0.0.1, API on localhost: two sites.

    A cookie of the API proves what the browser does.
    """
    chat.has_sign_in = True
    page = profile(block_cookies=blocked).new_page()
    page.goto(chat.page_url)
    sign_in(page, "alice")
    write(page, "Hello")
    expect(page.locator(".message.sent .text")).to_have_text(["Hello"])
    page.evaluate(
        "url => fetch(url, {mode: 'no-cors', credentials: 'include'})", f"{chat.api_url}/.auth/me"
    )
    assert chat.sign_ins.seen[-1] == ("/.auth/me", False, not blocked)


def test_script_in_a_sign_in_name_stays_text(signed_in: Visit, chat: Room) -> None:
    """In the header, on messages, in the list of people and above the message to them."""
    name = "<img src=x onerror=alert(1)>"
    page, bob = signed_in(None), signed_in("bob")
    page.get_by_role("button", name="Sign in").click()
    page.locator("button").last.click()
    write(page, "Hello")
    bob.get_by_role("button", name=f"Write privately to {name}").click()
    expect(bob.get_by_label(f"Private message to {name}")).to_be_visible()
    for each in (page, bob):
        assert each.locator(".room img:not(.mark)").count() == 0


def test_a_provider_with_a_strange_name_is_refused(visit: Visit, chat: Room) -> None:
    """The name becomes part of an address."""
    for name in ('"../evil"', "7", '["aad"]', '"a b"'):
        chat.faults.config = f'{{"apiBaseUrl": "{chat.api_url}", "signIn": {name}}}'
        page = visit(None)
        expect(page.get_by_role("alert")).to_contain_text(
            '"signIn" has to be the name of a provider'
        )


def test_who_leaves_an_anonymous_chat_is_not_told_about_sign_in(visit: Visit) -> None:
    """The two ways in do not mix."""
    page = visit("alice")
    page.get_by_role("button", name="Change name").click()
    expect(page.get_by_role("alert")).to_have_count(0)
    join(page, "bob")
