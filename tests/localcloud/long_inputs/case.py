"""One kind of long input, and what makes such inputs."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, cast

from chatkit.core.errors import LocalProtocolError, RemoteProtocolError
from chatkit.localcloud.easy_auth.errors import SessionRejected
from chatkit.localcloud.functions.host.errors import AppInvalid, BindingFailed, PackageRejected
from chatkit.localcloud.signalr.core.errors import SignalRError
from chatkit.localcloud.storage.state.errors import StorageError

REFUSALS: Final = (
    ValueError,
    LocalProtocolError,
    RemoteProtocolError,
    AppInvalid,
    BindingFailed,
    PackageRejected,
    StorageError,
    SignalRError,
    SessionRejected,
)
KEY: Final = "k" * 32
PIECE: Final = b"x" * 16


@dataclass(frozen=True)
class Case:
    """One kind of long input.

    Attributes:
        make: An input of a size.
        read: What is done with it. It may refuse it.
        size: The smaller size; it is reached where the work is more than a call's own.
        stops: The reader stops somewhere, or what is around it costs most.
    """

    make: Callable[[int], Any]
    read: Callable[[Any], object]
    size: int = 1000
    stops: bool = False

    def work(self, given: Any) -> None:
        """Read an input; a refusal is an answer, every other error is one of this table."""
        try:
            self.read(given)
        except REFUSALS:
            return


def repeated(part: str, *, before: str = "", after: str = "") -> Callable[[int], str]:
    """Makes texts of so many parts."""
    return lambda count: before + part * count + after


def repeated_bytes(
    part: bytes, *, before: bytes = b"", after: bytes = b""
) -> Callable[[int], bytes]:
    """Makes bytes of so many parts."""
    return lambda count: before + part * count + after


def numbered(part: str, *, before: str = "", after: str = "") -> Callable[[int], str]:
    """Makes texts of so many parts, each with its number for `#`."""
    return lambda count: (
        before + "".join(part.replace("#", str(number)) for number in range(count)) + after
    )


def in_pieces(feed: Callable[[bytes], object], count: int) -> None:
    """Feed a reader small pieces."""
    for _ in range(count):
        found = feed(PIECE)
        if hasattr(found, "__next__"):
            assert not [*cast(Any, found)]


def itself(count: int) -> int:
    """A size, for work that makes its own input."""
    return count


def run(work: Any) -> None:
    """Run a coroutine without a loop of its own each time."""
    loop = asyncio.new_event_loop()
    try:
        loop.run_until_complete(work)
    finally:
        loop.close()


def begun(decoder: Any, first: bytes) -> Callable[[bytes], Any]:
    """A decoder that has read the beginning of a long message."""
    assert not [*decoder.feed(first)]
    feed: Callable[[bytes], Any] = decoder.feed
    return feed
