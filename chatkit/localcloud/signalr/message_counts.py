"""The number of messages of the day, kept: a restart of the local cloud does not reset it."""

from __future__ import annotations

from contextlib import suppress
from typing import Final

from chatkit.core.errors import NotWritten
from chatkit.localcloud.core.store import Store
from chatkit.localcloud.signalr.core.instance import Instance

COLLECTION: Final = "signalr-messages"


class MessageCounts:
    """What the instances have counted, in the store.

    Args:
        store: Keeps a document an instance.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._kept: dict[str, tuple[int, int]] = {}

    def restore(self, instance: Instance) -> None:
        """Let an instance count on from where the one before it was."""
        name = instance.spec.name
        known = self._store.get(COLLECTION, name)
        if known is not None:
            self._kept[name] = (int(known["day"]), int(known["messages"]))
            instance.quotas.go_on_from(*self._kept[name])

    def keep(self, instance: Instance) -> None:
        """Write what an instance has counted since. On a full disk the count of before stays."""
        name = instance.spec.name
        day, messages = instance.quotas.counted
        if self._kept.get(name, (day, 0)) == (day, messages):
            return
        self._kept[name] = (day, messages)
        with suppress(NotWritten):
            self._store.put(COLLECTION, name, {"day": day, "messages": messages})

    def forget(self, name: str) -> None:
        """An instance has gone for good."""
        self._kept.pop(name, None)
        self._store.delete(COLLECTION, name)
