"""Blocks: put and commit those of block blobs, append those of append blobs."""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Iterable

from chatkit.localcloud.core.web import whole_number
from chatkit.localcloud.storage.formats.xmltext import Element
from chatkit.localcloud.storage.operations import blobs, conditions, leases
from chatkit.localcloud.storage.operations.call import MAX_APPEND_BYTES, Answer, Call, xml_answer
from chatkit.localcloud.storage.operations.crc64 import check_crc64_of
from chatkit.localcloud.storage.operations.properties import change_headers, validators
from chatkit.localcloud.storage.state.errors import StorageError, bad_header, bad_query
from chatkit.localcloud.storage.state.models import APPEND, BLOCK, Blob, Piece
from chatkit.localcloud.storage.state.request import Request

MAX_BLOCKS = 50_000
MAX_BLOCK_ID_BYTES = 64
MAX_STAGED_BLOCKS = 100_000


async def put_block(call: Call) -> Answer:
    """Put Block: keep it until a block list names it."""
    block_id = _block_id(call.request.query.get("blockid"))
    _check_stageable(call, block_id)
    received = await blobs.receive(call, hashed=False)
    received.piece.block_id = block_id
    stage(call, received.piece)
    headers = {"x-ms-request-server-encrypted": "true"}
    if received.md5:
        headers["Content-MD5"] = base64.b64encode(received.md5).decode()
    return Answer(201, headers)


def stage(call: Call, piece: Piece) -> None:
    """Keep a block that is on disk; without it when that is not allowed any more."""
    try:
        _check_stageable(call, piece.block_id)
        call.repository.stage(call.account, call.container, call.target.blob, piece)
    except BaseException:
        call.repository.contents.drop(call.account.name, [piece])
        raise


def _check_stageable(call: Call, block_id: str) -> None:
    container = call.container
    blob = container.blobs.get(call.target.blob)
    if blob is not None and blob.kind != BLOCK:
        raise StorageError("InvalidBlobType")
    leases.require(call.request, blob)
    staged = container.staged.get(call.target.blob, {})
    if len(next(iter(staged), block_id)) != len(block_id):
        raise StorageError("InvalidBlobOrBlock")
    if len(staged) >= MAX_STAGED_BLOCKS:
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
    if not 0 < len(raw) <= MAX_BLOCK_ID_BYTES:
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
    return Answer(201, change_headers(data))


def _chosen(call: Call, old: Blob | None, listed: Element) -> list[Piece]:
    if len(listed.children) > MAX_BLOCKS:
        raise StorageError("BlockCountExceedsLimit")
    staged = call.container.staged.get(call.target.blob, {})
    committed: dict[str, Piece] = {}
    if old is not None:
        committed = {piece.block_id: piece for piece in old.pieces if piece.block_id}
    sources = {
        "Uncommitted": [staged],
        "Committed": [committed],
        "Latest": [staged, committed],
    }
    pieces = []
    for element in listed.children:
        if element.name not in sources:
            raise StorageError("InvalidXmlDocument")
        pieces.append(_block(element.text, sources[element.name]))
    return pieces


def _block(block_id: str, sources: list[dict[str, Piece]]) -> Piece:
    for source in sources:
        if block_id in source:
            return source[block_id]
    raise StorageError("InvalidBlockList")


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
        lists.append(_list_element("CommittedBlocks", blob.pieces if blob else ()))
    if which != "committed":
        lists.append(_list_element("UncommittedBlocks", staged.values()))
    headers = {"x-ms-blob-content-length": "0"}
    if blob is not None:
        headers = {"x-ms-blob-content-length": str(blob.size), **validators(blob)}
    return xml_answer(Element("BlockList", lists), headers=headers)


def _list_element(name: str, pieces: Iterable[Piece]) -> Element:
    """The blocks of a list; content that was put as a whole has none."""
    blocks = [_element(piece) for piece in pieces if piece.block_id]
    return Element(name, blocks)


def _element(piece: Piece) -> Element:
    return Element("Block", [Element("Name", piece.block_id), Element("Size", str(piece.size))])


async def append_block(call: Call) -> Answer:
    """Append Block."""
    if not call.request.length:
        raise bad_header("content-length", "0")
    _appendable(call)
    data = await call.request.read(MAX_APPEND_BYTES)
    if len(data) != call.request.length:
        raise StorageError("InvalidInput")
    md5 = call.request.header("content-md5")
    if md5:
        blobs.check_md5(md5, hashlib.md5(data, usedforsecurity=False).digest())
    await check_crc64_of(call.request, data)
    return append(call, data, md5)


def append(call: Call, data: bytes, md5: str = "") -> Answer:
    """Write data to the end of an append blob, if its state still allows to.

    Nothing else runs from the checks to the stored document, so concurrent appends follow each
    other.

    Args:
        call: The request.
        data: What to write.
        md5: The data's MD5 when that was checked; the answer shows it.
    """
    blob = _appendable(call)
    offset = blob.size
    _check_position(call.request, offset, len(data))
    contents = call.repository.contents
    is_first = not blob.pieces
    piece = contents.new_piece(call.account.name) if is_first else blob.pieces[0]
    try:
        contents.append(call.account.name, piece, data)
        piece.size += len(data)
        blob.pieces = [piece]
        blob.append_blocks += 1
        blob.touch()
        call.repository.save_blob(call.account, call.container, blob)
    except BaseException:
        if is_first:
            contents.drop(call.account.name, [piece])
        else:
            contents.shorten(call.account.name, blob.pieces[0])
        raise
    headers = {
        **change_headers(blob),
        "x-ms-blob-append-offset": str(offset),
        "x-ms-blob-committed-block-count": str(blob.append_blocks),
    }
    if md5:
        headers["Content-MD5"] = md5
    return Answer(201, headers)


def _appendable(call: Call) -> Blob:
    blob = blobs.writable(call)
    if blob.kind != APPEND:
        raise StorageError("InvalidBlobType")
    if blob.sealed:
        raise StorageError("BlobIsSealed")
    if blob.append_blocks >= MAX_BLOCKS:
        raise StorageError("BlockCountExceedsLimit")
    return blob


def _check_position(request: Request, offset: int, length: int) -> None:
    """Check the two conditions on where an append begins and ends."""
    wanted = _number(request, "x-ms-blob-condition-appendpos")
    if wanted is not None and offset != wanted:
        raise StorageError("AppendPositionConditionNotMet")
    largest = _number(request, "x-ms-blob-condition-maxsize")
    if largest is not None and offset + length > largest:
        raise StorageError("MaxBlobSizeConditionNotMet")


def _number(request: Request, header: str) -> int | None:
    text = request.header(header)
    if not text:
        return None
    number = whole_number(text)
    if number is None:
        raise bad_header(header, text)
    return number


async def seal(call: Call) -> Answer:
    """Append Blob Seal: no more appends."""
    blob = blobs.writable(call)
    if blob.kind != APPEND:
        raise StorageError("InvalidBlobType")
    _check_position(call.request, blob.size, 0)
    if not blob.sealed:
        blob.sealed = True
        blob.touch()
        call.repository.save_blob(call.account, call.container, blob)
    return Answer(200, {**change_headers(blob), "x-ms-blob-sealed": "true"})
