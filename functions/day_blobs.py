"""Append blobs: lines of text by the day, in the storage account that Functions needs anyway.

The service appends atomically, so many may write at once and no line is lost. A blob takes 50,000
appends; when it is full, the day goes on in its next blob.
https://learn.microsoft.com/rest/api/storageservices/append-block
"""

import functools
import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from azure.core import MatchConditions, exceptions

from app_identity import blob_service_url, credential

if TYPE_CHECKING:
    from azure.storage.blob import BlobClient, ContainerClient

CHUNK_BYTES = 64 * 1024
_parts: dict[str, int] = {}  # which blob of a day is being filled


class StorageUnavailable(Exception):
    """The storage account does not answer, or the app does not know it."""


def append(day: str, line: bytes) -> None:
    """Append a line to the day's blob."""
    with _container() as container:
        while True:
            part = _parts.get(day, 0)
            blob = container.get_blob_client(f"{day}-{part:03}.jsonl")
            try:
                # The line break comes first: a line that was cut short does not spoil the next one.
                blob.append_block(b"\n" + line)
                return
            except exceptions.ResourceNotFoundError:
                _create(container, blob)
            except exceptions.HttpResponseError as error:
                if getattr(error, "error_code", None) != "BlockCountExceedsLimit":
                    raise
                _parts[day] = part + 1


def lines_backwards(last_day: str = "") -> Iterator[bytes]:
    """Every line from the newest to the oldest; with `last_day`, none of a later day."""
    # There is no container as long as nobody has written.
    with _container() as container, suppress(exceptions.ResourceNotFoundError):
        for blob in sorted(container.list_blobs(), key=lambda blob: blob.name, reverse=True):
            if not last_day or blob.name[:10] <= last_day:
                yield from _blob_backwards(container.get_blob_client(blob.name), blob.size)


def _blob_backwards(blob: "BlobClient", size: int) -> Iterator[bytes]:
    """Lines of one blob, read in chunks from its end."""
    # A chunk may begin in the middle of a line: this line waits for the chunk before.
    rest = b""
    while size:
        start = max(0, size - CHUNK_BYTES)
        chunk = blob.download_blob(start, size - start).readall()
        rest, *lines = (chunk + rest).split(b"\n")
        yield from reversed(lines)
        size = start
    yield rest


def _create(container: "ContainerClient", blob: "BlobClient") -> None:
    """Make the container and the blob, unless somebody else has just done it."""
    with suppress(exceptions.ResourceExistsError):
        container.create_container()
    with suppress(exceptions.ResourceExistsError, exceptions.ResourceModifiedError):
        blob.create_append_blob(match_condition=MatchConditions.IfMissing)


@contextmanager
def _container() -> Iterator["ContainerClient"]:
    """The container; everything that goes wrong with it becomes a StorageUnavailable."""
    try:
        yield connect()
    except (exceptions.AzureError, KeyError, ValueError) as error:
        raise StorageUnavailable(type(error).__name__) from error


@functools.cache
def connect() -> "ContainerClient":
    """Make the client, which tries twice at most and never waits long."""
    # This import takes a while: the app starts sooner without it.
    from azure.storage.blob import ContainerClient, LinearRetry

    # Otherwise every request is two long lines in the log.
    logging.getLogger("azure.core").setLevel(logging.WARNING)
    retry = LinearRetry(backoff=0, retry_total=1, random_jitter_range=0)
    options: dict[str, Any] = {"retry_policy": retry, "connection_timeout": 2, "read_timeout": 5}
    if text := os.environ.get("AzureWebJobsStorage"):
        return ContainerClient.from_connection_string(text, "chat-history", **options)
    return ContainerClient(blob_service_url(), "chat-history", credential(), **options)
