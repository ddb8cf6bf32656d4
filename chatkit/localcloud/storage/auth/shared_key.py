"""Shared Key authorisation. Follows Microsoft's page "Authorize with Shared Key"."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Iterable, Mapping

from chatkit.core.text.constant_time import is_same_secret
from chatkit.localcloud.core.bearer import parse_authorization
from chatkit.localcloud.core.etags import parse_http_date
from chatkit.localcloud.storage.auth.access import Access
from chatkit.localcloud.storage.formats import dates
from chatkit.localcloud.storage.state.errors import StorageError
from chatkit.localcloud.storage.state.request import Query, Request

SIGNED_HEADERS = (
    "content-encoding",
    "content-language",
    "content-length",
    "content-md5",
    "content-type",
    "date",
    "if-modified-since",
    "if-match",
    "if-none-match",
    "if-unmodified-since",
    "range",
)
MAX_SKEW_S = 15 * 60
# Order in which .NET and the SDKs after it compare header names: case and hyphens do not count at
# first.
ORDER = {
    character: place
    for place, character in enumerate("!#$%&*.^_`|~+0123456789abcdefghijklmnopqrstuvwxyz")
}


def authenticate(request: Request) -> Access | None:
    """Recognise the account's owner by a signature with one of the account's keys.

    Raises:
        StorageError: AuthenticationFailed or KeyBasedAuthenticationNotPermitted.
    """
    scheme, credential = parse_authorization(request.header("authorization"))
    if scheme not in ("sharedkey", "sharedkeylite"):
        return None
    name, _, signature = credential.partition(":")
    if not request.account.spec.allow_shared_key:
        raise StorageError("KeyBasedAuthenticationNotPermitted")
    if name != request.account.name or not signature:
        raise authentication_failed(
            "The account being accessed is not the one that signed the request."
        )
    if scheme == "sharedkeylite":
        raise authentication_failed("SharedKeyLite is not accepted here; use SharedKey.")
    _check_date(request)
    candidates = [
        *strings_to_sign(request.method, request.headers, f"/{name}{request.path}", request.query)
    ]
    if not any(matches(key, text, signature) for text in candidates for key in keys(request)):
        raise authentication_failed(
            f"The MAC signature found in the HTTP request '{signature}' is not the same as any"
            f" computed signature. Server used following string to sign: '{candidates[0]}'."
        )
    return Access("key")


def keys(request: Request) -> tuple[str, str]:
    """Both keys of the account."""
    return request.account.spec.key1, request.account.spec.key2


def matches(key: str, text: str, signature: str) -> bool:
    """Say whether a signature is that of a text."""
    return is_same_secret(sign(key, text), signature)


def sign(key: str, text: str) -> str:
    """HMAC-SHA256 with a base64 key, in base64."""
    return base64.b64encode(
        hmac.digest(base64.b64decode(key), text.encode(), hashlib.sha256)
    ).decode()


def authentication_failed(detail: str) -> StorageError:
    """403 with the reason."""
    return StorageError("AuthenticationFailed", details={"AuthenticationErrorDetail": detail})


def strings_to_sign(
    method: str, headers: Mapping[str, str], resource: str, query: Query
) -> Iterable[str]:
    """What clients may have signed: header names sorted by bytes, or as .NET compares words.

    Args:
        method: HTTP method.
        headers: By lower-case name.
        resource: Slash, account name and the path as it was sent.
        query: Its parameters.
    """
    values = {name: headers.get(name, "") for name in SIGNED_HEADERS}
    # From version 2015-02-21 on, a length of 0 is signed as the empty text.
    if values["content-length"] == "0":
        values["content-length"] = ""
    # x-ms-date is signed among the x-ms- headers, and Date is the empty text then.
    if headers.get("x-ms-date"):
        values["date"] = ""
    before = "\n".join([method, *values.values()])
    after = canonical_resource(resource, query)
    names = [name for name in headers if name.startswith("x-ms-")]
    for ordered in dict.fromkeys([tuple(sorted(names, key=_word_order)), tuple(sorted(names))]):
        lines = [f"{name}:{headers[name].strip()}" for name in ordered]
        yield "\n".join([before, *lines, after])


def canonical_resource(resource: str, query: Query) -> str:
    """The URL's part of the string to sign.

    The path, then parameters by name; commas join several values of one.
    """
    values: dict[str, list[str]] = {}
    for name, value in query.pairs:
        values.setdefault(name.lower(), []).append(value)
    return "\n".join(
        [resource, *(f"{name}:{','.join(sorted(values[name]))}" for name in sorted(values))]
    )


def _word_order(name: str) -> tuple[list[int], list[int]]:
    letters = [ORDER.get(character, 0) for character in name if character != "-"]
    hyphens = [-place for place, character in enumerate(name) if character == "-"]
    return letters, hyphens


def _check_date(request: Request) -> None:
    text = request.header("x-ms-date") or request.header("date")
    at = parse_http_date(text)
    if at is None or abs(at - dates.now()) > MAX_SKEW_S:
        raise authentication_failed(f"Request date header too old, too new or missing: '{text}'")
