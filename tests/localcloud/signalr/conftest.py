"""A running instance, and clients started on demand."""

from __future__ import annotations

import asyncio
import json
import subprocess
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from chatkit.core import tls
from chatkit.localcloud.core.platform import Platform
from chatkit.localcloud.signalr.core.spec import InstanceSpec
from chatkit.localcloud.signalr.service import SignalRService
from tests.localcloud.signalr.harness import (
    NODE_FOLDER,
    SCOPE,
    Json,
    NodeClient,
    Running,
    identity_token,
    tokens_on,
)
from tests.tools import Tools


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> tls.Certificates:
    """Made once: no test here speaks TLS."""
    return tls.load(tmp_path_factory.mktemp("tls"))


@pytest.fixture
async def running(tmp_path: Path, certificates: tls.Certificates) -> AsyncIterator[Running]:
    """An instance of the Standard tier; tests of quotas change that."""
    platform = Platform.open(tmp_path, certificates=certificates)
    tokens = tokens_on(platform)
    service = SignalRService(platform, tokens, identity_token)
    await service.start()
    port = platform.listeners.reserve("signalr/room")
    spec = InstanceSpec(
        *("room", port, "primary-key-" * 3, "secondary-key-" * 3),
        sku="Standard_S1",
        token_key="own-key-" * 6,
        scope=SCOPE,
    )
    await service.apply(spec)
    async with aiohttp.ClientSession() as http:
        yield Running(platform, service, spec, http, tokens)
    await service.stop()
    await platform.close()


@pytest.fixture
async def node(tools: Tools) -> AsyncIterator[Callable[..., Any]]:
    """A function that starts `@microsoft/signalr` with options."""
    executable = tools.program("node")
    tools.node_package("node", "@microsoft/signalr")
    clients: list[NodeClient] = []

    async def start(**options: Json) -> NodeClient:
        process = await asyncio.create_subprocess_exec(
            executable,
            "signalr-client.mjs",
            json.dumps(options),
            cwd=NODE_FOLDER,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        clients.append(NodeClient(process))
        return clients[-1]

    yield start
    for client in clients:
        await client.end()


@pytest.fixture
async def aiohttp_app() -> AsyncIterator[Callable[..., Any]]:
    """A function that serves an aiohttp application on a free port and returns its address."""
    runners: list[web.AppRunner] = []

    async def serve(app: web.Application) -> str:
        runner = web.AppRunner(app)
        runners.append(runner)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        return f"http://127.0.0.1:{runner.addresses[0][1]}"

    yield serve
    for runner in runners:
        await runner.cleanup()
