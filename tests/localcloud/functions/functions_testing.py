"""What the tests of the Functions host share.

Apps on disk, a served app, a SignalR Service that records.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import jwt
from aiohttp import web

from chatkit.localcloud.functions.local.local_server import LocalRun
from chatkit.localcloud.functions.local.startup import LocalOptions, prepare

APPS = Path(__file__).parents[2] / "data" / "function_apps"
KEY = "a-key-only-for-tests-0123456789-abcdefghij="
BUNDLE = {"id": "Microsoft.Azure.Functions.ExtensionBundle", "version": "[4.*, 5.0.0)"}
HOST_JSON = json.dumps({"version": "2.0", "extensionBundle": BUNDLE})
HEAD = """
import asyncio
import json
import azure.functions as func
app = func.FunctionApp(http_auth_level=func.AuthLevel.ANONYMOUS)
"""


def write_app(folder: Path, script: str = "", *, host: str = HOST_JSON, **files: str) -> Path:
    """Write a function app.

    Keyword names become file names ("local_settings_json" stands for local.settings.json).
    """
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "host.json").write_text(host, encoding="utf-8")
    (folder / "function_app.py").write_text(HEAD + script, encoding="utf-8")
    for name, text in files.items():
        file_name = "local.settings.json" if name == "local_settings_json" else f"{name}.py"
        (folder / file_name).write_text(text, encoding="utf-8")
    return folder


def settings_json(values: dict[str, Any] | None = None, **host: Any) -> str:
    """Text of a local.settings.json."""
    return json.dumps({"IsEncrypted": False, "Values": values or {}, "Host": host})


@dataclass
class Served:
    """A running app, what it printed, and a client for it."""

    run: LocalRun
    lines: list[str]
    client: aiohttp.ClientSession

    @property
    def url(self) -> str:
        """Base address."""
        return f"http://localhost:{self.run.port}"

    @property
    def log(self) -> str:
        """Everything printed so far."""
        return "\n".join(self.lines)

    async def ask(self, method: str, path: str, **options: Any) -> tuple[int, str]:
        """Status and text of one request."""
        async with self.client.request(method, self.url + path, **options) as response:
            return response.status, await response.text()


@asynccontextmanager
async def serving(
    folder: Path, *, drills: Path | None = None, idle_after_s: float | None = None
) -> AsyncIterator[Served]:
    """Serve an app on a free port for the length of a block."""
    lines: list[str] = []
    options = LocalOptions(port=0, echo=lines.append, drills=drills, idle_after_s=idle_after_s)
    run = await LocalRun.start(prepare(folder, options))
    try:
        async with aiohttp.ClientSession() as client:
            yield Served(run, lines, client)
    finally:
        await run.stop()


Serve = Callable[[Path], Awaitable[Served]]


@dataclass
class Recorder:
    """A SignalR Service that keeps the REST requests it gets."""

    port: int = 0
    requests: list[tuple[str, str, Any]] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    status: int = 202
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def connection_string(self) -> str:
        """What apps are given."""
        return f"Endpoint=http://localhost;Port={self.port};AccessKey={KEY};Version=1.0;"

    async def handle(self, request: web.Request) -> web.Response:
        """Check the token as the service does, keep the request, answer."""
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        audience = f"http://localhost{request.rel_url.raw_path}?api-version={request.query.get('api-version')}"
        try:
            jwt.decode(token, KEY, algorithms=["HS256"], audience=audience)
        except jwt.InvalidTokenError as error:
            self.problems.append(f"{request.method} {request.raw_path}: {error}")
            return web.Response(status=401)
        body = await request.read()
        self.requests.append(
            (request.method, request.rel_url.raw_path, json.loads(body) if body else None)
        )
        return web.Response(status=self.status, headers=self.headers)


async def until(holds: Callable[[], bool], limit_s: float = 10) -> None:
    """Wait until something holds."""
    async with asyncio.timeout(limit_s):
        while True:
            if holds():
                return
            await asyncio.sleep(0.01)
