"""Attempts to be an application by the token of somebody whom it does not trust."""

from __future__ import annotations

from tests.attacks.group import Group

# What is shown in the place of a secret, and the number of Entra's refusal.
ASSERTIONS = {
    "another identity's token": 700213,
    "the identity's token for Resource Manager": 700212,
    "a token of another issuer": 700211,
    "the identity's id in another case": 7002138,
    "the identity's claims, signed with another key": 700027,
    "an application's token, its id named as the subject": 700226,
    "an expired token of the identity": 700024,
    "the token for an application that trusts nobody": 70025,
    "no token at all": 50027,
}

GROUPS = (
    Group(
        "An application that trusts a managed identity",
        "test_federation.py",
        "test_a_token_that_is_not_trusted_is_refused",
        tuple(ASSERTIONS),
    ),
)
