"""The host's end of a child process: start it, load an app into it, call functions, end it.

Nothing listens on a port. The child ends by itself when its pipe closes, so it never outlives its
host, even after kill -9.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from chatkit.core import processes
from chatkit.core.system.programs import kill_group
from chatkit.localcloud.functions.worker_process import messages
from chatkit.localcloud.functions.worker_process.calls import (
    Call,
    Exchange,
    Failure,
    IndexedFunction,
    Result,
)
from chatkit.localcloud.functions.worker_process.chatkit_worker.channel import Decoder, encode
from chatkit.localcloud.functions.worker_process.printed import Printed
from chatkit.localcloud.functions.worker_process.streams import OPERATIONS, Stream

# The package is imported from its folder, which is off the path before the app is imported.
# Any Python reads this, also Python 2: the person's may be too old, or have no azure-functions.
BOOT = """\
import sys
if sys.version_info < (3, 11):
    sys.exit("The app needs Python 3.11 or newer here, and %s is Python %d.%d"
             % ((sys.executable,) + tuple(sys.version_info[:2])))
sys.path[0] = sys.argv[1]
try:
    from chatkit_worker.main import main
except ModuleNotFoundError as error:
    if error.name not in ("azure", "azure.functions"):
        raise
    sys.exit("%s has no azure-functions. `%s -m pip install azure-functions` installs it"
             % (sys.executable, sys.executable))
del sys.path[0]
main()
"""
# What every app gets of this process's environment: enough to run, no credentials.
INHERITED = (
    *("PATH", "HOME", "LANG", "LC_ALL", "TMP", "TEMP", "TMPDIR", "TZ"),
    *("USERPROFILE", "USERNAME", "APPDATA", "LOCALAPPDATA", "PROGRAMDATA"),
    # Without these, Windows opens no socket, and finds no shell and no program without a suffix.
    *("SYSTEMROOT", "SYSTEMDRIVE", "WINDIR", "COMSPEC", "PATHEXT"),
)
LogLine = Callable[[str], None]


class Backlog(Protocol):
    """What of the child's lines is not written yet."""

    @property
    def is_full(self) -> bool:
        """Whether the child has to wait."""

    def call_when_drained(self, resume: Callable[[], None]) -> None:
        """Call a function once there is room again."""


class WorkerGone(Exception):
    """The child process ended, by itself or because it was killed."""


class LoadFailed(Exception):
    """The app could not be imported or a function breaks a rule."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(str(failure))
        self.failure = failure


def _ignore(_: str) -> None:
    """The default of `on_log`."""


def _ignore_lasting(_name: str, _seconds: float, _stack: str) -> None:
    """The default of `on_lasting`."""


@dataclass(frozen=True)
class WorkerOptions:
    """How to start a child.

    Attributes:
        folder: App root; the child's working directory.
        environment: The child's whole environment.
        on_log: Called with each log record, and with printed lines.
        command: Interpreter and arguments; empty for this interpreter and our own worker.
        on_lasting: Called with a function's name, seconds and a stack, when it has not ended.
        backlog: While it is full nothing is read of the child, which then waits as well.
    """

    folder: Path
    environment: Mapping[str, str] = field(repr=False)
    on_log: LogLine = _ignore
    command: Sequence[str] = ()
    backlog: Backlog | None = None
    on_lasting: Callable[[str, float, str], None] = _ignore_lasting


def base_environment(environment: Mapping[str, str] = os.environ) -> dict[str, str]:
    """The part of this process's environment that every app gets."""
    return {name: environment[name] for name in INHERITED if name in environment}


def own_command(python: str = sys.executable) -> tuple[str, ...]:
    """The command that starts this package's worker in an interpreter."""
    return (python, "-c", BOOT, str(Path(__file__).parent))


