"""Conditional headers.

Follows Microsoft's page "Specifying conditional headers for Blob service operations". Where it
differs from RFC 9110, Azure wins; `etags.Conditions` has what all services have in common.
"""

from __future__ import annotations

from chatkit.localcloud.core.etags import (
    IF_MATCH,
    IF_NONE_MATCH,
    IF_UNMODIFIED_SINCE,
    NOT_MODIFIED,
    Conditions,
    InvalidDate,
)
from chatkit.localcloud.storage.formats import tag_rules
from chatkit.localcloud.storage.state.errors import StorageError, bad_header
from chatkit.localcloud.storage.state.models import Blob, Container
from chatkit.localcloud.storage.state.request import Request

IF_TAGS = "x-ms-if-tags"
SOURCE_IF_TAGS = "x-ms-source-if-tags"


def check_read(request: Request, found: Blob | Container) -> None:
    """Let a read pass, or answer 304 or 412.

    Raises:
        StorageError: ConditionNotMet, or UnsatisfiableCondition for "only if it is not there".
    """
    if request.header(IF_NONE_MATCH).strip() == "*":
        raise StorageError("UnsatisfiableCondition")
    unmet = _unmet(request, found)
    if unmet in NOT_MODIFIED:
        raise StorageError("ConditionNotMet", status=304, headers={"ETag": found.etag})
    if unmet:
        raise StorageError("ConditionNotMet")


def check_write(
    request: Request,
    found: Blob | Container | None,
    *,
    creates: bool = False,
    holds_lease: bool = False,
) -> None:
    """Let a change pass, or answer 412.

    Args:
        request: The request.
        found: What it would change; None when there is nothing.
        creates: `If-None-Match: *` on something that is there is 409, because the request would
            create it.
        holds_lease: The request names the lease of what is there. Then it passes, as recorded.

    Raises:
        StorageError: ConditionNotMet or BlobAlreadyExists.
    """
    if found is None:
        # RFC 9110 §13.1.4 ignores If-Unmodified-Since where nothing is stored. Azure does not.
        if any(request.header(name) for name in (IF_MATCH, IF_UNMODIFIED_SINCE, IF_TAGS)):
            raise StorageError("ConditionNotMet")
        return
    unmet = _unmet(request, found)
    if unmet == IF_NONE_MATCH and request.header(IF_NONE_MATCH).strip() == "*" and creates:
        if holds_lease:
            return
        raise StorageError("BlobAlreadyExists")
    if unmet:
        raise StorageError("ConditionNotMet")


def check_tags(request: Request, blob: Blob) -> None:
    """Conditions on a blob whose tags are read or set: their own headers, and always 412.

    Raises:
        StorageError: ConditionNotMet.
    """
    if _unmet(request, blob, prefix="x-ms-blob-"):
        raise StorageError("ConditionNotMet")


def check_source(request: Request, source: Blob) -> None:
    """Conditions on the source of a copy; the one on tags has the code of other conditions.

    Raises:
        StorageError: SourceConditionNotMet, or ConditionNotMet for tags.
    """
    unmet = _unmet(request, source, prefix="x-ms-source-", tags=SOURCE_IF_TAGS)
    if unmet == SOURCE_IF_TAGS:
        raise StorageError("ConditionNotMet")
    if unmet:
        raise StorageError("SourceConditionNotMet")


def source_holds(request: Request, source: Blob) -> bool:
    """Say whether the conditions on the source of an operation "From URL" hold."""
    return not _unmet(request, source, prefix="x-ms-source-", tags=SOURCE_IF_TAGS)


def check_tier(request: Request, blob: Blob) -> None:
    """Conditions on when a blob's access tier was set; one that never was is as old as the blob.

    Raises:
        StorageError: ConditionNotMet.
    """
    prefix = "x-ms-access-tier-"
    conditions = Conditions.read(request.headers, prefix=prefix, strict_dates=True)
    try:
        unmet = conditions.unmet(None, blob.tier_changed or blob.created)
    except InvalidDate as error:
        raise bad_header(prefix + error.header, error.text) from None
    if unmet:
        raise StorageError("ConditionNotMet")


def _unmet(
    request: Request, found: Blob | Container, *, prefix: str = "", tags: str = IF_TAGS
) -> str:
    """The name of the first condition that does not hold, without its prefix."""
    # Listings show ETags without quotes, and clients send them back as they found them.
    conditions = Conditions.read(request.headers, prefix=prefix, bare_tags=True, strict_dates=True)
    try:
        unmet = conditions.unmet(found.etag, found.modified)
    except InvalidDate as error:
        raise bad_header(prefix + error.header, error.text) from None
    if unmet or _tags_match(request, found, tags):
        return unmet
    return tags


def _tags_match(request: Request, found: Blob | Container, header: str) -> bool:
    text = request.header(header)
    if not text:
        return True
    if isinstance(found, Container):
        raise StorageError("UnsupportedHeader", details={"HeaderName": header})
    try:
        return tag_rules.parse_condition(text).holds(found.tags)
    except ValueError:
        raise bad_header(header, text) from None
