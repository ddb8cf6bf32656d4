"""What Resource Manager keeps: resources and groups as documents, with indexes by type and name.

Keys are lower-cased ids, the documents hold the casing of their creation. Documents live in the
store only; the indexes (keys) live in memory, so that a get or a page of a list costs the same
whatever the store holds.
"""

from __future__ import annotations

import asyncio
from bisect import bisect_left, insort
from collections.abc import Iterator
from typing import Generic, TypeVar, cast
from weakref import WeakValueDictionary

from chatkit.core.time.propagation import DELETED, LIST
from chatkit.localcloud.core.store import Store
from chatkit.localcloud.recorded.clock import Clock
from chatkit.localcloud.resource_manager.core.documents import Group, JsonObject, Resource, iso

RESOURCES = "resources"
GROUPS = "resource-groups"
TEMPLATE_DEPLOYMENTS = "template-deployments"
DEPLOYMENT_OPERATIONS = "template-deployment-operations"
Kept = TypeVar("Kept", Resource, Group)


class Documents(Generic[Kept]):
    """Documents of one collection of the store."""

    def __init__(self, store: Store, collection: str) -> None:
        self._store = store
        self._collection = collection
        self._keys: list[str] = []
        self._by_type: dict[str, list[str]] = {}
        self._by_name: dict[tuple[str, str], set[str]] = {}
        for key, document in store.items(collection):
            self._index(key, cast(Kept, document))

    def _index(self, key: str, document: Kept) -> None:
        type_ = document["type"].lower()
        insort(self._keys, key)
        insort(self._by_type.setdefault(type_, []), key)
        self._by_name.setdefault((type_, document["name"].lower()), set()).add(key)

    def get(self, id_: str) -> Kept | None:
        """The document with this id, whatever its casing."""
        return cast("Kept | None", self._store.get(self._collection, id_.lower()))

    def put(self, document: Kept) -> None:
        """Create or replace a document under its id."""
        key = document["id"].lower()
        self._stamp(document, self.get(key))
        self._store.put(self._collection, key, cast(JsonObject, document))
        if not _has(self._keys, key):
            self._index(key, document)
            self._store.on_undo(lambda: self._forget(key, document))

    def _stamp(self, document: Kept, old: Kept | None) -> None:
        """Note when a document was made and changed."""
        document["changedTime"] = iso()
        if old is None:
            document["createdTime"] = document["changedTime"]
        elif "createdTime" in old:
            document["createdTime"] = old["createdTime"]

    def delete(self, id_: str) -> bool:
        """Remove a document; say whether it was there."""
        key = id_.lower()
        document = self.get(key)
        if document is None:
            return False
        self._store.delete(self._collection, key)
        self._forget(key, document)
        self._store.on_undo(lambda: self._index(key, document))
        return True

    def _forget(self, key: str, document: Kept) -> None:
        type_ = document["type"].lower()
        for keys in (self._keys, self._by_type[type_]):
            del keys[bisect_left(keys, key)]
        self._by_name[type_, document["name"].lower()].discard(key)

    def named(self, type_: str, name: str) -> list[str]:
        """Keys of the resources of a type with this name, in any group: for global names."""
        return sorted(self._by_name.get((type_.lower(), name.lower()), ()))

    def keys(self, *, type_: str = "", prefix: str = "", after: str = "") -> Iterator[str]:
        """Keys in order.

        Args:
            type_: Only this resource type.
            prefix: Only ids that start with this text (any casing).
            after: Only keys behind this one.
        """
        prefix = prefix.lower()
        keys = self._by_type.get(type_.lower(), []) if type_ else self._keys
        start = bisect_left(keys, prefix)
        if after:
            start = max(start, bisect_left(keys, after + "\0"))
        for index in range(start, len(keys)):
            if not keys[index].startswith(prefix):
                return
            yield keys[index]

    def all(self, *, type_: str = "", prefix: str = "") -> Iterator[Kept]:
        """Documents in key order; see `keys`."""
        for key in [*self.keys(type_=type_, prefix=prefix)]:
            document = self.get(key)
            if document is not None:
                yield document


class Cached(Generic[Kept]):
    """Documents as lists from a cache show them: what is new not at once, what was deleted on.

    So are the lists of a subscription, of all resources and of groups; a group's list of one type
    asks its provider (Azure/AKS#1964, Azure/azure-rest-api-specs#21221 and #28600).

    Args:
        documents: Those that there are.
        clock: Says what is known late.
    """

    def __init__(self, documents: Documents[Kept], clock: Clock) -> None:
        self._documents: Documents[Kept] = documents
        self._clock = clock
        self._deleted: dict[str, Kept] = {}

    def note_deleted(self, document: Kept) -> None:
        """Go on showing what was deleted, for a while."""
        key = document["id"].lower()
        self._clock.propagating.end(LIST, key)
        self._clock.begin(DELETED, key)
        kept = {**self._deleted, key: document}
        self._deleted = {id_: one for id_, one in kept.items() if self._is_shown(id_)}

    def _is_shown(self, key: str) -> bool:
        return self._clock.is_late(DELETED, key)

    def get(self, id_: str) -> Kept | None:
        """The document with this id, whatever its casing."""
        found = self._documents.get(id_)
        return found if found is not None else self._deleted.get(id_.lower())

    def keys(self, *, type_: str = "", prefix: str = "", after: str = "") -> Iterator[str]:
        """Keys in order; see `Documents.keys`."""
        there = self._documents.keys(type_=type_, prefix=prefix, after=after)
        if not self._clock.propagating:
            return there
        known = {key for key in there if not self._clock.is_late(LIST, key)}
        gone = {key for key in self._deleted if self._is_shown(key)}
        wanted = (prefix.lower(), type_.lower())
        gone = {key for key in gone if key > after and self._fits(key, *wanted)}
        return iter(sorted(known | gone))

    def _fits(self, key: str, prefix: str, type_: str) -> bool:
        is_type = not type_ or self._deleted[key]["type"].lower() == type_
        return is_type and key.startswith(prefix)


class Locks:
    """One change of a resource at a time. A lock lives as long as somebody holds or awaits it."""

    def __init__(self) -> None:
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    def of(self, id_: str) -> asyncio.Lock:
        """The lock of the resource with this id."""
        return self._locks.setdefault(id_.lower(), asyncio.Lock())

    def held_below(self, id_: str) -> list[str]:
        """Ids of the resources below a scope that are being changed now."""
        prefix = id_.lower() + "/"
        return [
            key for key, lock in self._locks.items() if key.startswith(prefix) and lock.locked()
        ]


def _has(keys: list[str], key: str) -> bool:
    index = bisect_left(keys, key)
    return index < len(keys) and keys[index] == key