class Worker(asyncio.SubprocessProtocol):
    """One child process."""

    def __init__(self, options: WorkerOptions) -> None:
        self._options = options
        self._decoder = Decoder()
        self._calls: dict[str, asyncio.Future[Result]] = {}
        self._streams: dict[str, Stream] = {}
        self._loaded: asyncio.Future[list[IndexedFunction]] | None = None
        self._transport: asyncio.SubprocessTransport | None = None
        self._stdin: asyncio.WriteTransport | None = None
        self._printed = Printed()
        self._contents: dict[str, messages.Contents] = {}
        self._can_send = asyncio.Event()
        self._can_send.set()
        self._is_paused = False
        self._has_exited = False
        self._killed_because = ""
        self.import_at = ""
        self.python_version = ""
        self.ended = asyncio.Event()

    @classmethod
    async def start(cls, options: WorkerOptions) -> Worker:
        """Start the process; nothing is loaded yet."""
        return await processes.start_child(
            lambda: cls(options),
            options.command or own_command(),
            folder=options.folder,
            environment=options.environment,
        )

    @property
    def pid(self) -> int:
        """The child's process id."""
        assert self._transport is not None
        return self._transport.get_pid()

    @property
    def exit_code(self) -> int | None:
        """Exit code, negative for a signal, None while it runs."""
        if self._transport is None:
            return None
        return self._transport.get_returncode()

    async def load(self) -> list[IndexedFunction]:
        """Index the app.

        Raises:
            LoadFailed: With the exception from the app.
            WorkerGone: The app ended the process while it was imported.
        """
        if self._loaded is None:
            self.begin_load()
        assert self._loaded is not None
        return await self._loaded

    def begin_load(self) -> None:
        """Let the child index the app while this side does something else.

        `load` waits for the outcome.
        """
        self._loaded = asyncio.get_running_loop().create_future()
        self._loaded.add_done_callback(lambda future: future.cancelled() or future.exception())
        if self.ended.is_set():
            self._loaded.set_exception(WorkerGone(self._reason()))
        elif self._stdin is not None and not self._stdin.is_closing():
            self._send({"op": "load", "folder": str(self._options.folder)})

    async def invoke(self, call: Call) -> Result:
        """Call one function.

        Raises:
            WorkerGone: The process ended before it answered.
        """
        if self.ended.is_set():
            raise WorkerGone(self._reason())
        future: asyncio.Future[Result] = asyncio.get_running_loop().create_future()
        self._calls[call.id] = future
        try:
            await self._send_contents(call)
            self._send(call.wire(), call.body)
            return await future
        finally:
            self._calls.pop(call.id, None)
            self._contents.pop(call.id, None)

    async def _send_contents(self, call: Call) -> None:
        """Send contents of blobs as fast as the child takes them; others call it meanwhile."""
        try:
            for name, content in call.contents():
                for piece in content.pieces:
                    self._send({"op": "piece", "id": call.id, "name": name}, piece)
                    await self._can_send.wait()
        except asyncio.CancelledError:
            with suppress(WorkerGone):
                self._send({"op": "drop", "id": call.id})
            raise

    async def stream(self, call: Call, exchange: Exchange) -> Result:
        """Call a function that takes HTTP as a stream; returns when its answer has gone out.

        Raises:
            WorkerGone: The process ended before that.
        """
        stream = Stream(call.id, exchange, self._send)
        self._streams[call.id] = stream
        calling = asyncio.create_task(self.invoke(call))
        carrying = asyncio.create_task(stream.carry())
        try:
            await asyncio.wait({calling, carrying}, return_when=asyncio.FIRST_EXCEPTION)
            if carrying.done():
                carrying.result()  # raises what makes the answer one that cannot be sent
            return await calling
        finally:
            del self._streams[call.id]
            stream.leave()
            calling.cancel()
            carrying.cancel()
            await asyncio.gather(calling, carrying, return_exceptions=True)

    def kill(self, why: str = "it was stopped") -> None:
        """End the process and every process it started in its group.

        Open calls fail with WorkerGone.
        """
        self._killed_because = self._killed_because or why
        if self._transport is None or self.exit_code is not None:
            return
        kill_group(self.pid)

    async def stop(self) -> None:
        """Kill and wait until the process is gone."""
        self.kill()
        await self.ended.wait()

    def _send(self, header: dict[str, Any], body: bytes = b"") -> None:
        if self._stdin is None or self._stdin.is_closing():
            raise WorkerGone(self._reason())
        self._stdin.write(encode(header, body))

    def _reason(self) -> str:
        if self._killed_because:
            return self._killed_because
        reason = f"the process ended by itself with exit code {self.exit_code}"
        if self._printed.last_line:
            reason += f"; the last line it printed: {self._printed.last_line}"
        return reason

    # asyncio.SubprocessProtocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the pipes."""
        assert isinstance(transport, asyncio.SubprocessTransport)
        self._transport = transport
        stdin = transport.get_pipe_transport(0)
        assert isinstance(stdin, asyncio.WriteTransport)
        self._stdin = stdin

    def pause_writing(self) -> None:
        """The child does not read as fast as it is sent to."""
        self._can_send.clear()

    def resume_writing(self) -> None:
        """It has read what waited."""
        self._can_send.set()

    def pipe_data_received(self, fd: int, data: bytes) -> None:
        """Take messages from the channel, lines from everything else the child writes."""
        if fd == 2:
            self._handle_printed(self._printed.take(data))
        else:
            for header, body in self._decoder.feed(data):
                self._handle(header, body)
        self._wait_for_log()

    def _wait_for_log(self) -> None:
        backlog = self._options.backlog
        if backlog is None or not backlog.is_full or self._is_paused:
            return
        self._is_paused = True
        for pipe in self._outputs():
            pipe.pause_reading()
        backlog.call_when_drained(self._read_on)

    def _read_on(self) -> None:
        self._is_paused = False
        for pipe in self._outputs():
            pipe.resume_reading()
        if self._has_exited:
            self._close_soon()

    def _close_soon(self) -> None:
        """Close the pipes in the turn after the next, which reads what the child has left."""
        loop = asyncio.get_running_loop()
        loop.call_soon(loop.call_soon, self._close_pipes)

    def _close_pipes(self) -> None:
        if self._transport is not None:
            self._transport.close()

    def _outputs(self) -> list[asyncio.ReadTransport]:
        """The pipes that we read."""
        if self._transport is None:
            return []
        pipes = [self._transport.get_pipe_transport(fd) for fd in (1, 2)]
        return [
            pipe
            for pipe in pipes
            if isinstance(pipe, asyncio.ReadTransport) and not pipe.is_closing()
        ]

    def connection_lost(self, _: Exception | None) -> None:
        """All pipes are closed and the process is gone: open calls fail."""
        self._handle_printed(self._printed.rest())
        self.ended.set()
        self._can_send.set()
        for future in [*self._calls.values(), self._loaded]:
            if future is not None and not future.done():
                future.set_exception(WorkerGone(self._reason()))

    def process_exited(self) -> None:
        """A process that the child started may live on and hold the pipes open.

        It ends with the child. Close our ends so that `connection_lost` comes.
        """
        self._has_exited = True
        kill_group(self.pid)
        if not self._is_paused:
            self._close_soon()

    def _handle(self, header: dict[str, Any], body: bytes) -> None:
        match header["op"]:
            case operation if operation in OPERATIONS:
                if header["id"] in self._streams:
                    self._streams[header["id"]].take(header, body)
            case "result":
                future = self._calls.get(header["id"])
                if future is not None and not future.done():
                    contents = self._contents.pop(header["id"], {})
                    future.set_result(messages.result_of(header, body, contents))
            case "piece" if header["id"] in self._calls:
                contents = self._contents.setdefault(header["id"], {})
                contents.setdefault(header["name"], []).append(body)
            case "log":
                self._options.on_log(messages.whole(header["message"]))
            case "lasts":
                self._take_lasting(header)
            case "loaded" if self._loaded and not self._loaded.done():
                self.python_version = header["python"]
                self._loaded.set_result(
                    [messages.indexed(function) for function in header["functions"]]
                )
            case "failed" if self._loaded and not self._loaded.done():
                self._loaded.set_exception(LoadFailed(messages.failure_of(header)))

    def _take_lasting(self, header: dict[str, Any]) -> None:
        name, stack = messages.whole(header["name"]), messages.whole(header["stack"])
        if not name:
            self.import_at = stack
        self._options.on_lasting(name, header["seconds"], stack)

    def _handle_printed(self, lines: str) -> None:
        if lines:
            self._options.on_log(lines)
