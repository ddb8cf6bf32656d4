"""One host listens: what happens when the lock is another's, ends, or is lost."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import NoReturn, cast

import pytest

from chatkit.localcloud.functions.console.console import Console
from chatkit.localcloud.functions.storage.blobs import BlobStorage, StorageUnavailable
from chatkit.localcloud.functions.triggers import singleton
from chatkit.localcloud.functions.triggers.host_records import HostRecords
from chatkit.localcloud.functions.triggers.singleton import ListenerLock, SingletonListener
from chatkit.localcloud.functions.triggers.stopping import Stop
from tests.localcloud.functions.triggers.trigger_testing import storage_account, until


async def no_token(*_: object) -> NoReturn:
    """Nobody asks for tokens here."""
    raise AssertionError


@pytest.fixture
async def records(tmp_path: Path) -> AsyncIterator[HostRecords]:
    """A host's records in an account that is new."""
    async with storage_account(tmp_path) as account:
        settings = {"AzureWebJobsStorage": account.connection_string}
        storage = BlobStorage(settings, None, no_token)
        yield HostRecords(storage, "host")
        await storage.close()


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits for seconds."""
    monkeypatch.setattr(singleton, "RENEWAL_S", 0)
    monkeypatch.setattr(singleton, "RETRY_S", 0)


class Known(ListenerLock):
    """A lock that a test gives and takes away."""

    def __init__(self) -> None:
        self.function = "tick"
        self.is_free = True
        self.released = 0

    async def hold(self) -> bool:
        return self.is_free

    async def release(self) -> None:
        self.released += 1


class Listener:
    """Listens until it is asked to stop."""

    def __init__(self, made: list[Listener]) -> None:
        self.stop = Stop()
        made.append(self)

    async def run(self) -> None:
        await self.stop.wait()


class Done(Listener):
    """Has nothing to do."""

    async def run(self) -> None:
        return


class Failing(Listener):
    """Fails at once."""

    async def run(self) -> None:
        raise ValueError("no")


def singleton_of(
    kind: type[Listener], lock: ListenerLock, lines: list[str]
) -> tuple[SingletonListener, list[Listener]]:
    """A listener under a lock, and what it will have made."""
    made: list[Listener] = []
    return SingletonListener(lambda: kind(made), lock, Console("app", echo=lines.append)), made


async def test_one_owner_has_the_lock_until_it_gives_it_back(records: HostRecords) -> None:
    """It may take it again and again, which renews it, as one does that was killed."""
    one = ListenerLock(records, "tick", "localhost:7071")
    other = ListenerLock(records, "tick", "localhost:7072")
    assert [await one.hold(), await one.hold(), await other.hold()] == [True, True, False]
    await other.release()  # it is not its own
    assert not await other.hold()
    await one.release()
    assert [await other.hold(), await one.hold()] == [True, False]


async def test_the_lock_lies_where_the_host_has_it(records: HostRecords) -> None:
    """Each function has one of its own."""
    assert await records.hold_lock("tick", "one", 15)
    assert await records.hold_lock("tock", "other", 15)


async def test_an_app_without_an_account_listens() -> None:
    """There is nobody to ask."""
    storage = BlobStorage({}, None, no_token)
    lock = ListenerLock(HostRecords(storage, "host"), "tick", "one")
    assert await lock.hold()
    await lock.release()


class Answers:
    """Records that answer as a test says: whether the lock is had, or an error."""

    def __init__(self, *answers: bool | Exception) -> None:
        self._answers = iter(answers)

    async def hold_lock(self, *_: object) -> bool:
        answer = next(self._answers)
        if isinstance(answer, Exception):
            raise answer
        return answer


async def test_an_account_that_does_not_answer_changes_nothing() -> None:
    """Who waits would fire beside the host that has the lock."""
    silent = StorageUnavailable("It does not answer.")
    records = Answers(silent, True, silent, False, silent, silent, True)
    lock = ListenerLock(cast(HostRecords, records), "tick", "me")
    held = [await lock.hold() for _ in range(7)]
    assert held == [True, True, True, False, False, False, True]


async def test_a_host_that_has_ended_keeps_its_lock_to_itself(tmp_path: Path) -> None:
    """Its listeners may end later than its connections: no traceback, and the lock runs out."""
    async with storage_account(tmp_path) as account:
        settings = {"AzureWebJobsStorage": account.connection_string}
        storage = BlobStorage(settings, None, no_token)
        lock = ListenerLock(HostRecords(storage, "host"), "tick", "one")
        assert await lock.hold()
        await storage.close()
        await lock.release()


async def test_a_lock_that_is_lost_stops_the_listener_until_it_is_had_again() -> None:
    """After a laptop has slept, for example: another host may have begun."""
    lock, lines = Known(), list[str]()
    listener, made = singleton_of(Listener, lock, lines)
    running = asyncio.create_task(listener.run())
    await until(lambda: len(made) == 1)
    lock.is_free = False
    await until(lambda: "waits: another run of this app" in "\n".join(lines))
    assert made[0].stop.is_asked
    lock.is_free = True
    await until(lambda: len(made) == 2)
    listener.stop.ask()
    await running
    assert made[1].stop.is_asked and lock.released == 2


async def test_it_stops_while_it_waits() -> None:
    """And has made nothing."""
    lock, lines = Known(), list[str]()
    lock.is_free = False
    listener, made = singleton_of(Listener, lock, lines)
    running = asyncio.create_task(listener.run())
    await until(lambda: bool(lines))
    listener.stop.ask()
    await running
    assert (made, lock.released) == ([], 0)


@pytest.mark.parametrize("kind", [Done, Failing])
async def test_a_listener_that_ends_is_not_made_anew(kind: type[Listener]) -> None:
    """A schedule that never comes; a fault is passed on."""
    lock = Known()
    listener, made = singleton_of(kind, lock, [])
    if kind is Failing:
        with pytest.raises(ValueError, match="no"):
            await listener.run()
    else:
        await listener.run()
    assert (len(made), lock.released) == (1, 1)
