"""The files of the stage's screen: all are served, and none of them makes markup of a text."""

from __future__ import annotations

import re
from importlib import resources

import pytest

from chatkit.localcloud.core.browser.page_files import TOKEN_SCRIPT
from chatkit.localcloud.stage import screen

PAGE = resources.files("chatkit.localcloud.stage") / "page"
# What makes elements or code out of a text, and what a strict policy would refuse.
UNSAFE = re.compile(
    r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function|\.style\b"
    r"|setAttribute\(\s*[\"'](?:on|style|srcdoc)"
)
INLINE = re.compile(r"<style|<script(?![^>]*\ssrc=)|\son\w+=|\sstyle=|https?://", re.IGNORECASE)


def test_every_file_of_the_page_is_served() -> None:
    """And, of others', only the script that proves the page's token."""
    own = {file.name for file in PAGE.iterdir()}
    assert {file.name for file in screen.FILES.values()} == {*own, TOKEN_SCRIPT}


@pytest.mark.parametrize("path", screen.FILES)
def test_a_file_is_served_under_a_strict_policy(path: str) -> None:
    """Scripts and styles of its own only, and no markup of strangers' texts."""
    answer = screen.file(path)
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'; script-src 'self'; style-src 'self';" in policy
    assert "unsafe" not in policy
    assert answer.text is not None
    assert not UNSAFE.search(answer.text)
    assert not (path == screen.SCREEN and INLINE.search(answer.text))


def test_what_the_page_asks_for_is_served() -> None:
    """Each file that a page or a module names."""
    text = "".join(screen.file(path).text or "" for path in screen.FILES)
    named = re.findall(r'(?:src|href)="(stage/[^"]+)"|from "\./([^"]+)"', text)
    wanted = {f"/{whole}" if whole else f"{screen.SCREEN}/{part}" for whole, part in named}
    assert wanted < {*screen.FILES}
