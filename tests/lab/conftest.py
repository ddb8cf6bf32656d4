"""Chromium, and a JupyterLab as `chatkit lab` starts it."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, sync_playwright

from tests.lab.notebook_page import VIEWPORT
from tests.lab.running_lab import running_lab
from tests.web.conftest import ARGUMENTS, NAMES


@pytest.fixture(scope="module")
def browser(require_tool: Callable[[str], str]) -> Iterator[BrowserContext]:
    """A window of the system's Chromium, never shown. It ends with the file: its loop would disturb asynchronous tests."""
    path = next(filter(None, map(shutil.which, NAMES)), None) or require_tool(NAMES[0])
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield browser.new_context(viewport=VIEWPORT, locale="en-GB")
        browser.close()


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
