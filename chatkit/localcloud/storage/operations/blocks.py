"""Blocks: put and commit those of block blobs, append those of append blobs."""

from __future__ import annotations

import base64
import binascii
import hashlib

from chatkit.localcloud.core.etags import http_date
from chatkit.localcloud.storage.formats.xmltext import Element
from chatkit.localcloud.storage.operations import blobs, conditions, leases
from chatkit.localcloud.storage.operations.call import LARGEST_APPEND, Answer, Call, xml_answer
from chatkit.localcloud.storage.operations.crc64 import check_crc64_of
from chatkit.localcloud.storage.operations.properties import written
from chatkit.localcloud.storage.state.errors import StorageError, bad_header, bad_query
from chatkit.localcloud.storage.state.models import APPEND, BLOCK, Blob, Piece

MOST_BLOCKS = 50_000
LONGEST_BLOCK_ID = 64
MOST_STAGED = 100_000


async def put_block(call: Call) -> Answer:
    """Put Block: keep it until a block list names it."""
    block_id = _block_id(call.request.query.get("blockid"))
    _check_stageable(call, block_id)
    received = await blobs.receive(call, hashed=False)
    received.piece.block_id = block_id
    stage(call, received.piece)
    checksum = {"Content-MD5": base64.b64encode(received.md5).decode()} if received.md5 else {}
    return Answer(201, {**checksum, "x-ms-request-server-encrypted": "true"})


def stage(call: Call, piece: Piece) -> None:
    """Keep a block that is on disk; without it when that is not allowed any more."""
    try:
        _check_stageable(call, piece.block_id)
    except BaseException:
        call.repository.contents.drop(call.account.name, [piece])
        raise
    call.repository.stage(call.account, call.container, call.target.blob, piece)


def _check_stageable(call: Call, block_id: str) -> None:
    container = call.container
    blob = container.blobs.get(call.target.blob)
    if blob is not None and blob.kind != BLOCK:
        raise StorageError("InvalidBlobType")
    leases.require(call.request, blob)
    staged = container.staged.get(call.target.blob, {})
    if any(len(known) != len(block_id) for known in list(staged)[:1]):
        raise StorageError("InvalidBlobOrBlock")
    if len(staged) >= MOST_STAGED:
        raise StorageError("BlockCountExceedsLimit")


def _block_id(text: str) -> str:
    if not text:
        raise StorageError(
            "MissingRequiredQueryParameter", details={"QueryParameterName": "blockid"}
        )
    try:
        raw = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise bad_query("blockid", text) from None
    if not 0 < len(raw) <= LONGEST_BLOCK_ID:
        raise bad_query("blockid", text)
    return text


async def put_block_list(call: Call) -> Answer:
    """Put Block List: the blob becomes these blocks, in this order."""
    listed = await call.request.read_xml()
    if listed.name != "BlockList":
        raise StorageError("InvalidXmlDocument")
    data = blobs.new_blob(call, BLOCK)
    old = blobs.check_replace(call)
    data.pieces = _chosen(call, old, listed)
    blobs.commit(call, data)
    return Answer(201, written(data))


def _chosen(call: Call, old: Blob | None, listed: Element) -> list[Piece]:
    if len(listed.children) > MOST_BLOCKS:
        raise StorageError("BlockCountExceedsLimit")
    staged = call.container.staged.get(call.target.blob, {})
    committed = {piece.block_id: piece for piece in old.pieces if piece.block_id} if old else {}
    sources = {
        "Uncommitted": [staged],
        "Committed": [committed],
        "Latest": [staged, committed],
    }
    pieces = []
    for element in listed.children:
        if element.name not in sources:
            raise StorageError("InvalidXmlDocument")
        found = next(
            (source[element.text] for source in sources[element.name] if element.text in source),
            None,
        )
        if found is None:
            raise StorageError("InvalidBlockList")
        pieces.append(found)
    return pieces


