"""A TLS proxy before another process's Resource Manager: checks all against Azure's models."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp import web

from chatkit.core import tls
from chatkit.localcloud.resource_manager.core.http import Answer, Call
from chatkit.localcloud.resource_manager.core.routing import Router
from tests.localcloud.resource_manager.clients.loops import drop_connections
from tests.localcloud.resource_manager.coverage_table import routes
from tests.localcloud.resource_manager.specs import SpecCheck

OWN_HEADERS = {"transfer-encoding", "content-length", "connection", "date", "server"}
LIMIT_BYTES = 8 << 20


class Watch:
    """The proxy. It passes the Host header on, so that polling URLs lead back through it.

    Args:
        known: What `cloud.json` says.

    Attributes:
        specs: What it has seen, and what did not fit.
        unknown: Methods and paths of no operation here.
        url: Its address, to be used for that of Resource Manager.
    """

    def __init__(self, known: dict[str, Any]) -> None:
        self.specs = SpecCheck()
        self.unknown: list[str] = []
        self.url = ""
        self._behind = str(known["resource_manager"])
        self._context = tls.load(Path(known["ca_file"]).parent).server
        self._router = Router(routes())
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    def start(self) -> None:
        """Listen on a free port."""
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._start(), self._loop).result(10)

    def stop(self) -> None:
        """Stop listening."""
        asyncio.run_coroutine_threadsafe(self._stop(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _start(self) -> None:
        app = web.Application(client_max_size=LIMIT_BYTES)
        app.router.add_route("*", "/{path:.*}", self._pass_on)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0, ssl_context=self._context)
        await site.start()
        self.url = f"https://localhost:{self._runner.addresses[0][1]}"
        # A connection each: on one that is used again, aiohttp would repeat a request that broke
        # off by itself.
        self._client = aiohttp.ClientSession(
            auto_decompress=False, connector=aiohttp.TCPConnector(force_close=True)
        )

    async def _stop(self) -> None:
        await self._client.close()
        await self._runner.cleanup()
        await drop_connections()

    async def _pass_on(self, request: web.Request) -> web.Response:
        raw = await request.read()
        headers = {
            name: value
            for name, value in request.headers.items()
            if name.lower() not in OWN_HEADERS
        }
        url = self._behind + request.raw_path
        try:
            async with self._client.request(
                request.method, url, data=raw, headers=headers, ssl=False
            ) as answer:
                body = await answer.read()
        except aiohttp.ClientError:  # it broke off: so does this side
            assert request.transport is not None
            request.transport.abort()
            return web.Response(status=502)
        self._look(request, raw, answer.status, body)
        kept = {
            name: value for name, value in answer.headers.items() if name.lower() not in OWN_HEADERS
        }
        return web.Response(status=answer.status, body=body, headers=kept)

    def _look(self, request: web.Request, raw: bytes, status: int, body: bytes) -> None:
        match = self._router.match(request.method, request.path)
        if match is None or match.route is None:
            self.unknown.append(f"{request.method} {request.path}")
            return
        query = {name.lower(): value for name, value in request.query.items()}
        call = Call(request.method, request.path, match.params, query, {}, raw, "")
        self.specs(match.route, call, Answer(status, self.specs.parsed(body)))


@contextmanager
def watching(known: dict[str, Any]) -> Iterator[Watch]:
    """Watch a running local cloud's Resource Manager."""
    watch = Watch(known)
    watch.start()
    try:
        yield watch
    finally:
        watch.stop()
