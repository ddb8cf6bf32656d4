"""Application registrations as documents: the names are Microsoft Graph's, secrets are hashes.

Follows Microsoft's page "application resource type" of Graph v1.0.
"""

from __future__ import annotations

import hashlib
import secrets
import string
import uuid
from datetime import UTC, datetime, timedelta
from typing import Literal, NotRequired, TypedDict, cast

from chatkit.core.time import clock
from chatkit.localcloud.core.store import Document
from chatkit.localcloud.entra.core.federation import FederatedCredential

# Where redirect URIs stand, which tells the kind of client: web applications are confidential.
ClientKind = Literal["web", "spa", "publicClient"]
CLIENT_KINDS: tuple[ClientKind, ...] = ("web", "spa", "publicClient")
LIFETIME = timedelta(days=180)
LATEST = datetime.max.replace(tzinfo=UTC) - LIFETIME

NO_IMPLICIT_GRANT = {"enableAccessTokenIssuance": False, "enableIdTokenIssuance": False}


class RedirectUris(TypedDict, total=False):
    """The section of one kind of client."""

    redirectUris: list[str]
    implicitGrantSettings: object
    homePageUrl: object
    logoutUrl: object


class PasswordCredential(TypedDict):
    """A client secret: its hash, and its first characters as Graph shows them."""

    keyId: str
    displayName: str
    hint: str
    digest: str
    startDateTime: str
    endDateTime: str


class KeyCredential(TypedDict):
    """A certificate, as the Base64 of its DER bytes."""

    keyId: str
    displayName: object
    startDateTime: str | None
    endDateTime: str | None
    usage: object
    type: object
    key: str


class ApplicationChanges(TypedDict, total=False):
    """What clients of Graph may set. Properties of type object are kept as they are given."""

    displayName: str
    identifierUris: list[str]
    web: RedirectUris
    spa: RedirectUris
    publicClient: RedirectUris
    api: object
    signInAudience: object
    requiredResourceAccess: object
    optionalClaims: object
    isFallbackPublicClient: bool | None
    tags: object
    notes: object
    keyCredentials: list[KeyCredential]
    appRoles: object
    groupMembershipClaims: object


class Application(TypedDict):
    """A registration as the store keeps it."""

    id: str
    appId: str
    displayName: str
    createdDateTime: str
    signInAudience: object
    identifierUris: list[str]
    passwordCredentials: list[PasswordCredential]
    keyCredentials: list[KeyCredential]
    web: RedirectUris
    spa: RedirectUris
    publicClient: RedirectUris
    isFallbackPublicClient: NotRequired[bool | None]
    owners: list[str]
    federatedIdentityCredentials: list[FederatedCredential]


def new_application(app_id: str, name: str, *, owner: str = "") -> Application:
    """A registration that allows nothing yet; its owner is whose object id is given."""
    return {
        "id": str(uuid.uuid4()),
        "appId": app_id,
        "displayName": name,
        "createdDateTime": iso(_now()),
        "signInAudience": "AzureADMyOrg",
        "identifierUris": [],
        "passwordCredentials": [],
        "keyCredentials": [],
        "web": {"redirectUris": [], "implicitGrantSettings": {**NO_IMPLICIT_GRANT}},
        "spa": {"redirectUris": []},
        "publicClient": {"redirectUris": []},
        "owners": [owner] if owner else [],
        "federatedIdentityCredentials": [],
    }


def changed(application: Application, changes: ApplicationChanges) -> Application:
    """A registration with some properties replaced."""
    return cast(Application, {**application, **changes})


def stored(document: Document) -> Application:
    """Read a registration from the store.

    Version 0.1.0 kept a section that was set to null, and version 0.2.0 kept no owners and no
    federated credentials.
    """
    document.setdefault("owners", [])
    document.setdefault("federatedIdentityCredentials", [])
    for kind in CLIENT_KINDS:
        document[kind] = document.get(kind) or {}
    return cast(Application, document)


def redirect_uris(application: Application, kind: ClientKind) -> list[str]:
    """The redirect URIs of one kind of client."""
    return application[kind].get("redirectUris") or []


def new_secret() -> str:
    """A client secret of 40 letters and digits.

    A command line takes a leading "-" for an option.
    """
    return "".join(secrets.choice(string.ascii_letters + string.digits) for _ in range(40))


def password_credential(
    name: str, secret: str, *, start: datetime | None = None, end: datetime | None = None
) -> PasswordCredential:
    """The kept form of a client secret; without other words it lasts 180 days from now on."""
    start = start or _now()
    if end is None:
        end = min(start, LATEST) + LIFETIME
    return {
        "keyId": str(uuid.uuid4()),
        "displayName": name,
        "hint": secret[:3],
        "digest": digest(secret),
        "startDateTime": iso(start),
        "endDateTime": iso(end),
    }


def is_expired(credential: PasswordCredential) -> bool:
    """Whether a secret's time is over. The texts order as the moments do."""
    return credential["endDateTime"] < iso(_now())


def digest(secret: str) -> str:
    """What is kept of a secret."""
    return hashlib.sha256(secret.encode()).hexdigest()


def _now() -> datetime:
    return datetime.fromtimestamp(clock.wall(), UTC)


def iso(moment: datetime) -> str:
    """A moment in UTC as it is kept and shown."""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