async def get_block_list(call: Call) -> Answer:
    """Get Block List: committed blocks, staged ones, or both."""
    which = call.request.query.get("blocklisttype", "committed").lower()
    if which not in ("committed", "uncommitted", "all"):
        raise bad_query("blocklisttype", which)
    container = call.container
    blob = container.blobs.get(call.target.blob)
    staged = container.staged.get(call.target.blob, {})
    if blob is None and not staged:
        raise StorageError("BlobNotFound")
    if blob is not None and blob.kind != BLOCK:
        raise StorageError("InvalidBlobType")
    if blob is not None:
        conditions.check_read(call.request, blob)
    leases.require(call.request, blob, optional=True)
    lists = []
    if which != "uncommitted":
        committed = [piece for piece in blob.pieces if piece.block_id] if blob else []
        lists.append(Element("CommittedBlocks", [*map(_element, committed)]))
    if which != "committed":
        lists.append(Element("UncommittedBlocks", [*map(_element, staged.values())]))
    headers = {"x-ms-blob-content-length": str(blob.size if blob else 0)}
    if blob is not None:
        headers |= {"ETag": blob.etag, "Last-Modified": http_date(blob.modified)}
    return xml_answer(Element("BlockList", lists), headers=headers)


def _element(piece: Piece) -> Element:
    return Element("Block", [Element("Name", piece.block_id), Element("Size", str(piece.size))])


async def append_block(call: Call) -> Answer:
    """Append Block. From the checks to the stored document nothing else runs, so concurrent appends follow each other."""
    if not call.request.length:
        raise bad_header("content-length", "0")
    _appendable(call)
    data = await call.request.read(LARGEST_APPEND)
    if len(data) != call.request.length:
        raise StorageError("InvalidInput")
    if call.request.header("content-md5"):
        blobs.check_md5(
            call.request.header("content-md5"), hashlib.md5(data, usedforsecurity=False).digest()
        )
    await check_crc64_of(call.request, data)
    return append(call, data, call.request.header("content-md5"))


def append(call: Call, data: bytes, md5: str = "") -> Answer:
    """Write data to the end of an append blob, if its state still allows to; the answer shows its MD5, if that was checked."""
    blob = _appendable(call)
    offset = blob.size
    _check_position(call, offset, len(data))
    contents = call.repository.contents
    before = blob.etag, blob.modified
    piece = blob.pieces[0] if blob.pieces else contents.new_piece(call.account.name)
    contents.append(call.account.name, piece, data)
    blob.pieces = [piece]
    piece.size += len(data)
    blob.append_blocks += 1
    blob.touch()
    try:
        call.repository.save_blob(call.account, call.container, blob)
    except BaseException:
        piece.size -= len(data)
        blob.append_blocks -= 1
        blob.etag, blob.modified = before
        raise
    place = {
        "x-ms-blob-append-offset": str(offset),
        "x-ms-blob-committed-block-count": str(blob.append_blocks),
    }
    return Answer(201, written(blob, **place, **({"Content-MD5": md5} if md5 else {})))


def _appendable(call: Call) -> Blob:
    blob = blobs.writable(call)
    if blob.kind != APPEND:
        raise StorageError("InvalidBlobType")
    if blob.sealed:
        raise StorageError("BlobIsSealed")
    if blob.append_blocks >= MOST_BLOCKS:
        raise StorageError("BlockCountExceedsLimit")
    return blob


def _check_position(call: Call, offset: int, length: int) -> None:
    for name, code, reached in (
        ("x-ms-blob-condition-appendpos", "AppendPositionConditionNotMet", offset),
        ("x-ms-blob-condition-maxsize", "MaxBlobSizeConditionNotMet", offset + length),
    ):
        text = call.request.header(name)
        if text and not text.isdecimal():
            raise bad_header(name, text)
        if text and (reached != int(text) if name.endswith("appendpos") else reached > int(text)):
            raise StorageError(code)


async def seal(call: Call) -> Answer:
    """Append Blob Seal: no more appends."""
    blob = blobs.writable(call)
    if blob.kind != APPEND:
        raise StorageError("InvalidBlobType")
    _check_position(call, blob.size, 0)
    if not blob.sealed:
        blob.sealed = True
        blob.touch()
        call.repository.save_blob(call.account, call.container, blob)
    return Answer(200, {**written(blob), "x-ms-blob-sealed": "true"})
