"""Local runs that the local cloud carries, so that a participant pays for one such process only.

`chatkit func start` of a workshop asks for it, and stays as a small process that holds the page and
prints what the run says. The run ends with it: it keeps its request open. It is the same run as in
a process of its own, with the variables of who asked.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aiohttp import web

from chatkit.core import strict_json
from chatkit.core.errors import ChatkitError
from chatkit.core.running.installation import installation
from chatkit.localcloud.core.connection_limits import connection_of
from chatkit.localcloud.easy_auth.local.options import ANONYMOUS, Entra, SignInOptions
from chatkit.localcloud.functions.local.local_server import LocalRun
from chatkit.localcloud.functions.local.startup import (
    WORKSHOP_IDLE_AFTER_S,
    LocalOptions,
    prepare,
    start_worker,
    take_port,
)

log = logging.getLogger("chatkit.local.functions")
MOST_BYTES = 4_000_000
OTHER_KIT = "This local cloud runs in another environment."


class Lines:
    """What a run says, until it is read; the oldest go when nobody reads. Each is a JSON object."""

    def __init__(self) -> None:
        self._waiting = deque[bytes]()
        self._bytes = 0
        self._news = asyncio.Event()
        self._has_ended = False

    def add(self, line: str) -> None:
        """Take a line."""
        self._put({"line": line})

    def begin_to_serve(self) -> None:
        """The app is served, whether it could be loaded or not."""
        self._put({"serves": True})

    def end(self) -> None:
        """Nothing comes any more."""
        self._has_ended = True
        self._news.set()

    async def next(self) -> list[bytes]:
        """Wait for lines; none at the end."""
        while not self._waiting and not self._has_ended:
            self._news.clear()
            await self._news.wait()
        lines = [*self._waiting]
        self._waiting.clear()
        self._bytes = 0
        return lines

    def _put(self, document: Mapping[str, object]) -> None:
        line = _line(document)
        self._waiting.append(line)
        self._bytes += len(line)
        while self._bytes > MOST_BYTES:
            self._bytes -= len(self._waiting.popleft())
        self._news.set()


@dataclass
class Run:
    """One run that is carried."""

    lines: Lines
    serving: asyncio.Task[None]
    is_ending: bool = False
    ended: asyncio.Event = field(default_factory=asyncio.Event)

    async def stop(self) -> None:
        """End it and wait until its port is free.

        Several may ask for it. It is cancelled once: another time would end its cleaning up.
        """
        if not self.is_ending:
            self.is_ending = True
            self.serving.cancel()
        await asyncio.wait([self.serving])
        if not self.serving.cancelled():
            self.serving.exception()  # who could be told has gone: asyncio need not complain


class CarriedRuns:
    """The local runs of one home.

    Args:
        drills: Where the local cloud keeps drills.
        endpoints: What it says about itself, secrets included.
    """

    def __init__(self, drills: Path, endpoints: Callable[[], Mapping[str, object]]) -> None:
        self._drills = drills
        self._endpoints = endpoints
        self._runs: dict[str, Run] = {}

    def control_routes(self) -> list[web.RouteDef]:
        """Operations of the local cloud's control API: begin a run, and end it."""
        path = "/local-runs/{process}"
        return [web.post(path, self._carry), web.delete(path, self._end)]

    async def stop(self) -> None:
        """End all."""
        await asyncio.gather(*(run.stop() for run in self._runs.values()))

    async def _carry(self, request: web.Request) -> web.StreamResponse:
        """Run an app until the caller goes; the answer has what the run says, line by line."""
        try:
            order = strict_json.loads(await request.read())
            if order["kit"] != installation():
                return web.json_response({"error": OTHER_KIT}, status=409)
            lines = Lines()
            options = self._options(order, lines.add)
            folder = Path(order["folder"])
        except (ValueError, KeyError, TypeError) as error:
            return web.json_response({"error": f"No order: {error!r}"}, status=400)
        serving = asyncio.create_task(_serve(folder, options, lines))
        run = self._runs[request.match_info["process"]] = Run(lines, serving)
        try:
            return await _told(request, run)
        finally:
            try:
                await run.stop()
            finally:
                run.ended.set()
                self._runs.pop(request.match_info["process"], None)

    async def _end(self, request: web.Request) -> web.Response:
        """End a run, and answer when its port is free."""
        run = self._runs.get(request.match_info["process"])
        if run is not None:
            await run.stop()
            await run.ended.wait()
        return web.json_response({"ran": run is not None})

    def _options(self, order: Mapping[str, Any], echo: Callable[[str], None]) -> LocalOptions:
        sign_in = order["sign_in"]
        return LocalOptions(
            order["port"],
            order["address"],
            order["cors"],
            order["cors_credentials"],
            echo,
            sign_in=None if sign_in is None else self._sign_in(sign_in),
            development_storage=order["development_storage"],
            drills=self._drills,
            idle_after_s=WORKSHOP_IDLE_AFTER_S,
            shell=order["shell"],
            token=order["token"],
        )

    def _sign_in(self, order: Mapping[str, Any]) -> SignInOptions:
        entra = Entra.of(self._endpoints())
        return SignInOptions(
            entra,
            lambda: entra,
            Path(order["folder"]),
            order["action"] or ANONYMOUS,
            tuple(order["excluded_paths"]),
            tuple(order["allowed_redirects"]),
        )


async def _serve(folder: Path, options: LocalOptions, lines: Lines) -> None:
    """Serve the app until this task is cancelled."""
    try:
        prepared = await start_worker(take_port(prepare(folder, options)))
        local = await LocalRun.start(prepared)
        lines.begin_to_serve()
        try:
            await asyncio.Event().wait()
        finally:
            await local.stop()
    finally:
        lines.end()


async def _told(request: web.Request, run: Run) -> web.StreamResponse:
    """Pass on what a run says, and how it ends, until the caller goes."""
    answer = web.StreamResponse(headers={"Content-Type": "application/jsonl"})
    await answer.prepare(request)
    await answer.write(_line({"is_carried": True}))
    connection = connection_of(request)
    gone = asyncio.create_task(connection.lost()) if connection else None
    telling = asyncio.create_task(_tell(answer, run.lines))
    try:
        await asyncio.wait(filter(None, (telling, gone)), return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in filter(None, (telling, gone)):
            task.cancel()
    if telling.done() and run.serving.done() and not run.serving.cancelled():
        with suppress(ConnectionError):
            await answer.write(_line(_failure(run.serving.exception())))
    return answer


async def _tell(answer: web.StreamResponse, lines: Lines) -> None:
    with suppress(ConnectionError):
        while news := await lines.next():
            for line in news:
                await answer.write(line)


def _failure(error: BaseException | None) -> dict[str, object]:
    """How a run tells why it ended by itself."""
    if isinstance(error, ChatkitError):
        return {"error": str(error), "exit_code": error.exit_code}
    log.error("a local run ended", exc_info=error)
    return {"error": f"{type(error).__name__}: {error}", "exit_code": 1}


def _line(document: Mapping[str, object]) -> bytes:
    return json.dumps(document).encode() + b"\n"
