"""What the tests of triggers share: a clock that they move, a storage account, records."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime, tzinfo
from pathlib import Path

from azure.storage.blob.aio import BlobServiceClient

from chatkit.localcloud.core.platform import Platform
from chatkit.localcloud.entra.tokens import Tokens
from chatkit.localcloud.functions.storage.blobs import StorageUnavailable
from chatkit.localcloud.functions.triggers.host_records import HostRecords, ScheduleStatus
from chatkit.localcloud.functions.triggers.timer_clock import TimerClock
from chatkit.localcloud.storage.service import StorageService
from chatkit.localcloud.storage.state.spec import AccountSpec
from chatkit.steps.local_settings import storage_for
from tests.localcloud.functions import functions_testing

# The storage SDK is imported when the first blob is touched, here and in the app's process.
PATIENCE_S = 100
# Turns of the event loop that listeners get for what they do at a moment.
TURNS = 200


class MovedClock(TimerClock):
    """A clock that stands still until a test moves it."""

    def __init__(self, text: str) -> None:
        self._now = at(text)
        self._waiting: list[tuple[float, asyncio.Event]] = []

    def now(self) -> float:
        return self._now

    async def wait_until(self, moment: float) -> None:
        reached = asyncio.Event()
        entry = (moment, reached)
        self._waiting.append(entry)
        try:
            if moment > self._now:
                await reached.wait()
        finally:
            self._waiting.remove(entry)

    async def wait(self, seconds: float) -> None:
        await self.wait_until(self._now + seconds)

    async def set_back_to(self, text: str) -> None:
        """Somebody sets the clock back: whoever waits for a moment looks again."""
        await settled()
        self._now = at(text)
        for _, reached in self._waiting:
            reached.set()
        await settled()

    async def move_to(self, text: str) -> None:
        """Let time pass, with everything that is due meanwhile."""
        await settled()
        end = at(text)
        while due := [entry for entry in self._waiting if entry[0] <= end]:
            moment, reached = min(due, key=lambda entry: entry[0])
            self._now = max(self._now, moment)
            reached.set()
            await settled()
        self._now = end


def at(text: str) -> float:
    """Unix time of an ISO text in UTC."""
    return datetime.fromisoformat(f"{text}+00:00").timestamp()


async def until(holds: Callable[[], bool]) -> None:
    """Wait until something holds, however busy the machine is."""
    await functions_testing.until(holds, limit_s=PATIENCE_S)


async def settled() -> None:
    """Let everything that can go on do so."""
    for _ in range(TURNS):
        await asyncio.sleep(0)


class MemoryRecords(HostRecords):
    """A host's records that outlive it.

    Attributes:
        kept: What the storage account would have.
        is_down: It does not answer.
    """

    def __init__(self) -> None:
        self.kept: dict[str, ScheduleStatus] = {}
        self.is_down = False

    async def status(self, function: str) -> ScheduleStatus | None:
        self._check()
        return self.kept.get(function)

    async def keep_status(self, function: str, status: ScheduleStatus, zone: tzinfo | None) -> None:
        self._check()
        # Through the document, as it would come back.
        self.kept[function] = ScheduleStatus.of(status.document(zone))

    def _check(self) -> None:
        if self.is_down:
            raise StorageUnavailable("The storage account does not answer.")


class Account:
    """The development account of a storage service on a free port, and a client of it.

    Attributes:
        connection_string: Of the development account.
        over_https: Connection string of another account, which is served over https only.
        ca_file: What clients of that one have to trust.
    """

    def __init__(self, connection_string: str, *, over_https: str, ca_file: Path) -> None:
        self.connection_string = connection_string
        self.over_https = over_https
        self.ca_file = ca_file
        self.client = BlobServiceClient.from_connection_string(connection_string)

    async def put(self, path: str, content: bytes, **options: dict[str, str]) -> None:
        """Write a blob; its container is made if needed."""
        container, _, name = path.partition("/")
        if not await self.client.get_container_client(container).exists():
            await self.client.create_container(container)
        blob = self.client.get_blob_client(container, name)
        await blob.upload_blob(content, overwrite=True, **options)  # type: ignore[arg-type]

    async def get(self, path: str) -> bytes:
        """Read a blob."""
        container, _, name = path.partition("/")
        download = await self.client.get_blob_client(container, name).download_blob()
        return await download.readall()

    async def names(self, container: str, prefix: str = "") -> list[str]:
        """Names of a container's blobs."""
        client = self.client.get_container_client(container)
        return [blob.name async for blob in client.list_blobs(name_starts_with=prefix)]


@asynccontextmanager
async def storage_account(folder: Path) -> AsyncIterator[Account]:
    """A development account for the length of a block."""
    platform = Platform.open(folder)
    tokens = Tokens(platform.store, tenant_id="tenant", authority="https://localhost:1")
    service = StorageService(platform, tokens, role_check=lambda *_: True)
    await service.start()
    await service.apply(AccountSpec("chat", "a2V5", "a2V5"))
    endpoint = service.blob_endpoint("chat")
    over_https = f"AccountName=chat;AccountKey=a2V5;BlobEndpoint={endpoint}"
    ca_file = platform.certificates.ca_file
    try:
        account = Account(
            storage_for(service.dev_endpoint()), over_https=over_https, ca_file=ca_file
        )
        async with account.client:
            yield account
    finally:
        await service.stop()
        await platform.close()
