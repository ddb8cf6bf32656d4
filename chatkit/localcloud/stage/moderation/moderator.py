"""The moderation of one room: its rules over time, and what of them is kept.

A change of the rules is stored before anybody is told of it: what is hidden stays hidden when the
local cloud is killed.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Protocol

from chatkit.core.time import clock
from chatkit.localcloud.stage.moderation import posts
from chatkit.localcloud.stage.moderation.posts import Writer
from chatkit.localcloud.stage.moderation.powers import Change, People, Power, PowerRefused, change
from chatkit.localcloud.stage.moderation.rates import Rates
from chatkit.localcloud.stage.moderation.recent import Recent
from chatkit.localcloud.stage.moderation.rules import Rules
from chatkit.localcloud.stage.moderation.words import WordList

COLLECTION = "stage-rules"
RULES = "rules"
# What a presenter has for the next stage, too.
LASTING = "lasting"
UNDO_STEPS = 50
UNDO = "undo"
NOTHING = "There is nothing to undo."

Tell = Callable[[dict[str, Any]], None]


class Keeps(Protocol):
    """Has documents by collection and key, as the store of the local cloud."""

    def get(self, collection: str, key: str) -> dict[str, Any] | None:
        """The document; None when there is none."""

    def put(self, collection: str, key: str, value: Mapping[str, object]) -> None:
        """Create or replace it."""

    def transaction(self) -> AbstractContextManager[None]:
        """All writes of the block, or none."""


class NothingToUndo(PowerRefused):
    """No power was used that could be taken back."""


class Moderator:
    """Rules of one room, and who may write in it.

    Args:
        store: Keeps the rules.
        people: Who is in the room.
        expected: How many are expected.
        hub: The hub whose messages they are.
        tell: Tells every phone a new document of rules.
    """

    def __init__(
        self, store: Keeps, people: People, *, expected: int, hub: str, tell: Tell
    ) -> None:
        self._store = store
        self._people = people
        self._tell = tell
        self.recent = Recent(hub)
        self.rates = Rates(expected)
        kept = store.get(COLLECTION, RULES)
        if kept is None:
            lasting = store.get(COLLECTION, LASTING) or {}
            self.since = datetime.fromtimestamp(clock.wall(), UTC).isoformat()
            # Greater than every version of a room before.
            self._rules = Rules(
                math.floor(clock.wall() * 1000),
                words=(*lasting.get("words", ()),),
                hidden=frozenset(lasting.get("hidden", ())),
            )
            self._undo: list[dict[str, Any]] = []
            self._keep(self._rules, self._undo)
        else:
            self.since = str(kept["since"])
            self._rules = Rules.read(kept["rules"])
            self._undo = [*kept["undo"]]
        self._words = WordList(self._rules.words)

    @property
    def rules(self) -> Rules:
        """As they are now."""
        return self._rules

    @property
    def undo_label(self) -> str | None:
        """What would be undone; None when there is nothing."""
        return self._undo[-1]["label"] if self._undo else None

    @property
    def undo_steps(self) -> int:
        """How much can be undone."""
        return len(self._undo)

    def use(self, power: Power) -> str:
        """Use a power; returns what has come of it, in a sentence.

        Raises:
            PowerRefused: It cannot be used so.
            NotWritten: The disk takes no writes; nothing has changed.
        """
        if power.get("do") == UNDO:
            return self._take_back()
        made = change(self._rules, power, self._people)
        if made.back is not None:
            step = {"label": self._label(made, power), "back": dict(made.back)}
            self._take(made, [*self._undo, step][-UNDO_STEPS:])
        return made.said

    def _take_back(self) -> str:
        if not self._undo:
            raise NothingToUndo(NOTHING)
        *left, step = self._undo
        try:
            made = change(self._rules, step["back"], self._people)
        except PowerRefused:  # the guest is no more: there is nothing to take back
            made = Change(self._rules, NOTHING)
        self._take(made, left)
        return f"Undone: {step['label']}. {made.said}"

    def _label(self, made: Change, power: Power) -> str:
        known = self.recent.find(str(power.get("id", "")))
        if known is None:
            return made.label
        return f"{made.label} of {known['sender'] or 'somebody'}"

    def _take(self, made: Change, undo: list[dict[str, Any]]) -> None:
        rules = replace(made.rules, version=self._rules.version + 1)
        self._keep(rules, undo)
        self._rules = rules
        self._undo = undo
        self._words = WordList(rules.words)
        self._tell(rules.told())

    def _keep(self, rules: Rules, undo: list[dict[str, Any]]) -> None:
        document = {"rules": rules.document(), "undo": undo, "since": self.since}
        with self._store.transaction():
            self._store.put(COLLECTION, RULES, document)
            lasting = {"words": [*rules.words], "hidden": sorted(rules.hidden)}
            self._store.put(COLLECTION, LASTING, lasting)

    # What guests do

    def admit(self, body: bytes, writer: Writer) -> bytes:
        """What the app gets of a message that a guest has posted.

        Raises:
            PostRefused: It gets nothing.
        """
        message = posts.read(body)
        posts.check(message, writer, self._rules, self._words, self.rates)
        self.rates.take(writer.id)
        return posts.signed(message, writer)

    def forbids_name(self, name: str) -> bool:
        """Whether a name has a word that nobody may write."""
        return self._words.found_in(name) is not None

    def snapshot(self) -> dict[str, Any]:
        """What the presenter's screen shows of it."""
        rules = self._rules
        muted: list[dict[str, str | None]] = [
            {"id": guest, "name": names[0]} for guest, names in rules.muted.items() if names
        ]
        muted += [{"id": None, "name": name} for name in sorted(rules.muted_names)]
        return {
            "messages": self.recent.snapshot(rules),
            "paused": rules.is_paused,
            "slow_s": rules.slow_s,
            "muted": muted,
            "words": [*rules.words],
            "undo": self.undo_label,
            "undo_steps": self.undo_steps,
        }
