"""Blob triggers: a container is polled, and receipts record which blobs were processed.

Follows the polling of the Storage extension: each version of a blob is given to a function until it
takes it, five times at most; then it is poison.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from chatkit.localcloud.functions.console.console import Console
from chatkit.localcloud.functions.host import blob_bindings
from chatkit.localcloud.functions.host.host_json import BlobOptions
from chatkit.localcloud.functions.host.indexing import Function
from chatkit.localcloud.functions.storage.blobs import (
    BlobChanged,
    BlobStorage,
    ListedBlob,
    StorageUnavailable,
)
from chatkit.localcloud.functions.storage.connections import ConnectionInvalid
from chatkit.localcloud.functions.storage.paths import BlobPath, BlobPattern, has_dot_segments
from chatkit.localcloud.functions.triggers.host_records import POISON_QUEUE, HostRecords
from chatkit.localcloud.functions.triggers.stopping import Stop
from chatkit.localcloud.functions.worker_process.calls import Failure, Trigger

Invoke = Callable[[Function, Trigger], Awaitable[Failure | None]]
# Azure looks every ten seconds, and into the account's logs; a list costs nothing here.
PERIOD_S = 0.5
# A look at many thousand blobs takes its time. Most of the time is for others.
REST_FOR_LOOK = 4
EVENT_GRID = "eventgrid"


@dataclass(frozen=True)
class BlobTrigger:
    """A function with the blobs that set it off."""

    function: Function
    pattern: BlobPattern
    options: BlobOptions

    @property
    def name(self) -> str:
        """The function's name."""
        return self.function.name

    @property
    def connection(self) -> str:
        """The setting that names the account; empty for the host's own."""
        return str(self.function.trigger.get("connection") or "")

    @property
    def is_deferred(self) -> bool:
        """Whether the function reads blobs itself, however big they are."""
        return blob_bindings.is_deferred(self.function.trigger)

    @property
    def is_of_events(self) -> bool:
        """Whether it asks for Event Grid, which tells of new blobs only."""
        return str(self.function.trigger.get("source") or "").lower() == EVENT_GRID


class BlobListener:
    """Gives the blobs of one trigger to its function until it is stopped."""

    def __init__(
        self,
        trigger: BlobTrigger,
        invoke: Invoke,
        storage: BlobStorage,
        records: HostRecords,
        console: Console,
    ) -> None:
        self.stop = Stop()
        self._trigger = trigger
        self._invoke = invoke
        self._storage = storage
        self._records = records
        self._console = console
        # The version of each blob that was had, or is being given.
        self._known: dict[str, str] = {}
        self._given: set[asyncio.Task[None]] = set()
        self._places = asyncio.Semaphore(trigger.options.max_parallel)
        self._told = ""

    async def run(self) -> None:
        """Look and give until `stop`; what was given by then is waited for."""
        passes_over = self._trigger.is_of_events
        try:
            while True:
                begun = time.monotonic()
                try:
                    await self._look(passes_over=passes_over)
                    passes_over = False
                    self._told = ""
                except (ConnectionInvalid, StorageUnavailable) as error:
                    self._tell(error)
                if not await self.stop.unless_stopped(asyncio.sleep(pause_s(begun))):
                    return
        except asyncio.CancelledError:
            for task in self._given:  # the app ends at once
                task.cancel()
            raise
        finally:
            await asyncio.gather(*self._given, return_exceptions=True)

    async def _look(self, *, passes_over: bool) -> None:
        """Give every version of a blob that is new here to the function.

        Args:
            passes_over: What is there already does not count.
        """
        pattern = self._trigger.pattern
        seen: set[str] = set()
        blobs = self._storage.list(self._trigger.connection, pattern.container, pattern.prefix)
        async for blob in blobs:
            captured = pattern.match(blob.name)
            if captured is None or has_dot_segments(blob.name):
                continue
            seen.add(blob.name)
            if self._known.get(blob.name) == blob.etag:
                continue
            self._known[blob.name] = blob.etag
            if not passes_over:
                task = asyncio.create_task(self._give(blob, captured))
                self._given.add(task)
                task.add_done_callback(self._given.discard)
        for gone in [*self._known.keys() - seen]:
            del self._known[gone]

    async def _give(self, blob: ListedBlob, captured: dict[str, str]) -> None:
        async with self._places:
            if self.stop.is_asked:
                return
            try:
                await self._try(blob, captured)
            except (ConnectionInvalid, StorageUnavailable) as error:
                self._tell(error)
                self._forget(blob)
            except BlobChanged:
                self._forget(blob)

    def _forget(self, blob: ListedBlob) -> None:
        """Let the next look find a blob anew."""
        if self._known.get(blob.name) == blob.etag:
            del self._known[blob.name]

    async def _try(self, blob: ListedBlob, captured: dict[str, str]) -> None:
        """Call the function with a blob until it takes it, or has failed too often."""
        name = self._trigger.name
        container = self._trigger.pattern.container
        receipt = await self._records.receipt(name, container, blob)
        if receipt.is_completed:
            return
        path = BlobPath(container, blob.name)
        for number in range(receipt.tries + 1, self._trigger.options.max_tries + 1):
            found = await self._storage.read(
                self._trigger.connection,
                path,
                etag=_quoted(blob.etag),
                with_content=not self._trigger.is_deferred,
            )
            if found is None:
                return  # deleted meanwhile
            await self._records.begin_try(name, container, blob, number)
            trigger = blob_bindings.trigger(self._trigger.function.trigger, found, captured)
            if await self._invoke(self._trigger.function, trigger) is None:
                await self._records.complete(name, container, blob)
                return
            if self.stop.is_asked:
                return  # the app ends: the next start tries again
        kept_in = await self._records.give_up(name, container, blob)
        self._console.host_line(
            f"Message has reached MaxDequeueCount of {self._trigger.options.max_tries}. The blob "
            f"'{path}' is poison for '{name}'. On Azure a message goes to the queue "
            f"'{POISON_QUEUE}'; the local host has no queues and keeps it in '{kept_in}'.",
            error=True,
        )

    def _tell(self, error: ConnectionInvalid | StorageUnavailable) -> None:
        """Say once what keeps the listener from working; it goes on trying."""
        if self._told != error.message:
            name = self._trigger.name
            self._console.host_line(
                f"The listener for function 'Functions.{name}' cannot read its blobs, and tries "
                f"again. {error}",
                error=True,
            )
        self._told = error.message


def pause_s(begun: float) -> float:
    """How long a listener rests after a look that began at a time of `time.monotonic`."""
    return max(PERIOD_S, REST_FOR_LOOK * (time.monotonic() - begun))


def _quoted(etag: str) -> str:
    return f'"{etag.strip(chr(34))}"'
