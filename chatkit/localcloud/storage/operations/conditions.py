"""Conditional headers. Follows Microsoft's page "Specifying conditional headers for Blob service operations"."""

from __future__ import annotations

from chatkit.localcloud.storage.formats import dates, tag_rules
from chatkit.localcloud.storage.state.call import Call
from chatkit.localcloud.storage.state.errors import StorageError, bad_header
from chatkit.localcloud.storage.state.models import Blob, Container

TAGS = "x-ms-if-tags"
NAMES = ("if-match", "if-none-match", "if-modified-since", "if-unmodified-since")


def check_read(call: Call, found: Blob | Container) -> None:
    """Let a read pass, or answer 304 or 412.

    Raises:
        StorageError: ConditionNotMet, or UnsatisfiableCondition for "only if it is not there".
    """
    if call.header("if-none-match").strip() == "*":
        raise StorageError("UnsatisfiableCondition")
    unmet = _unmet(call, found)
    if unmet in ("if-none-match", "if-modified-since"):
        raise StorageError("ConditionNotMet", status=304, headers={"ETag": found.etag})
    if unmet:
        raise StorageError("ConditionNotMet")


def check_write(call: Call, found: Blob | Container | None, *, creates: bool = False) -> None:
    """Let a change pass, or answer 412; `If-None-Match: *` on something that is there is 409 where it would be created.

    Raises:
        StorageError: ConditionNotMet or BlobAlreadyExists.
    """
    if found is None:
        if any(call.header(name) for name in ("if-match", "if-unmodified-since", TAGS)):
            raise StorageError("ConditionNotMet")
        return
    unmet = _unmet(call, found)
    if unmet == "if-none-match" and call.header("if-none-match").strip() == "*" and creates:
        raise StorageError("BlobAlreadyExists")
    if unmet:
        raise StorageError("ConditionNotMet")


def check_tags(call: Call, blob: Blob) -> None:
    """Conditions on a blob whose tags are read or set: their own headers, and always 412.

    Raises:
        StorageError: ConditionNotMet.
    """
    if _unmet(call, blob, prefix="x-ms-blob-"):
        raise StorageError("ConditionNotMet")


def source_holds(call: Call, source: Blob) -> bool:
    """Say whether the conditions on the source of a copy hold."""
    return not _unmet(call, source, prefix="x-ms-source-", tags="x-ms-source-if-tags")


def _unmet(call: Call, found: Blob | Container, *, prefix: str = "", tags: str = TAGS) -> str:
    """Name of the first condition that does not hold; an ETag condition beats the date condition of its kind."""
    values, changed = {name: call.header(prefix + name) for name in NAMES}, int(found.modified)
    if values["if-match"]:
        if not _matches(values["if-match"], found.etag):
            return "if-match"
    elif values["if-unmodified-since"] and changed > _date(
        prefix + "if-unmodified-since", values["if-unmodified-since"]
    ):
        return "if-unmodified-since"
    if values["if-none-match"]:
        if _matches(values["if-none-match"], found.etag):
            return "if-none-match"
    elif values["if-modified-since"] and changed <= _date(
        prefix + "if-modified-since", values["if-modified-since"]
    ):
        return "if-modified-since"
    return "" if _tags_match(call, found, tags) else tags


def _tags_match(call: Call, found: Blob | Container, header: str) -> bool:
    text = call.header(header)
    if not text:
        return True
    if isinstance(found, Container):
        raise StorageError("UnsupportedHeader", details={"HeaderName": header})
    try:
        return tag_rules.parse(text, condition=True).holds(found.tags)
    except ValueError:
        raise bad_header(header, text) from None


def _matches(wanted: str, etag: str) -> bool:
    tags = [tag.strip().removeprefix("W/").strip('"') for tag in wanted.split(",")]
    return "*" in tags or etag.strip('"') in tags


def _date(name: str, text: str) -> float:
    at = dates.parse_http_date(text)
    if at is None:
        raise bad_header(name, text)
    return at
