"""The child's main loop.

A thread reads the pipe, plain functions run in a pool, async ones on the main thread's loop.
"""

from __future__ import annotations

import asyncio
import io
import logging
import os
import signal
import sys
import threading
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from . import brought, extensions, invoking, lasting, loading, streaming
from .channel import Channel
from .loading import LoadedFunction

# Chatter about every request to storage; an app can turn it on again by setting the level itself.
QUIET = ("azure.core.pipeline.policies.http_logging_policy", "azure.identity")


class Child:
    """State of this process: its channel and the functions it has loaded."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self._functions: dict[str, LoadedFunction] = {}
        self._pool: ThreadPoolExecutor | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        # Contents of blobs that came before their invocation, piece by piece: by its id, by name.
        self._contents: dict[str, dict[str, list[bytes]]] = {}
        self._loop = asyncio.new_event_loop()
        self._lasting = lasting.Lasting(channel.send)
        self._streams = streaming.Streams(channel, self._threads)

    def run(self) -> None:
        """Serve until the host closes the pipe; then end at once, whatever functions are doing."""
        asyncio.set_event_loop(self._loop)
        threading.Thread(target=self._read, name="channel", daemon=True).start()
        self._loop.run_forever()

    def _read(self) -> None:
        try:
            for header, body in self._channel.messages():
                self._take(header, body)
        except OSError:
            pass
        _end()

    def _take(self, header: dict[str, Any], body: bytes) -> None:
        if header["op"] == "load":
            self._loop.call_soon_threadsafe(self.load, header["folder"])
            return
        if header["op"] in streaming.REQUEST_OPERATIONS:
            self._loop.call_soon_threadsafe(self._streams.take, header, body)
            return
        if header["op"] == "piece":
            contents = self._contents.setdefault(header["id"], {})
            contents.setdefault(header["name"], []).append(body)
            return
        header["contents"] = self._contents.pop(header["id"], {})
        if header["op"] == "drop":  # the host gave the invocation up while it sent the pieces
            return
        function = self._functions.get(header["function"])
        if function is None:
            error = KeyError(f"unknown function id {header['function']}")
            self._channel.send_all(invoking.failure(header["id"], error).messages())
        elif function.stream:
            self._loop.call_soon_threadsafe(self._start, self._streams.run(function, header))
        elif function.is_async:
            self._loop.call_soon_threadsafe(self._start, self._run_async(function, header, body))
        else:
            self._threads().submit(self._run_sync, function, header, body)

    def _threads(self) -> ThreadPoolExecutor:
        assert self._pool is not None
        return self._pool

    def _run_sync(self, function: LoadedFunction, header: dict[str, Any], body: bytes) -> None:
        with self._lasting.noted(function.name):
            answer = invoking.run_sync(function, header, body)
        self._channel.send_all(answer.messages())

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = self._loop.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _run_async(
        self, function: LoadedFunction, header: dict[str, Any], body: bytes
    ) -> None:
        with self._lasting.noted(function.name):
            answer = await invoking.run_async(function, header, body)
        if not answer.contents:
            self._channel.send_all(answer.messages())
            return
        # The pipe takes big contents as fast as the host reads it: not on the functions' loop.
        await self._loop.run_in_executor(self._threads(), self._channel.send_all, answer.messages())

    def load(self, folder: str) -> None:
        """Index an app and tell the host what it has."""
        try:
            brought.hide_the_rest(folder)
            loading.prepare_path(folder)
            extensions.install_placeholders()
            with self._lasting.noted(""):
                functions = loading.load(folder)
        except BaseException as error:
            self._channel.send({"op": "failed", **invoking.describe(error)})
            return
        self._functions = {function.id: function for function in functions}
        self._pool = invoking.pool()
        described = [
            {
                "id": function.id,
                "name": function.name,
                "bindings": function.raw_bindings,
                "is_async": function.is_async,
                "streams": bool(function.stream),
                "error": function.error,
                "retry": function.retry,
            }
            for function in functions
        ]
        self._channel.send(
            {"op": "loaded", "functions": described, "python": sys.version.split()[0]}
        )


def _end() -> None:
    """End this process at once, and the processes that the app has started."""
    # They are in this process's group, which is its own when the host has started it.
    if sys.platform != "win32" and os.getpgrp() == os.getpid():
        os.killpg(0, signal.SIGKILL)
    os._exit(0)


class PipeHandler(logging.Handler):
    """Sends log records to the host, with the invocation they belong to."""

    def __init__(self, channel: Channel) -> None:
        super().__init__()
        self._channel = channel

    def emit(self, record: logging.LogRecord) -> None:
        """Send one record."""
        message = {
            "op": "log",
            "level": record.levelname,
            "logger": record.name,
            "message": self.format(record),
        }
        self._channel.send({**message, "id": invoking.invocation_id.get()})


def main() -> None:
    """Run the child process."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    sys.dont_write_bytecode = True
    channel = Channel()
    logging.getLogger().addHandler(PipeHandler(channel))
    debug = os.environ.get("PYTHON_ENABLE_DEBUG_LOGGING", "").lower() in ("1", "true")
    logging.getLogger().setLevel(logging.DEBUG if debug else logging.INFO)
    for name in QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(encoding="utf-8", errors="replace", line_buffering=True)
    Child(channel).run()
