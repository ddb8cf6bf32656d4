"""What strangers write into names of blobs."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path
from typing import NoReturn

import pytest

from chatkit.localcloud.functions.console.console import Console
from chatkit.localcloud.functions.host.blob_bindings import write_output
from chatkit.localcloud.functions.host.errors import BindingFailed
from chatkit.localcloud.functions.host.host_json import BlobOptions
from chatkit.localcloud.functions.host.indexing import Function
from chatkit.localcloud.functions.host.signalr_bindings import InputContext
from chatkit.localcloud.functions.storage.blobs import BlobStorage
from chatkit.localcloud.functions.storage.paths import BlobPattern
from chatkit.localcloud.functions.triggers.blobs import BlobListener, BlobTrigger
from chatkit.localcloud.functions.triggers.host_records import HostRecords
from chatkit.localcloud.functions.worker_process.calls import Trigger
from tests.attacks.triggers import ESCAPES, NAMES
from tests.localcloud.functions.triggers.trigger_testing import Account, storage_account, until


async def no_token(*_: object) -> NoReturn:
    """Nobody asks for tokens here."""
    raise AssertionError


@pytest.fixture
async def account(tmp_path: Path) -> AsyncIterator[Account]:
    """A development account."""
    async with storage_account(tmp_path) as made:
        yield made


@pytest.fixture
async def storage(account: Account) -> AsyncIterator[BlobStorage]:
    """The same, as an app's host reaches it."""
    made = BlobStorage({"AzureWebJobsStorage": account.connection_string}, None, no_token)
    yield made
    await made.close()


@pytest.mark.parametrize("name", ESCAPES)
async def test_a_part_of_a_path_leads_nowhere_else(storage: BlobStorage, name: str) -> None:
    """The function fails before anything is asked of the account."""
    binding = {"type": "blob", "name": "out", "path": "out/{name}"}
    context = InputContext({}, {}, {"name": ESCAPES[name]}, "write")
    with pytest.raises(BindingFailed, match="Invalid blob path"):
        await write_output(binding, {"string": "x"}, context, storage, call_id="1")


@pytest.mark.parametrize("name", NAMES)
async def test_a_blob_with_an_odd_name_is_given_once_and_the_others_go_on(
    account: Account, storage: BlobStorage, name: str
) -> None:
    """With its own name and content, also to an app that starts anew."""
    calls: list[tuple[str, bytes]] = []

    async def invoke(_: Function, trigger: Trigger) -> None:
        [value] = trigger.inputs.values()
        assert value is not None
        calls.append((str(trigger.data["name"]), b"".join(value["content"].pieces)))

    binding = {"type": "blobTrigger", "name": "blob", "path": "samples/{name}"}
    trigger = BlobTrigger(
        Function("id", "arrived", (binding,)), BlobPattern.parse(binding["path"]), BlobOptions()
    )
    records = HostRecords(storage, "host")
    await account.put(f"samples/{NAMES[name]}", b"odd")
    await account.put("samples/plain", b"plain")
    for others in (b"first", b"second"):
        await account.put("samples/other", others)
        listener = BlobListener(trigger, invoke, storage, records, Console("app"))
        task = asyncio.create_task(listener.run())
        await until(partial(calls.__contains__, ("other", others)))
        listener.stop.ask()
        await task
    assert sorted(call for call in calls if call[0] != "other") == sorted(
        [(NAMES[name], b"odd"), ("plain", b"plain")]
    )
