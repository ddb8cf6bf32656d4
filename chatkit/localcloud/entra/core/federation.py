"""Federated identity credentials: whose tokens prove an application instead of a secret.

Follows Microsoft's pages "federatedIdentityCredential resource type" of Graph v1.0 and "Configure
an application to trust a managed identity".
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TypedDict

# What a token has to be for that is shown to Entra in the place of a secret.
EXCHANGE = "api://AzureADTokenExchange"
MOST = 20
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{2,119}")


class FederatedCredential(TypedDict):
    """One trusted subject of one issuer."""

    id: str
    name: str
    issuer: str
    subject: str
    description: str | None
    audiences: list[str]


class NoMatch(Exception):
    """No credential of an application fits a token.

    Args:
        claim: What of the token fits none: "issuer", "audience", "subject" or "case", where only
            the letters' case of the subject differs.
    """

    def __init__(self, claim: str) -> None:
        super().__init__(claim)
        self.claim = claim


def match(
    known: Sequence[FederatedCredential], *, issuer: str, subject: str, audience: str
) -> FederatedCredential:
    """The credential that fits a token's claims. They compare letter by letter.

    Raises:
        NoMatch: No credential fits.
    """
    trusted = [one for one in known if one["issuer"] == issuer]
    if not trusted:
        raise NoMatch("issuer")
    meant = [one for one in trusted if audience in one["audiences"]]
    if not meant:
        raise NoMatch("audience")
    for one in meant:
        if one["subject"] == subject:
            return one
    folded = [one["subject"].lower() for one in meant]
    raise NoMatch("case" if subject.lower() in folded else "subject")
