"""Timers and blobs: how late ticks are, and how long a blob takes to become a frame at a client.

The peer of the ticks is a loop in the same process that waits for the same moments and does nothing
else; the peer of the blob is a POST that sends the same frame. `CHATKIT_BENCH_TICKS` says how many
ticks, one a second: 1,000 take 17 minutes.
"""

from __future__ import annotations

import asyncio
import os
import re
import statistics
import sys
import tempfile
import time
from datetime import datetime
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(CHECKOUT))

from tests.localcloud.functions.functions_testing import (  # noqa: E402
    Served,
    serving,
    settings_json,
    write_app,
)
from tests.localcloud.functions.local.signalr_room import Client, connect, room  # noqa: E402
from tests.localcloud.functions.triggers.trigger_testing import (  # noqa: E402
    Account,
    storage_account,
)

TICKS = 20
BLOBS = 30
TICK = """
@app.timer_trigger(schedule="* * * * * *", arg_name="t")
def tick(t: func.TimerRequest): pass
"""
ROOM = """
@app.generic_output_binding(arg_name="out", type="signalR", hubName="chat")
@app.blob_trigger(arg_name="blob", path="arriving/{name}", connection="AzureWebJobsStorage")
def arrived(blob: str, out: func.Out[str]):
    out.set(json.dumps({"target": "arrived", "arguments": [blob]}))

@app.route(route="post", methods=["POST"])
@app.generic_output_binding(arg_name="out", type="signalR", hubName="chat")
def post(req: func.HttpRequest, out: func.Out[str]):
    out.set(json.dumps({"target": "arrived", "arguments": [req.get_body().decode()]}))
    return "sent"

@app.route(route="negotiate", methods=["POST"])
@app.generic_input_binding(arg_name="info", type="signalRConnectionInfo", hubName="chat")
def negotiate(req: func.HttpRequest, info: str): return info
"""


def run() -> dict[str, object]:
    """Measure everything; figures in the units of their names."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        return asyncio.run(_run(Path(folder)))


async def _run(folder: Path) -> dict[str, object]:
    return {**await ticks(folder / "ticks"), **await frames(folder)}


async def ticks(folder: Path) -> dict[str, object]:
    """How late each tick is, and whether one is left out or comes twice."""
    count = int(os.environ.get("CHATKIT_BENCH_TICKS", TICKS))
    app = write_app(folder, TICK, local_settings_json=settings_json())
    async with serving(app) as served:
        peer = asyncio.create_task(_waits(count))
        while served.log.count("Timer fired at") < count:
            await asyncio.sleep(0.5)
        moments = [
            datetime.fromisoformat(text).timestamp()
            for text in re.findall(r"Timer fired at ([^']+)'", served.log)
        ][:count]
        waited = await peer
    late = [moment % 1 * 1000 for moment in moments]
    return {
        "ticks": count,
        "ticks_left_out": round(moments[-1] - moments[0]) + 1 - count,
        "tick_late_p50_ms": round(statistics.median(late), 2),
        "tick_late_max_ms": round(max(late), 2),
        "tick_drift_first_to_last_ms": round(late[-1] - late[0], 2),
        "tick_peer_late_p50_ms": round(statistics.median(waited), 2),
    }


async def _waits(count: int) -> list[float]:
    late = []
    for _ in range(count):
        await asyncio.sleep(1 - time.time() % 1)
        late.append(time.time() % 1 * 1000)
    return [value for value in late if value < 900]  # a sleep may end a moment too early


async def frames(folder: Path) -> dict[str, object]:
    """From the end of an upload, and of a POST's sending, to the frame at a client."""
    async with storage_account(folder / "storage") as account:

        def app_with(connection_string: str) -> Path:
            settings = {
                "AzureSignalRConnectionString": connection_string,
                "AzureWebJobsStorage": account.connection_string,
            }
            return write_app(folder / "app", ROOM, local_settings_json=settings_json(settings))

        async with room(folder / "room", app_with) as served:
            client = await connect(served, "alice")
            await account.put("arriving/first", b"first")
            await client.expect(type=1, arguments=["first"])
            blobs = [await _of_blob(account, client, number) for number in range(BLOBS)]
            posts = [await _of_post(served, client, number) for number in range(BLOBS)]
    blob_ms = statistics.median(blobs) * 1000
    post_ms = statistics.median(posts) * 1000
    return {
        "blob_to_frame_p50_ms": round(blob_ms, 1),
        "blob_to_frame_max_ms": round(max(blobs) * 1000, 1),
        "post_to_frame_p50_ms": round(post_ms, 1),
        "blob_to_post_ratio": round(blob_ms / post_ms, 1),
    }


async def _of_blob(account: Account, client: Client, number: int) -> float:
    text = f"blob {number}"
    await account.put(f"arriving/{number}", text.encode())
    began = time.perf_counter()
    await client.expect(type=1, arguments=[text])
    return time.perf_counter() - began


async def _of_post(served: Served, client: Client, number: int) -> float:
    text = f"post {number}"
    began = time.perf_counter()
    sending = asyncio.create_task(served.ask("POST", "/api/post", data=text))
    await client.expect(type=1, arguments=[text])
    taken = time.perf_counter() - began
    await sending
    return taken


if __name__ == "__main__":
    print(run())
