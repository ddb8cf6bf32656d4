"""Copies from a URL of this storage: Copy Blob, Put Blob From URL, Put Block From URL, Append Block From URL.

A copy is finished when its answer is sent, so there never is a pending one.
"""

from __future__ import annotations

import asyncio
import hashlib
import re
import uuid
from collections.abc import AsyncIterator
from dataclasses import replace
from urllib.parse import urlsplit

from chatkit.localcloud.storage.auth import access
from chatkit.localcloud.storage.formats import dates, ranges
from chatkit.localcloud.storage.operations import blobs, blocks, conditions
from chatkit.localcloud.storage.operations.properties import metadata, written
from chatkit.localcloud.storage.state.call import LARGEST_APPEND, Answer, Call, Query, read_target
from chatkit.localcloud.storage.state.errors import StorageError, bad_header, not_provided
from chatkit.localcloud.storage.state.models import APPEND, BLOCK, Blob, Piece

READ = access.Right(access.BLOBS + "read", "r", "o", "blob")
AZURE_ORIGIN = re.compile(r"https://([a-z0-9]{3,24})\.blob\.core\.windows\.net$")
LARGEST_SYNCHRONOUS = 256 * 1024 * 1024


class Copies:
    """The operations that read another blob. They ask the gate whether the caller may."""

    def __init__(self, gate: access.Gate) -> None:
        self._gate = gate

    async def copy_blob(self, call: Call) -> Answer:
        """Copy Blob and Copy Blob From URL: content, properties and, unless new ones are given, metadata."""
        synchronous = call.header("x-ms-requires-sync").lower() == "true"
        reading = self._source(call, by_url=synchronous)
        source = reading.blob
        if not conditions.source_holds(call, source):
            raise StorageError("SourceConditionNotMet")
        blobs.check_replace(call)
        blob = _like(call, source, synchronous=synchronous)
        blob.pieces = _copied(call, reading)
        blob.copy = {
            "id": str(uuid.uuid4()),
            "source": call.header("x-ms-copy-source").partition("?")[0],
            "status": "success",
            "progress": f"{source.size}/{source.size}",
            "completion-time": dates.http_date(dates.now()),
        }
        blobs.commit(call, blob)
        return Answer(
            202, {**written(blob), "x-ms-copy-id": blob.copy["id"], "x-ms-copy-status": "success"}
        )

    async def put_blob_from_url(self, call: Call) -> Answer:
        """Put Blob From URL: a new block blob of another blob's content."""
        reading, source = self._read(call)
        blob, checked = blobs.new_blob(call, BLOCK), await _checked_md5(call, reading)
        blobs.check_replace(call)
        if call.header("x-ms-copy-source-blob-properties", "true").lower() == "true":
            blob.headers = {
                **source.headers,
                **{name: value for name, value in blob.headers.items() if _given(call, name)},
            }
        if _copies_tags(call):
            blob.tags = dict(source.tags)
        blob.headers |= checked
        blob.pieces = _copied(call, reading)
        blobs.commit(call, blob)
        return Answer(
            201,
            written(
                blob,
                **{name: value for name, value in blob.headers.items() if name == "Content-MD5"},
            ),
        )

    async def put_block_from_url(self, call: Call) -> Answer:
        """Put Block From URL: stage part of another blob."""
        data = self._source_part(call)
        checked = call.header("x-ms-source-content-md5")
        headers = {
            **call.headers,
            "content-length": str(len(data)),
            **({"content-md5": checked} if checked else {}),
        }
        block = replace(call, headers=headers, body=lambda: _once(data))
        return await blocks.put_block(block)

    async def append_block_from_url(self, call: Call) -> Answer:
        """Append Block From URL: append part of another blob."""
        return blocks.append(call, self._source_part(call), call.header("x-ms-source-content-md5"))

    async def abort_copy(self, call: Call) -> Answer:
        """Abort Copy Blob: always too late."""
        call.required("x-ms-copy-action")
        assert call.blob
        raise StorageError("NoPendingCopyOperation")

    def _source(self, call: Call, *, by_url: bool) -> Call:
        """Return a call that may read the source.

        Args:
            call: The copy.
            by_url: The service reads the source as anybody would by its URL: who asks for the copy is not who reads.
        """
        url = urlsplit(call.required("x-ms-copy-source"))
        path, query = (
            _local_path(call, f"{url.scheme}://{url.netloc}", url.path),
            Query.parse(url.query),
        )
        target = read_target(path, query)
        account = call.repository.accounts.get(target.account)
        if account is None or not target.blob:
            raise not_provided("A copy of what is no blob of an account here")
        if "snapshot" in query or "versionid" in query:
            raise not_provided("A snapshot or version")
        authorization = call.header("x-ms-copy-source-authorization")
        headers = {"authorization": authorization} if authorization else {}
        reading = replace(
            call,
            method="GET",
            body=None,
            path=path,
            query=query,
            headers=headers,
            target=target,
            account=account,
        )
        own = (
            account is call.account
            and call.access is not None
            and call.access.kind in ("key", "bearer")
        )
        if by_url or not own or "sig" in query or headers:
            self._admit(reading)
        return reading

    def _admit(self, reading: Call) -> None:
        try:
            self._gate.admit(reading, READ)
        except StorageError as error:
            raise _unverified(
                StorageError("NoAuthenticationInformation")
                if error.code == "ResourceNotFound"
                else error
            ) from None

    def _read(self, call: Call) -> tuple[Call, Blob]:
        """The source of an operation "From URL": whatever stands against reading it cannot be verified."""
        reading = self._source(call, by_url=True)
        try:
            source = reading.blob
            if not conditions.source_holds(call, source):
                raise StorageError("ConditionNotMet")
        except StorageError as error:
            raise _unverified(error) from None
        return reading, source

    def _source_part(self, call: Call) -> bytes:
        (reading, source), text = self._read(call), call.header("x-ms-source-range")
        try:
            part = ranges.parse(text, source.size) if text else (0, source.size)
        except IndexError:
            raise StorageError("InvalidRange") from None
        if part is None:
            raise bad_header("x-ms-source-range", text)
        if part[1] > LARGEST_APPEND:
            raise StorageError("RequestBodyTooLarge")
        data = call.repository.contents.read(reading.account.name, source.pieces, *part)
        blobs.check_md5(
            call.header("x-ms-source-content-md5"),
            hashlib.md5(data, usedforsecurity=False).digest(),
        )
        return data


