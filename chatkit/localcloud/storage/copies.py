"""Copies from a URL of the same account: Copy Blob, Put Blob From URL, Put Block From URL, Append Block From URL.

A copy is finished when its answer is sent, so there never is a pending one.
"""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import AsyncIterator
from dataclasses import replace
from urllib.parse import urlsplit

from chatkit.localcloud.storage import access, blobs, blocks, conditions, dates, ranges
from chatkit.localcloud.storage.call import LARGEST_APPEND, Answer, Call, Query, read_target
from chatkit.localcloud.storage.errors import StorageError, bad_header, not_provided
from chatkit.localcloud.storage.models import APPEND, BLOCK, Blob, Piece
from chatkit.localcloud.storage.properties import metadata, written

READ = access.Right(access.BLOBS + "read", "r", "o", "blob")
LARGEST_SYNCHRONOUS = 256 * 1024 * 1024


class Copies:
    """The operations that read another blob. They ask the gate whether the caller may."""

    def __init__(self, gate: access.Gate) -> None:
        self._gate = gate

    async def copy_blob(self, call: Call) -> Answer:
        """Copy Blob and Copy Blob From URL: content, properties and, unless new ones are given, metadata."""
        source = self._source(call)
        blobs.check_replace(call)
        blob = _like(call, source)
        blob.pieces = _copied(call, source)
        blob.copy = {
            "id": str(uuid.uuid4()),
            "source": call.header("x-ms-copy-source").partition("?")[0],
            "status": "success",
            "progress": f"{source.size}/{source.size}",
            "completion-time": dates.http_date(dates.now()),
        }
        blobs.commit(call, blob)
        return Answer(202, {**written(blob), "x-ms-copy-id": blob.copy["id"], "x-ms-copy-status": "success"})

    async def put_blob_from_url(self, call: Call) -> Answer:
        """Put Blob From URL: a new block blob of another blob's content."""
        source = self._source(call)
        blob = blobs.new_blob(call, BLOCK)
        blobs.check_replace(call)
        if call.header("x-ms-copy-source-blob-properties", "true").lower() == "true":
            blob.headers = {**source.headers, **{name: value for name, value in blob.headers.items() if _given(call, name)}}
        blob.pieces = _copied(call, source)
        blobs.commit(call, blob)
        return Answer(201, written(blob))

    async def put_block_from_url(self, call: Call) -> Answer:
        """Put Block From URL: stage part of another blob."""
        data = self._source_part(call)
        block = replace(call, headers={**call.headers, "content-length": str(len(data))}, body=lambda: _once(data))
        return await blocks.put_block(block)

    async def append_block_from_url(self, call: Call) -> Answer:
        """Append Block From URL: append part of another blob."""
        return blocks.append(call, self._source_part(call))

    async def abort_copy(self, call: Call) -> Answer:
        """Abort Copy Blob: always too late."""
        call.required("x-ms-copy-action")
        assert call.blob
        raise StorageError("NoPendingCopyOperation")

    def _source(self, call: Call) -> Blob:
        """Find the source and check that the caller may read it."""
        url = urlsplit(call.required("x-ms-copy-source"))
        path = _local_path(call, f"{url.scheme}://{url.netloc}", url.path)
        query = Query.parse(url.query)
        target = read_target(path, query)
        if target.account != call.target.account or not target.blob:
            raise not_provided("A copy from another account")
        if "snapshot" in query or "versionid" in query:
            raise not_provided("A snapshot or version")
        authorization = call.header("x-ms-copy-source-authorization")
        headers = {"authorization": authorization} if authorization else {}
        reading = replace(call, method="GET", path=path, query=query, target=target, headers=headers, body=None)
        self._admit(call, reading)
        source = reading.blob
        if not conditions.source_holds(call, source):
            raise StorageError("SourceConditionNotMet")
        return source

    def _admit(self, call: Call, reading: Call) -> None:
        """The owner of the account may read all of it; a principal what its roles allow; others need a signature."""
        own = call.access is not None and call.access.kind in ("key", "bearer")
        if own and "sig" not in reading.query and not reading.headers:
            return
        try:
            self._gate.admit(reading, READ)
        except StorageError as error:
            if error.code in ("ResourceNotFound", "PublicAccessNotPermitted"):
                raise StorageError("CannotVerifyCopySource", str(error), status=error.status) from None
            raise StorageError("CannotVerifyCopySource", str(error), status=403) from None

    def _source_part(self, call: Call) -> bytes:
        source, text = self._source(call), call.header("x-ms-source-range")
        try:
            part = ranges.parse(text, source.size) if text else (0, source.size)
        except IndexError:
            raise StorageError("InvalidRange") from None
        if part is None:
            raise bad_header("x-ms-source-range", text)
        if part[1] > LARGEST_APPEND:
            raise StorageError("RequestBodyTooLarge")
        data = call.repository.contents.read(call.account.name, source.pieces, *part)
        blobs.check_md5(call.header("x-ms-source-content-md5"), hashlib.md5(data, usedforsecurity=False).digest())
        return data


def _local_path(call: Call, origin: str, path: str) -> str:
    """The source's path here. az writes an account's address by Azure's domain, which only Azure's name server knows."""
    if origin == call.origin:
        return path
    if origin.lower() == f"https://{call.account.name}.blob.core.windows.net":
        return f"/{call.account.name}{path}"
    raise not_provided("A copy from another address than this account's")


def _like(call: Call, source: Blob) -> Blob:
    if call.header("x-ms-requires-sync").lower() == "true" and source.size > LARGEST_SYNCHRONOUS:
        raise StorageError("OutOfRangeInput")
    blob = blobs.new_blob(call, source.kind)
    blob.headers = dict(source.headers)
    blob.metadata = metadata(call) or dict(source.metadata)
    blob.append_blocks = source.append_blocks
    return blob


def _copied(call: Call, source: Blob) -> list[Piece]:
    linked = source.kind != APPEND
    return [call.repository.contents.copy(call.account.name, piece, linked=linked) for piece in source.pieces]


def _given(call: Call, header: str) -> bool:
    return bool(call.header(f"x-ms-blob-{header.lower()}"))


async def _once(data: bytes) -> AsyncIterator[bytes]:
    yield data
