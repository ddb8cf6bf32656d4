"""CRC-64 as Azure Storage uses it (reflected polynomial 0x9A6C9329AC4BC9B5)."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Iterable

from chatkit.localcloud.storage.operations.call import Call
from chatkit.localcloud.storage.state.errors import StorageError, bad_header
from chatkit.localcloud.storage.state.models import Part, Piece
from chatkit.localcloud.storage.state.request import Request

POLYNOMIAL = 0x9A6C9329AC4BC9B5
MASK = (1 << 64) - 1
_table: list[int] = []


def crc64(chunks: Iterable[bytes]) -> bytes:
    """The checksum of some bytes, little-endian."""
    table = _table or _fill()
    crc = MASK
    for chunk in chunks:
        for byte in chunk:
            crc = table[(crc ^ byte) & 0xFF] ^ (crc >> 8)
    return (crc ^ MASK).to_bytes(8, "little")


async def check_crc64(call: Call, piece: Piece) -> None:
    """Compare a file that came in with `x-ms-content-crc64`.

    Raises:
        StorageError: Crc64Mismatch, or UnsupportedHeader for a structured body.
    """
    if _wanted(call.request):
        contents = call.repository.contents
        whole = Part(call.account.name, [piece], 0, piece.size)
        await _compare(_wanted(call.request), contents.read(whole))


async def check_crc64_of(request: Request, data: bytes) -> None:
    """Compare bytes that came in with `x-ms-content-crc64`.

    Raises:
        StorageError: Crc64Mismatch, or UnsupportedHeader for a structured body.
    """
    if _wanted(request):
        await _compare(_wanted(request), data)


def _wanted(request: Request) -> str:
    if request.header("x-ms-structured-body"):
        raise StorageError("UnsupportedHeader", details={"HeaderName": "x-ms-structured-body"})
    return request.header("x-ms-content-crc64")


async def _compare(wanted: str, data: bytes) -> None:
    try:
        expected = base64.b64decode(wanted, validate=True)
    except ValueError:
        raise bad_header("x-ms-content-crc64", wanted) from None
    found = await asyncio.to_thread(crc64, [data])
    if found != expected:
        details = {
            "UserSpecifiedCrc": wanted,
            "ServerCalculatedCrc": base64.b64encode(found).decode(),
        }
        raise StorageError("Crc64Mismatch", details=details)


def _fill() -> list[int]:
    for byte in range(256):
        crc = byte
        for _ in range(8):
            lowest = crc & 1
            crc >>= 1
            if lowest:
                crc ^= POLYNOMIAL
        _table.append(crc)
    return _table
