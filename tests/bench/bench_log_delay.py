"""How long 1 MB of an app's output delays another client's request; the goal is 20 ms.

The app logs the body that it gets, or prints it, as learners' apps do. Meanwhile another client
asks again and again for something that the host answers itself. The peer is the same client while
nobody else asks.
"""

from __future__ import annotations

import asyncio
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(CHECKOUT))

from tests.bench import bench_functions  # noqa: E402
from tests.localcloud.functions.functions_testing import settings_json, write_app  # noqa: E402

GOAL_MS = 20
LENGTH = 1_000_000
ROUNDS = 5
SCRIPT = """
import logging, sys

@app.route(route="noop")
def noop(req: func.HttpRequest) -> func.HttpResponse:
    return func.HttpResponse("ok")

@app.route(route="silent", methods=["POST"])
def silent(req: func.HttpRequest) -> func.HttpResponse:
    req.get_body()
    return func.HttpResponse("ok")

@app.route(route="logged", methods=["POST"])
def logged(req: func.HttpRequest) -> func.HttpResponse:
    logging.info(req.get_body().decode())
    return func.HttpResponse("ok")

@app.route(route="printed", methods=["POST"])
def printed(req: func.HttpRequest) -> func.HttpResponse:
    print(req.get_body().decode(), flush=True)
    return func.HttpResponse("ok")
"""
OTHER = b"HEAD / HTTP/1.1\r\nHost: localhost\r\n\r\n"
BODIES: dict[str, Callable[[], str]] = {
    "beginnings_of_tokens": lambda: "eyJ-" * (LENGTH // 4),
    "messages": lambda: '{"sender": "alice", "text": "hello, bob"} ' * (LENGTH // 42),
    "lines": lambda: "the app says something here, and says it once more=\n" * (LENGTH // 52),
    "one_word": lambda: "a" * LENGTH,
}


def run() -> dict[str, object]:
    """Measure everything; figures in milliseconds."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        return asyncio.run(_run(Path(folder)))


async def _run(folder: Path) -> dict[str, object]:
    app = write_app(folder / "app", SCRIPT, local_settings_json=settings_json())
    process, port = await bench_functions.start(app)
    figures: dict[str, object] = {"goal_ms": GOAL_MS}
    try:
        alone = await _longest_ms(port, asyncio.sleep(0.5))
        figures["alone_longest_ms"] = round(alone, 1)
        for route in ("silent", "logged", "printed"):
            for name, body in BODIES.items():
                longest = [
                    await _longest_ms(port, _post(port, route, body())) for _ in range(ROUNDS)
                ]
                figures[f"{route}_{name}_longest_ms"] = round(statistics.median(longest), 1)
    finally:
        await bench_functions.stop(process)
    return figures


async def _longest_ms(port: int, meanwhile: object) -> float:
    """The longest that another client waits, until well after something is finished."""
    assert asyncio.iscoroutine(meanwhile)
    longest_s = 0.0
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    task = asyncio.create_task(meanwhile)
    last = time.perf_counter() + 0.5
    while not task.done() or time.perf_counter() < last:
        begin = time.perf_counter()
        writer.write(OTHER)
        await reader.readuntil(b"\r\n\r\n")
        longest_s = max(longest_s, time.perf_counter() - begin)
        await asyncio.sleep(0.001)
    writer.close()
    await task
    return longest_s * 1000


async def _post(port: int, route: str, body: str) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    content = body.encode()
    head = (
        f"POST /api/{route} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(content)}\r\n\r\n"
    )
    writer.write(head.encode() + content)
    await reader.readuntil(b"\r\n\r\nok")
    writer.close()


if __name__ == "__main__":
    for name, figure in run().items():
        print(f"{name}: {figure}")
