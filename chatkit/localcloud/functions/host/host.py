"""One function app, running: its child process, its functions, and what surrounds an invocation.

Follows Microsoft's pages "Azure Functions Python developer guide" and "host.json reference". Local
runs and deployed apps share it; HTTP is in `functions/http/frontend.py`.
"""

from __future__ import annotations

import asyncio
import logging
import time
from functools import partial
from typing import Any

from chatkit.core.errors import ChatkitError
from chatkit.core.text.masking import excerpt
from chatkit.core.time import clock
from chatkit.localcloud.core.trace import caused
from chatkit.localcloud.functions.console.console import Console
from chatkit.localcloud.functions.host import (
    host_json,
    indexing,
    load_failures,
    no_functions,
)
from chatkit.localcloud.functions.host.bindings import Bindings
from chatkit.localcloud.functions.host.errors import AppInvalid, BindingFailed, HostUnavailable
from chatkit.localcloud.functions.host.expressions import binding_data
from chatkit.localcloud.functions.host.indexing import Function, FunctionIndex
from chatkit.localcloud.functions.host.signalr_bindings import InputContext
from chatkit.localcloud.functions.host.signalr_service import RestSender
from chatkit.localcloud.functions.host.spec import HostOptions
from chatkit.localcloud.functions.schedules.schedule import timespan_text
from chatkit.localcloud.functions.storage.blobs import BlobStorage
from chatkit.localcloud.functions.worker_process.calls import (
    Call,
    Exchange,
    Failure,
    HttpData,
    Result,
    Trigger,
)
from chatkit.localcloud.functions.worker_process.rest import IdlePause
from chatkit.localcloud.functions.worker_process.worker import (
    LoadFailed,
    Worker,
    WorkerGone,
    WorkerOptions,
)

log = logging.getLogger("chatkit.local.functions")
GONE = HostUnavailable("Function host is not running.")
RESPAWN_PAUSES_S = (0.0, 0.2, 1.0, 2.0, 5.0)
STABLE_AFTER_S = 30
SENTENCE_CHARACTERS = 1500


class HostObserver:
    """Told what happens to a host. Every method may be overridden; each does nothing."""

    def on_ready(self, host: FunctionHost) -> None:
        """The app serves, or its problem is known."""

    def on_invoked(self, name: str, seconds: float, failure: Failure | None) -> None:
        """A function has run; `CAUSE` says what it belongs to."""


