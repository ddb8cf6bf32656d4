"""History: what was appended comes back, newest first, whatever happened in between."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

import chat_history
import day_blobs
from tests.functions.fake_blobs import FakeContainer

pytestmark = pytest.mark.usefixtures("blobs")


def message(number: int, day: str = "2026-11-23") -> dict[str, Any]:
    return {
        "id": f"{day}-{number}",
        "sender": "alice",
        "text": f"number {number}",
        "sentAt": f"{day}T10:00:00Z",
    }


def append(*messages: dict[str, Any]) -> None:
    for each in messages:
        chat_history.append(each)


def newest(limit: int, before: str = "", reader: str = "alice") -> list[dict[str, Any]]:
    return chat_history.newest(limit, reader, before=before)


def ids(messages: list[dict[str, Any]]) -> list[str]:
    return [each["id"] for each in messages]


def test_a_new_account_has_an_empty_history() -> None:
    """Nobody has made the container yet, and reading does not."""
    assert newest(10) == []


def test_messages_come_newest_first_and_no_more_than_asked_for() -> None:
    """The limit cuts off the oldest."""
    append(*map(message, range(5)))
    assert newest(3) == [message(4), message(3), message(2)]


def test_pages_by_before_cover_the_history_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each page starts after the last message of the page before, over days and chunks."""
    monkeypatch.setattr(day_blobs, "CHUNK_BYTES", 100)
    everything = [message(n, f"2026-11-{20 + n // 7}") for n in range(25)]
    append(*everything)
    read: list[dict[str, Any]] = []
    while page := newest(4, before=read[-1]["id"] if read else ""):
        read += page
    assert read == everything[::-1]


@pytest.mark.parametrize(
    "before", ["2026-11-22-unknown", "2026-11-22", "1999-01-01-x", "x", "'", "../../etc"]
)
def test_a_cursor_that_nobody_has_reads_nothing(before: str) -> None:
    """And looks no further than its own day."""
    append(*(message(n, day) for n, day in enumerate(["2026-11-20", "2026-11-22", "2026-11-24"])))
    assert newest(10, before=before) == []


def test_a_cursor_does_not_read_the_days_after_it(blobs: FakeContainer) -> None:
    """The id's day says where to start."""
    append(
        message(1, "2026-11-20"),
        message(2, "2026-11-20"),
        *(message(n, "2026-11-23") for n in range(100)),
    )
    assert ids(newest(1, before="2026-11-20-2")) == ["2026-11-20-1"]
    assert blobs.downloaded_bytes < 500


def test_the_newest_page_of_a_long_day_reads_only_its_end(blobs: FakeContainer) -> None:
    """One chunk is enough for fifty messages."""
    append(*map(message, range(2_000)))
    assert len(newest(50)) == 50
    assert blobs.downloaded_bytes <= day_blobs.CHUNK_BYTES


def test_many_who_write_at_once_lose_nothing() -> None:
    """Sixteen threads race for container, blob and appends."""
    messages = [message(n) for n in range(400)]
    with ThreadPoolExecutor(16) as threads:
        list(threads.map(chat_history.append, messages))
    assert sorted(ids(newest(1_000))) == sorted(ids(messages))


