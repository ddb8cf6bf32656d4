"""The app's history on the local cloud's blob service, through the real storage client."""

from __future__ import annotations

import socket
import time
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

import chat_history
import chat_message
import day_blobs
from chatkit.steps.local_settings import storage_for


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    """The app as it starts, before it has looked at its settings."""
    connect = day_blobs.connect
    connect.cache_clear()
    monkeypatch.setattr(day_blobs, "_parts", {})
    yield monkeypatch
    connect.cache_clear()


@pytest.fixture
def history(account: pytest.MonkeyPatch, local_cloud: dict[str, Any]) -> None:
    """The app uses the development account, in a container that nobody has made yet."""
    from azure.storage.blob import ContainerClient

    name = f"chat-history-{uuid.uuid4()}"
    connection = storage_for(local_cloud["dev_storage"])
    account.setattr(
        day_blobs, "connect", lambda: ContainerClient.from_connection_string(connection, name)
    )


def test_many_who_write_at_once_lose_nothing_on_the_service(history: None) -> None:
    """Eight threads race for the container, the blob and every append."""
    messages = [chat_message.stamped(sender="alice", text=f"مرحبا {n}") for n in range(120)]
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(chat_history.append, messages))
    read = chat_history.newest(200, "bob")
    assert sorted(each["id"] for each in read) == sorted(each["id"] for each in messages)
    assert chat_history.newest(3, "bob", before=read[50]["id"]) == read[51:54]


def test_an_empty_account_reads_as_an_empty_history(history: None) -> None:
    """No container, no error."""
    assert chat_history.newest(10, "bob") == []


def test_storage_that_is_away_is_given_up_soon(account: pytest.MonkeyPatch) -> None:
    """With the client's own retries a chat message would wait more than a minute."""
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{closed.getsockname()[1]}/devstoreaccount1"
    account.setenv("AzureWebJobsStorage", storage_for(url))
    day_blobs.connect()  # its import takes a while
    start = time.monotonic()
    with pytest.raises(day_blobs.StorageUnavailable):
        chat_history.append(chat_message.stamped(sender="alice", text="Hello"))
    assert time.monotonic() - start < 20
