"""Sign-in in front of a local app: the round trip, and what each request costs.

The peer of a request through `chatkit auth --for` is the same request at the app itself.
"""

from __future__ import annotations

import asyncio
import math
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import aiohttp

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from chatkit.chat.client.sign_in import sign_in
from chatkit.cloud import local_cloud
from chatkit.core.ports import any_free

CALLS, TURNS, SIGN_INS = 150, 20, 20
APP = """
import sys
from aiohttp import web
async def answer(request):
    return web.json_response({"name": request.headers.get("X-MS-CLIENT-PRINCIPAL-NAME")})
app = web.Application()
app.router.add_route("*", "/{path:.*}", answer)
web.run_app(app, host="127.0.0.1", port=int(sys.argv[1]), print=lambda _: print("up", flush=True))
"""


def run() -> dict[str, object]:
    """Measure on a home of its own; milliseconds."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        home = Path(folder) / "home"
        port = any_free()
        app = [sys.executable, "-c", APP, str(port)]
        front = [sys.executable, "-m", "chatkit", "auth", "--for", f"http://127.0.0.1:{port}"]
        environment = {**os.environ, "CHATKIT_HOME": str(home)}
        try:
            with running(app, "up", environment), running(front, " Open ", environment) as line:
                url = line.rpartition(" Open ")[2].strip()
                return asyncio.run(measured(url, f"http://127.0.0.1:{port}"))
        finally:
            local_cloud.stop(home / "local")


@contextmanager
def running(command: list[str], ready: str, environment: Mapping[str, str]) -> Iterator[str]:
    """A program, from the line that says it is ready until it is interrupted."""
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, encoding="utf-8", env=environment
    ) as process:
        assert process.stdout is not None
        yield next(line for line in process.stdout if ready in line)
        process.send_signal(signal.SIGINT)
        process.wait(20)


async def measured(front: str, app: str) -> dict[str, object]:
    """The figures."""
    alice = await sign_in(front, "alice")
    rounds = [await taken_ms(lambda: sign_in(front, "carol")) for _ in range(SIGN_INS)]
    ways = {"direct": (app, {}), "anonymous": (front, {}), "known": (front, alice.headers)}
    best = dict.fromkeys(ways, math.inf)
    for _ in range(TURNS):  # by turns, so that a busy moment of the machine hits all three
        for way, (url, headers) in ways.items():
            best[way] = min(best[way], await calls_ms(url, headers))
    return {
        "sign_in_without_a_browser_ms": round(min(rounds), 1),
        "call_p50_ms": round(best["known"], 2),
        "call_without_sign_in_p50_ms": round(best["anonymous"], 2),
        "peer": "the app without sign-in in front",
        "peer_p50_ms": round(best["direct"], 2),
        "ratio": round(best["known"] / best["direct"], 2),
        "ratio_without_sign_in": round(best["anonymous"] / best["direct"], 2),
    }


async def taken_ms(call: Callable[[], Awaitable[object]]) -> float:
    """Milliseconds of one call."""
    begun = time.perf_counter()
    await call()
    return (time.perf_counter() - begun) * 1000


async def calls_ms(url: str, headers: Mapping[str, str]) -> float:
    """Median of many calls."""

    async def call() -> None:
        async with http.get(f"{url}/x") as answer:
            await answer.read()

    async with aiohttp.ClientSession(headers=headers) as http:
        return statistics.median([await taken_ms(call) for _ in range(CALLS)])
