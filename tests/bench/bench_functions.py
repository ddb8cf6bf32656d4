"""The Functions host.

Start, one call, many calls, a deployment, a message through to the hub; Microsoft's runtime as the
peer. The peer is `azure-functions-runtime` 1.3 called in its own process, without any HTTP: what
its invocation alone costs.
"""

from __future__ import annotations

import asyncio
import io
import json
import os
import re
import signal
import statistics
import subprocess
import sys
import tempfile
import time
import zipfile
from pathlib import Path
from typing import Any

CHECKOUT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(CHECKOUT))

from chatkit.localcloud.functions.worker_process import worker  # noqa: E402
from chatkit.localcloud.functions.worker_process.calls import Call, HttpData  # noqa: E402
from chatkit.localcloud.functions.worker_process.worker import Worker, WorkerOptions  # noqa: E402
from tests.localcloud.functions.functions_testing import KEY, settings_json, write_app  # noqa: E402
from tests.localcloud.functions.host import conformance_run, python313  # noqa: E402

SCRIPT = """
@app.route(route="noop")
def noop(req: func.HttpRequest) -> func.HttpResponse:
    return func.HttpResponse("ok")

@app.route(route="messages", methods=["POST"])
@app.generic_output_binding(arg_name="out", type="signalR", hubName="chat")
def messages(req: func.HttpRequest, out: func.Out[str]) -> func.HttpResponse:
    out.set(json.dumps({"target": "newMessage", "arguments": [req.get_json()]}))
    return func.HttpResponse(status_code=202)

@app.route(route="negotiate", methods=["POST"])
@app.generic_input_binding(arg_name="info", type="signalRConnectionInfo", hubName="chat")
def negotiate(req: func.HttpRequest, info: str) -> func.HttpResponse:
    return func.HttpResponse(info, mimetype="application/json")
"""
REQUEST = b"GET /api/noop HTTP/1.1\r\nHost: localhost\r\n\r\n"
CALLS, CONNECTIONS, SECONDS = 2000, 32, 5.0


