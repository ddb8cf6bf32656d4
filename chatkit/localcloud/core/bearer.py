"""The Authorization header: its scheme, the token of `Bearer`, the name and password of `Basic`.

Follows RFC 9110 §11.6.2, RFC 6750 §2.1 and RFC 7617 §2. Every service reads the header here and
answers in its own format.
"""

from __future__ import annotations

import base64
from typing import NamedTuple


class Authorization(NamedTuple):
    """What an Authorization header holds.

    Attributes:
        scheme: In small letters, because schemes compare in any case (RFC 9110 §11.1); empty
            without a header.
        credentials: The rest, without the spaces around it.
    """

    scheme: str
    credentials: str


def parse_authorization(header: str) -> Authorization:
    """Read the value of an Authorization header; an absent one is the empty text."""
    scheme, _, credentials = header.strip(" \t").partition(" ")
    return Authorization(scheme.lower(), credentials.strip())


def bearer_token(header: str) -> str:
    """The token of an Authorization header; empty without one, or with another scheme."""
    scheme, credentials = parse_authorization(header)
    if scheme != "bearer":
        return ""
    return credentials


def basic_credentials(credentials: str) -> tuple[str, str] | None:
    """The user name and the password of scheme `basic`; None when they cannot be read."""
    try:
        user, _, password = base64.b64decode(credentials).decode().partition(":")
    except ValueError:
        return None
    return user, password
