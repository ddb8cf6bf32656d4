"""Ways in which a file of a home may be damaged."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

Damage = Callable[[Path], None]


def truncate(path: Path) -> None:
    """Half of it is gone, as after a copy that was broken off."""
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])


def empty(path: Path) -> None:
    """Nothing of it is there, as after a power failure on some file systems."""
    path.write_bytes(b"")


def overwrite(path: Path) -> None:
    """Something else is in it."""
    path.write_bytes(b"\x00\xff\x13 not what it was \r\n" * 60)


def text(path: Path) -> None:
    """A person has saved a note in its place."""
    path.write_text("this is no such file\n", encoding="utf-8")


def nested(path: Path) -> None:
    """JSON that no reader gets to the end of."""
    path.write_text("[" * 100_000, encoding="utf-8")


def other_json(path: Path) -> None:
    """JSON, and another document."""
    path.write_text('{"version": 7}', encoding="utf-8")


DAMAGES: Mapping[str, Damage] = {
    "truncated": truncate,
    "emptied": empty,
    "garbage": overwrite,
    "a note": text,
}
JSON_DAMAGES: Mapping[str, Damage] = {
    **DAMAGES,
    "nested without end": nested,
    "another document": other_json,
}
STOP: Mapping[str, Mapping[str, Damage]] = {
    "settings.json": JSON_DAMAGES,
    "local/version.json": JSON_DAMAGES,
    "local/state.db": DAMAGES,
    "local/tls/ca.pem": DAMAGES,
    "local/tls/server.pem": DAMAGES,
    "local/tls/server.key": DAMAGES,
}
"""Files that the kit cannot do without, and what is done to each."""
FORGOTTEN: Mapping[str, Mapping[str, Damage]] = {
    "timings.json": JSON_DAMAGES,
    "steps.json": JSON_DAMAGES,
    "chatfiles.json": DAMAGES,
    "notebooks.json": DAMAGES,
    "servers/functions.json": JSON_DAMAGES,
    "local/cloud.json": JSON_DAMAGES,
}
"""Records that the kit can do without."""
UNREAD = (
    "local/lock",
    "local/reserve",
    "local/state.copy.db",
    "local/tls/bundle.pem",  # it is written anew where it differs
    "local/cloud.log",
    "local/cloud.out",
    "logs/functions.log",
)
"""Files whose content it does not read."""
STOPPING = [(name, damage) for name, damages in STOP.items() for damage in damages]
FORGETTING = [(name, damage) for name, damages in FORGOTTEN.items() for damage in damages]
