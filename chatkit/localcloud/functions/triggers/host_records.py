"""What the host keeps in the app's own storage account, in the container `azure-webjobs-hosts`.

The names are those of the Functions host: an app that moves between it and the local host goes on
where it was.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
import re
import uuid
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo
from pathlib import Path
from typing import Any

from chatkit.localcloud.functions.storage.blobs import BlobStorage, ListedBlob
from chatkit.localcloud.functions.storage.connections import HOST_STORAGE
from chatkit.localcloud.functions.storage.paths import BlobPath

CONTAINER = "azure-webjobs-hosts"
HOST_ID_SETTINGS = ("AzureFunctionsWebHost__hostid", "AzureFunctionsWebHost__hostId")
LONGEST_HOST_ID = 32
LONGEST_BLOB_NAME = 1024
COMPLETED = "Completed"
TRIES = "Tries"
NUMBER = re.compile(r"[0-9]{1,9}")
# .NET's default(DateTime): "it has never run".
NEVER = "0001-01-01T00:00:00+00:00"
POISON_QUEUE = "webjobs-blobtrigger-poison"


def host_id(settings: Mapping[str, str], folder: Path) -> str:
    """The host's id: of its setting, of the site's name, or of this machine and the folder."""
    named = next((settings[name] for name in HOST_ID_SETTINGS if settings.get(name)), "")
    if named:
        return named.lower()
    site = settings.get("WEBSITE_SITE_NAME", "")
    if site:
        return site.lower()[:LONGEST_HOST_ID].rstrip("-")
    machine = re.sub(r"[^a-z0-9]", "", platform.node().lower()) or "localhost"
    digest = str(zlib.crc32(os.fsencode(folder)))
    return f"{machine[: LONGEST_HOST_ID - len(digest) - 1]}-{digest}"


@dataclass(frozen=True)
class ScheduleStatus:
    """When a timer has run and will run, as Unix times.

    Attributes:
        last: The invocation that was last; None for never.
        next: The one that is due next; None for never.
        updated: When that was found out.
    """

    last: float | None
    next: float | None
    updated: float | None

    def document(self, zone: tzinfo | None) -> dict[str, str]:
        """As the host writes it, and as functions are told."""
        return {
            "Last": _text(self.last, zone),
            "Next": _text(self.next, zone),
            "LastUpdated": _text(self.updated, zone),
        }

    @classmethod
    def of(cls, document: Any) -> ScheduleStatus:
        """Read what a host has written.

        Raises:
            ValueError: It is something else.
        """
        if not isinstance(document, dict):
            raise ValueError("it is no JSON object")
        return cls(*(_moment(document.get(name)) for name in ("Last", "Next", "LastUpdated")))


def _text(moment: float | None, zone: tzinfo | None) -> str:
    if moment is None:
        return NEVER
    return datetime.fromtimestamp(moment, zone).astimezone(zone).isoformat()


def _moment(text: object) -> float | None:
    if not isinstance(text, str):
        return None
    moment = datetime.fromisoformat(text)
    if moment.year == 1:
        return None
    return moment.timestamp()


@dataclass(frozen=True)
class Receipt:
    """What became of one version of a blob.

    Attributes:
        is_completed: A function has had it, or it is poison.
        tries: How often it was given to the function.
    """

    is_completed: bool
    tries: int

    @classmethod
    def of(cls, metadata: Mapping[str, str]) -> Receipt:
        """Read the metadata of a receipt."""
        known = {name.lower(): text for name, text in metadata.items()}
        tries = known.get(TRIES.lower(), "")
        return cls(COMPLETED.lower() in known, int(tries) if NUMBER.fullmatch(tries) else 0)


class HostRecords:
    """The records of one app's host."""

    def __init__(self, storage: BlobStorage, host_id: str) -> None:
        self._storage = storage
        self._id = host_id

    async def status(self, function: str) -> ScheduleStatus | None:
        """A timer's status; None when none was kept.

        Raises:
            ConnectionInvalid: The app has no storage account.
            StorageUnavailable: It does not answer.
        """
        blob = await self._storage.read(HOST_STORAGE, self._status_path(function))
        if blob is None:
            return None
        try:
            return ScheduleStatus.of(json.loads(blob.content))
        except (ValueError, RecursionError):
            return None  # as if there were none: the next invocation writes it anew

    async def keep_status(self, function: str, status: ScheduleStatus, zone: tzinfo | None) -> None:
        """Keep a timer's status."""
        content = json.dumps(status.document(zone)).encode()
        await self._storage.write(HOST_STORAGE, self._status_path(function), [content], {})

    async def hold_lock(self, function: str, owner: str, duration_s: int) -> bool:
        """Lock a function's listener for a time, or go on having it locked.

        Returns:
            False when somebody else has it locked.
        """
        path = self._lock_path(function)
        lease_id = _lease_id(path, owner)
        return await self._storage.hold_lease(HOST_STORAGE, path, lease_id, duration_s=duration_s)

    async def release_lock(self, function: str, owner: str) -> None:
        """Unlock a function's listener, if this owner has it locked."""
        path = self._lock_path(function)
        await self._storage.release_lease(HOST_STORAGE, path, _lease_id(path, owner))

    async def receipt(self, function: str, container: str, blob: ListedBlob) -> Receipt:
        """What became of a version of a blob so far."""
        path = self._receipt_path(function, container, blob)
        return Receipt.of(await self._storage.metadata(HOST_STORAGE, path) or {})

    async def begin_try(self, function: str, container: str, blob: ListedBlob, number: int) -> None:
        """Write on the receipt that a function is given this version of a blob.

        Azure's queue counts a message when it is taken: what ends the host counts, too.
        """
        path = self._receipt_path(function, container, blob)
        await self._storage.write(HOST_STORAGE, path, [], {TRIES: str(number)})

    async def complete(self, function: str, container: str, blob: ListedBlob) -> None:
        """Write on the receipt that a function has had this version of a blob."""
        path = self._receipt_path(function, container, blob)
        await self._storage.write(HOST_STORAGE, path, [], {COMPLETED: "true"})

    async def give_up(self, function: str, container: str, blob: ListedBlob) -> BlobPath:
        """Write on the receipt that a blob is poison, with the message that a queue would get."""
        path = self._receipt_path(function, container, blob)
        message = {
            "Type": "BlobTrigger",
            "FunctionId": _full_name(function),
            "BlobType": "BlockBlob",
            "ContainerName": container,
            "BlobName": blob.name,
            "ETag": _quoted(blob.etag),
        }
        metadata = {COMPLETED: "true", "PoisonQueue": POISON_QUEUE}
        await self._storage.write(HOST_STORAGE, path, [json.dumps(message).encode()], metadata)
        return path

    def _lock_path(self, function: str) -> BlobPath:
        return BlobPath(CONTAINER, f"locks/{self._id}/{_full_name(function)}.Listener")

    def _status_path(self, function: str) -> BlobPath:
        return BlobPath(CONTAINER, f"timers/{self._id}/{_full_name(function)}/status")

    def _receipt_path(self, function: str, container: str, blob: ListedBlob) -> BlobPath:
        folder = f"blobreceipts/{self._id}/{_full_name(function)}/{_quoted(blob.etag)}/{container}"
        name = f"{folder}/{blob.name}"
        if len(name) > LONGEST_BLOB_NAME:
            name = f"{folder}/{hashlib.sha256(blob.name.encode()).hexdigest()}"
        return BlobPath(CONTAINER, name)


def _full_name(function: str) -> str:
    return f"Host.Functions.{function}"


def _lease_id(path: BlobPath, owner: str) -> str:
    """The same id for the same owner, which after a kill need not wait for its own lease to end."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"//{owner}/{path}"))


def _quoted(etag: str) -> str:
    """The host writes ETags with their quotes; the list of blobs has them without."""
    return f'"{etag.strip(chr(34))}"'
