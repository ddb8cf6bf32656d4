"""What holds in a room now: what is hidden, who is muted, and how guests may write."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from chatkit.wire.check_marks import run_of


@dataclass(frozen=True)
class Rules:
    """The rules of a room.

    Attributes:
        version: Grows with every change.
        is_paused: Nobody may write.
        slow_s: Seconds between two messages of a guest; 0 for no slow mode.
        hidden: Ids of messages.
        muted: The names of each guest who is muted, by the guest's id.
        muted_names: Names of people without an id who are muted.
        before: Everything that was sent before is hidden; ISO 8601, empty for nothing.
        words: What nobody may write.
    """

    version: int
    is_paused: bool = False
    slow_s: float = 0
    hidden: frozenset[str] = frozenset()
    muted: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    muted_names: frozenset[str] = frozenset()
    before: str = ""
    words: tuple[str, ...] = ()

    @classmethod
    def read(cls, document: Mapping[str, Any]) -> Rules:
        """As the store keeps them."""
        return cls(
            int(document["version"]),
            bool(document["is_paused"]),
            float(document["slow_s"]),
            frozenset(document["hidden"]),
            {key: (*names,) for key, names in document["muted"].items()},
            frozenset(document["muted_names"]),
            str(document["before"]),
            (*document["words"],),
        )

    def document(self) -> dict[str, Any]:
        """For the store."""
        return {
            "version": self.version,
            "is_paused": self.is_paused,
            "slow_s": self.slow_s,
            "hidden": sorted(self.hidden),
            "muted": {key: [*names] for key, names in self.muted.items()},
            "muted_names": sorted(self.muted_names),
            "before": self.before,
            "words": [*self.words],
        }

    def told(self) -> dict[str, Any]:
        """What every phone of the room is told; not the words."""
        names = {name for names in self.muted.values() for name in names}
        return {
            "version": self.version,
            "paused": self.is_paused,
            "slowSeconds": self.slow_s,
            "hidden": {
                "ids": sorted(self.hidden),
                "guests": sorted(self.muted),
                "names": sorted(names | self.muted_names),
                "before": self.before or None,
            },
        }

    @property
    def hides_something(self) -> bool:
        """Whether there is any message that nobody sees."""
        return bool(self.hidden or self.muted or self.muted_names or self.before)

    def why_hidden(self, message: Mapping[str, Any]) -> str:
        """Why nobody sees a message: "hidden", "muted" or "cleared"; empty when everybody does."""
        if _text(message.get("id")) in self.hidden:
            return "hidden"
        if self._is_muted(_text(message.get("senderId")), _text(message.get("sender"))):
            return "muted"
        if self.before and is_before(message, self.before):
            return "cleared"
        return ""

    def _is_muted(self, sender_id: str, sender: str) -> bool:
        if sender_id:
            return sender_id in self.muted
        if sender in self.muted_names:
            return True
        return any(sender in names for names in self.muted.values())


def is_before(message: Mapping[str, Any], moment: str) -> bool:
    """Whether a message was sent before a moment; one that does not say when counts as old."""
    sent_at = _moment(message.get("sentAt"))
    return sent_at is None or sent_at < datetime.fromisoformat(moment)


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _moment(text: object) -> datetime | None:
    try:
        moment = datetime.fromisoformat(str(text))
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


@dataclass(frozen=True)
class View:
    """What somebody sees of a history.

    Attributes:
        rules: What nobody sees.
        with_checks: Also what checks and rehearsals have written: for phones of a rehearsal.
    """

    rules: Rules
    with_checks: bool = False

    def hides(self, message: Mapping[str, Any]) -> bool:
        """Whether a message is not there."""
        if self.rules.why_hidden(message):
            return True
        if self.with_checks:
            return False
        return run_of(_text(message.get("text")), _text(message.get("sentAt"))) != ""


def visible(value: Any, view: View) -> Any:
    """A JSON value without the messages in it that are not there."""
    if isinstance(value, dict):
        return {key: visible(item, view) for key, item in value.items()}
    if not isinstance(value, list):
        return value
    return [visible(item, view) for item in shown(value, view)]


def shown(page: Iterable[Any], view: View) -> list[Any]:
    """What there is of a list."""
    return [item for item in page if not (isinstance(item, dict) and view.hides(item))]
