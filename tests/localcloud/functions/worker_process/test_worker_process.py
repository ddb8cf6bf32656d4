"""The child process: isolated, killable, gone when its host is gone."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatkit.localcloud.functions.worker_process.calls import Call, Content, HttpData, Result, Wire
from chatkit.localcloud.functions.worker_process.chatkit_worker.channel import Decoder, encode
from chatkit.localcloud.functions.worker_process.worker import (
    LoadFailed,
    Worker,
    WorkerGone,
    WorkerOptions,
)
from tests.localcloud.functions.functions_testing import write_app

SCRIPT = """
import logging, os, subprocess, sys, time
@app.route(route="f")
def f(req: func.HttpRequest) -> str:
    return "f"
@app.route(route="spawn")
def spawn(req: func.HttpRequest) -> str:
    return str(subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"]).pid)
@app.route(route="stdin")
def stdin(req: func.HttpRequest) -> str:
    found = [path for path in sys.path if os.path.isdir(os.path.join(path, "chatkit_worker"))]
    return repr(sys.stdin.read()) + repr(found)
@app.route(route="sleep")
def sleep(req: func.HttpRequest) -> str:
    time.sleep(600)
class Mute(Exception):
    def __str__(self):
        raise ValueError("no words")
@app.route(route="mute")
def mute(req: func.HttpRequest) -> str:
    raise Mute()
@app.route(route="half")
def half(req: func.HttpRequest) -> str:
    logging.info("half a character: \\ud800")
    raise ValueError("\\ud800")
@app.route(route="closed")
def closed(req: func.HttpRequest) -> str:
    sys.stdout.close()
    return "closed"
@app.blob_trigger(arg_name="blob", path="samples/a", connection="")
@app.blob_output(arg_name="out", path="copies/a", connection="")
def copy(blob: func.InputStream, out: func.Out[bytes]):
    out.set(blob.read())
@app.blob_trigger(arg_name="blob", path="samples/a", connection="")
@app.blob_output(arg_name="$return", path="copies/a", connection="")
async def text(blob: str) -> str:
    return blob + "!"
"""
MB = 1 << 20
REQUEST = HttpData("GET", "http://localhost/", {}, {}, {})


class Loaded:
    """A worker with the app loaded, and a way to call it by name."""

    def __init__(self, worker: Worker, ids: dict[str, str], log: list[str]) -> None:
        self.worker = worker
        self.log = log
        self._ids = ids

    def give(self, name: str, content: Content) -> Awaitable[Result]:
        """Invoke a function with a blob."""
        inputs: dict[str, Wire | None] = {"blob": {"content": content}}
        return self.worker.invoke(Call(self._ids[name], inputs))

    async def call(self, name: str) -> Result:
        """Invoke an HTTP function."""
        return await self.worker.invoke(Call(self._ids[name], {"req": REQUEST.wire()}))


@pytest.fixture
async def loaded(tmp_path: Path) -> AsyncIterator[Loaded]:
    """One worker."""
    log: list[str] = []

    def write(text: str) -> None:
        text.encode()
        log.append(text)

    worker = await Worker.start(
        WorkerOptions(write_app(tmp_path / "app", SCRIPT), dict(os.environ), on_log=write)
    )
    functions = await worker.load()
    yield Loaded(worker, {function.name: function.id for function in functions}, log)
    await worker.stop()


async def test_the_app_cannot_reach_the_channel_by_accident(loaded: Loaded) -> None:
    """stdin is empty, print goes to the log, and this package's folder is not importable."""
    result = await loaded.call("stdin")
    assert result.returned == {"string": "''[]"}


async def test_killing_a_worker_fails_its_open_calls(loaded: Loaded) -> None:
    """Whoever waits learns it at once, and so does the next caller."""
    waiting = asyncio.create_task(loaded.call("sleep"))
    await loaded.call("f")
    loaded.worker.kill("a test")
    with pytest.raises(WorkerGone, match="a test"):
        await waiting
    with pytest.raises(WorkerGone):
        await loaded.call("f")


async def test_calls_pass_a_big_content_on_its_way(loaded: Loaded) -> None:
    """It goes in pieces, as fast as the child takes them, and comes back the same way."""
    pieces = [bytes([number]) * MB for number in range(32)]
    copying = asyncio.ensure_future(loaded.give("copy", Content(pieces)))
    assert (await loaded.call("f")).returned == {"string": "f"}
    assert not copying.done()
    copied: Content = (await copying).outputs["out"]["content"]
    assert b"".join(copied.pieces) == b"".join(pieces)
    assert len(copied.pieces) > 1


async def test_a_content_is_given_as_text(loaded: Loaded) -> None:
    """And what is no text stays readable; an async function's answer is the same."""
    for pieces, text in ((["é".encode(), b"\xff"], "é\ufffd!"), ([], "!")):
        result = await loaded.give("text", Content(pieces, "string"))
        assert result.returned is not None
        assert result.returned["content"] == Content([text.encode()], "string")


async def test_a_call_that_is_given_up_leaves_nothing_in_the_child(loaded: Loaded) -> None:
    """Its content was half-way, and the pipe is whole."""
    copying = asyncio.ensure_future(loaded.give("copy", Content([bytes(MB)] * 32)))
    await loaded.call("f")
    copying.cancel()
    with pytest.raises(asyncio.CancelledError):
        await copying
    assert (await loaded.call("f")).returned == {"string": "f"}


@pytest.mark.skipif(sys.platform == "win32", reason="process groups are POSIX")
async def test_what_the_app_started_ends_with_it(loaded: Loaded) -> None:
    """The child has a process group of its own."""
    result = await loaded.call("spawn")
    assert result.returned is not None
    grandchild = psutil.Process(int(result.returned["string"]))
    await loaded.worker.stop()
    assert psutil.wait_procs([grandchild], timeout=30)[1] == []


async def test_an_unknown_function_is_a_failed_call(loaded: Loaded) -> None:
    """It cannot hang the host."""
    result = await loaded.worker.invoke(Call("nobody", {}))
    assert result.failure is not None and result.failure.type == "KeyError"


@pytest.mark.parametrize(
    ("name", "failed"), [("mute", "Mute"), ("half", "ValueError"), ("closed", "")]
)
async def test_a_call_is_answered_whatever_the_app_does_to_its_words(
    loaded: Loaded, name: str, failed: str
) -> None:
    """An exception without a message, half a character, a stdout that is closed."""
    async with asyncio.timeout(10):
        results = [await loaded.call(name), await loaded.call("f")]
    assert [one.failure.type if one.failure else "" for one in results] == [failed, ""]
    assert name != "half" or "half a character: ?" in "".join(loaded.log)


async def test_a_load_failure_carries_the_stack(tmp_path: Path) -> None:
    """With the app's lines only."""
    worker = await Worker.start(
        WorkerOptions(write_app(tmp_path / "app", "1/0\n"), dict(os.environ))
    )
    with pytest.raises(LoadFailed, match="ZeroDivisionError: division by zero") as failed:
        await worker.load()
    await worker.stop()
    assert (
        "function_app.py" in failed.value.failure.stack
        and "importlib" not in failed.value.failure.stack
    )


HOST = """
import asyncio, os, sys
from pathlib import Path
from chatkit.localcloud.functions.worker_process.worker import Worker, WorkerOptions
async def main():
    worker = await Worker.start(WorkerOptions(Path(sys.argv[1]), dict(os.environ)))
    await worker.load()
    print(worker.pid, flush=True)
    await asyncio.Event().wait()
asyncio.run(main())
"""


def test_a_killed_host_leaves_no_child(tmp_path: Path) -> None:
    """kill -9: the child notices that its pipe is closed."""
    folder = write_app(tmp_path / "app", SCRIPT)
    with subprocess.Popen(
        [sys.executable, "-c", HOST, str(folder)],
        stdout=subprocess.PIPE,
        text=True,
        encoding="utf-8",
    ) as host:
        assert host.stdout is not None
        child = psutil.Process(int(host.stdout.readline()))
        host.kill()
        assert psutil.wait_procs([child], timeout=30)[1] == []


def test_a_killed_host_leaves_no_process_that_the_app_has_started(tmp_path: Path) -> None:
    """The child ends with its whole group."""
    noted = tmp_path / "pid"
    sleeping = "[sys.executable, '-c', 'import time; time.sleep(600)']"
    script = (
        "import pathlib, subprocess, sys\n"
        f"started = subprocess.Popen({sleeping})\n"
        f"pathlib.Path({str(noted)!r}).write_text(str(started.pid))\n"
    )
    folder = write_app(tmp_path / "app", script)
    with subprocess.Popen(
        [sys.executable, "-c", HOST, str(folder)],
        stdout=subprocess.PIPE,
        text=True,
        encoding="utf-8",
    ) as host:
        assert host.stdout is not None
        host.stdout.readline()
        started = psutil.Process(int(noted.read_text(encoding="utf-8")))
        host.kill()
    try:
        assert psutil.wait_procs([started], timeout=30)[1] == []
    finally:
        with suppress(psutil.NoSuchProcess):
            started.kill()


JSON = st.dictionaries(
    st.text(max_size=5), st.text(max_size=5) | st.integers() | st.none(), max_size=3
)


@given(st.lists(st.tuples(JSON, st.binary(max_size=50)), max_size=5), st.integers(1, 20))
def test_messages_survive_any_cutting_of_the_stream(
    messages: list[tuple[dict[str, Any], bytes]], size: int
) -> None:
    """What was encoded comes out again, whole and in order."""
    stream = b"".join(encode(header, body) for header, body in messages)
    decoder = Decoder()
    found = [
        message
        for start in range(0, len(stream), size)
        for message in decoder.feed(stream[start : start + size])
    ]
    assert found == messages
