"""A client that really fails: what it prints is recognised. `clients.json` has the others'."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from aiohttp import web
from pysignalr.client import SignalRClient

from chatkit.knowledge.problems.recognition import recognise
from tests.lesson.doctor.failing_server import failing_app

LIMIT_S = 10
PYSIGNALR = {
    "404": "negotiate-404",
    "401": "negotiate-401",
    "403": "negotiate-403",
    "500": "settings-not-uploaded",
    "429": "connection-limit",
    "html": "page-instead-of-json",
    "case": "wrong-shape",
    "ws404": "unknown-connection",
    "type7": "service-closed",
    "mode": "default-mode",
}


@pytest.fixture
async def server() -> AsyncIterator[str]:
    """Address of a server at which clients fail."""
    runner = web.AppRunner(failing_app())
    await runner.setup()
    await web.TCPSite(runner, "localhost", 0).start()
    yield f"http://localhost:{runner.addresses[0][1]}"
    await runner.cleanup()


def said(error: BaseException) -> str:
    """The last line of a traceback."""
    kind = type(error)
    return f"{kind.__module__}.{kind.__qualname__}: {error}"


@pytest.mark.parametrize(
    "way", [way if way == "404" else pytest.param(way, marks=pytest.mark.long) for way in PYSIGNALR]
)
async def test_pysignalrs_words_are_recognised(server: str, way: str) -> None:
    """It raises, and gives a number or nothing."""
    client = SignalRClient(f"{server}/{way}", retry_count=1)
    with pytest.raises(Exception) as failed:
        await asyncio.wait_for(client.run(), LIMIT_S)
    assert recognise(said(failed.value))[0].key == PYSIGNALR[way]
