"""Signing in and out on the page, and what happens when a sign-in is over."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.web.conftest import Visit
from tests.web.stand_in import Room


def test_somebody_signs_in(signed_in: Visit, chat: Room) -> None:
    """The room knows the name; the token is in sessionStorage, not in the address bar."""
    page = signed_in("alice")
    expect(page.locator(".me .name")).to_have_text("alice@chatkit.example")
    assert page.url == chat.page_url
    assert page.evaluate("sessionStorage.getItem('chat-token')") in chat.sign_ins.sessions
    assert page.evaluate("localStorage.length + document.cookie.length") == 0
