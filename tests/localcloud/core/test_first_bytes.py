"""A port that takes http and https."""

from __future__ import annotations

import ssl
from pathlib import Path

import aiohttp
from aiohttp import web

from chatkit.core import tls
from chatkit.core.listeners import Listeners
from chatkit.localcloud.core.first_bytes import http_or_https
from chatkit.localcloud.core.platform import StoredPorts
from chatkit.localcloud.core.runners import HttpServer
from chatkit.localcloud.core.store import Store


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
