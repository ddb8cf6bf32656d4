"""How a process of a home lets others of the same user ask it: port and token, in a private file.

The file lies beside the lock with which the process says that it runs, and counts only as long as
that one is held: another program that gets the port later is asked nothing.
"""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path

from chatkit.core.errors import NotWritten
from chatkit.core.files import write_private
from chatkit.core.running.presence import LETTER_SUFFIX, Running, running
from chatkit.core.system.moving import read_file, remove

TOKEN_HEADER = "x-chatkit-token"
"""What the token is shown in. No page of another site can send it unasked: it needs a preflight."""


@dataclass(frozen=True)
class Reachable:
    """Where a process answers, and what it wants to be shown.

    Attributes:
        port: On 127.0.0.1.
        token: Known to this user's programs only.
        room: HOST:PORT at which a room reaches it now; empty where none does.
    """

    port: int
    token: str = field(repr=False)
    room: str = ""


def new_token() -> str:
    """A token for one process."""
    return secrets.token_urlsafe(32)


@contextmanager
def told(home: Path | None, kind: str, reachable: Reachable) -> Iterator[None]:
    """Tell where this process answers while the block runs.

    Args:
        home: The home in whose list it stands; None when it belongs to none.
        kind: What it is there.
        reachable: What to tell.
    """
    if home is None:
        yield
        return
    tell(home, kind, reachable)
    try:
        yield
    finally:
        with suppress(OSError):
            remove(_path(home, kind))


def tell(home: Path, kind: str, reachable: Reachable) -> None:
    """Tell where this process answers from now on, until the block of `told` ends."""
    with suppress(NotWritten, OSError):  # a full disk: the work goes on, and nobody asks
        write_private(_path(home, kind), json.dumps(asdict(reachable)))


def those_running(home: Path, kind: str) -> list[tuple[Running, Reachable]]:
    """The processes of a kind that run for a home and have told where they answer."""
    found: list[tuple[Running, Reachable]] = []
    for one in running(home):
        reachable = _read(one.path.with_suffix(LETTER_SUFFIX))
        if one.kind == kind and reachable is not None:
            found.append((one, reachable))
    return found


def _path(home: Path, kind: str) -> Path:
    return home / "running" / f"{kind}-{os.getpid()}{LETTER_SUFFIX}"


def _read(path: Path) -> Reachable | None:
    try:
        known = json.loads(read_file(path))
        return Reachable(int(known["port"]), str(known["token"]), room=str(known.get("room", "")))
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None
