"""Listings of many blobs, asked of the operations themselves: no port, no client."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from chatkit.localcloud.core.store import Store
from chatkit.localcloud.storage.auth.access import Access, Gate
from chatkit.localcloud.storage.formats.xmltext import parse
from chatkit.localcloud.storage.operations.call import Answer
from chatkit.localcloud.storage.operations.dispatch import Operations
from chatkit.localcloud.storage.state.models import Account
from chatkit.localcloud.storage.state.repository import Repository
from chatkit.localcloud.storage.state.request import Query, Request, read_target
from chatkit.localcloud.storage.state.spec import AccountSpec
from tests.localcloud.storage.storage_testing import KEY1, NAME


class Storage:
    """The operations on one account, for its owner."""

    def __init__(self, store: Store, folder: Path) -> None:
        repository = Repository(store, folder)
        self.account: Account = repository.apply(AccountSpec(NAME, KEY1, KEY1))
        gate = Gate([lambda _: Access("key")], role_check=lambda *_: False, challenge=str)
        self.operations = Operations(gate, repository)

    async def ask(self, method: str, path: str, query: str = "", **headers: str) -> Answer:
        """Answer one request; `_` in a header's name is a hyphen."""
        asked = Query.parse(query)
        return await self.operations.answer(
            Request(
                method=method,
                path=f"/{NAME}/{path}",
                query=asked,
                headers={name.replace("_", "-"): value for name, value in headers.items()},
                target=read_target(f"/{NAME}/{path}", asked),
                account=self.account,
                origin="https://localhost",
                endpoint=f"https://localhost/{NAME}",
                request_id="r",
            )
        )


@pytest.fixture
def storage(tmp_path: Path) -> Iterator[Storage]:
    """An account without containers."""
    with closing(Store(tmp_path / "state.db")) as store:
        yield Storage(store, tmp_path / "blobs")


def test_more_than_one_page_of_names(storage: Storage) -> None:
    """A container of 6,000 blobs is listed whole, in two pages, each name once."""
    expected = [f"{number:05}" for number in range(6000)]

    async def run() -> list[list[str]]:
        await storage.ask("PUT", "box", "restype=container")
        for name in expected:
            put = {"x_ms_blob_type": "AppendBlob", "content_length": "0"}
            assert (await storage.ask("PUT", f"box/{name}", **put)).status == 201
        pages: list[list[str]] = []
        marker = ""
        while not pages or marker:
            query = f"restype=container&comp=list&marker={marker}"
            listed = parse((await storage.ask("GET", "box", query)).body)
            blobs = listed.child("Blobs")
            assert blobs is not None
            pages.append([blob.value("Name") for blob in blobs.children])
            marker = listed.value("NextMarker")
        return pages

    pages = asyncio.run(run())
    assert [len(page) for page in pages] == [5000, 1000]
    assert sum(pages, []) == expected


def test_a_prefix_ends_whatever_its_names_are(storage: Storage) -> None:
    """The last character of Unicode behind the delimiter, too: the folder is shown once."""
    asyncio.run(storage.ask("PUT", "box", "restype=container"))
    for name in ("p/a", "p/%F4%8F%BF%BF", "p/%F4%8F%BF%BFz", "q"):
        headers = {"x-ms-blob-type": "AppendBlob", "content-length": "0"}
        assert asyncio.run(storage.ask("PUT", f"box/{name}", **headers)).status == 201
    answer = asyncio.run(storage.ask("GET", "box", "restype=container&comp=list&delimiter=/"))
    assert answer.body.count(b"<BlobPrefix>") == 1 and b"<Name>q</Name>" in answer.body
