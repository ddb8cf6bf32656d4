"""`guid` and `uniqueString`, as Azure computes them, and `newGuid`.

`guid` is documented: a UUID of version 5 over the arguments, joined by hyphens, in a namespace of
Azure's. How `uniqueString` comes about is not. Several people have found it out, and it gives what
Azure's own library gives in the tests of Bicep (tests/data/templates/hashes.json has the pairs and
where each is from): 64 bits of a MurmurHash over the arguments, joined by hyphens, as 13 digits of
base 32.
"""

from __future__ import annotations

import uuid

from chatkit.localcloud.resource_manager.templates.language.core.invocation import (
    Function,
    Invocation,
)
from chatkit.localcloud.resource_manager.templates.language.core.values import Json
from chatkit.localcloud.resource_manager.templates.language.functions.arguments import text
from chatkit.localcloud.resource_manager.templates.language.functions.encodings import utf8

NAMESPACE = uuid.UUID("11fb06fb-712d-4ddd-98c7-e71bbd588830")
DIGITS = "abcdefghijklmnopqrstuvwxyz234567"
BITS_32 = 0xFFFF_FFFF
BITS_64 = 0xFFFF_FFFF_FFFF_FFFF
# The constants of MurmurHash3 for 128 bits on 32-bit machines, of which this has two lanes of four.
FIRST = 0x239B961B
SECOND = 0xAB0E9789
FIRST_STEP = 0x561CCD1B
SECOND_STEP = 0x0BCAA747


def _joined(call: Invocation) -> bytes:
    return utf8("-".join(text(call, index) for index in range(len(call))))


def _guid(call: Invocation) -> Json:
    return str(uuid.uuid5(NAMESPACE, _joined(call).decode()))


def _unique_string(call: Invocation) -> Json:
    rest = hash_of(_joined(call))
    found = ""
    for _ in range(13):
        found += DIGITS[rest >> 59]
        rest = rest << 5 & BITS_64
    return found


def hash_of(data: bytes) -> int:
    """64 bits: two lanes of 32 that take four bytes each in turn and mix into one another."""
    whole = len(data) - len(data) % 8
    low = 0
    high = 0
    for at in range(0, whole, 8):
        low ^= _scrambled(data[at : at + 4], FIRST, SECOND, 15)
        low = (_rotated(low, 19) + high) * 5 + FIRST_STEP & BITS_32
        high ^= _scrambled(data[at + 4 : at + 8], SECOND, FIRST, 17)
        high = (_rotated(high, 13) + low) * 5 + SECOND_STEP & BITS_32
    low ^= _scrambled(data[whole : whole + 4], FIRST, SECOND, 15)
    high ^= _scrambled(data[whole + 4 :], SECOND, FIRST, 17)
    return _finished(low ^ len(data), high ^ len(data))


def _scrambled(piece: bytes, first: int, second: int, bits: int) -> int:
    """Of no bytes it is 0, which changes nothing."""
    number = int.from_bytes(piece, "little")
    return _rotated(number * first & BITS_32, bits) * second & BITS_32


def _finished(low: int, high: int) -> int:
    low = low + high & BITS_32
    high = _avalanche(high + low & BITS_32)
    low = _avalanche(low)
    low = low + high & BITS_32
    high = high + low & BITS_32
    return high << 32 | low


def _avalanche(number: int) -> int:
    number ^= number >> 16
    number = number * 0x85EBCA6B & BITS_32
    number ^= number >> 13
    number = number * 0xC2B2AE35 & BITS_32
    return number ^ number >> 16


def _rotated(number: int, bits: int) -> int:
    return (number << bits | number >> 32 - bits) & BITS_32


FUNCTIONS = (
    Function("guid", 1, None, _guid),
    Function("newGuid", 0, 0, lambda call: call.scope.resources.new_guid()),
    Function("uniqueString", 1, None, _unique_string),
)
