"""One function app, running: its child process, its functions, and what the host does around each invocation.

Follows Microsoft's pages "Azure Functions Python developer guide" and "host.json reference". Shared by local runs and
deployed apps; HTTP is in `frontend.py`.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from chatkit.core.errors import ChatkitError
from chatkit.localcloud.functions.host import host_json, indexing, signalr_bindings
from chatkit.localcloud.functions.host.console import Console
from chatkit.localcloud.functions.host.errors import AppInvalid, BindingFailed, HostUnavailable
from chatkit.localcloud.functions.host.expressions import binding_data
from chatkit.localcloud.functions.host.indexing import Function, FunctionIndex
from chatkit.localcloud.functions.host.signalr_bindings import InputContext, RestSender
from chatkit.localcloud.functions.worker_process.calls import Call, Failure, HttpData, Result, Wire
from chatkit.localcloud.functions.worker_process.worker import (
    LoadFailed,
    Worker,
    WorkerGone,
    WorkerOptions,
)

log = logging.getLogger("chatkit.local.functions")
GONE = HostUnavailable("Function host is not running.")
RESPAWN_PAUSES_S = (0.0, 0.2, 1.0, 2.0, 5.0)


@dataclass(frozen=True)
class HostOptions:
    """How to run one app.

    Attributes:
        folder: App root.
        settings: App settings, for binding expressions and connection strings.
        environment: The child's whole environment, settings included.
        command: How to start the worker; empty for this interpreter.
        load_timeout_s: Importing the app may take this long.
    """

    folder: Path
    settings: Mapping[str, str] = field(repr=False)
    environment: Mapping[str, str] = field(repr=False)
    command: tuple[str, ...] = ()
    load_timeout_s: float = 120


class FunctionHost:
    """One app. `start` never raises for a broken app: `problem` says what is wrong and every call answers with it."""

    def __init__(
        self,
        options: HostOptions,
        console: Console,
        sender: RestSender,
        *,
        worker: Worker | None = None,
    ) -> None:
        self.options = options
        self.console = console
        self.index = FunctionIndex()
        self.config = host_json.HostJson()
        self.problem: HostUnavailable | None = GONE
        self.last_failure = ""
        self.started_at = time.time()
        self._open_calls = 0
        self.on_ready: Callable[[FunctionHost], None] = lambda host: None
        self.on_invoked: Callable[[str, float, Failure | None], None] = (
            lambda name, seconds, failure: None
        )
        self._sender = sender
        self._early, self._worker = worker, worker
        self._running = asyncio.Event()
        self._supervisor: asyncio.Task[None] | None = None
        self._stopping = False
        self._crashes = 0

    @property
    def worker_pid(self) -> int | None:
        """Process id of the child, None while there is none."""
        return self._worker.pid if self._worker and not self._worker.ended.is_set() else None

    @property
    def python_version(self) -> str:
        """Version of the child's interpreter, for example "3.11.7"; empty before it has loaded the app."""
        return self._worker.python_version if self._worker else ""

    async def start(self) -> None:
        """Start the child and load the app; returns when it serves or its problem is known."""
        self._stopping = False
        await self._spawn()

    async def stop(self) -> None:
        """End the child; open invocations fail, and whoever waits for the app learns that it is gone."""
        await self._end()
        self._running.set()

    async def _end(self) -> None:
        self._stopping = True
        self.problem = GONE
        if self._supervisor:
            self._supervisor.cancel()
        if self._worker:
            await self._worker.stop()

    async def drain(self, grace_s: float) -> None:
        """Let open invocations finish for a while, then stop."""
        deadline = time.monotonic() + grace_s
        while self._open_calls and time.monotonic() < deadline:
            await asyncio.sleep(0.05)
        await self.stop()

    async def restart(self) -> None:
        """End the child and start a new one; requests that come meanwhile wait."""
        self._running.clear()
        await self._end()
        await self.start()

    async def _spawn(self) -> None:
        self._running.clear()
        try:
            self.config = host_json.load(self.options.folder, self.options.settings)
            self._early, self._worker = None, self._early or await self._start_worker()
            if self._stopping:
                raise WorkerGone("the host was stopped")
            functions = await asyncio.wait_for(self._worker.load(), self.options.load_timeout_s)
            self.index = indexing.build(functions, self.config, self.options.settings)
            self.problem = GONE if self._stopping else None
            for function in self.index.functions:
                if function.error:
                    self.console.in_error(function.name, function.error)
        except LoadFailed as error:
            self._fail(error.failure)
        except WorkerGone as error:
            self._fail(
                Failure(
                    "SystemExit", f"The app's process ended before the app was loaded: {error}."
                )
            )
        except TimeoutError:
            self._fail(
                Failure(
                    "TimeoutError",
                    f"Importing the app took longer than {self.options.load_timeout_s:.0f} s.",
                )
            )
        except OSError as error:
            self._fail(
                Failure(
                    type(error).__name__,
                    f"The app's process cannot be started: {error.strerror}: {error.filename}.",
                )
            )
        except ValueError as error:
            self._fail(
                Failure(
                    type(error).__name__,
                    f"An app setting cannot be an environment variable: {error}.",
                )
            )
        except ChatkitError as error:
            self._fail(Failure(type(error).__name__, str(error)))
        self._running.set()
        if self._stopping:
            return
        if self._worker is not None and self.problem is None:
            self._supervisor = asyncio.create_task(self._watch(self._worker))
        self.on_ready(self)

    async def _start_worker(self) -> Worker:
        options = self.options
        return await Worker.start(
            WorkerOptions(
                options.folder, options.environment, self.console.user_line, options.command
            )
        )

    def _fail(self, failure: Failure) -> None:
        """Keep what is wrong. The app answers 503 everywhere with the sentence; the stack is for the log only."""
        self.index = FunctionIndex()
        if self._worker is not None:
            self._worker.kill("the app did not load")
        if self._stopping:
            self.problem = GONE
            return
        self.problem = HostUnavailable(
            f"This function app did not start: {_first_line(failure)}",
            hint="The host's log has the whole traceback.",
        )
        self.last_failure = failure.stack or str(failure)
        self.console.load_failed(failure)

    async def _watch(self, worker: Worker) -> None:
        """Start a new child when this one ends by itself, slower each time it happens again at once."""
        started = time.monotonic()
        await worker.ended.wait()
        if self._stopping or worker is not self._worker:
            return
        self._crashes = 1 if time.monotonic() - started > 30 else self._crashes + 1
        pause_s = RESPAWN_PAUSES_S[min(self._crashes, len(RESPAWN_PAUSES_S)) - 1]
        self.console.host_line(
            f"The worker process ended (exit code {worker.exit_code}). Starting a new one.",
            error=True,
        )
        self._running.clear()
        await asyncio.sleep(pause_s)
        crashes = self._crashes
        await self._spawn()
        self._crashes = crashes

    async def ready(self, timeout_s: float = 30) -> None:
        """Wait until the app serves.

        Raises:
            HostUnavailable: It does not, and why.
        """
        if not self._running.is_set():
            try:
                await asyncio.wait_for(self._running.wait(), timeout_s)
            except TimeoutError:
                raise HostUnavailable(GONE.message) from None
        if self.problem is not None:
            raise HostUnavailable(
                self.problem.message, hint=self.problem.hint
            )  # a kept one would collect tracebacks

    async def call_http(
        self, function: Function, request: HttpData, trace: dict[str, str]
    ) -> Result:
        """Invoke an HTTP function with its bindings. A failed invocation is a Result with a failure, already logged."""
        wanted = function.has_expressions  # reading a large body as JSON would hold up everybody
        data = (
            binding_data(request.headers, request.query, request.params, request.body)
            if wanted
            else {}
        )
        inputs: dict[str, Wire | None] = {function.trigger["name"]: request.wire()}
        return await self.call(function, inputs, data, body=request.body, trace=trace)

    async def call(
        self,
        function: Function,
        inputs: dict[str, Wire | None],
        data: Mapping[str, Any],
        *,
        body: bytes = b"",
        trace: dict[str, str] | None = None,
        reason: str = "This function was programmatically called via the host APIs.",
    ) -> Result:
        """Resolve input bindings, run the function, carry out output bindings, log it all."""
        call = Call(function.id, inputs, body, trace or {})
        started = time.perf_counter()
        self.console.executing(function.name, call.id, reason)
        self._open_calls += 1
        try:
            context = InputContext(self.options.settings, data, function.name)
            for binding in function.inputs:
                inputs[binding["name"]] = _input(binding, context)
            result = await self._run(function, call)
            if result.failure is None:
                await self._outputs(function, result, context)
        except (BindingFailed, AppInvalid) as error:
            result = Result(failure=Failure(type(error).__name__, str(error)))
        finally:
            self._open_calls -= 1
        seconds = time.perf_counter() - started
        self.console.executed(function.name, call.id, seconds, result.failure)
        self.on_invoked(function.name, seconds, result.failure)
        return result

    async def _run(self, function: Function, call: Call) -> Result:
        worker = self._worker
        if worker is None:
            return Result(failure=Failure("HostUnavailable", "Function host is not running."))
        try:
            return await asyncio.wait_for(worker.invoke(call), self.config.timeout_s)
        except TimeoutError:
            why = f"Timeout value of {_timespan(self.config.timeout_s or 0)} was exceeded by function: Functions.{function.name}"
            self._running.clear()
            worker.kill(why)
            return Result(failure=Failure("FunctionTimeoutException", why))
        except WorkerGone as error:
            return Result(
                failure=Failure(
                    "WorkerProcessExitException", f"The worker process is gone: {error}"
                )
            )

    async def _outputs(self, function: Function, result: Result, context: InputContext) -> None:
        for binding in function.outputs:
            value = result.outputs.get(binding["name"])
            if binding["name"] == "$return":
                value = result.returned
            if value is None:
                continue
            calls = signalr_bindings.rest_calls(context.text(binding, "hubName"), value)
            service = signalr_bindings.connection(
                context.settings, str(binding.get("connectionStringSetting") or "")
            )
            await self._sender.send(service, calls)


def _input(binding: Mapping[str, Any], context: InputContext) -> Wire:
    try:
        return signalr_bindings.input_value(binding, context)
    except (BindingFailed, AppInvalid) as error:
        raise BindingFailed(
            f"Exception binding parameter '{binding['name']}'. {error.message}", hint=error.hint
        ) from None


def _first_line(failure: Failure) -> str:
    return str(failure).splitlines()[0][:500]


def _timespan(seconds: float) -> str:
    whole = int(seconds)
    return f"{whole // 3600:02}:{whole // 60 % 60:02}:{whole % 60:02}"
