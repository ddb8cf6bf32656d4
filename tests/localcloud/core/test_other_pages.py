"""Which page of a browser sent a request."""

from __future__ import annotations

import pytest
from aiohttp.test_utils import make_mocked_request

from chatkit.localcloud.core.web import is_from_other_page, origin_of
from tests.attacks import pages

HERE = {"Host": "localhost:7071"}


@pytest.mark.parametrize("name", pages.OTHER_PAGES)
def test_a_page_of_another_origin_is_known(name: str) -> None:
    """By what browsers say, of whatever age; pages cannot change it."""
    request = make_mocked_request("POST", "/", {**HERE, **pages.OTHER_PAGES[name]})
    assert is_from_other_page(request)


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Sec-Fetch-Site": "same-origin", "Origin": "http://localhost:7071"},
        # A page with the referrer policy no-referrer.
        {"Sec-Fetch-Site": "same-origin", "Origin": "null"},
        # Typed by a person.
        {"Sec-Fetch-Site": "none"},
        # No browser of today, or plain http elsewhere.
        {"Origin": "http://localhost:7071"},
        {"Origin": "HTTP://LOCALHOST:7071"},
        {"Referer": "http://localhost:7071/api/x?y"},
        # A proxy that passes the browser's host on: jupyter-server-proxy.
        {"Host": "hub.example", "Origin": "https://hub.example"},
    ],
)
def test_the_own_page_and_programs_are_not(headers: dict[str, str]) -> None:
    """az, curl and Functions' tools send none of these headers."""
    assert not is_from_other_page(make_mocked_request("POST", "/", {**HERE, **headers}))


def test_an_origin_may_be_trusted_besides() -> None:
    """The page that an app's owner has allowed."""
    request = make_mocked_request("POST", "/", {**HERE, "Origin": "https://page.example"})
    assert not is_from_other_page(request, trusted=["https://page.example"])
    assert is_from_other_page(request, trusted=["https://page.example:444", ""])


@pytest.mark.parametrize("url", ["", "null", "/path", "http://", "http://[::1", "about:blank"])
def test_what_has_no_origin_has_none(url: str) -> None:
    """It is never equal to somebody's."""
    assert origin_of(url) == ""
