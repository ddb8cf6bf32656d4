"""The class's container in the storage account that Functions needs anyway.

Each person has one append blob. A line is appended only where the blob ended when it was read, so
two requests at once never keep the same event twice. When it is full, what comes goes into a block
blob beside it, which is written whole, and only where nobody has written since it was read.
https://learn.microsoft.com/rest/api/storageservices/append-block
"""

from __future__ import annotations

import json
import logging
import os
import time
import zlib
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from functools import cache, partial
from itertools import islice
from threading import Lock
from typing import TYPE_CHECKING, Any

from azure.core import MatchConditions, exceptions

from .answers import Refused
from .events import Event
from .kept import MAX_LOG, Kept, by_id

if TYPE_CHECKING:
    from azure.storage.blob import BlobClient, ContainerClient

CONTAINER = "class"
PEOPLE = "people.json"
FOLDER = "results/"
LOG = ".jsonl"
LATE = ".late.jsonl"
TRIES = 8
PAUSE_S = 0.05
PARALLEL = 8
MAX_REMEMBERED = 500
UNAVAILABLE = "The board's storage does not answer now. Nothing is lost: please try again."
AGAIN_S = 5
# Within one instance of the app, one request at a time reads and appends for a person.
_locks = tuple(Lock() for _ in range(64))
_known: dict[str, Kept] = {}


def people() -> dict[str, Any]:
    """Who may come in, as the instructor's kit has written it; empty before it has."""
    with _container() as container:
        try:
            return dict(json.loads(container.download_blob(PEOPLE).readall()))
        except exceptions.ResourceNotFoundError:
            return {}


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
        Refused: The storage does not answer.
    """
    with _lock_of(person), _container() as container:
        for attempt in range(TRIES):
            time.sleep(attempt * PAUSE_S)  # another instance of the app was quicker
            found = _known.get(person) or _look(container, person)
            known = found.events
            new = by_id(event for event in events if event["id"] not in known)
            there = found.counted(events)
            written = _write(container, person, found, there) if new else found
            if written is not None:
                _remember(person, written)
                return Stored(there, len(new), found.hand)
            _known.pop(person, None)
    raise Refused(503, UNAVAILABLE, again_s=AGAIN_S)


def everything() -> dict[str, list[Event]]:
    """All events of all people, each person's in the order in which they came."""
    with _container() as container, ThreadPoolExecutor(PARALLEL) as pool:
        try:
            # In the order of their names: a person's log is before what came later.
            names = sorted(blob.name for blob in container.list_blobs(name_starts_with=FOLDER))
        except exceptions.ResourceNotFoundError:
            return {}
        found: dict[str, list[Event]] = {}
        for name, events in zip(names, pool.map(partial(_read, container), names), strict=True):
            person = name.removeprefix(FOLDER).partition(".")[0]
            found.setdefault(person, []).extend(events)
        return found


def forget(person: str) -> None:
    """Delete all that a person has reported."""
    with _lock_of(person), _container() as container:
        _known.pop(person, None)
        for ending in (LATE, LOG):
            with suppress(exceptions.ResourceNotFoundError):
                container.delete_blob(_name(person, ending))


def _lock_of(person: str) -> Lock:
    return _locks[zlib.crc32(person.encode()) % len(_locks)]


def _read(container: ContainerClient, name: str) -> list[Event]:
    try:
        return _events(container.download_blob(name).readall())
    except exceptions.ResourceNotFoundError:
        return []  # somebody has just left


def _remember(person: str, kept: Kept) -> None:
    if len(_known) >= MAX_REMEMBERED:
        _known.clear()
    _known[person] = kept


def _look(container: ContainerClient, person: str) -> Kept:
    """What is there; an empty log is made where there is none."""
    blob = container.get_blob_client(_name(person, LOG))
    try:
        content = blob.download_blob().readall()
    except exceptions.ResourceNotFoundError:
        with suppress(exceptions.ResourceExistsError):
            container.create_container()
        with suppress(exceptions.ResourceExistsError, exceptions.ResourceModifiedError):
            blob.create_append_blob(match_condition=MatchConditions.IfMissing)
        content = b""
    found = Kept(len(content), by_id(_events(content)))
    if len(found.log) < MAX_LOG:
        return found
    try:
        late = container.download_blob(_name(person, LATE))
    except exceptions.ResourceNotFoundError:
        return found
    return replace(found, late=by_id(_events(late.readall())), etag=str(late.properties.etag))


def _write(
    container: ContainerClient, person: str, found: Kept, events: Sequence[Event]
) -> Kept | None:
    """Write a person's events: into the log as long as it has room, the others beside it.

    Returns:
        What is there then; None when somebody else was quicker, or has deleted it.
    """
    new = [event for event in events if event["id"] not in found.events]
    logged = by_id(islice(by_id(new).values(), MAX_LOG - len(found.log)))
    blob = container.get_blob_client(_name(person, LOG))
    size = _append(blob, found.size, [*logged.values()])
    if size is None:
        return None
    written = replace(found, size=size, log={**found.log, **logged})
    if len(logged) == len(by_id(new)):
        return written
    late = written.merged(events)
    etag = _replace(container.get_blob_client(_name(person, LATE)), written.etag, late)
    return None if etag is None else replace(written, late=by_id(late), etag=etag)


def _replace(blob: BlobClient, etag: str, events: Sequence[Event]) -> str | None:
    """Write events in the place of those with this ETag; None when they are not there any more."""
    wanted: dict[str, Any] = {}
    if etag:
        condition = MatchConditions.IfNotModified
        wanted = {"overwrite": True, "etag": etag, "match_condition": condition}
    try:
        written = blob.upload_blob(_lines(events), **wanted)
    except (exceptions.ResourceModifiedError, exceptions.ResourceExistsError):
        return None
    return str(written["etag"])


def _append(blob: BlobClient, size: int, events: Sequence[Event]) -> int | None:
    """Append events behind what is known.

    Returns:
        How long the blob is then; None when somebody else was quicker, or has deleted it.
    """
    if not events:
        return size
    lines = _lines(events)
    try:
        blob.append_block(lines, appendpos_condition=size)
    except (exceptions.ResourceModifiedError, exceptions.ResourceNotFoundError):
        return None
    return size + len(lines)


def _lines(events: Sequence[Event]) -> bytes:
    return b"".join(json.dumps(event).encode() + b"\n" for event in events)


def _events(content: bytes) -> list[Event]:
    return [json.loads(line) for line in content.splitlines()]


def _name(person: str, ending: str) -> str:
    return f"{FOLDER}{person}{ending}"


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
