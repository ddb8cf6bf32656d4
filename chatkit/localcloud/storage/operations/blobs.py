"""Operations on one blob: put, get, delete, properties, metadata, tags, tier."""

from __future__ import annotations

import base64
import hashlib

from chatkit.localcloud.storage.formats import dates, ranges
from chatkit.localcloud.storage.operations import conditions, leases, tags, tiers
from chatkit.localcloud.storage.operations.call import Answer, Call
from chatkit.localcloud.storage.operations.crc64 import check_crc64
from chatkit.localcloud.storage.operations.properties import (
    DEFAULT_TYPE,
    blob_headers,
    change_headers,
    content_headers,
    md5_of,
    metadata,
    metadata_headers,
    validators,
)
from chatkit.localcloud.storage.state.contents import Received
from chatkit.localcloud.storage.state.errors import (
    StorageError,
    bad_header,
    bad_query,
    not_provided,
)
from chatkit.localcloud.storage.state.models import APPEND, BLOCK, Blob, Part

MAX_CHECKED_RANGE_BYTES = 4 * 1024 * 1024


async def put_blob(call: Call) -> Answer:
    """Put Blob: a block blob with its content, or an empty append blob."""
    kind = call.request.required("x-ms-blob-type")
    if kind not in (BLOCK, APPEND):
        if kind == "PageBlob":
            raise not_provided("A page blob")
        raise bad_header("x-ms-blob-type", kind)
    if kind == APPEND and call.request.length:
        raise bad_header("content-length", call.request.header("content-length"))
    blob = new_blob(call, kind, own=True)
    check_replace(call)
    if kind == BLOCK:
        await _receive_content(call, blob)
    try:
        # Other requests ran while the content came in.
        check_replace(call)
        commit(call, blob)
    except BaseException:
        call.repository.contents.drop(call.account.name, blob.pieces)
        raise
    return Answer(201, upload_headers(blob))


def upload_headers(blob: Blob) -> dict[str, str]:
    """Headers of the answer to a new content, with its MD5 when there is one."""
    headers = change_headers(blob)
    if "Content-MD5" in blob.headers:
        headers["Content-MD5"] = blob.headers["Content-MD5"]
    return headers


def new_blob(call: Call, kind: str, *, own: bool = False) -> Blob:
    """A blob as the request's headers describe it, without content."""
    blob = Blob(
        call.target.blob,
        kind,
        headers=content_headers(call.request, own=own),
        metadata=metadata(call.request),
    )
    blob.tags = tags.from_header(call.request.header("x-ms-tags"))
    blob.headers.setdefault("Content-Type", DEFAULT_TYPE)
    wanted = tiers.wanted(call.request)
    if kind == BLOCK and wanted:
        blob.tier = wanted
        blob.tier_changed = dates.now()
    return blob


def check_replace(call: Call) -> Blob | None:
    """Return the blob that would be replaced, if conditions, lease and permission allow to."""
    old = call.container.blobs.get(call.target.blob)
    holds_lease = leases.is_held(call.request, old)
    conditions.check_write(call.request, old, creates=True, holds_lease=holds_lease)
    leases.require(call.request, old)
    if old is not None:
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
    length = call.request.length
    hashed = hashed or bool(call.request.header("content-md5"))
    received = await call.repository.contents.receive(
        call.account.name, call.request.chunks(), hashed=hashed
    )
    try:
        if received.piece.size != length:
            raise StorageError("InvalidInput")
        check_md5(call.request.header("content-md5"), received.md5)
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
        check_md5(call.request.header("x-ms-blob-content-md5"), received.md5)
    except StorageError:
        call.repository.contents.drop(call.account.name, blob.pieces)
        raise
    blob.headers["Content-MD5"] = base64.b64encode(received.md5).decode()


async def get_blob(call: Call) -> Answer:
    """Get Blob: all of it or a range."""
    blob = _readable(call)
    tiers.require_online(blob)
    headers = {**blob_headers(call.request, blob), **tiers.headers(blob)}
    size = blob.size
    # Microsoft's "Specifying the range header": with both of them, x-ms-range counts.
    text = call.request.header("x-ms-range") or call.request.header("range")
    try:
        part = ranges.parse(text, size)
    except IndexError:
        raise StorageError("InvalidRange", headers={"Content-Range": f"bytes */{size}"}) from None
    if part is None:
        return Answer(200, headers, part=Part(call.account.name, blob.pieces, 0, size))
    start, length = part
    wanted = Part(call.account.name, blob.pieces, start, length)
    if "Content-MD5" in headers:
        headers["x-ms-blob-content-md5"] = headers.pop("Content-MD5")
    headers["Content-Range"] = f"bytes {start}-{start + length - 1}/{size}"
    if call.request.header("x-ms-range-get-content-md5").lower() == "true":
        headers["Content-MD5"] = _md5_of(call, wanted)
    return Answer(206, headers, part=wanted)


def _md5_of(call: Call, part: Part) -> str:
    if part.length > MAX_CHECKED_RANGE_BYTES:
        raise StorageError("OutOfRangeInput")
    data = call.repository.contents.read(part)
    return base64.b64encode(hashlib.md5(data, usedforsecurity=False).digest()).decode()


async def get_properties(call: Call) -> Answer:
    """Get Blob Properties."""
    blob = _readable(call)
    return Answer(
        200,
        {
            **blob_headers(call.request, blob),
            **tiers.headers(blob),
            "Content-Length": str(blob.size),
        },
    )


async def get_metadata(call: Call) -> Answer:
    """Get Blob Metadata."""
    blob = _readable(call)
    return Answer(200, {**validators(blob), **metadata_headers(blob)})


def _readable(call: Call) -> Blob:
    blob = call.blob
    conditions.check_read(call.request, blob)
    leases.require(call.request, blob, optional=True)
    return blob


async def set_metadata(call: Call) -> Answer:
    """Set Blob Metadata: replaces all of it."""
    blob = writable(call)
    tiers.require_online(blob)
    blob.metadata = metadata(call.request)
    return _changed(call, blob)


async def set_properties(call: Call) -> Answer:
    """Set Blob Properties: the content headers, all of them."""
    blob = writable(call)
    tiers.require_online(blob)
    blob.headers = content_headers(call.request)
    blob.headers.setdefault("Content-Type", DEFAULT_TYPE)
    return _changed(call, blob)


async def delete_blob(call: Call) -> Answer:
    """Delete Blob."""
    which = call.request.header("x-ms-delete-snapshots").lower()
    if which not in ("", "include", "only"):
        raise bad_header("x-ms-delete-snapshots", which)
    if call.request.query.get("deletetype") not in ("", "permanent", "Permanent"):
        raise bad_query("deletetype", call.request.query.get("deletetype"))
    blob = writable(call)
    conditions.check_tier(call.request, blob)
    # There are no snapshots, so a request to delete only those deletes nothing.
    if which != "only":
        call.repository.delete_blob(call.account, call.container, blob)
    return Answer(202, {"x-ms-delete-type-permanent": "true"})


def writable(call: Call) -> Blob:
    """The blob, if conditions and lease allow to change it."""
    blob = call.blob
    conditions.check_write(call.request, blob)
    leases.require(call.request, blob)
    return blob


def _changed(call: Call, blob: Blob) -> Answer:
    blob.touch()
    call.repository.save_blob(call.account, call.container, blob)
    return Answer(200, change_headers(blob))
