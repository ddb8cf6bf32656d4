"""The SignalR service: fan-out against three peers in the same run, latency, connections held, a stalled reader.

Server on one core, load generator on the other; 150-byte text messages. "floor" is a bare loop of asyncio transport writes
(one system call per client), "websockets" is `websockets.broadcast()`, "aiohttp" a plain loop of `send_str`.
"""

from __future__ import annotations

import asyncio
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import psutil
from aiohttp import web
from websockets.asyncio.server import ServerConnection, broadcast, serve

from chatkit.localcloud import tls
from chatkit.localcloud.listeners import Listeners
from chatkit.localcloud.platform import Platform
from chatkit.localcloud.signalr.frames import frame
from chatkit.localcloud.signalr.instance import Instance
from chatkit.localcloud.signalr.service import SignalRService
from chatkit.localcloud.signalr.spec import InstanceSpec
from chatkit.localcloud.store import Store
from chatkit.localcloud.trace import Trace
from chatkit.wire.connection_strings import SignalRConnectionString
from chatkit.wire.hub_messages import Invocation
from chatkit.wire.hub_protocol import PROTOCOLS
from chatkit.wire.tokens import client_token, rest_token

KEY = "benchmark-key-" * 3
MESSAGE = Invocation("newMessage", ({"id": "0" * 36, "sender": "alice", "text": "x" * 36},))
PAYLOAD = PROTOCOLS["json"].serialize(MESSAGE)
FRAME = frame(PAYLOAD, binary=False)
ROUNDS = {1000: 60, 5000: 15}
Send = Callable[[], Awaitable[None] | None]


class Clients:
    """The load generator's process."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self.connected_per_s = 0.0

    @classmethod
    @asynccontextmanager
    async def of(cls, port: int, count: int, *, path: str = "/", token: str = "", stalled: int = 0) -> AsyncIterator[Clients]:
        """Connected clients, ended at exit."""
        script = Path(__file__).with_name("signalr_clients.py")
        arguments = [str(value) for value in (port, count, path, token, stalled)]
        process = await asyncio.create_subprocess_exec(
            sys.executable, str(script), *arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        clients = cls(process)
        clients.connected_per_s = (await clients._read())["connected_per_s"]
        try:
            yield clients
        finally:
            process.kill()
            await process.wait()

    async def received(self) -> dict[str, float]:
        """Bytes so far and when the last came."""
        assert self._process.stdin is not None
        self._process.stdin.write(b"\n")
        return await self._read()

    async def until(self, total: float) -> float:
        """Wait for a number of bytes; return when the last came."""
        deadline = time.time() + 60
        while (now := await self.received())["bytes"] < total:
            if time.time() > deadline:
                raise TimeoutError(f"{now['bytes']} of {total} bytes came")
            await asyncio.sleep(0.002)
        return now["last"]

    async def _read(self) -> dict[str, float]:
        assert self._process.stdout is not None
        return dict(json.loads(await self._process.stdout.readline()))


async def deliveries_per_s(clients: Clients, count: int, send: Send, *, in_flight: int = 1) -> float:
    """Send rounds, each after the event loop's turn; how many messages a second reached clients."""
    rates = []
    for _ in range(3):
        before = (await clients.received())["bytes"]
        rounds = ROUNDS[count] // in_flight
        began = time.time()
        for _ in range(rounds):
            for _ in range(in_flight):
                waiting = send()
                if waiting is not None:
                    await waiting
            await asyncio.sleep(0)
        last = await clients.until(before + rounds * in_flight * count * len(FRAME))
        rates.append(rounds * in_flight * count / (last - began))
    return statistics.median(rates)


