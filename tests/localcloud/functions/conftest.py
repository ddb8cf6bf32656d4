"""Fixtures of the tests of the Functions host."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from aiohttp import web

from tests.localcloud.functions.functions_testing import (
    APPS,
    Recorder,
    Serve,
    Served,
    serving,
    settings_json,
)


@pytest_asyncio.fixture
async def serve() -> AsyncIterator[Serve]:
    """A function that serves apps until the test ends."""
    async with AsyncExitStack() as stack:

        async def start(folder: Path) -> Served:
            return await stack.enter_async_context(serving(folder))

        yield start


@pytest_asyncio.fixture
async def signalr() -> AsyncIterator[Recorder]:
    """A recording SignalR Service on a free port."""
    recorder = Recorder()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", recorder.handle)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    recorder.port = runner.addresses[0][1]
    yield recorder
    assert recorder.problems == []
    await runner.cleanup()


@pytest.fixture
def copied(tmp_path: Path) -> Callable[..., Path]:
    """A function that copies one of the test apps, with local settings."""

    def copy(name: str, values: dict[str, Any] | None = None, **host: Any) -> Path:
        folder = tmp_path / name
        shutil.copytree(APPS / name, folder)
        (folder / "local.settings.json").write_text(settings_json(values, **host), encoding="utf-8")
        return folder

    return copy
