"""Fixtures of the authentication tests."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.localcloud.easy_auth.deployed_stack import Browser, Stack


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def stack(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stack]:
    """A running stack that the tests of one file share."""
    async with Stack(tmp_path_factory.mktemp("stack")) as running:
        yield running


@pytest_asyncio.fixture(loop_scope="module")
async def browser(stack: Stack) -> AsyncIterator[Browser]:
    """A new profile."""
    browser = stack.browser()
    yield browser
    await browser.http.close()
