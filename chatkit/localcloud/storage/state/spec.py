"""What Resource Manager tells the storage data plane about one account."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypedDict


@dataclass(frozen=True)
class AccountSpec:
    """One storage account.

    Attributes:
        name: Account name, lower-case.
        key1: Base64 account key.
        key2: Base64 account key.
        allow_shared_key: False refuses shared key and account/service SAS
            (KeyBasedAuthenticationNotPermitted).
        allow_blob_public_access: False refuses anonymous access to containers whatever their own
            setting.
        is_behind_firewall: True refuses everybody (AuthorizationFailure), also at the website: no
            caller comes from a network that the account's rules let in.
        scope: ARM id of the account, for role checks of bearer tokens.
    """

    name: str
    key1: str = field(repr=False)
    key2: str = field(repr=False)
    allow_shared_key: bool = True
    allow_blob_public_access: bool = False
    is_behind_firewall: bool = False
    scope: str = ""


@dataclass(frozen=True)
class StaticWebsite:
    """Static website setting of an account, whichever side set it (ARM or data plane)."""

    enabled: bool = False
    index_document: str = ""
    default_index_document_path: str = ""
    error_document_404_path: str = ""


class CorsRule(TypedDict):
    """A cross-origin rule as it was set: texts of XML elements, lists separated by commas."""

    AllowedOrigins: str
    AllowedMethods: str
    AllowedHeaders: str
    ExposedHeaders: str
    MaxAgeInSeconds: str


@dataclass(frozen=True)
class ContainerSettings:
    """What a container's own properties say, whichever side set them.

    Attributes:
        public: Anonymous access: "", "blob" or "container".
        modified: Unix time.
        lease: State of its lease.
    """

    public: str = ""
    metadata: dict[str, str] = field(default_factory=dict)
    etag: str = ""
    modified: float = 0.0
    lease: str = "available"
