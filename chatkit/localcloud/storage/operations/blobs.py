"""Operations on one blob: put, get, delete, properties, metadata, tags, tier."""

from __future__ import annotations

import base64
import hashlib

from chatkit.localcloud.storage.formats import dates, ranges
from chatkit.localcloud.storage.operations import conditions, leases, tags
from chatkit.localcloud.storage.operations.crc64 import check_crc64
from chatkit.localcloud.storage.operations.properties import (
    DEFAULT_TYPE,
    blob_headers,
    content_headers,
    md5_of,
    metadata,
    metadata_headers,
    stamp,
    tier,
    tier_headers,
    written,
)
from chatkit.localcloud.storage.state.call import Answer, Call
from chatkit.localcloud.storage.state.contents import Received
from chatkit.localcloud.storage.state.errors import (
    StorageError,
    bad_header,
    bad_query,
    not_provided,
)
from chatkit.localcloud.storage.state.models import APPEND, BLOCK, Blob

LARGEST_CHECKED_RANGE = 4 * 1024 * 1024


async def put_blob(call: Call) -> Answer:
    """Put Blob: a block blob with its content, or an empty append blob."""
    kind = call.required("x-ms-blob-type")
    if kind not in (BLOCK, APPEND):
        raise (
            not_provided("A page blob")
            if kind == "PageBlob"
            else bad_header("x-ms-blob-type", kind)
        )
    if kind == APPEND and call.length:
        raise bad_header("content-length", call.header("content-length"))
    blob = new_blob(call, kind, own=True)
    check_replace(call)
    if kind == BLOCK:
        await _receive_content(call, blob)
    try:
        check_replace(call)
        commit(call, blob)
    except BaseException:
        call.repository.contents.drop(call.account.name, blob.pieces)
        raise
    return Answer(
        201,
        written(
            blob, **{name: value for name, value in blob.headers.items() if name == "Content-MD5"}
        ),
    )


def new_blob(call: Call, kind: str, *, own: bool = False) -> Blob:
    """A blob as the request's headers describe it, without content."""
    blob = Blob(
        call.target.blob, kind, headers=content_headers(call, own=own), metadata=metadata(call)
    )
    blob.tags = tags.from_header(call.header("x-ms-tags"))
    blob.headers.setdefault("Content-Type", DEFAULT_TYPE)
    if kind == BLOCK and tier(call):
        blob.tier, blob.tier_changed = tier(call), dates.now()
    return blob


def check_replace(call: Call) -> Blob | None:
    """Return the blob that would be replaced, if conditions, lease and permission allow to."""
    old = call.container.blobs.get(call.target.blob)
    conditions.check_write(call, old, creates=True)
    leases.require(call, old)
    if old is not None and call.access is not None:
        call.access.require_overwrite()
    return old


def commit(call: Call, blob: Blob) -> None:
    """Put a finished blob in place of what was there; a lease stays."""
    old = call.container.blobs.get(blob.name)
    if old is not None:
        blob.lease = old.lease
    blob.touch()
    call.repository.put_blob(call.account, call.container, blob)


async def receive(call: Call, *, hashed: bool) -> Received:
    """Write the request's body to a new file and check its checksums.

    Args:
        call: The request.
        hashed: The MD5 is wanted even if the request brings none.

    Raises:
        StorageError: Md5Mismatch, Crc64Mismatch, or InvalidInput for a body that ended early.
    """
    length = call.length
    hashed = hashed or bool(call.header("content-md5"))
    received = await call.repository.contents.receive(
        call.account.name, call.chunks(), hashed=hashed
    )
    try:
        if received.piece.size != length:
            raise StorageError("InvalidInput")
        check_md5(call.header("content-md5"), received.md5)
        await check_crc64(call, received.piece)
    except BaseException:
        call.repository.contents.drop(call.account.name, [received.piece])
        raise
    return received


def check_md5(wanted: str, digest: bytes) -> None:
    """Compare with a header.

    Raises:
        StorageError: InvalidMd5 or Md5Mismatch.
    """
    if wanted and md5_of(wanted) != digest:
        details = {
            "UserSpecifiedMd5": wanted,
            "ServerCalculatedMd5": base64.b64encode(digest).decode(),
        }
        raise StorageError("Md5Mismatch", details=details)