def _unverified(error: StorageError) -> StorageError:
    """Why the source could not be read, as the answer to the copy says it."""
    headers = {
        "x-ms-copy-source-status-code": str(error.status),
        "x-ms-copy-source-error-code": error.code,
    }
    return StorageError(
        "CannotVerifyCopySource",
        str(error),
        status=error.status,
        details=error.details,
        headers=headers,
    )


def _local_path(call: Call, origin: str, path: str) -> str:
    """The source's path here. az writes an account's address by Azure's domain, which only Azure's name server knows."""
    if origin == call.origin:
        return path
    by_domain = AZURE_ORIGIN.match(origin.lower())
    if by_domain:
        return f"/{by_domain[1]}{path}"
    raise not_provided("A copy from another address than this storage's")


def _like(call: Call, source: Blob, *, synchronous: bool) -> Blob:
    if synchronous and source.size > LARGEST_SYNCHRONOUS:
        raise StorageError("OutOfRangeInput")
    blob = blobs.new_blob(call, source.kind)
    blob.headers = dict(source.headers)
    blob.metadata = metadata(call) or dict(source.metadata)
    blob.append_blocks = source.append_blocks
    if synchronous and _copies_tags(call):
        blob.tags = dict(source.tags)
    wanted = call.header("x-ms-seal-blob").lower()
    blob.sealed = source.kind == APPEND and (wanted == "true" if wanted else source.sealed)
    return blob


def _copies_tags(call: Call) -> bool:
    option = call.header("x-ms-copy-source-tag-option", "REPLACE").upper()
    if option not in ("COPY", "REPLACE"):
        raise bad_header("x-ms-copy-source-tag-option", option)
    return option == "COPY"


async def _checked_md5(call: Call, reading: Call) -> dict[str, str]:
    """The MD5 that the request brings for the source, once it is known to be right."""
    wanted, source, digest = (
        call.header("x-ms-source-content-md5"),
        reading.blob,
        hashlib.md5(usedforsecurity=False),
    )
    if not wanted:
        return {}
    async for part in call.repository.contents.send(
        reading.account.name, source.pieces, 0, source.size
    ):
        digest.update(part)
        await asyncio.sleep(0)
    blobs.check_md5(wanted, digest.digest())
    return {"Content-MD5": wanted}


def _copied(call: Call, reading: Call) -> list[Piece]:
    source, contents = reading.blob, call.repository.contents
    linked = source.kind != APPEND
    return [
        contents.copy(reading.account.name, piece, linked=linked, to=call.account.name)
        for piece in source.pieces
    ]


def _given(call: Call, header: str) -> bool:
    return bool(call.header(f"x-ms-blob-{header.lower()}"))


async def _once(data: bytes) -> AsyncIterator[bytes]:
    yield data
