"""Fixtures of the tests of sign-in in front of any local app."""

from __future__ import annotations

from collections.abc import AsyncIterator

import aiohttp
import pytest
import pytest_asyncio

from chatkit.localcloud.easy_auth.proxy.run import Front
from tests.localcloud.easy_auth.deployed_stack import Browser
from tests.localcloud.easy_auth.proxy.front_stack import Cloud, RawApp


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def cloud(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Cloud]:
    """The local Entra that the tests of one file share."""
    cloud = Cloud(tmp_path_factory.mktemp("home"))
    await cloud.start()
    yield cloud
    await cloud.stop()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def app() -> AsyncIterator[RawApp]:
    """The app behind."""
    app = RawApp()
    await app.start()
    yield app
    await app.stop()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def front(cloud: Cloud, app: RawApp) -> AsyncIterator[Front]:
    """Sign-in in front of it, open to everybody."""
    async with cloud.front(app.port) as front:
        yield front


@pytest_asyncio.fixture(loop_scope="module")
async def browser() -> AsyncIterator[Browser]:
    """A new profile."""
    browser = Browser()
    yield browser
    await browser.http.close()


@pytest_asyncio.fixture(loop_scope="module")
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    """A client that changes nothing of what comes."""
    async with aiohttp.ClientSession(auto_decompress=False) as http:
        yield http