async def _receive_content(call: Call, blob: Blob) -> None:
    received = await receive(call, hashed=True)
    blob.pieces = [received.piece]
    try:
        check_md5(call.header("x-ms-blob-content-md5"), received.md5)
    except StorageError:
        call.repository.contents.drop(call.account.name, blob.pieces)
        raise
    blob.headers["Content-MD5"] = base64.b64encode(received.md5).decode()


async def get_blob(call: Call) -> Answer:
    """Get Blob: all of it or a range."""
    blob = _readable(call)
    headers, size = blob_headers(call, blob), blob.size
    wanted = call.header("x-ms-range") or call.header("range")
    try:
        part = ranges.parse(wanted, size) if wanted else None
    except IndexError:
        raise StorageError("InvalidRange", headers={"Content-Range": f"bytes */{size}"}) from None
    if part is None:
        return Answer(200, headers, content=(blob.pieces, 0, size))
    if "Content-MD5" in headers:
        headers["x-ms-blob-content-md5"] = headers.pop("Content-MD5")
    headers["Content-Range"] = f"bytes {part[0]}-{part[0] + part[1] - 1}/{size}"
    if call.header("x-ms-range-get-content-md5").lower() == "true":
        headers["Content-MD5"] = _md5_of_part(call, blob, *part)
    return Answer(206, headers, content=(blob.pieces, *part))


def _md5_of_part(call: Call, blob: Blob, start: int, length: int) -> str:
    if length > LARGEST_CHECKED_RANGE:
        raise StorageError("OutOfRangeInput")
    part = call.repository.contents.read(call.account.name, blob.pieces, start, length)
    return base64.b64encode(hashlib.md5(part, usedforsecurity=False).digest()).decode()


async def get_properties(call: Call) -> Answer:
    """Get Blob Properties."""
    blob = _readable(call)
    return Answer(
        200, {**blob_headers(call, blob), **tier_headers(blob), "Content-Length": str(blob.size)}
    )


async def get_metadata(call: Call) -> Answer:
    """Get Blob Metadata."""
    blob = _readable(call)
    return Answer(200, {**stamp(blob), **metadata_headers(blob)})


def _readable(call: Call) -> Blob:
    blob = call.blob
    conditions.check_read(call, blob)
    leases.require(call, blob, optional=True)
    return blob


async def set_metadata(call: Call) -> Answer:
    """Set Blob Metadata: replaces all of it."""
    blob = writable(call)
    blob.metadata = metadata(call)
    return _changed(call, blob)


async def set_properties(call: Call) -> Answer:
    """Set Blob Properties: the content headers, all of them."""
    blob = writable(call)
    blob.headers = content_headers(call)
    blob.headers.setdefault("Content-Type", DEFAULT_TYPE)
    return _changed(call, blob)


async def set_tier(call: Call) -> Answer:
    """Set Blob Tier: noted, and without effect on what a read costs or how long it takes."""
    blob, wanted = call.blob, tier(call) or call.required("x-ms-access-tier")
    conditions.check_write(call, blob)
    leases.require(call, blob, optional=True)
    if blob.kind != BLOCK:
        raise StorageError("InvalidBlobType")
    blob.tier, blob.tier_changed = wanted, dates.now()
    call.repository.save_blob(call.account, call.container, blob)
    return Answer(200)


async def delete_blob(call: Call) -> Answer:
    """Delete Blob."""
    which = call.header("x-ms-delete-snapshots").lower()
    if which not in ("", "include", "only"):
        raise bad_header("x-ms-delete-snapshots", which)
    if call.query.get("deletetype") not in ("", "permanent", "Permanent"):
        raise bad_query("deletetype", call.query.get("deletetype"))
    blob = writable(call)
    if which != "only":
        call.repository.delete_blob(call.account, call.container, blob)
    return Answer(202, {"x-ms-delete-type-permanent": "true"})


def writable(call: Call) -> Blob:
    """The blob, if conditions and lease allow to change it."""
    blob = call.blob
    conditions.check_write(call, blob)
    leases.require(call, blob)
    return blob


def _changed(call: Call, blob: Blob) -> Answer:
    blob.touch()
    call.repository.save_blob(call.account, call.container, blob)
    return Answer(200, written(blob))
