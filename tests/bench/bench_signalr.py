"""The SignalR service.

Fan-out against three peers in the same run, latency, connections held, a stalled reader.

Server on one core, load generators on the other; 150-byte text messages. "floor" is a bare loop of
asyncio transport writes (one system call per client), "websockets" is `websockets.broadcast()`,
"aiohttp" a plain loop of `send_str`. All four are connected at the same time and take turns, five
times; a ratio is the median of the turns' ratios. Beside the wall clock stands the server's own
processor time, which a busy machine changes less.
"""

from __future__ import annotations

import asyncio
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import psutil
from aiohttp import web
from websockets.asyncio.server import ServerConnection, broadcast, serve

from chatkit.localcloud.core.platform import Platform
from chatkit.localcloud.signalr.core.instance import Instance
from chatkit.localcloud.signalr.core.spec import InstanceSpec
from chatkit.wire.connection_strings import SignalRConnectionString
from chatkit.wire.framing import websocket_frame
from chatkit.wire.hub_messages import Invocation
from chatkit.wire.hub_protocol import PROTOCOLS
from chatkit.wire.tokens import client_token, rest_token
from tests.localcloud.signalr.harness import service_on

KEY = "benchmark-key-" * 3
MESSAGE = Invocation("newMessage", ({"id": "0" * 36, "sender": "alice", "text": "x" * 36},))
PAYLOAD = PROTOCOLS["json"].serialize(MESSAGE)
FRAME = websocket_frame(PAYLOAD, binary=False)
ROUNDS = {1000: 60, 5000: 20}
TURNS = 5
Send = Callable[[], Awaitable[None] | None]