def test_a_full_blob_is_followed_by_the_next(
    blobs: FakeContainer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A start of the app afterwards finds the blob that is being filled."""
    blobs.most_blocks = 3
    append(*map(message, range(5)))
    monkeypatch.setattr(day_blobs, "_parts", {})
    append(*map(message, range(5, 8)))
    assert blobs.names == ["2026-11-23-000.jsonl", "2026-11-23-001.jsonl", "2026-11-23-002.jsonl"]
    assert ids(newest(10)) == [f"2026-11-23-{n}" for n in range(7, -1, -1)]


@pytest.mark.parametrize(
    "torn", [b'\n{"id": "2026-11-23-9", "te', b"\n\xff\xfe", b"\n[1]", b"\n{}", b"\n7", b"\n\n\n"]
)
def test_what_is_no_message_is_passed_over(blobs: FakeContainer, torn: bytes) -> None:
    """A line cut short spoils neither the one before nor the one after."""
    append(message(1))
    blobs.existing()["2026-11-23-000.jsonl"].append(torn)
    assert ids(newest(10)) == ["2026-11-23-1"]
    append(message(2))
    assert ids(newest(10)) == ["2026-11-23-2", "2026-11-23-1"]


def test_a_message_appended_twice_by_a_retry_is_read_once() -> None:
    """The storage client may send an append again whose answer it lost."""
    append(message(1), message(2), message(1))
    assert ids(newest(10)) == ["2026-11-23-1", "2026-11-23-2"]


@pytest.mark.parametrize("size", [1, 7, 64, 10_000])
def test_letters_of_many_bytes_survive_the_border_of_a_chunk(
    monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    """Whatever the size of a chunk."""
    monkeypatch.setattr(day_blobs, "CHUNK_BYTES", size)
    texts = ["مرحبا 👋", "two\nlines", "</script>"]
    append(*(message(n) | {"text": text} for n, text in enumerate(texts)))
    assert [each["text"] for each in newest(10)] == texts[::-1]


@pytest.mark.parametrize(
    "setting", [None, "", "nonsense", "UseDevelopmentStorage=false", "AccountName=a;AccountKey=%%%"]
)
def test_a_setting_that_names_no_account_is_no_history(
    monkeypatch: pytest.MonkeyPatch, setting: Any
) -> None:
    """Missing or broken, it is the same to the chat as storage that does not answer."""
    monkeypatch.undo()
    monkeypatch.delenv("AzureWebJobsStorage", raising=False)
    if setting is not None:
        monkeypatch.setenv("AzureWebJobsStorage", setting)
    day_blobs.connect.cache_clear()
    with pytest.raises(day_blobs.StorageUnavailable):
        chat_history.append(message(1))
    day_blobs.connect.cache_clear()


def test_a_line_is_one_json_object(blobs: FakeContainer) -> None:
    """Anybody can read the blobs with other tools."""
    append(message(1) | {"text": "two\nlines"})
    assert json.loads(blobs.existing()["2026-11-23-000.jsonl"][0])["text"] == "two\nlines"


def private(number: int, sender: str, recipient: str) -> dict[str, Any]:
    return message(number) | {"sender": sender, "recipient": recipient, "isPrivate": True}


def test_a_private_message_is_read_by_its_two_users_only() -> None:
    """Carol's history is as if it had never been sent."""
    append(message(1), private(2, "alice", "bob"), message(3))
    assert [ids(newest(10, reader=reader)) for reader in ("alice", "bob")] == [
        ["2026-11-23-3", "2026-11-23-2", "2026-11-23-1"]
    ] * 2
    assert [ids(newest(10, reader=reader)) for reader in ("carol", "Bob", "bob ", "")] == [
        ["2026-11-23-3", "2026-11-23-1"]
    ] * 4


def test_limit_and_pages_count_what_the_reader_may_see(monkeypatch: pytest.MonkeyPatch) -> None:
    """A page is full when there is more, however many messages of others lie between."""
    monkeypatch.setattr(day_blobs, "CHUNK_BYTES", 100)
    for number in range(0, 40, 2):
        append(private(number, "alice", "bob"), message(number + 1))
    first = newest(8, reader="carol")
    assert ids(first) == [f"2026-11-23-{n}" for n in range(39, 23, -2)]
    assert ids(newest(8, first[-1]["id"], reader="carol")) == [
        f"2026-11-23-{n}" for n in range(23, 7, -2)
    ]
    assert len(newest(100, reader="bob")) == 40


def test_the_id_of_a_hidden_message_is_no_cursor() -> None:
    """Nobody learns from paging that it exists."""
    append(message(1), private(2, "alice", "bob"), message(3))
    assert (
        newest(10, "2026-11-23-2", reader="carol")
        == newest(10, "2026-11-23-unknown", reader="carol")
        == []
    )
    assert ids(newest(10, "2026-11-23-2", reader="bob")) == ["2026-11-23-1"]
