"""A port that takes http and https."""

from __future__ import annotations

import asyncio
import ssl
from contextlib import suppress
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web

from chatkit.core import tls
from chatkit.core.listeners import Listeners
from chatkit.localcloud.core import first_bytes
from chatkit.localcloud.core.connection_limits import ConnectionLimits
from chatkit.localcloud.core.first_bytes import http_or_https
from chatkit.localcloud.core.platform import StoredPorts
from chatkit.localcloud.core.runners import HttpServer
from chatkit.localcloud.core.store import Store
from tests.attacks.limits import SHARED_HALF_OPEN


async def test_one_port_answers_http_and_https(tmp_path: Path, store: Store) -> None:
    """Small and large bodies both ways, over connections that are kept alive."""
    certificates = tls.load(tmp_path / "tls")
    listeners = Listeners(StoredPorts(store))

    async def echo(request: web.Request) -> web.Response:
        return web.Response(body=await request.read())

    app = web.Application(client_max_size=10 << 20)
    app.router.add_post("/", echo)
    port = listeners.reserve("both")
    server = HttpServer(app, peek=http_or_https(certificates.server))
    await listeners.open("both", server, port=port)
    trust = ssl.create_default_context(cafile=str(certificates.ca_file))
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=trust)) as http:
        for scheme in ("http", "https", "https", "http"):
            for size in (1, 900_000):
                async with http.post(f"{scheme}://localhost:{port}/", data=b"x" * size) as answer:
                    assert len(await answer.read()) == size
    await listeners.close_all()


@pytest.mark.parametrize("name", SHARED_HALF_OPEN)
async def test_a_connection_that_never_tells_is_ended(
    tmp_path: Path, store: Store, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """Before it has said which protocol it speaks, and in the middle of it."""
    monkeypatch.setattr(first_bytes, "WITHIN_S", 0.1)
    certificates = tls.load(tmp_path / "tls")
    listeners = Listeners(StoredPorts(store))
    port = listeners.reserve("both")
    server = HttpServer(
        web.Application(),
        peek=http_or_https(certificates.server),
        limits=ConnectionLimits(head_s=0.1),
    )
    await listeners.open("both", server, port=port, ipv4_only=True)
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(SHARED_HALF_OPEN[name])
    async with asyncio.timeout(10):
        with suppress(ConnectionError):
            await reader.read()
    writer.close()
    await listeners.close_all()
