"""Build logs of a site's deployments. A line is a document of its own, and none is written twice.

An installer may print without end. A log keeps its beginning, which says what was begun, and its
end, which says how it ended.
"""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from typing import Final, TypedDict, cast

from chatkit.core.text.masking import excerpt, mask
from chatkit.localcloud.core.store import Document, Store

FIRST_LINES: Final = 200
LAST_LINES: Final = 800
LINE_CHARACTERS: Final = 2000
DIGITS: Final = 9


class LogLine(TypedDict):
    """One line of a build log."""

    log_time: str
    id: str
    message: str
    type: int


class BuildLogs:
    """The logs of one site, by deployment."""

    def __init__(self, store: Store, site: str) -> None:
        self._store = store
        self._collection = f"deployment-logs/{site}"
        # How many lines a log has had, for those that this process writes.
        self._lengths: dict[str, int] = {}

    def add(self, deployment_id: str, message: str, *, is_error: bool = False) -> None:
        """Write a line; the oldest one behind the beginning makes room for it.

        Raises:
            NotWritten: The disk is full, or takes no writes; nothing has changed.
        """
        number = self._length(deployment_id)
        line: LogLine = {
            "log_time": now(),
            "id": str(uuid.uuid4()),
            "message": shortened(message),
            "type": 2 if is_error else 0,
        }
        with self._store.transaction():
            self._store.put(self._collection, _key(deployment_id, number), cast(Document, line))
            if number >= FIRST_LINES + LAST_LINES:
                self._store.delete(self._collection, _key(deployment_id, number - LAST_LINES))
            self._store.on_undo(self._lengths.clear)
            self._lengths[deployment_id] = number + 1

    def lines(self, deployment_id: str) -> list[LogLine]:
        """All lines that are kept; where some are not, a line says how many."""
        found: list[LogLine] = []
        expected = 0
        for key, document in self._store.items(self._collection, f"{deployment_id}/"):
            line = cast(LogLine, document)
            number = _number(key)
            if number > expected:
                found.append(_left_out(number - expected, line["log_time"]))
            found.append(line)
            expected = number + 1
        return found

    def forget(self, deployment_id: str) -> None:
        """Delete a log."""
        self._store.delete_all(self._collection, f"{deployment_id}/")
        self._lengths.pop(deployment_id, None)

    def _length(self, deployment_id: str) -> int:
        known = self._lengths.get(deployment_id)
        if known is not None:
            return known
        keys = [key for key, _ in self._store.items(self._collection, f"{deployment_id}/")]
        return _number(keys[-1]) + 1 if keys else 0


def shortened(message: str) -> str:
    """What a log keeps of a message: its beginning, without secrets."""
    return mask(excerpt(message, LINE_CHARACTERS))


def now() -> str:
    """The time as SCM writes it."""
    return datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def _key(deployment_id: str, number: int) -> str:
    return f"{deployment_id}/{number:0{DIGITS}}"


def _number(key: str) -> int:
    return int(key.rpartition("/")[2])


def _left_out(count: int, log_time: str) -> LogLine:
    message = f"... {count:,} lines are left out ..."
    return {"log_time": log_time, "id": str(uuid.UUID(int=count)), "message": message, "type": 0}
