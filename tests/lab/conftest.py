"""Chromium, and a JupyterLab as `chatkit lab` starts it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext

from tests.chromium import launched
from tests.lab.notebook_page import VIEWPORT
from tests.lab.running_lab import running_lab


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[BrowserContext]:
    """A window of a Chromium for one file."""
    with launched(path=chromium) as browser:
        yield browser.new_context(viewport=VIEWPORT, locale="en-GB")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A home of its own, for this file."""
    folder = tmp_path_factory.mktemp("lab") / "home"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CHATKIT_HOME", str(folder))
        yield folder


@pytest.fixture(scope="module")
def lab(home: Path) -> Iterator[str]:
    """The address that `chatkit lab` prints."""
    with running_lab(home) as address:
        yield address