def run() -> dict[str, object]:
    """Measure everything; figures in the units of their names."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        return asyncio.run(_run(Path(folder)))


async def _run(folder: Path) -> dict[str, object]:
    app = write_app(folder / "app", SCRIPT, local_settings_json=settings_json())
    starts = [await start_s(app) for _ in range(5)]
    process, port = await start(app)
    try:
        one = await one_by_one(port)
        many = await at_once(port)
    finally:
        await stop(process)
    own = await invocations(app, ())
    peer = await peer_invocations(app)
    return {
        "start_to_first_answer_s": round(statistics.median(starts), 2),
        "noop_p50_ms": round(statistics.median(one) * 1000, 2),
        "noop_p99_ms": round(statistics.quantiles(one, n=100)[98] * 1000, 2),
        "noop_requests_per_s_at_32": round(many),
        "invocation_through_pipe_p50_ms": round(own * 1000, 3),
        **peer,
        **(
            {"invocation_to_peer_ratio": round(own * 1000 / float(str(peer["peer_p50_ms"])), 2)}
            if "peer_p50_ms" in peer
            else {}
        ),
        **await reload_s(folder / "reload"),
        **await message_to_frame(folder / "room"),
        **await publish_s(folder / "cloud"),
    }


async def start(app: Path) -> tuple[asyncio.subprocess.Process, int]:
    """Start the host as a person does, on a free port; returns when it has listed its functions."""
    command = (sys.executable, "-m", "chatkit", "func", "start", str(app), "--port", "0")
    process = await asyncio.create_subprocess_exec(
        *command, stdout=asyncio.subprocess.PIPE, cwd=CHECKOUT
    )
    assert process.stdout is not None
    async for line in process.stdout:
        found = re.search(rb"noop: .*localhost:(\d+)/", line)
        if found:
            drain = asyncio.create_task(_drain(process.stdout))
            drain.add_done_callback(lambda _: None)
            return process, int(found[1])
    raise RuntimeError("the host did not start")


async def _drain(stream: asyncio.StreamReader) -> None:
    while await stream.read(1 << 16):
        pass


async def stop(process: asyncio.subprocess.Process) -> None:
    """End the host."""
    process.send_signal(signal.SIGTERM)
    await process.wait()


async def start_s(app: Path) -> float:
    """From the command to the first answer."""
    begin = time.perf_counter()
    process, port = await start(app)
    await _ask_once(port)
    took = time.perf_counter() - begin
    await stop(process)
    return took


async def _ask_once(port: int) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(REQUEST)
    await reader.readuntil(b"ok")
    writer.close()


async def one_by_one(port: int) -> list[float]:
    """Durations of calls one after another on one connection."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    durations = []
    for _ in range(CALLS):
        begin = time.perf_counter()
        writer.write(REQUEST)
        await reader.readuntil(b"\r\n\r\nok")
        durations.append(time.perf_counter() - begin)
    writer.close()
    return durations[CALLS // 10 :]


class _Caller(asyncio.Protocol):
    """Sends the next request as soon as the answer is there; costs as little as possible."""

    def __init__(self) -> None:
        self.count = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        transport.write(REQUEST)

    def data_received(self, data: bytes) -> None:
        if data.endswith(b"ok"):
            self.count += 1
            self._transport.write(REQUEST)


async def at_once(port: int) -> float:
    """Requests per second over 32 connections."""
    loop = asyncio.get_running_loop()
    made = [await loop.create_connection(_Caller, "127.0.0.1", port) for _ in range(CONNECTIONS)]
    begin, before = time.perf_counter(), sum(caller.count for _, caller in made)
    await asyncio.sleep(SECONDS)
    rate = (sum(caller.count for _, caller in made) - before) / (time.perf_counter() - begin)
    for transport, _ in made:
        transport.abort()
    return rate


async def invocations(app: Path, command: tuple[str, ...]) -> float:
    """Median seconds of one invocation through the pipe, without HTTP."""
    child = await Worker.start(WorkerOptions(app, dict(os.environ), command=command))
    functions = {function.name: function.id for function in await child.load()}
    request = HttpData("GET", "http://localhost/api/noop", {}, {}, {})
    durations = []
    for _ in range(CALLS):
        begin = time.perf_counter()
        await child.invoke(Call(functions["noop"], {"req": request.wire()}))
        durations.append(time.perf_counter() - begin)
    await child.stop()
    return statistics.median(durations[CALLS // 10 :])


PEER = """
import asyncio, json, statistics, sys, time
sys.path.insert(0, sys.argv[1])
import conformance_oracle as oracle
from types import SimpleNamespace
class Channel:
    def send(self, header, body=b""): self.last = header
async def main():
    channel = Channel(); engine = oracle.Oracle(channel)
    await engine.load({"folder": sys.argv[2]})
    ids = {f["name"]: f["id"] for f in channel.last["functions"]}
    url = "http://localhost/api/noop"
    request = {"http": {"method": "GET", "url": url, "headers": {}, "query": {}, "params": {}}}
    durations = []
    for number in range(2000):
        begin = time.perf_counter()
        call = {"id": str(number), "function": ids["noop"], "inputs": {"req": request}, "trace": {}}
        await engine._invoke(call, b"")
        durations.append(time.perf_counter() - begin)
    print(statistics.median(durations[200:]) * 1000)
asyncio.run(main())
"""


async def peer_invocations(app: Path) -> dict[str, object]:
    """The same function on Microsoft's runtime, in its own process."""
    try:
        python = await asyncio.to_thread(python313.with_runtime)
    except python313.NotAvailable as error:
        return {"peer": f"not measured: {error}"}
    command = [python, "-c", PEER, str(conformance_run.ORACLE.parent), str(app)]
    done = await asyncio.to_thread(
        subprocess.run, command, capture_output=True, text=True, encoding="utf-8", check=True
    )
    over_pipe = await invocations(
        app, (python, str(conformance_run.ORACLE), str(Path(worker.__file__).parent))
    )
    return {
        "peer": "azure-functions-runtime 1.3 in process, Python 3.13",
        "peer_p50_ms": round(float(done.stdout), 3),
        "peer_through_pipe_p50_ms": round(over_pipe * 1000, 3),
    }


async def reload_s(folder: Path) -> dict[str, object]:
    """From saving a file to the first answer of the new code."""
    from tests.localcloud.functions.functions_testing import HEAD, serving

    def script(text: str) -> str:
        return f"{HEAD}@app.route(route='v')\ndef v(req): return '{text}'\n"

    write_app(folder)
    (folder / "function_app.py").write_text(script("0"), encoding="utf-8")
    durations = []
    async with serving(folder) as served:
        for number in range(1, 6):
            (folder / "function_app.py").write_text(script(str(number)), encoding="utf-8")
            begin = time.perf_counter()
            while True:
                _, text = await served.ask("GET", "/api/v")
                if text == str(number):
                    break
                await asyncio.sleep(0.005)
            durations.append(time.perf_counter() - begin)
    return {"reload_s": round(statistics.median(durations), 2)}


async def publish_s(folder: Path) -> dict[str, object]:
    """From sending the tutorial app's package to the deployment's success.

    The functions answer then.
    """
    from tests.localcloud.functions.deployed.deployed_cloud import Cloud

    files = {
        path.name: path.read_text(encoding="utf-8")
        for path in (CHECKOUT / "functions").iterdir()
        if path.is_file()
    }
    package = io.BytesIO()
    with zipfile.ZipFile(package, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    durations = []
    async with Cloud(folder) as cloud:
        for _ in range(5):
            begin = time.perf_counter()
            assert (await cloud.publish(package.getvalue()))["status"] == 4
            durations.append(time.perf_counter() - begin)
    return {"publish_s": round(statistics.median(durations), 2)}


async def message_to_frame(folder: Path) -> dict[str, object]:
    """POST of a message to the frame at a client, through app, REST and hub, 50 a second."""
    from chatkit.localcloud.core.platform import Platform
    from chatkit.localcloud.signalr.core.spec import InstanceSpec
    from tests.localcloud.functions.functions_testing import serving
    from tests.localcloud.signalr.harness import service_on

    platform = Platform.open(folder)
    service = service_on(platform)
    port = platform.listeners.reserve("signalr/bench")
    await service.start()
    await service.apply(InstanceSpec("bench", port, KEY, KEY[::-1], sku="Standard_S1"))
    text = f"Endpoint=http://localhost;Port={port};AccessKey={KEY};Version=1.0;"
    app = write_app(
        folder / "app",
        SCRIPT,
        local_settings_json=settings_json({"AzureSignalRConnectionString": text}),
    )
    try:
        async with serving(app) as served:
            durations = await _messages(served)
    finally:
        await service.stop()
        await platform.close()
    return {
        "message_to_frame_p50_ms": round(statistics.median(durations) * 1000, 2),
        "message_to_frame_p99_ms": round(statistics.quantiles(durations, n=100)[98] * 1000, 2),
        "message_to_frame_peer": (
            "none: all in one process but the app's; real Azure adds its network"
        ),
    }


async def _messages(served: Any, *, count: int = 250, rate: float = 50) -> list[float]:
    _, answer = await served.ask("POST", "/api/negotiate")
    info = json.loads(answer)
    socket = await served.client.ws_connect(
        f"{info['url'].replace('http', 'ws', 1)}&access_token={info['accessToken']}"
    )
    await socket.send_str('{"protocol":"json","version":1}\x1e')
    sent: dict[int, float] = {}
    durations: list[float] = []

    async def listen() -> None:
        while len(durations) < count:
            for frame in (await socket.receive_str()).split("\x1e"):
                message = json.loads(frame) if frame else {}
                if message.get("type") == 1:
                    durations.append(time.perf_counter() - sent[message["arguments"][0]["n"]])

    listening = asyncio.create_task(listen())
    posts = []
    for number in range(count):
        sent[number] = time.perf_counter()
        posts.append(asyncio.create_task(served.ask("POST", "/api/messages", json={"n": number})))
        await asyncio.sleep(1 / rate)
    await asyncio.gather(listening, *posts)
    await socket.close()
    return durations[10:]


if __name__ == "__main__":
    print(json.dumps(run(), indent=1))
