"""All listeners of one app: they follow the host that serves it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from functools import partial

from chatkit.localcloud.functions.console.console import Console
from chatkit.localcloud.functions.host.errors import HostUnavailable
from chatkit.localcloud.functions.host.host import FunctionHost
from chatkit.localcloud.functions.host.indexing import Function
from chatkit.localcloud.functions.schedules.zones import SKU, schedule_of, zone_of
from chatkit.localcloud.functions.storage.paths import BlobPattern
from chatkit.localcloud.functions.triggers.blobs import BlobListener, BlobTrigger
from chatkit.localcloud.functions.triggers.host_records import HostRecords, host_id
from chatkit.localcloud.functions.triggers.singleton import (
    Listener,
    ListenerLock,
    SingletonListener,
)
from chatkit.localcloud.functions.triggers.timer_clock import TimerClock
from chatkit.localcloud.functions.triggers.timers import Timer, TimerListener
from chatkit.localcloud.functions.worker_process.calls import Failure, Trigger

log = logging.getLogger("chatkit.local.functions")


class Listeners:
    """Timers and blob triggers of one app, whichever host serves it at the moment."""

    def __init__(self, console: Console, clock: TimerClock, *, owner: str) -> None:
        """Prepare for an app; nothing listens before `follow`.

        Args:
            console: The app's.
            clock: What timers wait on.
            owner: Whose locks they are: a name that no other run of the app has meanwhile.
        """
        self._owner = owner
        self._console = console
        self._clock = clock
        self._host: FunctionHost | None = None
        self._functions: tuple[Function, ...] = ()
        self._running: dict[SingletonListener, asyncio.Task[None]] = {}
        # One change at a time: two hosts never listen at once, so that nothing fires twice.
        self._changing = asyncio.Lock()

    async def follow(self, host: FunctionHost | None) -> None:
        """Listen for a host that is ready, in the place of another; None for nobody.

        What the host before has begun is waited for.
        """
        async with self._changing:
            functions = () if host is None else host.index.functions
            if host is self._host and functions == self._functions:
                return
            await self._leave()
            self._host = host
            self._functions = functions
            if host is not None:
                for listener in self._listeners(host):
                    self._running[listener] = asyncio.create_task(self._logged(listener))

    async def close(self) -> None:
        """End all of them at once; invocations are the host's to end."""
        for task in self._running.values():
            task.cancel()
        await asyncio.gather(*self._running.values(), return_exceptions=True)

    async def _leave(self) -> None:
        for listener in self._running:
            listener.stop.ask()
        await asyncio.gather(*self._running.values(), return_exceptions=True)
        self._running.clear()

    def _listeners(self, host: FunctionHost) -> list[SingletonListener]:
        settings = host.options.settings
        records = HostRecords(host.storage, host_id(settings, host.options.folder))
        found: list[SingletonListener] = []
        for function in host.index.functions:
            if function.error or function.is_disabled:
                continue
            self._tell_of_retries(function)
            make = self._maker(host, function, records)
            if make is not None:
                lock = ListenerLock(records, function.name, self._owner)
                found.append(SingletonListener(make, lock, self._console))
        return found

    def _maker(
        self, host: FunctionHost, function: Function, records: HostRecords
    ) -> Callable[[], Listener] | None:
        """What makes the listener of a function; None for one that HTTP sets off."""
        settings = host.options.settings

        async def invoke(function: Function, trigger: Trigger) -> Failure | None:
            return await self._invoke(host, function, trigger)

        if function.is_timer:
            schedule = schedule_of(str(function.trigger["schedule"]), settings)
            timer = Timer(function, schedule, zone_of(settings))
            return partial(TimerListener, timer, invoke, records, self._console, self._clock)
        if function.is_blob_trigger:
            pattern = BlobPattern.parse(str(function.trigger["path"]))
            blobs = BlobTrigger(function, pattern, host.config.blobs)
            self._tell_of_plan(host, blobs)
            return partial(BlobListener, blobs, invoke, host.storage, records, self._console)
        return None

    def _tell_of_retries(self, function: Function) -> None:
        """Say what the WebJobs SDK says: of the triggers here, only timers have retry policies."""
        if function.retry is not None and not function.is_timer:
            self._console.host_line(
                f"Retries are not supported for function 'Functions.{function.name}'."
            )

    def _tell_of_plan(self, host: FunctionHost, trigger: BlobTrigger) -> None:
        is_flex = host.options.settings.get(SKU, "").lower() == "flexconsumption"
        if is_flex and not trigger.is_of_events:
            self._console.host_line(
                f"The blob trigger of '{trigger.name}' looks through its container. On Azure's Flex"
                " Consumption plan it would not run: blobs set functions off there by Event Grid"
                " only (source=BlobSource.EVENT_GRID, with an event subscription)."
            )

    async def _invoke(
        self, host: FunctionHost, function: Function, trigger: Trigger
    ) -> Failure | None:
        """Invoke a function; returns why it failed."""
        try:
            await host.ready()
        except HostUnavailable as error:
            self._console.host_line(f"'{function.name}' was not invoked: {error}", error=True)
            return Failure("HostUnavailable", str(error))
        return (await host.call(function, trigger)).failure

    async def _logged(self, listener: SingletonListener) -> None:
        try:
            await listener.run()
        except Exception:
            log.exception("a listener failed")
