"""What a blob's or container's headers say, both ways.

Follows Microsoft's "Get Blob Properties".
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Mapping

from chatkit.localcloud.core.etags import http_date
from chatkit.localcloud.storage.formats.xmltext import Element
from chatkit.localcloud.storage.operations import leases
from chatkit.localcloud.storage.state.errors import StorageError
from chatkit.localcloud.storage.state.models import APPEND, Blob, Container
from chatkit.localcloud.storage.state.request import Request

CONTENT_HEADERS = {
    "x-ms-blob-content-type": "Content-Type",
    "x-ms-blob-content-encoding": "Content-Encoding",
    "x-ms-blob-content-language": "Content-Language",
    "x-ms-blob-content-md5": "Content-MD5",
    "x-ms-blob-cache-control": "Cache-Control",
    "x-ms-blob-content-disposition": "Content-Disposition",
}
FROM_REQUEST = ("Content-Type", "Content-Encoding", "Content-Language", "Cache-Control")
OVERRIDES = {
    "rscc": "Cache-Control",
    "rscd": "Content-Disposition",
    "rsce": "Content-Encoding",
    "rscl": "Content-Language",
    "rsct": "Content-Type",
}
METADATA_NAME = re.compile(r"[A-Za-z_]\w*$", re.ASCII)
MAX_METADATA_BYTES = 8192
DEFAULT_TYPE = "application/octet-stream"


def content_headers(request: Request, *, own: bool = False) -> dict[str, str]:
    """The content headers a request gives a blob.

    Args:
        request: The request.
        own: The request's own Content-Type and so on count where no `x-ms-blob-…` header is given:
            Put Blob.
    """
    given: dict[str, str] = {}
    if own:
        for name in FROM_REQUEST:
            given[name] = request.header(name.lower())
    for header, name in CONTENT_HEADERS.items():
        given[name] = request.header(header) or given.get(name, "")
    return {name: value for name, value in given.items() if value}


def metadata(request: Request) -> dict[str, str]:
    """The metadata a request gives.

    Raises:
        StorageError: EmptyMetadataKey, InvalidMetadata or MetadataTooLarge.
    """
    for name in request.metadata:
        if not name:
            raise StorageError("EmptyMetadataKey")
        if not METADATA_NAME.match(name):
            raise StorageError("InvalidMetadata")
    if sum(len(name) + len(value) for name, value in request.metadata.items()) > MAX_METADATA_BYTES:
        raise StorageError("MetadataTooLarge")
    return dict(request.metadata)


def md5_of(text: str, header: str = "content-md5") -> bytes:
    """Decode an MD5 header.

    Raises:
        StorageError: InvalidMd5.
    """
    try:
        digest = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        digest = b""
    if len(digest) != hashlib.md5(usedforsecurity=False).digest_size:
        raise StorageError("InvalidMd5", details={"HeaderName": header, "HeaderValue": text})
    return digest


def metadata_headers(found: Blob | Container) -> dict[str, str]:
    """Metadata as headers."""
    return {f"x-ms-meta-{name}": value for name, value in found.metadata.items()}


def validators(found: Blob | Container) -> dict[str, str]:
    """ETag and Last-Modified."""
    return {"ETag": found.etag, "Last-Modified": http_date(found.modified)}


def change_headers(blob: Blob) -> dict[str, str]:
    """Headers of the answer to a change of a blob."""
    return {**validators(blob), "x-ms-request-server-encrypted": "true"}


def blob_headers(request: Request, blob: Blob) -> dict[str, str]:
    """Headers of Get Blob and Get Blob Properties, but for the length."""
    headers = {
        "Content-Type": DEFAULT_TYPE,
        **blob.headers,
        **validators(blob),
        "Accept-Ranges": "bytes",
        "x-ms-blob-type": blob.kind,
        "x-ms-creation-time": http_date(blob.created),
        "x-ms-server-encrypted": "true",
        **leases.lease_headers(blob.lease),
        **metadata_headers(blob),
        **{f"x-ms-copy-{name}": value for name, value in blob.copy.items()},
    }
    if blob.kind == APPEND:
        headers["x-ms-blob-committed-block-count"] = str(blob.append_blocks)
        if blob.sealed:
            headers["x-ms-blob-sealed"] = "true"
    if blob.tags:
        headers["x-ms-tag-count"] = str(len(blob.tags))
    # A signature can replace content headers; without one the parameters have no effect.
    if "sig" in request.query:
        for parameter, name in OVERRIDES.items():
            if parameter in request.query:
                headers[name] = request.query.get(parameter)
    return headers


def blob_element(blob: Blob, tier: Mapping[str, str]) -> Element:
    """A blob's properties in a listing, with what it shows of the access tier."""
    values = {
        "Creation-Time": http_date(blob.created),
        "Last-Modified": http_date(blob.modified),
        "Etag": blob.etag.strip('"'),
        "Content-Length": str(blob.size),
        **{name: blob.headers.get(name, "") for name in CONTENT_HEADERS.values()},
        "Content-Type": blob.headers.get("Content-Type", DEFAULT_TYPE),
        "BlobType": blob.kind,
    }
    values.update(tier)
    values.update(_lease_values(blob))
    values["ServerEncrypted"] = "true"
    if blob.sealed:
        values["Sealed"] = "true"
    if blob.tags:
        values["TagCount"] = str(len(blob.tags))
    return Element("Properties", [Element(name, value) for name, value in values.items()])


def container_element(container: Container) -> Element:
    """A container's properties in a listing."""
    values = {
        "Last-Modified": http_date(container.modified),
        "Etag": container.etag,
        **_lease_values(container),
    }
    if container.public:
        values["PublicAccess"] = container.public
    values |= {
        "HasImmutabilityPolicy": "false",
        "HasLegalHold": "false",
        "ImmutableStorageWithVersioningEnabled": "false",
        "DefaultEncryptionScope": "$account-encryption-key",
        "DenyEncryptionScopeOverride": "false",
    }
    return Element("Properties", [Element(name, value) for name, value in values.items()])


def metadata_element(found: Blob | Container) -> Element:
    """Metadata in a listing."""
    return Element("Metadata", [Element(name, value) for name, value in found.metadata.items()])


def _lease_values(found: Blob | Container) -> dict[str, str]:
    names = {
        "x-ms-lease-status": "LeaseStatus",
        "x-ms-lease-state": "LeaseState",
        "x-ms-lease-duration": "LeaseDuration",
    }
    return {names[name]: value for name, value in leases.lease_headers(found.lease).items()}
