"""A chat as its screen shows it: messages are hidden on the screen, and nowhere else."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from chatkit.chat.client.messages import ChatMessage
from chatkit.localcloud.stage.moderation.moderator import UNDO, Moderator
from chatkit.localcloud.stage.moderation.powers import Power, PowerRefused
from chatkit.localcloud.stage.moderation.recent import NEW, REMOVED
from chatkit.localcloud.stage.pace import Pace
from chatkit.wire.hub_messages import Invocation

HUB = "chat"
MAX_PEOPLE = 20_000
ONLY_HERE = "Hidden on this screen only: phones on Azure keep what they have."
NO_POWER = (
    "Azure has no such power: on the target azure the screen hides, mutes, clears and undoes, and"
    " only on itself."
)
SAID: Mapping[str, str] = {
    "hide": ONLY_HERE,
    "show": "The message is shown again on this screen.",
    "mute": ONLY_HERE,
    "unmute": "What this person writes is shown again on this screen.",
    "clear": ONLY_HERE,
}
"""The powers that this screen has, and what the presenter is told of each."""


class Memory:
    """What the rules are kept in: they end with the screen."""

    def __init__(self) -> None:
        self._documents: dict[tuple[str, str], dict[str, Any]] = {}

    def get(self, collection: str, key: str) -> dict[str, Any] | None:
        """The document; None when there is none."""
        return self._documents.get((collection, key))

    def put(self, collection: str, key: str, value: Mapping[str, object]) -> None:
        """Create or replace it."""
        self._documents[collection, key] = dict(value)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """In memory nothing fails half-way."""
        yield


class People:
    """Who has written: as the app knows them, and under which names."""

    def __init__(self) -> None:
        self._names: OrderedDict[str, tuple[str, ...]] = OrderedDict()

    def note(self, sender_id: str, name: str) -> None:
        """Somebody has written under a name."""
        known = self._names.get(sender_id, ())
        if not sender_id or name in known:
            return
        # Of one who changes it all the time, the newest.
        self._names[sender_id] = (name, *known)[:50]
        while len(self._names) > MAX_PEOPLE:
            self._names.popitem(last=False)

    def names_of(self, guest_id: str) -> tuple[str, ...]:
        """The names under which somebody has written, the present one first."""
        return self._names.get(guest_id, ())

    def id_of(self, _name: str) -> str | None:
        """Nobody: on Azure people of one name may be several."""
        return None


class AzureRoom:
    """The messages of a chat on Azure, and what its screen hides of them."""

    def __init__(self) -> None:
        self._people = People()
        self._pace = Pace()
        # Nobody is told of the rules: they are this screen's own.
        self._moderator = Moderator(
            Memory(), self._people, expected=0, hub=HUB, tell=lambda _: None
        )

    def take(self, message: ChatMessage) -> None:
        """A message that arrived live."""
        self._pace.note()
        self._add(message)

    def learn(self, history: Collection[ChatMessage]) -> None:
        """What was said before, the newest first; what is known already stays as it is."""
        for message in reversed([*history]):
            if self._moderator.recent.find(message.id) is None:
                self._add(message)

    def remove(self, ids: Collection[str]) -> None:
        """Messages are no longer in the chat."""
        self._moderator.recent.see(HUB, Invocation(REMOVED, ([*ids],)))

    def use(self, power: Power) -> str:
        """Use a power of this screen; returns what has come of it, in a sentence.

        Raises:
            PowerRefused: There is none of this name here, or it cannot be used so.
        """
        wanted = str(power.get("do"))
        if wanted == UNDO:
            label = self._moderator.undo_label
            self._moderator.use(power)
            return f"Undone on this screen: {label}."
        if wanted not in SAID:
            raise PowerRefused(NO_POWER)
        self._moderator.use(power)
        return SAID[wanted]

    def snapshot(self) -> dict[str, Any]:
        """What the screen shows of it."""
        drills: dict[str, Any] = {"active": [], "kinds": []}
        return {**self._moderator.snapshot(), "drills": drills, "only_here": ONLY_HERE}

    @property
    def messages_per_s(self) -> float:
        """Messages a second, over the last ten."""
        return self._pace.per_second

    def _add(self, message: ChatMessage) -> None:
        if message.is_private or message.recipient:
            return
        self._people.note(message.sender_id, message.sender)
        document = {
            "id": message.id,
            "sender": message.sender,
            "senderId": message.sender_id or None,
            "text": message.text,
            "sentAt": message.sent_at,
        }
        self._moderator.recent.see(HUB, Invocation(NEW, (document,)))
