"""What reads the documents of each collection: a document that its reader refuses is damaged."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

from chatkit.core import tls
from chatkit.core.home import state
from chatkit.localcloud.core.platform import PORTS, STEADY_TIME, read_mark
from chatkit.localcloud.core.store import Document
from chatkit.localcloud.entra.core.applications import stored
from chatkit.localcloud.entra.core.principals import Principal
from chatkit.localcloud.entra.core.roles import ASSIGNMENTS, Assignment
from chatkit.localcloud.entra.models import APPLICATIONS, PRINCIPALS
from chatkit.localcloud.resource_manager.core.operations import OPERATIONS, Operation
from chatkit.localcloud.resource_manager.core.state import GROUPS, RESOURCES
from chatkit.localcloud.storage.state.models import Blob, Container
from chatkit.localcloud.storage.state.repository import ACCOUNTS, BLOBS, CONTAINERS, STAGED
from chatkit.localcloud.storage.state.spec import StaticWebsite

REFUSALS = (ValueError, KeyError, TypeError, AttributeError, AssertionError)


def is_damaged(collection: str, key: str, document: Document) -> bool:
    """Say whether the service that a document belongs to could not read it."""
    try:
        if (collection, key) in SINGLE:
            SINGLE[collection, key](document)
        elif collection in READERS:
            READERS[collection](document)
    except REFUSALS:
        return True
    return False


def _texts(*names: str) -> Callable[[Document], object]:
    def read(document: Document) -> None:
        for name in names:
            if not isinstance(document[name], str) or not document[name]:
                raise TypeError(name)

    return read


def _account(document: Document) -> None:
    StaticWebsite(**document["website"])
    _texts("secret")(document)
    dict(document["service"])
    list(document["cors"])


def _application(document: Document) -> None:
    application = stored(document)
    _texts("appId", "displayName")(document)
    list(application["passwordCredentials"])


def _signing_key(document: Document) -> None:
    _texts("kid", "pem")(document)
    tls.read_signing_key(document["pem"])


def _staged(document: Document) -> None:
    _texts("blob", "id", "file")(document)
    int(document["size"])


SINGLE: dict[tuple[str, str], Callable[[Document], object]] = {
    state.TENANT: _texts("tenant_id", "client_id", "client_secret"),
    state.SUBSCRIPTION: _texts("id"),
    state.STARTS: lambda document: int(document["count"]),
    ("entra", "signing-key"): _signing_key,
    STEADY_TIME: read_mark,
}
READERS: dict[str, Callable[[Document], object]] = {
    APPLICATIONS: _application,
    PRINCIPALS: Principal.stored,
    ASSIGNMENTS: lambda document: Assignment(**document),
    PORTS: lambda document: int(document["port"]),
    RESOURCES: _texts("id", "name", "type"),
    GROUPS: _texts("id", "name", "type"),
    OPERATIONS: lambda document: Operation(**document),
    ACCOUNTS: _account,
    CONTAINERS: lambda document: Container.load(cast(Any, document)),
    BLOBS: lambda document: Blob.load(cast(Any, document)),
    STAGED: _staged,
}
