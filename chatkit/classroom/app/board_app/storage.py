"""The class's container in the storage account that Functions needs anyway.

Each person has one append blob. A line is appended only where the blob ended when it was read, so
two requests at once never keep the same event twice.
https://learn.microsoft.com/rest/api/storageservices/append-block
"""

from __future__ import annotations

import json
import logging
import os
import time
import zlib
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from threading import Lock
from typing import TYPE_CHECKING, Any

from azure.core import MatchConditions, exceptions

from .answers import Refused
from .events import Event

if TYPE_CHECKING:
    from azure.storage.blob import BlobClient, ContainerClient

CONTAINER = "class"
PEOPLE = "people.json"
FOLDER = "results/"
MAX_KEPT = 600
"""Events of one person: a day of work has some dozens."""
TRIES = 8
PAUSE_S = 0.05
PARALLEL = 8
MAX_REMEMBERED = 500
UNAVAILABLE = "The board's storage does not answer now. Nothing is lost: please try again."
TOO_MANY = f"There are {MAX_KEPT:,} events already; no more are kept."
AGAIN_S = 5
# Within one instance of the app, one request at a time reads and appends for a person.
_locks = tuple(Lock() for _ in range(64))
_known: dict[str, _Kept] = {}


def people() -> dict[str, Any]:
    """Who may come in, as the instructor's kit has written it; empty before it has."""
    with _container() as container:
        try:
            return dict(json.loads(container.download_blob(PEOPLE).readall()))
        except exceptions.ResourceNotFoundError:
            return {}


@dataclass(frozen=True)
class _Kept:
    """What one person's blob had when it was looked at, or written, the last time.

    It may be old: another instance of the app may have written. An append says so.
    """

    size: int
    events: dict[str, Event]


@dataclass(frozen=True)
class Stored:
    """What became of events.

    Attributes:
        events: As they are kept.
        new: How many were not there before.
        hand: What the person's hand said before; empty when it was down.
    """

    events: list[Event]
    new: int
    hand: str


def keep(person: str, events: Sequence[Event]) -> Stored:
    """Keep a person's events, each once.

    Raises:
        Refused: There are too many, or the storage does not answer.
    """
    with _lock_of(person), _container() as container:
        blob = container.get_blob_client(_name(person))
        for attempt in range(TRIES):
            time.sleep(attempt * PAUSE_S)  # another instance of the app was quicker
            found = _known.get(person) or _look(container, blob)
            new = {event["id"]: event for event in events if event["id"] not in found.events}
            if len(found.events) + len(new) > MAX_KEPT:
                raise Refused(409, TOO_MANY)
            size = _append(blob, found.size, [*new.values()])
            if size is not None:
                kept = {**found.events, **new}
                _remember(person, _Kept(size, kept))
                there = [kept[event["id"]] for event in events]
                return Stored(there, len(new), _hand(found.events.values()))
            _known.pop(person, None)
    raise Refused(503, UNAVAILABLE, again_s=AGAIN_S)


def everything() -> dict[str, list[Event]]:
    """All events of all people, each person's in the order in which they came."""
    with _container() as container, ThreadPoolExecutor(PARALLEL) as pool:
        try:
            names = [blob.name for blob in container.list_blobs(name_starts_with=FOLDER)]
        except exceptions.ResourceNotFoundError:
            return {}
        read = pool.map(lambda name: _read(container, name), names)
        return {
            name[len(FOLDER) : -len(".jsonl")]: found
            for name, found in zip(names, read, strict=True)
        }


def forget(person: str) -> None:
    """Delete all that a person has reported."""
    with (
        _lock_of(person),
        _container() as container,
        suppress(exceptions.ResourceNotFoundError),
    ):
        _known.pop(person, None)
        container.delete_blob(_name(person))


def _hand(events: Iterable[Event]) -> str:
    """What a hand says, by its last word; empty when it is down."""
    said = [event["text"] for event in events if event["kind"] == "hand"]
    return said[-1] if said else ""


def _lock_of(person: str) -> Lock:
    return _locks[zlib.crc32(person.encode()) % len(_locks)]


def _read(container: ContainerClient, name: str) -> list[Event]:
    try:
        return _events(container.download_blob(name).readall())
    except exceptions.ResourceNotFoundError:
        return []  # somebody has just left


def _remember(person: str, kept: _Kept) -> None:
    if len(_known) >= MAX_REMEMBERED:
        _known.clear()
    _known[person] = kept


def _look(container: ContainerClient, blob: BlobClient) -> _Kept:
    """What is there; an empty blob is made where there is none."""
    try:
        content = blob.download_blob().readall()
    except exceptions.ResourceNotFoundError:
        with suppress(exceptions.ResourceExistsError):
            container.create_container()
        with suppress(exceptions.ResourceExistsError, exceptions.ResourceModifiedError):
            blob.create_append_blob(match_condition=MatchConditions.IfMissing)
        content = b""
    return _Kept(len(content), {event["id"]: event for event in _events(content)})


def _append(blob: BlobClient, size: int, events: Sequence[Event]) -> int | None:
    """Append events behind what is known.

    Returns:
        How long the blob is then; None when somebody else was quicker, or has deleted it.
    """
    if not events:
        return size
    lines = b"".join(json.dumps(event).encode() + b"\n" for event in events)
    try:
        blob.append_block(lines, appendpos_condition=size)
    except (exceptions.ResourceModifiedError, exceptions.ResourceNotFoundError):
        return None
    return size + len(lines)


def _events(content: bytes) -> list[Event]:
    return [json.loads(line) for line in content.splitlines()]


def _name(person: str) -> str:
    return f"{FOLDER}{person}.jsonl"


@contextmanager
def _container() -> Iterator[ContainerClient]:
    try:
        yield connect()
    except (exceptions.AzureError, KeyError) as error:
        logging.warning("The class's storage does not answer: %s", type(error).__name__)
        raise Refused(503, UNAVAILABLE, again_s=AGAIN_S) from error


@cache
def connect() -> ContainerClient:
    """The client, which tries twice at most and never waits long."""
    from azure.storage.blob import ContainerClient, LinearRetry

    # Otherwise every request is two long lines in the log.
    logging.getLogger("azure.core").setLevel(logging.WARNING)
    retry = LinearRetry(backoff=0, retry_total=1, random_jitter_range=0)
    return ContainerClient.from_connection_string(
        os.environ["AzureWebJobsStorage"],
        CONTAINER,
        retry_policy=retry,
        connection_timeout=2,
        read_timeout=5,
    )
