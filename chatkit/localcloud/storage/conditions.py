"""Conditional headers. Follows Microsoft's page "Specifying conditional headers for Blob service operations"."""

from __future__ import annotations

from chatkit.localcloud.storage import dates
from chatkit.localcloud.storage.call import Call
from chatkit.localcloud.storage.errors import StorageError, bad_header
from chatkit.localcloud.storage.models import Blob, Container

NAMES = ("if-match", "if-none-match", "if-modified-since", "if-unmodified-since")


def check_read(call: Call, found: Blob | Container) -> None:
    """Let a read pass, or answer 304 or 412.

    Raises:
        StorageError: ConditionNotMet, or UnsatisfiableCondition for "only if it is not there".
    """
    if call.header("if-none-match").strip() == "*":
        raise StorageError("UnsatisfiableCondition")
    unmet = _unmet(call, found.etag, found.modified)
    if unmet in ("if-none-match", "if-modified-since"):
        raise StorageError("ConditionNotMet", status=304, headers={"ETag": found.etag})
    if unmet:
        raise StorageError("ConditionNotMet")


def check_write(call: Call, found: Blob | Container | None, *, creates: bool = False) -> None:
    """Let a change pass, or answer 412; `If-None-Match: *` on something that is there is 409 where it would be created.

    Raises:
        StorageError: ConditionNotMet or BlobAlreadyExists.
    """
    refuse_tag_conditions(call)
    if found is None:
        if call.header("if-match") or call.header("if-unmodified-since"):
            raise StorageError("ConditionNotMet")
        return
    unmet = _unmet(call, found.etag, found.modified)
    if unmet == "if-none-match" and call.header("if-none-match").strip() == "*" and creates:
        raise StorageError("BlobAlreadyExists")
    if unmet:
        raise StorageError("ConditionNotMet")


def check_source(call: Call, source: Blob) -> None:
    """Conditions on the source of a copy.

    Raises:
        StorageError: SourceConditionNotMet.
    """
    if _unmet(call, source.etag, source.modified, prefix="x-ms-source-"):
        raise StorageError("SourceConditionNotMet")


def refuse_tag_conditions(call: Call) -> None:
    """Conditions on tags are not evaluated here; to ignore one would be worse than to refuse it.

    Raises:
        StorageError: UnsupportedHeader.
    """
    if call.header("x-ms-if-tags"):
        raise StorageError("UnsupportedHeader", details={"HeaderName": "x-ms-if-tags"})


def _unmet(call: Call, etag: str, modified: float, *, prefix: str = "") -> str:
    """Name of the first condition that does not hold; an ETag condition beats the date condition of its kind."""
    values = {name: call.header(prefix + name) for name in NAMES}
    if values["if-match"]:
        if not _matches(values["if-match"], etag):
            return "if-match"
    elif values["if-unmodified-since"] and int(modified) > _date(prefix + "if-unmodified-since", values["if-unmodified-since"]):
        return "if-unmodified-since"
    if values["if-none-match"]:
        if _matches(values["if-none-match"], etag):
            return "if-none-match"
    elif values["if-modified-since"] and int(modified) <= _date(prefix + "if-modified-since", values["if-modified-since"]):
        return "if-modified-since"
    return ""


def _matches(wanted: str, etag: str) -> bool:
    tags = [tag.strip().removeprefix("W/").strip('"') for tag in wanted.split(",")]
    return "*" in tags or etag.strip('"') in tags


def _date(name: str, text: str) -> float:
    at = dates.parse_http_date(text)
    if at is None:
        raise bad_header(name, text)
    return at
