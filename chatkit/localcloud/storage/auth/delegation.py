"""User delegation keys. They are derived from the account's secret, so that none has to be kept."""

from __future__ import annotations

import base64
import hashlib
import hmac
from dataclasses import astuple, dataclass

from chatkit.localcloud.entra.tokens import Claims
from chatkit.localcloud.storage.formats import dates
from chatkit.localcloud.storage.formats.xmltext import Element
from chatkit.localcloud.storage.state.errors import StorageError
from chatkit.localcloud.storage.state.request import NEWEST_VERSION

MAX_LIFETIME_S = 7 * 24 * 3600


@dataclass(frozen=True)
class DelegationKey:
    """What a user delegation key is bound to."""

    oid: str
    tid: str
    start: str
    expiry: str
    service: str = "b"
    version: str = NEWEST_VERSION
    delegated_user_tid: str = ""


def read_request(given: Element, claims: Claims) -> DelegationKey:
    """Understand what is asked for.

    Raises:
        StorageError: InvalidXmlNodeValue for times that cannot be.
    """
    start_text = given.value("Start")
    start: float | None = dates.now()
    if start_text:
        start = dates.parse_iso(start_text)
    expiry_text = given.value("Expiry")
    expiry = dates.parse_iso(expiry_text)
    if given.name != "KeyInfo" or start is None or expiry is None:
        raise StorageError("InvalidXmlNodeValue")
    if start < dates.now() - MAX_LIFETIME_S - 60:
        raise StorageError(
            "InvalidXmlNodeValue", details={"XmlNodeName": "Start", "XmlNodeValue": start_text}
        )
    if expiry <= start or expiry > dates.now() + MAX_LIFETIME_S + 60:
        raise StorageError(
            "InvalidXmlNodeValue", details={"XmlNodeName": "Expiry", "XmlNodeValue": expiry_text}
        )
    delegated = given.value("DelegatedUserTid")
    return DelegationKey(
        claims.oid, claims.tid, _seconds(start), _seconds(expiry), delegated_user_tid=delegated
    )


def value(secret: str, key: DelegationKey) -> str:
    """The key itself, base64."""
    text = "\n".join(astuple(key))
    return base64.b64encode(
        hmac.digest(base64.b64decode(secret), text.encode(), hashlib.sha256)
    ).decode()


def element(key: DelegationKey, key_value: str) -> Element:
    """The answer."""
    values = {
        "SignedOid": key.oid,
        "SignedTid": key.tid,
        "SignedStart": key.start,
        "SignedExpiry": key.expiry,
        "SignedService": key.service,
        "SignedVersion": key.version,
        "SignedDelegatedUserTid": key.delegated_user_tid,
        "Value": key_value,
    }
    return Element(
        "UserDelegationKey", [Element(name, text) for name, text in values.items() if text]
    )


def _seconds(at: float) -> str:
    return dates.iso(at)[:19] + "Z"