@asynccontextmanager
async def service() -> AsyncIterator[tuple[Instance, int, str]]:
    """A running instance: itself, its port, a client token."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        store = Store(home / "state.db")
        platform = Platform(home, store, tls.load(home / "tls"), Listeners(store), Trace())
        running = SignalRService(platform)
        await running.start()
        port = platform.listeners.reserve("signalr/bench")
        await running.apply(InstanceSpec("bench", port, KEY, KEY, sku="Standard_S1", capacity=100))
        instance = running.instance("bench")
        assert instance is not None
        yield instance, port, client_token(SignalRConnectionString("http://localhost", KEY, port), "chat", user_id="alice")
        await running.stop()
        store.close()


async def ours(count: int) -> dict[str, float]:
    """This service: one broadcast at a time, ten at a time, and how fast clients connect."""
    async with service() as (instance, port, token), Clients.of(port, count, path="/client/?hub=chat", token=token) as clients:
        hub = instance.hub("chat")
        one = await deliveries_per_s(clients, count, lambda: instance.broadcast(hub, MESSAGE))
        ten = await deliveries_per_s(clients, count, lambda: instance.broadcast(hub, MESSAGE), in_flight=10)
        return {"one_per_s": one, "ten_per_s": ten, "connected_per_s": clients.connected_per_s}


async def with_websockets(count: int) -> dict[str, float]:
    """`websockets.broadcast()`."""
    open_now: set[ServerConnection] = set()

    async def handler(connection: ServerConnection) -> None:
        open_now.add(connection)
        await connection.wait_closed()

    async with serve(handler, "127.0.0.1", 0, compression=None, ping_interval=None) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        async with Clients.of(port, count) as clients:
            text = PAYLOAD.decode()
            one = await deliveries_per_s(clients, count, lambda: broadcast(open_now, text))
            ten = await deliveries_per_s(clients, count, lambda: broadcast(open_now, text), in_flight=10)
            return {"one_per_s": one, "ten_per_s": ten}


async def with_aiohttp(count: int) -> dict[str, float]:
    """A loop of `send_str`, and, on the same connections, the floor: a loop of bare transport writes."""
    open_now: list[tuple[web.WebSocketResponse, asyncio.Transport]] = []

    async def handler(request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse(compress=False)
        await socket.prepare(request)
        assert isinstance(request.transport, asyncio.Transport)
        open_now.append((socket, request.transport))
        await socket.receive()
        return socket

    async def send() -> None:
        for socket, _ in open_now:
            await socket.send_str(text)

    def floor() -> None:
        for _, transport in open_now:
            transport.write(FRAME)

    text = PAYLOAD.decode()
    app = web.Application()
    app.router.add_get("/", handler)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, backlog=4096).start()
    async with Clients.of(runner.addresses[0][1], count) as clients:
        rates = {
            "one_per_s": await deliveries_per_s(clients, count, send),
            "floor_per_s": await deliveries_per_s(clients, count, floor),
        }
    await runner.cleanup()
    return rates


async def latency(receivers: int, *, posts: int = 300) -> dict[str, float]:
    """REST POST to the frame at the last of so many clients, in milliseconds."""
    path = "/api/v1/hubs/chat/users/alice"
    async with (
        service() as (instance, port, token),
        Clients.of(port, receivers, path="/client/?hub=chat", token=token) as clients,
    ):
        headers = {"Authorization": f"Bearer {rest_token(SignalRConnectionString('http://localhost', KEY, port), path)}"}
        body = {"target": MESSAGE.target, "arguments": [*MESSAGE.arguments]}
        times = []
        async with aiohttp.ClientSession(headers=headers) as http:
            for _ in range(posts):
                before, began = (await clients.received())["bytes"], time.time()
                async with http.post(f"http://127.0.0.1:{port}{path}", json=body) as answer:
                    assert answer.status == 202
                times.append(((await clients.until(before + receivers * len(FRAME))) - began) * 1000)
        cuts = statistics.quantiles(times, n=100)
        return {"p50_ms": round(statistics.median(times), 2), "p99_ms": round(cuts[98], 2)}


async def held(count: int) -> dict[str, float]:
    """Idle connections: memory of this process for each."""
    async with service() as (_, port, token):
        before = psutil.Process().memory_info().rss
        async with Clients.of(port, count, path="/client/?hub=chat", token=token) as clients:
            used = psutil.Process().memory_info().rss - before
            return {
                "connections": count,
                "kb_each": round(used / 1024 / count, 1),
                "connected_per_s": round(clients.connected_per_s),
            }


async def stalled(count: int) -> dict[str, float]:
    """One client that never reads among many: the others' 99th percentile, as a ratio to a run without it."""
    ratios = {}
    for readers_missing in (0, 1):
        async with service() as (instance, port, token):
            async with Clients.of(port, count, path="/client/?hub=chat", token=token, stalled=readers_missing) as clients:
                times = []
                for _ in range(200):
                    before, began = (await clients.received())["bytes"], time.time()
                    instance.broadcast(instance.hub("chat"), MESSAGE)
                    last = await clients.until(before + (count - readers_missing) * len(FRAME))
                    times.append(last - began)
                ratios[readers_missing] = statistics.quantiles(times, n=100)[98]
    return {"p99_ratio": round(ratios[1] / ratios[0], 2)}


def run() -> dict[str, object]:
    """All figures; the server's core is the first."""
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (limit[1], limit[1]))
    if hasattr(os, "sched_setaffinity") and (os.cpu_count() or 1) > 1:
        os.sched_setaffinity(0, {0})
    try:
        return asyncio.run(_all())
    finally:
        if hasattr(os, "sched_setaffinity"):
            os.sched_setaffinity(0, set(range(os.cpu_count() or 1)))


async def _all() -> dict[str, object]:
    figures: dict[str, Any] = {"message_bytes": len(FRAME)}
    for count in ROUNDS:
        mine, peer, plain = await ours(count), await with_websockets(count), await with_aiohttp(count)
        figures[f"fan_out_{count}"] = {
            "deliveries_per_s": round(mine["one_per_s"]),
            "to_websockets_broadcast": round(mine["one_per_s"] / peer["one_per_s"], 2),
            "to_floor": round(mine["one_per_s"] / plain["floor_per_s"], 2),
            "to_aiohttp_loop": round(mine["one_per_s"] / plain["one_per_s"], 2),
            "ten_in_flight_per_s": round(mine["ten_per_s"]),
            "ten_in_flight_to_websockets_broadcast": round(mine["ten_per_s"] / peer["ten_per_s"], 2),
        }
    figures["post_to_one"] = await latency(1)
    figures["post_to_last_of_1000"] = await latency(1000, posts=100)
    figures["held"] = await held(10_000)
    figures["one_stalled_of_1000"] = await stalled(1000)
    return figures
