"""Copies from a URL of this storage: of blobs, and of parts of them to blocks and appended data.

A copy is finished when its answer is sent, so there never is a pending one.
"""

from __future__ import annotations

import asyncio
import hashlib
import re
import uuid
from collections.abc import AsyncIterator
from dataclasses import replace
from urllib.parse import SplitResult, urlsplit

from chatkit.core.host_names import answers_to
from chatkit.localcloud.core.etags import http_date
from chatkit.localcloud.core.web import parts_of
from chatkit.localcloud.storage.auth import access
from chatkit.localcloud.storage.formats import dates, ranges
from chatkit.localcloud.storage.formats.account_hosts import account_of
from chatkit.localcloud.storage.operations import blobs, blocks, conditions, tiers
from chatkit.localcloud.storage.operations.call import MAX_APPEND_BYTES, Answer, Call
from chatkit.localcloud.storage.operations.properties import change_headers, metadata
from chatkit.localcloud.storage.state.errors import StorageError, bad_header, not_provided
from chatkit.localcloud.storage.state.models import APPEND, BLOCK, Blob, Part
from chatkit.localcloud.storage.state.request import Query, Request, read_target

READ = access.Right(access.BLOBS + "read", "r", "o", "blob")
AZURE_ORIGIN = re.compile(r"https://([a-z0-9]{3,24})\.blob\.core\.windows\.net$")
MAX_SYNCHRONOUS_BYTES = 256 * 1024 * 1024