class FunctionHost:
    """One app.

    `start` never raises for a broken app: `problem` says what is wrong, and every call answers with
    it.
    """

    def __init__(
        self,
        options: HostOptions,
        console: Console,
        sender: RestSender,
        observer: HostObserver,
        *,
        worker: Worker | None = None,
    ) -> None:
        """Make a host that is not started yet.

        Args:
            options: How to run the app.
            console: Where the host writes.
            sender: Carries out SignalR output bindings.
            observer: Is told what happens.
            worker: A child that loads the app already; None to start one.
        """
        self.options = options
        self.console = console
        self.index = FunctionIndex()
        self.config = host_json.HostJson()
        self.problem: HostUnavailable | None = GONE
        self.last_failure = ""
        self.started_at = clock.elapsed()
        get_token = partial(sender.entra_token, environment=options.environment)
        self.storage = BlobStorage(options.settings, options.ca_file, get_token)
        self._bindings = Bindings(sender, self.storage)
        self._observer = observer
        self._prepared_worker = worker
        self._worker = worker
        self._idle_pause = IdlePause(options.idle_after_s)
        self._open_calls = 0
        self._idle = asyncio.Event()
        self._idle.set()
        self._running = asyncio.Event()
        self._supervisor: asyncio.Task[None] | None = None
        # One start or restart at a time: two at once would start two children and know of one.
        self._changing = asyncio.Lock()
        self._restarting = False
        self._stopped = False

    @property
    def worker_pid(self) -> int | None:
        """Process id of the child, None while there is none."""
        if self._worker is None or self._worker.ended.is_set():
            return None
        return self._worker.pid

    @property
    def python_version(self) -> str:
        """Version of the child's interpreter, such as "3.11.7"; empty before the app is loaded."""
        if self._worker is None:
            return ""
        return self._worker.python_version

    @property
    def is_gone(self) -> bool:
        """Whether the host was stopped for good, or was never started."""
        return self.problem is GONE

    async def start(self) -> None:
        """Start the child and load the app; returns when it serves or its problem is known."""
        async with self._changing:
            await self._begin()

    async def restart(self) -> None:
        """End the child and start a new one; requests that come meanwhile wait."""
        if self._stopped:
            return
        self._restarting = True
        self._running.clear()
        await self._end_child()
        async with self._changing:
            await self._end_child()
            self._restarting = False
            await self._begin()

    async def drain(self, grace_s: float) -> None:
        """Let open invocations finish for a while, then stop."""
        try:
            async with asyncio.timeout(grace_s):
                await self._idle.wait()
        except TimeoutError:
            pass
        finally:
            await self.stop()

    async def stop(self) -> None:
        """End the child for good and wait until it is gone.

        Open invocations fail, and requests that wait for the app learn that it is gone.
        """
        self._stopped = True
        self.problem = GONE
        self._running.set()
        await self._end_child()  # a start that is under way ends with its child ...
        async with self._changing:
            await self._end_child()  # ... or has started one in this moment
        await self.storage.close()

    async def _end_child(self) -> None:
        self.problem = GONE
        # Both before the first await: a caller that is cancelled here leaves no child either.
        if self._supervisor is not None:
            self._supervisor.cancel()
        if self._worker is not None:
            self._worker.kill()
        if self._supervisor is not None:
            await asyncio.gather(self._supervisor, return_exceptions=True)
        if self._worker is not None:
            await self._worker.stop()

    async def _begin(self) -> None:
        if self._stopped:
            return
        self._running.clear()
        self._idle_pause.end()
        if await self._load_app():
            self._supervisor = asyncio.create_task(self._supervise())

    async def _supervise(self) -> None:
        """Start a new child when one ends by itself, slower each time it happens again at once."""
        crashes = 0
        serves = True
        while serves:
            assert self._worker is not None
            started = time.monotonic()
            if await self._idle_pause.is_due(self._worker.ended, lambda: self._open_calls > 0):
                serves = await self._pause(self._worker)
                continue
            if time.monotonic() - started > STABLE_AFTER_S:
                crashes = 0
            crashes += 1
            self._running.clear()
            self.console.host_line(
                f"The worker process ended (exit code {self._worker.exit_code}). Starting "
                "a new one.",
                error=True,
            )
            await asyncio.sleep(RESPAWN_PAUSES_S[min(crashes, len(RESPAWN_PAUSES_S)) - 1])
            async with self._changing:
                serves = await self._load_app()

    async def _pause(self, worker: Worker) -> bool:
        """End the child until the app is called again; returns whether the app serves then."""
        self._running.clear()
        worker.kill("nobody had called the app for a while")
        await self._idle_pause.until_called()
        await worker.ended.wait()
        async with self._changing:
            return await self._load_app()

    async def _load_app(self) -> bool:
        """Start a child and let it load the app; returns whether the app serves.

        Whatever goes wrong becomes `problem`.
        """
        failure: Failure | None = None
        prepared = self._prepared_worker
        self._prepared_worker = None
        try:
            self.config = host_json.load(self.options.folder, self.options.settings)
            self._worker = prepared or await self._start_worker()
            if self._is_ending:
                return False
            self.index = await self._index(self._worker)
        except (LoadFailed, WorkerGone, OSError, ValueError, ChatkitError) as error:
            at = self._worker.import_at if self._worker else ""
            failure = load_failures.describe(error, self.options.load_timeout_s, at)
        if self._is_ending:
            return False
        has_paused = self._idle_pause.end()
        if failure is None and has_paused:
            self._running.set()
            return True
        if failure is None:
            self.problem = None
            for function in self.index.functions:
                if function.error:
                    self.console.in_error(function.name, function.error)
        else:
            self._fail(failure)
        self._running.set()
        self._observer.on_ready(self)
        return failure is None

    async def _index(self, worker: Worker) -> FunctionIndex:
        """Let the child index the app; an app in another language has no functions here."""
        settings = self.options.settings
        if no_functions.other_language(settings):
            return FunctionIndex()
        async with asyncio.timeout(self.options.load_timeout_s):
            functions = await worker.load()
        return indexing.build(functions, self.config, settings)

    @property
    def _is_ending(self) -> bool:
        """Whether the current child is being ended: its outcome does not count then."""
        return self._stopped or self._restarting

    async def _start_worker(self) -> Worker:
        options = self.options
        return await Worker.start(
            WorkerOptions(
                options.folder,
                options.environment,
                self.console.user_line,
                options.command,
                self.console.backlog,
                self.console.lasting,
            )
        )

    def _fail(self, failure: Failure) -> None:
        """Answer 503 everywhere with a sentence; the stack is for the log only."""
        self.index = FunctionIndex()
        if self._worker is not None:
            self._worker.kill("the app did not load")
        first_line = str(failure).splitlines()[0]
        self.problem = HostUnavailable(
            f"This function app did not start: {excerpt(first_line, SENTENCE_CHARACTERS)}",
            hint="The host's log has the whole traceback.",
        )
        self.last_failure = failure.stack or str(failure)
        self.console.load_failed(failure)

    async def ready(self, timeout_s: float = 30) -> None:
        """Wait until the app serves.

        Raises:
            HostUnavailable: It does not, and why.
        """
        if not self._running.is_set():
            self._idle_pause.call()
            try:
                async with asyncio.timeout(timeout_s):
                    await self._running.wait()
            except TimeoutError:
                raise HostUnavailable(GONE.message) from None
        if self.problem is not None:
            # A kept one would collect tracebacks.
            raise HostUnavailable(self.problem.message, hint=self.problem.hint)

    async def call_http(
        self,
        function: Function,
        request: HttpData,
        trace: dict[str, str],
        exchange: Exchange | None = None,
    ) -> Result:
        """Invoke an HTTP function with its bindings.

        A failed invocation is a Result with a failure, already logged.

        Args:
            function: What is invoked.
            request: What it is invoked with.
            trace: W3C trace context.
            exchange: The request as a stream, for a function that takes it so.
        """
        data: dict[str, Any] = {}
        if function.has_expressions:  # reading a large body as JSON would hold up everybody
            data = binding_data(request.headers, request.query, request.params, request.body)
        inputs = {function.trigger["name"]: request.wire()}
        return await self.call(
            function, Trigger(inputs, data, request.body, trace, exchange=exchange)
        )

    async def call(self, function: Function, trigger: Trigger) -> Result:
        """Resolve input bindings, run the function, carry out output bindings, log it all."""
        with caused():  # by a request over HTTP, else by itself: a timer, a blob
            return await self._call(function, trigger)

    async def _call(self, function: Function, trigger: Trigger) -> Result:
        inputs = dict(trigger.inputs)
        call = Call.of(function.id, inputs, trigger)
        started = time.perf_counter()
        self.console.executing(function.name, call.id, trigger.reason)
        self._open_calls += 1
        self._idle.clear()
        try:
            context = InputContext(
                self.options.settings, self.options.environment, trigger.data, function.name
            )
            for binding in function.inputs:
                inputs[binding["name"]] = await self._bindings.resolve_input(binding, context)
            result = await self._run(function, call, trigger.exchange)
            if result.failure is None:
                await self._bindings.carry_out(function, call, result, context)
        except (BindingFailed, AppInvalid, HostUnavailable) as error:
            result = Result(failure=Failure(type(error).__name__, str(error)))
        finally:
            self._open_calls -= 1
            self._idle_pause.note_use()
            if not self._open_calls:
                self._idle.set()
        seconds = time.perf_counter() - started
        self.console.executed(function.name, call.id, seconds, result.failure)
        self._observer.on_invoked(function.name, seconds, result.failure)
        return result

    async def _run(self, function: Function, call: Call, exchange: Exchange | None) -> Result:
        if self._idle_pause.is_on:  # since the caller has found the app ready
            await self.ready()
        worker = self._worker
        if worker is None:
            return Result(failure=Failure("HostUnavailable", "Function host is not running."))
        try:
            async with asyncio.timeout(self.config.timeout_s):
                return await (worker.stream(call, exchange) if exchange else worker.invoke(call))
        except TimeoutError:
            why = (
                f"Timeout value of {timespan_text(self.config.timeout_s or 0)} was exceeded by "
                f"function: Functions.{function.name}"
            )
            self._running.clear()
            worker.kill(why)
            return Result(failure=Failure("FunctionTimeoutException", why))
        except WorkerGone as error:
            return Result(
                failure=Failure(
                    "WorkerProcessExitException", f"The worker process is gone: {error}"
                )
            )
