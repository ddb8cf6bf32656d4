"""The local Entra's pages on a telephone, by day and by night."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser

from chatkit.localcloud.entra.core import pages
from tests.web.test_page_access import axe, complaints

__all__ = ["axe"]  # a fixture of that file
LONG = "chatkit-a-name-as-long-as-azure-allows-for-a-function-app-api"
USERS = ("alice@chatkit.onmicrosoft.example", "bob@chatkit.onmicrosoft.example")
PAGES = {
    "who signs in": pages.pick_user(LONG, {}, hint="", users=USERS),
    "a device's code": pages.device("ABCD-1234", users=USERS),
    "a refusal": pages.message("Something went wrong", f"https://{LONG * 3}", status=400),
}
LOOKS = [(name, scheme) for name in PAGES for scheme in ("light", "dark")]


@pytest.mark.long
@pytest.mark.parametrize("width", [320, 390])
@pytest.mark.parametrize(("name", "scheme"), LOOKS)
def test_a_page_fits_a_telephone(
    browser: Browser, axe: str, tmp_path: Path, name: str, scheme: str, width: int
) -> None:
    """Nothing lies beyond its edge, and axe finds nothing, contrast included."""
    file = tmp_path / "page.html"
    file.write_text(str(PAGES[name].text), encoding="utf-8")
    context = browser.new_context(
        viewport={"width": width, "height": 844},
        color_scheme="dark" if scheme == "dark" else "light",
    )
    page = context.new_page()
    page.goto(file.as_uri())
    assert page.evaluate("document.documentElement.scrollWidth") == width
    assert complaints(page, axe) == []
    context.close()
