"""One host listens when several run for one app, such as two local runs of one folder.

Follows `SingletonListener` of the Functions host: who listens has a lease on a blob of the app's
storage account, renews it, and gives it back. The others wait for it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Protocol

from chatkit.localcloud.functions.console.console import Console
from chatkit.localcloud.functions.storage.blobs import StorageUnavailable
from chatkit.localcloud.functions.storage.connections import ConnectionInvalid
from chatkit.localcloud.functions.triggers.host_records import HostRecords
from chatkit.localcloud.functions.triggers.stopping import Stop

# Azure's lease lasts a minute. Here a person who has killed the run before may wait for it.
LEASE_S = 15
RENEWAL_S = 5.0
RETRY_S = 1.0
# The storage account may be ending as well.
RELEASE_S = 2.0


class Listener(Protocol):
    """What sets one function off."""

    stop: Stop

    async def run(self) -> None:
        """Listen until it is asked to stop."""


class ListenerLock:
    """The lock of one function's listener, as one host sees it."""

    def __init__(self, records: HostRecords, function: str, owner: str) -> None:
        """Name a lock; nothing is asked of the account yet.

        Args:
            records: The host's, where the lock lies.
            function: Name of the function.
            owner: Name of the host. One that was killed and runs again has its lock at once.
        """
        self.function = function
        self._records = records
        self._owner = owner
        self._is_held = True

    async def hold(self) -> bool:
        """Take the lock, or renew it; False when another host has it.

        An app without an account has no locks, and fires. While its account does not answer,
        the host that had the lock goes on, and one that waits goes on waiting.
        """
        try:
            self._is_held = await self._records.hold_lock(self.function, self._owner, LEASE_S)
        except ConnectionInvalid:
            self._is_held = True
        except StorageUnavailable:
            pass
        return self._is_held

    async def keep(self) -> None:
        """Renew the lock again and again; returns when another host has it."""
        is_held = True
        while is_held:
            await asyncio.sleep(RENEWAL_S)
            is_held = await self.hold()

    async def release(self) -> None:
        """Give the lock back, so that another host need not wait until it ends."""
        try:
            async with asyncio.timeout(RELEASE_S):
                await self._records.release_lock(self.function, self._owner)
        except (ConnectionInvalid, StorageUnavailable, TimeoutError):
            pass  # it ends by itself


class SingletonListener:
    """Runs a listener as long as this host has its lock."""

    def __init__(self, make: Callable[[], Listener], lock: ListenerLock, console: Console) -> None:
        """Prepare it.

        Args:
            make: Makes the listener, anew each time that the lock is had.
            lock: Its lock.
            console: Where it says that it waits.
        """
        self.stop = Stop()
        self._make = make
        self._lock = lock
        self._console = console

    async def run(self) -> None:
        """Listen until `stop`, or until the listener has nothing more to do."""
        is_lost = True
        while is_lost and await self._has_lock():
            try:
                is_lost = await self._listen()
            finally:
                await self._lock.release()

    async def _has_lock(self) -> bool:
        """Wait for the lock; returns False when it was left because of a request to stop."""
        if await self._lock.hold():
            return True
        self._console.host_line(
            f"'{self._lock.function}' waits: another run of this app has the lock of its listener, "
            "and sets it off. This run takes over when that one ends."
        )
        while await self.stop.unless_stopped(asyncio.sleep(RETRY_S)):
            if await self._lock.hold():
                self._console.host_line(f"'{self._lock.function}' is set off by this run now.")
                return True
        return False

    async def _listen(self) -> bool:
        """Listen while the lock is kept; returns whether another host has got it."""
        listener = self._make()
        listening = asyncio.create_task(listener.run())
        # Until the last invocation is over: another host must not begin before that.
        keeping = asyncio.create_task(self._lock.keep())
        stopping = asyncio.create_task(self.stop.wait())
        tasks = (listening, keeping, stopping)
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            is_lost = keeping.done()
            listener.stop.ask()
            await listening
            return is_lost
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
