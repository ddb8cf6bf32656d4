"""Which managed identities the code of a resource may ask for, and the secret it asks with."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field

from chatkit.core.text.constant_time import is_same_secret
from chatkit.localcloud.core.store import Document, Store

HOSTS = "entra-identity-hosts"


@dataclass(frozen=True)
class IdentityHost:
    """A resource whose code runs with managed identities.

    Attributes:
        header: Value of IDENTITY_HEADER there.
        system: Object id of its system-assigned identity; empty without one.
        assigned: Object ids of the user-assigned ones.
        resource_id: ARM id of the resource; a name of another kind for programs of the person.
    """

    header: str = field(repr=False)
    system: str = ""
    assigned: tuple[str, ...] = ()
    resource_id: str = ""


class IdentityHosts:
    """All of them, by ARM id of the resource."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def put(self, resource_id: str, *, system: str, assigned: tuple[str, ...]) -> IdentityHost:
        """Say what a resource has now; its secret stays the same."""
        known = self._store.get(HOSTS, resource_id.lower())
        header = str(known["header"]) if known else secrets.token_hex(16).upper()
        host = IdentityHost(header, system, assigned, resource_id.lower())
        document: Document = {"header": header, "system": system, "assigned": [*assigned]}
        if document != known:
            self._store.put(HOSTS, resource_id.lower(), document)
        return host

    def remove(self, resource_id: str) -> None:
        """Forget a resource."""
        if self._store.get(HOSTS, resource_id.lower()) is not None:
            self._store.delete(HOSTS, resource_id.lower())

    def of(self, resource_id: str) -> IdentityHost:
        """What a resource has now."""
        document = self._store.get(HOSTS, resource_id.lower()) or {}
        return _host(resource_id.lower(), document)

    def by_header(self, header: str) -> IdentityHost | None:
        """The resource whose code sends this secret."""
        for resource_id, document in self._store.items(HOSTS):
            if is_same_secret(str(document["header"]), header):
                return _host(resource_id, document)
        return None


def _host(resource_id: str, document: Document) -> IdentityHost:
    header, system = (str(document.get(name, "")) for name in ("header", "system"))
    assigned = tuple(map(str, document.get("assigned", ())))
    return IdentityHost(header, system, assigned, resource_id)