class Clients:
    """The load generator's process."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self.connected_per_s = 0.0
        self.connected_busy_s = 0.0

    @classmethod
    @asynccontextmanager
    async def of(
        cls,
        port: int,
        count: int,
        *,
        path: str = "/",
        token: str = "",
        stalled: int = 0,
        host: str = "localhost",
    ) -> AsyncIterator[Clients]:
        """Connected clients, ended at exit."""
        script = Path(__file__).with_name("signalr_clients.py")
        arguments = [str(value) for value in (port, count, path, token, stalled, host)]
        process = await asyncio.create_subprocess_exec(
            sys.executable, str(script), *arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        clients = cls(process)
        busy = time.process_time()
        clients.connected_per_s = (await clients._read())["connected_per_s"]
        clients.connected_busy_s = time.process_time() - busy
        try:
            yield clients
        finally:
            process.kill()
            await process.wait()

    async def received(self) -> dict[str, float]:
        """Bytes so far and when the last came."""
        return dict(await self._ask({}))

    async def posts(self, request: str, count: int, *, expected_bytes: int) -> list[float]:
        """Send an HTTP request again and again.

        Milliseconds from each to the last byte it causes at the clients.
        """
        return list(
            (await self._ask({"post": request, "count": count, "bytes": expected_bytes}))["ms"]
        )

    async def flood(self, request: str, *, seconds: float) -> tuple[float, int]:
        """Send an HTTP request over 8 connections as fast as answers come.

        How many a second, and how many.
        """
        answer = await self._ask({"flood": request, "seconds": seconds})
        return answer["per_s"], answer["count"]

    async def _ask(self, order: dict[str, object]) -> dict[str, Any]:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(order).encode() + b"\n")
        return await self._read()

    async def until(self, total: float) -> float:
        """Wait for a number of bytes; return when the last came."""
        deadline = time.time() + 60
        while (now := await self.received())["bytes"] < total:
            if time.time() > deadline:
                raise TimeoutError(f"{now['bytes']} of {total} bytes came")
            await asyncio.sleep(0.002)
        return now["last"]

    async def _read(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        return dict(json.loads(await self._process.stdout.readline()))


@dataclass(frozen=True)
class Contender:
    """One way to send to everybody, and the clients it sends to."""

    name: str
    clients: Clients
    send: Send
    in_flight: int = 1

    async def turn(self, count: int) -> tuple[float, float]:
        """Send some rounds, each after the event loop's turn.

        Deliveries per second, and per second of processor time.
        """
        before = (await self.clients.received())["bytes"]
        rounds = ROUNDS[count] // self.in_flight
        deliveries = rounds * self.in_flight * count
        began = time.time()
        busy = time.process_time()
        for _ in range(rounds):
            for _ in range(self.in_flight):
                waiting = self.send()
                if waiting is not None:
                    await waiting
            await asyncio.sleep(0)
        busy = time.process_time() - busy
        last = await self.clients.until(before + deliveries * len(FRAME))
        return deliveries / (last - began), deliveries / busy


async def compare(contenders: list[Contender], count: int) -> dict[str, list[tuple[float, float]]]:
    """Turns of all contenders, one after the other, five times over."""
    turns: dict[str, list[tuple[float, float]]] = {contender.name: [] for contender in contenders}
    for _ in range(TURNS):
        for contender in contenders:
            turns[contender.name].append(await contender.turn(count))
    return turns


@asynccontextmanager
async def service() -> AsyncIterator[tuple[Instance, int, str]]:
    """A running instance: itself, its port, a client token."""
    with tempfile.TemporaryDirectory() as folder:
        platform = Platform.open(Path(folder))
        running = service_on(platform)
        await running.start()
        port = platform.listeners.reserve("signalr/bench")
        await running.apply(InstanceSpec("bench", port, KEY, KEY, sku="Standard_S1", capacity=100))
        instance = running.instance("bench")
        assert instance is not None
        yield (
            instance,
            port,
            client_token(
                SignalRConnectionString("http://localhost", KEY, port), "chat", user_id="alice"
            ),
        )
        await running.stop()
        await platform.close()


@asynccontextmanager
async def with_websockets(count: int) -> AsyncIterator[list[Contender]]:
    """`websockets.broadcast()`."""
    open_now: set[ServerConnection] = set()

    async def handler(connection: ServerConnection) -> None:
        open_now.add(connection)
        async for _ in connection:
            pass

    text = PAYLOAD.decode()
    async with serve(handler, "127.0.0.1", 0, compression=None, ping_interval=None) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        async with Clients.of(port, count) as clients:
            send = partial(broadcast, open_now, text)
            yield [
                Contender("websockets", clients, send),
                Contender("websockets, 10", clients, send, 10),
            ]


@asynccontextmanager
async def with_aiohttp(count: int) -> AsyncIterator[list[Contender]]:
    """A loop of `send_str`, and, on the same connections, the floor.

    A loop of bare transport writes.
    """
    open_now: list[tuple[web.WebSocketResponse, asyncio.Transport]] = []

    async def handler(request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse(compress=False)
        await socket.prepare(request)
        assert isinstance(request.transport, asyncio.Transport)
        open_now.append((socket, request.transport))
        async for _ in socket:
            pass
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
        yield [Contender("aiohttp", clients, send), Contender("floor", clients, floor)]
    await runner.cleanup()


async def fan_out(count: int) -> dict[str, object]:
    """This service beside its three peers."""
    async with (
        service() as (instance, port, token),
        Clients.of(port, count, path="/client/?hub=chat", token=token) as clients,
        with_websockets(count) as websockets,
        with_aiohttp(count) as plain,
    ):
        hub = instance.connections.hub("chat")

        def send() -> None:
            instance.broadcast(hub, MESSAGE)

        mine = [Contender("ours", clients, send), Contender("ours, 10", clients, send, 10)]
        turns = await compare([*mine, *websockets, *plain], count)
    figures: dict[str, object] = {
        "deliveries_per_s": {
            name: round(statistics.median(wall for wall, _ in each)) for name, each in turns.items()
        }
    }
    pairs = [
        ("ours", "floor"),
        ("ours", "websockets"),
        ("ours", "aiohttp"),
        ("ours, 10", "websockets, 10"),
    ]
    for which, label in enumerate(("ratio_wall", "ratio_processor")):
        figures[label] = {
            f"{one} / {other}": round(
                statistics.median(
                    a[which] / b[which] for a, b in zip(turns[one], turns[other], strict=True)
                ),
                2,
            )
            for one, other in pairs
        }
    return figures


def post_to_alice(port: int) -> str:
    """A whole HTTP request: a message to user alice."""
    path = "/api/v1/hubs/chat/users/alice"
    token = rest_token(SignalRConnectionString("http://localhost", KEY, port), path)
    body = json.dumps({"target": MESSAGE.target, "arguments": [*MESSAGE.arguments]})
    head = f"POST {path} HTTP/1.1\r\nHost: localhost:{port}\r\nAuthorization: Bearer {token}\r\n"
    return f"{head}Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n{body}"


async def latency(receivers: int, *, posts: int = 1000) -> dict[str, float]:
    """REST POST to the frame at the last of so many clients, in milliseconds.

    Both ends are in the load generator.
    """
    async with (
        service() as (_, port, token),
        Clients.of(port, receivers, path="/client/?hub=chat", token=token) as clients,
    ):
        times = await clients.posts(
            post_to_alice(port), posts, expected_bytes=receivers * len(FRAME)
        )
        cuts = statistics.quantiles(times[posts // 10 :], n=100)
        return {"p50_ms": round(cuts[49], 2), "p99_ms": round(cuts[98], 2)}


async def rest() -> dict[str, float]:
    """REST sends to a user with one connection, over 8 keep-alive connections."""
    async with (
        service() as (_, port, token),
        Clients.of(port, 1, path="/client/?hub=chat", token=token) as clients,
    ):
        busy = time.process_time()
        per_s, count = await clients.flood(post_to_alice(port), seconds=4)
        busy = time.process_time() - busy
        return {"per_s": round(per_s), "per_s_of_processor_time": round(count / busy)}


async def held_alone(count: int) -> dict[str, float]:
    """Idle connections of a service in a process of its own.

    Memory that other rounds have freed would be used again.
    """
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    command = (sys.executable, __file__, str(count))
    process = await asyncio.create_subprocess_exec(
        *command, stdout=subprocess.PIPE, env=environment
    )
    written, _ = await process.communicate()
    return dict(json.loads(written))


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
                "connected_per_s_of_processor_time": round(count / (clients.connected_busy_s or 1)),
            }


async def stalled(count: int) -> dict[str, float]:
    """One client that never reads among many.

    The others' 99th percentile, as a ratio to a run without it.
    """
    ratios = {}
    for readers_missing in (0, 1):
        async with (
            service() as (instance, port, token),
            Clients.of(
                port, count, path="/client/?hub=chat", token=token, stalled=readers_missing
            ) as clients,
        ):
            times = []
            for _ in range(200):
                before = (await clients.received())["bytes"]
                began = time.time()
                instance.broadcast(instance.connections.hub("chat"), MESSAGE)
                last = await clients.until(before + (count - readers_missing) * len(FRAME))
                times.append(last - began)
            ratios[readers_missing] = statistics.quantiles(times, n=100)[98]
    return {"p99_ratio": round(ratios[1] / ratios[0], 2)}


def run() -> dict[str, object]:
    """All figures; the server's core is the first."""
    if sys.platform != "win32":
        import resource

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
    figures: dict[str, Any] = {"frame_bytes": len(FRAME), "held": await held_alone(10_000)}
    for count in ROUNDS:
        figures[f"fan_out_to_{count}"] = await fan_out(count)
    figures["post_to_one"] = await latency(1)
    figures["post_to_last_of_1000"] = await latency(1000, posts=200)
    figures["rest_send_to_user"] = await rest()
    figures["one_stalled_of_1000"] = await stalled(1000)
    return figures


if __name__ == "__main__":
    print(json.dumps(asyncio.run(held(int(sys.argv[1])))))