class Copies:
    """The operations that read another blob. They ask the gate whether the caller may."""

    def __init__(self, gate: access.Gate) -> None:
        self._gate = gate

    async def copy_blob(self, call: Call) -> Answer:
        """Copy Blob and Copy Blob From URL: content, properties, and metadata if none is given."""
        synchronous = call.request.header("x-ms-requires-sync").lower() == "true"
        source_request = self._source(call, by_url=synchronous)
        source = source_request.blob
        conditions.check_source(call.request, source)
        if synchronous:
            # A copy by the service leads out of the archive; one by URL reads.
            tiers.require_online(source)
        blobs.check_replace(call)
        blob = _like(call, source, synchronous=synchronous)
        blob.copy = {
            "id": str(uuid.uuid4()),
            "source": call.request.header("x-ms-copy-source").partition("?")[0],
            "status": "success",
            "progress": f"{source.size}/{source.size}",
            "completion-time": http_date(dates.now()),
        }
        _commit_copied(call, source_request, blob)
        return Answer(
            202,
            {
                **change_headers(blob),
                "x-ms-copy-id": blob.copy["id"],
                "x-ms-copy-status": "success",
            },
        )

    async def put_blob_from_url(self, call: Call) -> Answer:
        """Put Blob From URL: a new block blob of another blob's content."""
        source_request, source = self._read(call)
        blob = blobs.new_blob(call, BLOCK)
        checked = await _checked_md5(call, source_request)
        blobs.check_replace(call)
        if call.request.header("x-ms-copy-source-blob-properties", "true").lower() == "true":
            blob.headers = {
                **source.headers,
                **{
                    name: value
                    for name, value in blob.headers.items()
                    if _given(call.request, name)
                },
            }
        if _copies_tags(call):
            blob.tags = dict(source.tags)
        blob.headers |= checked
        _commit_copied(call, source_request, blob)
        return Answer(201, blobs.upload_headers(blob))

    async def put_block_from_url(self, call: Call) -> Answer:
        """Put Block From URL: stage part of another blob."""
        data = self._source_part(call)
        checked = call.request.header("x-ms-source-content-md5")
        headers = {**call.request.headers, "content-length": str(len(data))}
        if checked:
            headers["content-md5"] = checked
        request = replace(call.request, headers=headers, body=lambda: _once(data))
        return await blocks.put_block(replace(call, request=request))

    async def append_block_from_url(self, call: Call) -> Answer:
        """Append Block From URL: append part of another blob."""
        return blocks.append(
            call, self._source_part(call), call.request.header("x-ms-source-content-md5")
        )

    async def abort_copy(self, call: Call) -> Answer:
        """Abort Copy Blob: always too late."""
        call.request.required("x-ms-copy-action")
        _ = call.blob  # A blob that is not there is BlobNotFound.
        raise StorageError("NoPendingCopyOperation")

    def _source(self, call: Call, *, by_url: bool) -> Request:
        """Return a request for the source that may read it.

        Args:
            call: The copy.
            by_url: The service reads the source by its URL, without the rights of the caller.
        """
        source = call.request.required("x-ms-copy-source")
        url = parts_of(source)
        if url is None:
            raise bad_header("x-ms-copy-source", source)
        path = _local_path(call.request.origin, url)
        query = Query.parse(url.query)
        target = read_target(path, query)
        account = call.repository.accounts.get(target.account)
        if account is None or not target.blob:
            raise not_provided("A copy of what is no blob of an account here")
        if "snapshot" in query or "versionid" in query:
            raise not_provided("A snapshot or version")
        headers: dict[str, str] = {}
        authorization = call.request.header("x-ms-copy-source-authorization")
        if authorization:
            headers["authorization"] = authorization
        reading = replace(
            call.request,
            method="GET",
            body=None,
            path=path,
            query=query,
            headers=headers,
            target=target,
            account=account,
            endpoint=_endpoint(url, account.name),
        )
        own = account is call.account and call.access.kind in ("key", "bearer")
        if by_url or not own or "sig" in query or headers:
            self._admit(reading)
        return reading

    def _admit(self, reading: Request) -> None:
        try:
            self._gate.admit(reading, READ)
        except StorageError as error:
            # The gate hides what there is from anonymous callers; a copy names the missing proof.
            if error.code == "ResourceNotFound":
                error = StorageError("NoAuthenticationInformation")
            raise _unverified(error) from None

    def _read(self, call: Call) -> tuple[Request, Blob]:
        """The source of an operation "From URL"; one that cannot be read cannot be verified."""
        reading = self._source(call, by_url=True)
        try:
            source = reading.blob
            tiers.require_online(source)
            if not conditions.source_holds(call.request, source):
                raise StorageError("ConditionNotMet")
        except StorageError as error:
            raise _unverified(error) from None
        return reading, source

    def _source_part(self, call: Call) -> bytes:
        reading, source = self._read(call)
        text = call.request.header("x-ms-source-range")
        try:
            part = ranges.parse(text, source.size)
        except IndexError:
            raise StorageError("InvalidRange") from None
        if part is None:
            if text:
                raise bad_header("x-ms-source-range", text)
            part = 0, source.size
        start, length = part
        if length > MAX_APPEND_BYTES:
            raise StorageError("RequestBodyTooLarge")
        wanted = Part(reading.account.name, source.pieces, start, length)
        data = call.repository.contents.read(wanted)
        blobs.check_md5(
            call.request.header("x-ms-source-content-md5"),
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


def _local_path(own_origin: str, source: SplitResult) -> str:
    """The source's path here.

    az writes an account's address by the cloud's suffix for storage, or by Azure's domain, which
    only Azure's name server knows.
    """
    by_domain = AZURE_ORIGIN.match(f"{source.scheme}://{source.netloc}".lower())
    if by_domain:
        return f"/{by_domain[1]}{source.path}"
    own = urlsplit(own_origin)
    is_here = (source.scheme, source.port) == (own.scheme, own.port)
    account = account_of(source.netloc)
    if is_here and account:
        return f"/{account}{source.path}"
    if is_here and answers_to(source.netloc):
        return source.path
    raise not_provided("A copy from another address than this storage's")


def _endpoint(source: SplitResult, account: str) -> str:
    """The account's address in a source: a token may be for this account alone."""
    origin = f"{source.scheme}://{source.netloc}"
    return origin if account_of(source.netloc) else f"{origin}/{account}"


def _like(call: Call, source: Blob, *, synchronous: bool) -> Blob:
    if synchronous and source.size > MAX_SYNCHRONOUS_BYTES:
        raise StorageError("OutOfRangeInput")
    blob = blobs.new_blob(call, source.kind)
    blob.headers = dict(source.headers)
    blob.metadata = metadata(call.request) or dict(source.metadata)
    blob.append_blocks = source.append_blocks
    if synchronous and _copies_tags(call):
        blob.tags = dict(source.tags)
    if source.kind == APPEND:
        wanted = call.request.header("x-ms-seal-blob").lower()
        blob.sealed = wanted == "true" or (not wanted and source.sealed)
    return blob


def _copies_tags(call: Call) -> bool:
    option = call.request.header("x-ms-copy-source-tag-option", "REPLACE").upper()
    if option not in ("COPY", "REPLACE"):
        raise bad_header("x-ms-copy-source-tag-option", option)
    return option == "COPY"


async def _checked_md5(call: Call, reading: Request) -> dict[str, str]:
    """The MD5 that the request brings for the source, once it is known to be right."""
    wanted = call.request.header("x-ms-source-content-md5")
    if not wanted:
        return {}
    source = reading.blob
    digest = hashlib.md5(usedforsecurity=False)
    whole = Part(reading.account.name, source.pieces, 0, source.size)
    async for chunk in call.repository.contents.send(whole):
        digest.update(chunk)
        await asyncio.sleep(0)
    blobs.check_md5(wanted, digest.digest())
    return {"Content-MD5": wanted}


def _commit_copied(call: Call, reading: Request, blob: Blob) -> None:
    """Give a blob the content of the source, and put it in place; a failure leaves no copies."""
    contents = call.repository.contents
    source = reading.blob
    linked = source.kind != APPEND
    try:
        for piece in source.pieces:
            copied = contents.copy(reading.account.name, piece, linked=linked, to=call.account.name)
            blob.pieces.append(copied)
        blobs.commit(call, blob)
    except BaseException:
        contents.drop(call.account.name, blob.pieces)
        raise


def _given(request: Request, header: str) -> bool:
    return bool(request.header(f"x-ms-blob-{header.lower()}"))


async def _once(data: bytes) -> AsyncIterator[bytes]:
    yield data
